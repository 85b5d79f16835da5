"""What every result shows outside a live panel: text, Markdown, script-free HTML.

Import the module that you need. `document` and `format` load nothing heavy (status cards use them right after
`%load_ext`); `parallel` and `explorer` load pyarrow.
"""

from __future__ import annotations

__all__ = ["blocks", "comparison", "document", "explorer", "format", "parallel"]
