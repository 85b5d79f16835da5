"""The run explorer: the run table and parallel coordinates, linked, and what can be done with a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import traitlets

from ..contract import CopyResult, DeployResult, ExplorerInfo, InvokeResult, RegisterResult
from ..render.document import Document
from .base import Panel, asset
from .copy_code import python_of

if TYPE_CHECKING:
    import pandas as pd

    from ..frames.runtable import RunTable
    from ..services.explore import Exploration
    from ..workspace import Workspace

__all__ = ["ExplorerPanel"]

SHOWN_CELL = 200  # characters of one value of a prediction


class ExplorerPanel(Panel):
    """Every run of some experiments, in the cell.

    `query`, `selected_run_ids`, `columns`, `axes` and `color` follow the panel and may be set: a brush writes `query`.
    """

    _runs = traitlets.Bytes().tag(sync=True)
    _info = traitlets.Dict().tag(sync=True)
    query = traitlets.Unicode(help="the filter in force").tag(sync=True)
    selected_run_ids = traitlets.List(traitlets.Unicode(), help="the ticked runs").tag(sync=True)
    columns = traitlets.List(traitlets.Unicode(), help="table columns; none: those that vary").tag(sync=True)
    axes = traitlets.List(traitlets.Unicode(), help="axes of the plot; none: those that vary").tag(sync=True)
    color = traitlets.Unicode(help="the column that colours the lines").tag(sync=True)
    error = traitlets.Dict(allow_none=True, default_value=None, help="a failure to show").tag(sync=True)

    def __init__(self, workspace: Workspace, exploration: Exploration) -> None:
        self._esm, self._css = asset("explorer.js"), asset("explorer.css")
        self._workspace = workspace
        self._exploration = exploration
        super().__init__(_runs=exploration.runs.to_ipc(), _info=exploration.info, query=exploration.query)
        self._handlers |= {
            "register": self._register,
            "deploy": self._deploy,
            "invoke": self._invoke,
            "copy_as_python": self._copy,
        }

    @traitlets.validate("query")
    def _query_fits(self, proposal: dict[str, Any]) -> str:
        """A query that does not parse is refused where it is set, in Python as in the panel."""
        text = str(proposal["value"])
        if text:
            self._exploration.shown(text)
        return text

    @property
    def info(self) -> ExplorerInfo:
        """The columns and counts that the panel shows."""
        return cast(ExplorerInfo, self._info)

    @property
    def run_table(self) -> RunTable:
        """All runs of the panel, as Arrow columns."""
        return self._exploration.runs

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked runs; while none is ticked, those that the filter lets through."""
        if self.selected_run_ids:
            return self.run_table.take(self.selected_run_ids).to_pandas()
        return self._exploration.shown(self.query).to_pandas()

    def on_select(self, callback: Callable[[pd.DataFrame], object]) -> None:
        """Call back with `selected` whenever runs are ticked or the filter changes."""
        self.observe(lambda _change: callback(self.selected), names=["selected_run_ids", "query"])

    def _document(self) -> Document:
        return self._exploration.document(self.query)

    def _register(self, args: Mapping[str, Any], progress: Callable[[str], None]) -> RegisterResult:
        done = self._workspace.register(
            args["run_id"], args["name"], alias=args.get("alias") or None, progress=progress
        )
        return {
            "name": done.name,
            "version": done.version,
            "alias": done.alias,
            "created": done.created,
            "message": done.message,
        }

    def _deploy(self, args: Mapping[str, Any], progress: Callable[[str], None]) -> DeployResult:
        done = self._workspace.deploy(f"runs:/{args['run_id']}", name=args["name"], progress=progress)
        return {
            "name": done.name,
            "url": done.url,
            "target": done.target,
            "model": done.model,
            "message": f"{done.name} answers at {done.url}",
        }

    def _invoke(self, args: Mapping[str, Any], progress: Callable[[str], None]) -> InvokeResult:
        progress(f"asking {args['name']}…")
        done = self._workspace.invoke(args["name"], sample=True)
        columns, rows = done.table()
        return {
            "request": done.request,
            "columns": [str(column) for column in columns],
            "rows": [[str(value)[:SHOWN_CELL] for value in row] for row in rows],
            "latency_ms": done.latency_ms,
        }

    def _copy(self, args: Mapping[str, Any], _progress: Callable[[str], None]) -> CopyResult:
        return {"code": python_of(self._workspace, args, experiments=self._exploration.experiments)}
