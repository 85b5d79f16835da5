"""Runs side by side, and a file as each of them has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...contract import ComparisonInfo

if TYPE_CHECKING:
    from ..base import Handler
    from ..comparison import ComparisonPanel
    from ..explorer import ExplorerPanel

__all__ = ["compare_answers"]


def compare_answers(panel: ExplorerPanel | ComparisonPanel) -> dict[str, Handler]:
    """Handlers of compare and artifact; what they take and give is in `contract.comparison`."""
    workspace = panel.workspace

    def compare(args: Mapping[str, Any], progress: Callable[[str], None]) -> ComparisonInfo:
        from ...services.compare import compare_runs

        return compare_runs(
            workspace.run_files,
            workspace.connection,
            [str(run_id) for run_id in args["run_ids"]],
            baseline=str(args.get("baseline") or ""),
            metrics_at=str(args.get("metrics_at") or "last"),
            progress=progress,
        )

    def artifact(args: Mapping[str, Any], progress: Callable[[str], None]) -> dict[str, Any]:
        from ...services.compare_artifact import compare_artifact

        found, buffers = compare_artifact(
            workspace.run_files,
            [str(run_id) for run_id in args["run_ids"]],
            str(args["path"]),
            step=None if args.get("step") is None else int(args["step"]),
            baseline=str(args.get("baseline") or ""),
            chosen=str(args.get("chosen") or ""),
            progress=progress,
        )
        return {**found, "buffers": buffers}

    return {"compare": compare, "artifact": artifact}
