"""The explorer's charts as figures of plotly: what a chart shows where nothing was chosen is as in the panel."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..contract import ExplorerInfo, Goal
from ..errors import UsageError, nearest

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..frames.runtable import RunTable

__all__ = ["KINDS", "Seen", "figure_of"]

KINDS = ("parallel", "history", "scatter", "contour", "box", "histogram", "importance", "slice", "pareto")
FEW_VALUES = 20  # of a param that makes boxes
SLICES = 4
SPENT = frozenset(["time", "seconds", "duration", "ms", "minutes", "hours", "size", "bytes", "memory", "params"])
COLUMN_WORDS = ("x", "y", "color", "size")


@dataclass(frozen=True)
class Seen:
    """What the panel shows: the runs that the filter lets through, beside them what is known, the view, the ticks."""

    runs: RunTable
    info: ExplorerInfo
    view: Mapping[str, Any]
    ticked: tuple[str, ...] = ()


def figure_of(
    connection: Connection, seen: Seen, chart: str | Mapping[str, Any], words: Mapping[str, Any] | None = None
) -> Any:
    """A plotly figure of what is seen.

    Args:
        chart: one of `KINDS`, or a chart as `contract.ChartSpec` has it.
        words: ``x``, ``y``, ``color``, ``size`` as columns, ``options`` of the kind; they outweigh those of ``chart``.

    Raises:
        UsageError: there is no such chart, or these runs have no column to draw.
        QueryError: no column has such a name.
        MissingDependency: plotly is not installed.
    """
    from ..plots.base import graph_objects

    graph_objects()
    spec: dict[str, Any] = {"kind": chart} if isinstance(chart, str) else dict(chart)
    kind = str(spec.get("kind"))
    if kind not in KINDS:
        close = nearest(kind, KINDS)
        raise UsageError(
            f"there is no chart '{kind}'", hint=f"did you mean '{close}'?" if close else f"one of {', '.join(KINDS)}"
        )
    unknown = set(words or {}) - {*COLUMN_WORDS, "options"}
    if unknown:
        raise UsageError(
            f"a chart has no '{min(unknown)}'", hint=f"it has {', '.join(COLUMN_WORDS)} and options={{...}}"
        )
    if kind == "parallel":
        return _parallel(seen, spec | dict(words or {}))
    options = {**(spec.get("options") or {}), **((words or {}).get("options") or {})}
    chosen = _Chosen(seen, {**spec, **(words or {}), "options": options})
    return _DRAWN[kind](connection, seen, chosen)


class _Chosen:
    """The columns of a chart, as chosen or by default."""

    def __init__(self, seen: Seen, spec: Mapping[str, Any]) -> None:
        self.seen, self.options = seen, spec["options"]
        self.keys = {word: _key(seen, str(spec.get(word) or "")) for word in COLUMN_WORDS}

    def metric(self, word: str = "y") -> str:
        """The chosen column, else the metric asked for, else the first that varies."""
        metrics = [
            info for info in self.seen.info["columns"] if info["kind"] == "metric" and info["key"] in self.seen.runs
        ]
        first = next((info["key"] for info in metrics if info["varies"]), metrics[0]["key"] if metrics else "")
        asked = f"metrics.{self.seen.info['metric']}" if self.seen.info["metric"] else ""
        found = self.keys[word] or (asked if asked in self.seen.runs else "") or first
        if not found:
            raise UsageError("these runs have no metric to draw", hint=f'{word}="params.…" names another column')
        return found

    def params(self) -> list[str]:
        """The params that vary, the most important for the metric first."""
        from .importance import importance_of

        varying = [info["key"] for info in self.seen.info["columns"] if info["kind"] == "param" and info["varies"]]
        metric = self.seen.info["metric"]
        if metric and f"metrics.{metric}" in self.seen.runs:
            ranked = [row["key"] for row in importance_of(self.seen.runs, metric)["rows"]]
            varying = [*ranked, *(key for key in varying if key not in ranked)]
        return [key for key in varying if key in self.seen.runs]

    def param(self, word: str = "x", *, fits: Callable[[str], bool] = lambda key: True, but: Sequence[str] = ()) -> str:
        """The chosen column, else the most important param."""
        if self.keys[word]:
            return self.keys[word]
        params = [key for key in self.params() if key not in but]
        found = next((key for key in params if fits(key)), params[0] if params else "")
        if not found:
            raise UsageError("no param varies among these runs", hint=f'{word}="metrics.…" names another column')
        return found

    def flag(self, name: str) -> bool | None:
        """A yes or no of the options; None where nothing is said."""
        found = self.options.get(name)
        return found if isinstance(found, bool) else None

    def goal(self, axis: str, key: str) -> Goal:
        """Which way an axis of a Pareto front gets better."""
        from ..frames.goals import goal_of

        asked = self.options.get(f"goal_{axis}")
        if asked in ("min", "max"):
            return "min" if asked == "min" else "max"
        info = self.seen.info
        if key == f"metrics.{info['metric']}" and info["goal"]:
            return info["goal"]
        name = key.partition(".")[2]
        known = goal_of(name)
        # `goal_of` is silent on what a run costs, as that makes none the best; as one of two metrics less is better.
        costs = not SPENT.isdisjoint(re.split(r"[^a-z]+", name.lower()))
        return known[0] if known else "min" if costs else "max"


def _key(seen: Seen, name: str) -> str:
    from ..frames.groups import keys_of

    return keys_of(seen.runs, [name])[0] if name else ""


def _parallel(seen: Seen, words: Mapping[str, Any]) -> Any:
    from ..plots.parallel import parallel

    info, view = seen.info, seen.view
    shown = [key for key in view.get("axes") or () if key in seen.runs]
    metric = f"metrics.{info['metric']}"
    rank = {"metric": 1}
    if not shown:
        axes = [column for column in info["columns"] if column["axis"] and column["key"] in seen.runs]
        axes.sort(key=lambda column: 2 if column["key"] == metric else rank.get(column["kind"], 0))
        shown = [column["key"] for column in axes]
    color = _key(seen, str(words.get("color") or view.get("color") or ""))
    if not color:
        color = metric if metric in seen.runs else next((key for key in shown if key.startswith("metrics.")), "")
    if len(shown) < 2:
        raise UsageError("fewer than two columns vary among these runs: there are no axes to draw between")
    goal = info["goal"] if color == metric else None
    return parallel(
        seen.runs, shown, color=color, goal=goal, scales=view.get("scales"), flipped=view.get("flipped") or ()
    )


def _scatter(_connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.points import scatter

    y = chosen.metric()
    x = chosen.param(but=[y])
    color, size = chosen.keys["color"], chosen.keys["size"]
    return scatter(seen.runs, x, y, color=color, size=size, log_x=chosen.flag("log_x"), log_y=chosen.flag("log_y"))


def _contour(_connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.points import contour

    def is_number(key: str) -> bool:
        return any(info["key"] == key and info["type"] == "number" for info in seen.info["columns"])

    x = chosen.param("x", fits=is_number, but=[chosen.keys["y"]])
    y = chosen.param("y", fits=is_number, but=[x])
    return contour(seen.runs, x, y, chosen.metric("color"), log_x=chosen.flag("log_x"), log_y=chosen.flag("log_y"))


def _box(_connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.spread import box

    def few(key: str) -> bool:
        return len(seen.runs.column(key).unique()) <= FEW_VALUES

    return box(seen.runs, chosen.param(fits=few), chosen.metric(), log_y=chosen.flag("log_y") is True)


def _histogram(_connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.spread import histogram

    return histogram(seen.runs, chosen.metric("x"), bins=int(chosen.options.get("bins") or 0))


def _importance(_connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.importance import importance_bars
    from .importance import importance_of

    found = importance_of(seen.runs, chosen.metric().removeprefix("metrics."))
    return importance_bars(found, count=int(chosen.options.get("count") or 20))


def _slice(_connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.points import slices

    params = [chosen.keys["x"]] if chosen.keys["x"] else chosen.params()[: int(chosen.options.get("count") or SLICES)]
    if not params:
        raise UsageError("no param varies among these runs")
    return slices(seen.runs, params, chosen.metric(), log_x=chosen.flag("log_x"))


def _pareto(_connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.points import pareto

    y = chosen.metric()
    others = [info["key"] for info in seen.info["columns"] if info["kind"] == "metric" and info["key"] != y]
    x = chosen.keys["x"] or next((key for key in others if key in seen.runs), "")
    if not x:
        raise UsageError("a Pareto front needs two metrics, and these runs have one", hint='x="metrics.…"')
    return pareto(seen.runs, x, y, (chosen.goal("x", x), chosen.goal("y", y)))


def _history(connection: Connection, seen: Seen, chosen: _Chosen) -> Any:
    from ..plots.history import history
    from .histories import histories
    from .history_lines import lines_of

    metric = chosen.metric().removeprefix("metrics.")
    members, said = lines_of(seen, f"metrics.{metric}", chosen.options)
    ids = [run_id for member in members for run_id in member.run_ids]
    found = histories(connection, seen.runs.take(ids), [metric])
    axis = chosen.options.get("x_axis")
    return history(
        found.table,
        members,
        metric,
        x_axis=axis if axis in ("time", "relative") else "step",
        smoothing=min(0.999, float(chosen.options.get("smoothing") or 0)),
        log_y=chosen.flag("log_y") is True,
        note="; ".join(part for part in (said, found.note) if part),
    )


_DRAWN: dict[str, Callable[[Any, Seen, _Chosen], Any]] = {
    "history": _history,
    "scatter": _scatter,
    "contour": _contour,
    "box": _box,
    "histogram": _histogram,
    "importance": _importance,
    "slice": _slice,
    "pareto": _pareto,
}
