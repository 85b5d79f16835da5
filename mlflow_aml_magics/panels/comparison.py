"""The side-by-side panel of two or more runs."""

from __future__ import annotations

from typing import cast

import traitlets

from ..contract import ComparisonInfo
from ..render.document import Document
from ..render.explorer import comparison_document
from .base import Panel, asset

__all__ = ["ComparisonPanel"]


class ComparisonPanel(Panel):
    """Params, metrics with their difference, tags, artifacts, signature and environment of runs, side by side."""

    _comparison = traitlets.Dict().tag(sync=True)
    differences_only = traitlets.Bool(True, help="leave out what is the same in all").tag(sync=True)

    def __init__(self, comparison: ComparisonInfo) -> None:
        self._esm, self._css = asset("comparison.js"), asset("comparison.css")
        super().__init__(_comparison=comparison)

    @property
    def comparison(self) -> ComparisonInfo:
        """What is compared, as data."""
        return cast(ComparisonInfo, self._comparison)

    def _document(self) -> Document:
        return comparison_document(self.comparison)
