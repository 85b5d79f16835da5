"""What charts need that the browser cannot compute: importance of params, noise, figures of plotly, a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...contract import FigureResult, ImportanceResult, NoiseResult, SnapshotResult

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["chart_answers", "noise_of"]


def chart_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handlers of importance and noise."""

    def importance(args: Mapping[str, Any], progress: Callable[[str], None]) -> ImportanceResult:
        from ...services.importance import importance_of

        runs = panel.exploration.shown(str(args.get("query") or ""))
        return importance_of(runs, str(args["metric"]), progress=progress)

    def noise(args: Mapping[str, Any], _progress: Callable[[str], None]) -> NoiseResult:
        wanted = [str(run_id) for run_id in args["run_ids"]]
        return noise_of(
            panel, wanted, str(args["metric"]), str(args.get("baseline") or ""), group_by=args.get("group_by") or ()
        )

    def figure(args: Mapping[str, Any], _progress: Callable[[str], None]) -> FigureResult:
        return {"json": str(panel.figure(args["chart"]).to_json())}

    def snapshot(_args: Mapping[str, Any], _progress: Callable[[str], None]) -> SnapshotResult:
        from ..snapshot import snapshot_html

        return {"html": snapshot_html(panel)}

    return {"importance": importance, "noise": noise, "figure": figure, "snapshot": snapshot}


def noise_of(
    panel: ExplorerPanel, run_ids: Sequence[str], metric: str, baseline: str = "", *, group_by: Sequence[str] = ()
) -> NoiseResult:
    """Whether runs of the panel differ from one of them by more than chance; see `frames.noise`.

    Repeats are looked for among all runs of the panel: a filter that leaves one of three seeds must not hide the rest.
    """
    from ...frames.noise import is_it_noise
    from ...services.runs import choose_goal

    info = panel.info
    name = metric.removeprefix("metrics.")
    goal = info["goal"] if name == info["metric"] else choose_goal(name, None)[0]
    by = group_by or panel.view.get("group_by") or ()
    return is_it_noise(panel.run_table, run_ids, name, baseline=baseline, group_by=by, goal=goal)
