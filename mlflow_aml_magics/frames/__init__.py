"""Runs as Arrow columns, and everything that is computed from them without a store or a notebook.

Import the module that you need. `bodies`, `goals`, `numerals`, `samples`, `signature`, `status`, `syntax` and `grammar`
load nothing heavy; the others load numpy or pyarrow.
"""

from __future__ import annotations

__all__ = [
    "bodies",
    "coerce",
    "columns",
    "compared_files",
    "comparison",
    "contents",
    "downsample",
    "fanova",
    "goals",
    "grammar",
    "groups",
    "histories",
    "importance",
    "noise",
    "numerals",
    "query",
    "runtable",
    "samples",
    "signature",
    "status",
    "syntax",
    "tensors",
    "textdiff",
    "version_diff",
    "wire",
]
