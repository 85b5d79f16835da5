"""What the explorer shows of some runs: the columns, what to colour by, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..contract import CONTRACT_VERSION, ExplorerInfo
from .runs import Goal, choose_goal, choose_metric

if TYPE_CHECKING:
    from ..client.runs import ExperimentRef
    from ..frames.runtable import RunTable
    from ..render.document import Document

__all__ = ["Exploration", "explore", "is_live"]


@dataclass(frozen=True)
class Exploration:
    """Runs, what is to be known beside them, and the filter to begin with.

    ``experiments`` are the names of those that were asked for; none means all of the store. ``scope`` has those that
    were read, and ``parent`` the id of the run whose children they are, if they are.
    """

    runs: RunTable
    info: ExplorerInfo
    query: str
    experiments: tuple[str, ...] = ()
    scope: tuple[ExperimentRef, ...] = ()
    parent: str | None = None

    def after(self, runs: RunTable) -> Exploration:
        """The same with runs that were read later: the metric stays, or is found where there was none."""
        metric, goal, why = self.info["metric"], self.info["goal"], self.info["why_goal"]
        if metric is None:
            metric, goal, why = _judged(runs, None, None, self.scope)
        info = self.info | {
            "total": runs.total,
            "loaded": len(runs),
            "columns": runs.infos(metric),
            "metric": metric,
            "goal": goal,
            "why_goal": why,
            "live": is_live(runs),
        }
        return replace(self, runs=runs, info=info)

    def shown(self, query: str) -> RunTable:
        """The runs that a filter lets through."""
        return self.runs.filter(query) if query else self.runs

    def document(self, query: str | None = None) -> Document:
        """What the explorer leaves in the notebook, for the filter to begin with or another one."""
        from ..render.explorer import explorer_document

        now = self.query if query is None else query
        return explorer_document(self.shown(now), self.info, now, self.info["metric"], self.info["goal"])


def explore(
    runs: RunTable,
    experiments: Sequence[ExperimentRef],
    *,
    store: str,
    query: str = "",
    metric: str | None = None,
    goal: Goal | None = None,
    models: Sequence[str] = (),
    everything: bool = False,
    parent: str | None = None,
) -> Exploration:
    """Get ready what the explorer shows.

    Args:
        metric, goal: as in `best_run`; where nothing says which, a metric with a known goal is taken.
        models: names to offer when a run is registered.
        everything: nobody asked for ``experiments`` by name, they are all that there are.
        parent: id of the run whose children they are.

    Raises:
        QueryError: ``query`` does not fit these runs.
        MetricNotFound: no run has ``metric``.
    """
    if query:
        runs.filter(query)
    chosen, direction, why = _judged(runs, metric, goal, experiments)
    names = [experiment.name for experiment in experiments]
    title = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    info: ExplorerInfo = {
        "contract": CONTRACT_VERSION,
        "title": title,
        "store": store,
        "total": runs.total,
        "loaded": len(runs),
        "columns": runs.infos(chosen),
        "metric": chosen,
        "goal": direction,
        "why_goal": why,
        "models": list(models),
        "removed": [],
        "changed": [],
        "live": is_live(runs),
    }
    return Exploration(runs, info, query, () if everything else tuple(names), tuple(experiments), parent)


def is_live(runs: RunTable) -> bool:
    """Whether some run has not ended."""
    from ..frames.status import ENDED, canonical_status

    words = {str(word) for word in runs.column("status").unique().to_pylist() if word is not None}
    return any(canonical_status(word) not in ENDED for word in words)


def _judged(
    runs: RunTable, metric: str | None, goal: Goal | None, experiments: Sequence[ExperimentRef]
) -> tuple[str | None, Goal | None, str]:
    """The metric to judge by, the direction that is better, and who says so."""
    chosen = choose_metric(runs, metric, experiments) or _likely_metric(runs)
    direction, why = choose_goal(chosen, goal, experiments) if chosen else (None, "")
    return chosen, direction, why


def _likely_metric(runs: RunTable) -> str | None:
    """A varying metric whose name says which direction is better; one of a validation or test set first."""
    from ..frames.goals import goal_of, held_out

    names = [info["name"] for info in runs.infos() if info["kind"] == "metric" and info["varies"]]
    known = [name for name in names if goal_of(name)]
    return next(iter([name for name in known if held_out(name)] or known or names), None)
