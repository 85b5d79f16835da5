"""Runs as Arrow columns, and everything that is computed from them without a store or a notebook.

Import the module that you need. `goals`, `numerals`, `signature`, `status`, `syntax` and `grammar` load nothing heavy;
the others load pyarrow.
"""

from __future__ import annotations

__all__ = [
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
    "signature",
    "status",
    "syntax",
    "textdiff",
    "wire",
]
