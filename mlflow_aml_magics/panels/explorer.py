"""The run explorer: the run table and parallel coordinates, linked, and what can be done with a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import traitlets

from ..contract import ExplorerInfo
from ..render.document import Document
from .answers import explorer_answers
from .base import Panel, asset

if TYPE_CHECKING:
    import pandas as pd

    from ..frames.runtable import RunTable
    from ..services.explore import Exploration
    from ..workspace import Workspace

__all__ = ["ExplorerPanel"]


class ExplorerPanel(Panel):
    """Every run of some experiments, in the cell.

    `query`, `selected_run_ids`, `columns`, `axes`, `color` and `view` follow the panel and may be set: a brush writes
    `query`. `view` has all keys of `contract.View` that have no trait of their own; absent ones are at their default.
    """

    _runs = traitlets.Bytes().tag(sync=True)
    _changes = traitlets.Bytes(help="runs that changed or came since _runs").tag(sync=True)
    _info = traitlets.Dict().tag(sync=True)
    query = traitlets.Unicode(help="the filter in force").tag(sync=True)
    selected_run_ids = traitlets.List(traitlets.Unicode(), help="the ticked runs").tag(sync=True)
    columns = traitlets.List(traitlets.Unicode(), help="table columns; none: those that vary").tag(sync=True)
    axes = traitlets.List(traitlets.Unicode(), help="axes of the plot; none: those that vary").tag(sync=True)
    color = traitlets.Unicode(help="the column that colours the lines").tag(sync=True)
    view = traitlets.Dict(help="how the runs are shown").tag(sync=True)
    error = traitlets.Dict(allow_none=True, default_value=None, help="a failure to show").tag(sync=True)

    def __init__(self, workspace: Workspace, exploration: Exploration) -> None:
        self._esm, self._css = asset("explorer.js"), asset("explorer.css")
        self.workspace = workspace
        self.exploration = exploration
        super().__init__(_runs=exploration.runs.to_ipc(), _info=exploration.info, query=exploration.query)
        self._handlers |= explorer_answers(self)

    @traitlets.validate("query")
    def _query_fits(self, proposal: dict[str, Any]) -> str:
        """A query that does not parse is refused where it is set, in Python as in the panel."""
        text = str(proposal["value"])
        if text:
            self.exploration.shown(text)
        return text

    @property
    def info(self) -> ExplorerInfo:
        """The columns and counts that the panel shows."""
        return cast(ExplorerInfo, self._info)

    @property
    def run_table(self) -> RunTable:
        """All runs of the panel, as Arrow columns."""
        return self.exploration.runs

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked runs; while none is ticked, those that the filter lets through."""
        if self.selected_run_ids:
            return self.run_table.take(self.selected_run_ids).to_pandas()
        return self.exploration.shown(self.query).to_pandas()

    def on_select(self, callback: Callable[[pd.DataFrame], object]) -> None:
        """Call back with `selected` whenever runs are ticked or the filter changes."""
        self.observe(lambda _change: callback(self.selected), names=["selected_run_ids", "query"])

    def _document(self) -> Document:
        return self.exploration.document(self.query)
