"""Renaming, tags, notes, deletion and restoring, asked for in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...contract import EditResult
from ...errors import AmlMagicsError, UsageError

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["edit_answers"]


def edit_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handler of edit_run."""

    def edit(args: Mapping[str, Any], progress: Callable[[str], None]) -> EditResult:
        from ...services.edit_runs import edit_runs

        action, runs = str(args.get("action", "")), args.get("run_ids")
        if not isinstance(runs, list) or not runs or not all(isinstance(run, str) for run in runs):
            raise UsageError("no runs were named to be changed")
        texts = {name: str(args.get(name) or "") for name in ("key", "value")}
        try:
            message = edit_runs(panel.workspace.connection, action, runs, progress=progress, **texts)
        except AmlMagicsError:
            with suppress(AmlMagicsError):  # the first failure is the one to be told
                panel.refresh()  # what was done before it is to be seen
            raise
        try:
            panel.refresh()
        except AmlMagicsError as exc:
            message += f"; the table is as it was: {exc.message}"
        return {"message": message}

    return {"edit_run": edit}
