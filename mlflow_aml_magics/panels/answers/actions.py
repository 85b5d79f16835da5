"""The buttons on a run: register, deploy, try, copy as Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...contract import CopyResult, DeployResult, InvokeResult, RegisterResult
from .copy_code import python_of

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["action_answers"]

SHOWN_CELL = 200  # characters of one value of a prediction


def action_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handlers of register, deploy, invoke and copy_as_python."""
    workspace = panel.workspace

    def register(args: Mapping[str, Any], progress: Callable[[str], None]) -> RegisterResult:
        done = workspace.register(args["run_id"], args["name"], alias=args.get("alias") or None, progress=progress)
        return {
            "name": done.name,
            "version": done.version,
            "alias": done.alias,
            "created": done.created,
            "message": done.message,
        }

    def deploy(args: Mapping[str, Any], progress: Callable[[str], None]) -> DeployResult:
        done = workspace.deploy(f"runs:/{args['run_id']}", name=args["name"], progress=progress)
        return {
            "name": done.name,
            "url": done.url,
            "target": done.target,
            "model": done.model,
            "message": f"{done.name} answers at {done.url}",
        }

    def invoke(args: Mapping[str, Any], progress: Callable[[str], None]) -> InvokeResult:
        progress(f"asking {args['name']}…")
        done = workspace.invoke(args["name"], sample=True)
        columns, rows = done.table()
        return {
            "request": done.request,
            "columns": [str(column) for column in columns],
            "rows": [[str(value)[:SHOWN_CELL] for value in row] for row in rows],
            "latency_ms": done.latency_ms,
        }

    def copy(args: Mapping[str, Any], _progress: Callable[[str], None]) -> CopyResult:
        if args["action"] == "cell":
            from ...services.run_pages import reproducing_cell

            return {"code": reproducing_cell(workspace.connection, str(args["run_id"]))}
        shown = panel.exploration
        return {"code": python_of(workspace, args, experiments=shown.experiments, parent=shown.parent)}

    return {"register": register, "deploy": deploy, "invoke": invoke, "copy_as_python": copy}
