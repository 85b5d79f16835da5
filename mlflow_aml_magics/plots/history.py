"""A metric over the steps of runs: each alone, or the mean of those of equal params with its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from .base import COLORS, Array, blank, graph_objects, safe

__all__ = ["Member", "XAxis", "history"]

XAxis = Literal["step", "time", "relative"]
_TITLES = {"step": "step", "time": "time (UTC)", "relative": "seconds since the first point"}
MEAN_POINTS = 400
DASHES = ("solid", "dash", "dot", "dashdot")  # for lines beyond the colours that can be told apart


@dataclass(frozen=True)
class Member:
    """One line: a run, or several runs that are drawn as their mean."""

    name: str
    run_ids: tuple[str, ...]


def history(
    points: pa.Table,
    members: Sequence[Member],
    metric: str,
    *,
    x_axis: XAxis = "step",
    smoothing: float = 0.0,
    log_y: bool = False,
    note: str = "",
) -> Any:
    """The lines of a metric.

    Args:
        points: of one metric, as `Histories.table` has them.
        members: the lines, in order.
        smoothing: weight of what came before in an exponential moving average, from 0 to below 1.
        note: what is not shown.
    """
    go = graph_objects()
    series = _series(points, x_axis)
    figure = blank(safe(metric) + (f"<br><sub>{safe(note)}</sub>" if note else ""))
    for i, member in enumerate(members):
        color, dash = COLORS[i % len(COLORS)], DASHES[i // len(COLORS) % len(DASHES)]
        lines = [series[run_id] for run_id in member.run_ids if run_id in series]
        if not lines:
            continue
        name = safe(member.name)
        smooth = [(x, _smoothed(y, smoothing)) for x, y in lines]
        if len(member.run_ids) == 1:
            if smoothing > 0:
                faint = {"color": color, "width": 1}
                figure.add_trace(go.Scatter(x=lines[0][0], y=lines[0][1], line=faint, opacity=0.25, showlegend=False))
            figure.add_trace(
                go.Scatter(x=smooth[0][0], y=smooth[0][1], line={"color": color, "dash": dash}, name=name, mode="lines")
            )
            continue
        x, mean, std = _mean(smooth)
        known = np.isfinite(std)
        edge = {"width": 0, "color": color}
        for y, fill in ((mean + std, None), (mean - std, "tonexty")):
            band = {"fill": fill, "fillcolor": _faint(color)} if fill else {}
            figure.add_trace(
                go.Scatter(x=x[known], y=y[known], line=edge, mode="lines", showlegend=False, hoverinfo="skip", **band)
            )
        label = f"{name} (mean ± std of {len(lines)})"
        figure.add_trace(go.Scatter(x=x, y=mean, line={"color": color, "dash": dash}, name=label, mode="lines"))
    figure.update_xaxes(title={"text": _TITLES[x_axis]}, **({"type": "date"} if x_axis == "time" else {}))
    figure.update_yaxes(title={"text": safe(metric)}, **({"type": "log"} if log_y else {}))
    return figure


def _series(points: pa.Table, x_axis: XAxis) -> dict[str, tuple[Array, Array]]:
    runs = np.array(points.column("run_id").cast(pa.string()).to_pylist(), dtype=object)
    values = points.column("value").to_numpy()
    times = points.column("timestamp").cast(pa.int64()).to_numpy().astype(float)
    at = points.column("step").to_numpy().astype(float) if x_axis == "step" else times
    found = {}
    for run_id in dict.fromkeys(runs):
        rows = np.flatnonzero(runs == run_id)
        rows = rows[np.argsort(at[rows], kind="stable")]
        x = (at[rows] - at[rows[0]]) / 1000 if x_axis == "relative" else at[rows]
        found[str(run_id)] = x, np.where(np.isfinite(values[rows]), values[rows], np.nan)
    return found


def _smoothed(values: Array, weight: float) -> Array:
    """An exponential moving average, not drawn towards 0 at its start (Kingma and Ba 2015, section 3), past NaN."""
    if weight <= 0:
        return values
    found: Array = values.copy()
    last, left = 0.0, 1.0
    for i in np.flatnonzero(np.isfinite(values)):
        last = last * weight + values[i] * (1 - weight)
        left *= weight
        found[i] = last / (1 - left)
    return found


def _mean(series: Sequence[tuple[Array, Array]]) -> tuple[Array, Array, Array]:
    """Mean and deviation (over n-1) where runs have values, straight between their points; none beyond their ends."""
    places = np.unique(np.concatenate([x for x, _ in series]))
    x = places if len(places) <= MEAN_POINTS else np.linspace(places[0], places[-1], MEAN_POINTS)
    table = np.full((len(series), len(x)), np.nan)
    for i, (at, y) in enumerate(series):
        known = np.isfinite(y)
        if known.any():
            table[i] = np.interp(x, at[known], y[known], left=np.nan, right=np.nan)
    count = np.isfinite(table).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(table, axis=0) / np.where(count > 0, count, np.nan)
        std = np.sqrt(np.nansum((table - mean) ** 2, axis=0) / np.where(count > 1, count - 1, np.nan))
    return x, mean, std


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
