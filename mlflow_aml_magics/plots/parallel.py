"""Parallel coordinates: a line a run over params and metrics."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..contract import Goal
from .base import SCALE, Array, Field, blank, field, graph_objects, is_log

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["parallel"]

TICKS = 5


def parallel(
    runs: RunTable,
    axes: Sequence[str],
    *,
    color: str = "",
    goal: Goal | None = None,
    scales: Mapping[str, str] | None = None,
    flipped: Sequence[str] = (),
) -> Any:
    """The plot of the explorer as a plotly figure; runs that lack a value on an axis cross it at the bottom, "none".

    Args:
        axes: keys of columns, in order.
        color: key of the column that colours the lines, "" for one colour.
        goal: which way that column gets better: the better end is the stronger colour.
        scales: "linear", "log" or "quantile" by key; where nothing is said, by logarithm above two decades.
        flipped: keys of axes with the high end below.
    """
    go = graph_objects()
    dimensions = [_dimension(field(runs, key), (scales or {}).get(key), flipped=key in flipped) for key in axes]
    line: dict[str, Any] = {"color": "#31688e"}
    if color:
        shade = field(runs, color)
        values, texts = shade.numbers()
        ticks = _categories(texts)
        line = {
            "color": np.where(np.isnan(values), np.nanmin(values) if np.isfinite(values).any() else 0, values),
            "colorscale": SCALE,
            "reversescale": goal != "min",
            "showscale": True,
            "colorbar": {"title": {"text": shade.name}, **ticks},
        }
    figure = blank("", margin={"l": 70, "r": 60, "t": 70, "b": 40})
    figure.add_trace(go.Parcoords(dimensions=dimensions, line=line, labelangle=-12 if len(axes) > 6 else 0))
    return figure


def _dimension(column: Field, scale: str | None, *, flipped: bool) -> dict[str, Any]:
    values, texts = column.numbers()
    name = column.name
    ticks: dict[str, Any] = {}
    if texts:
        ticks = _categories([html.unescape(text).replace("<", "‹").replace(">", "›") for text in texts])
    elif column.kind == "time":
        moments = [str(np.datetime64(int(at), "ms"))[:16].replace("T", " ") for at in _spread(values)]
        ticks = {"tickvals": _spread(values), "ticktext": moments}
    elif scale == "quantile":
        known = [f"{at:.4g}" for at in _spread(values)]
        ticks = {"tickvals": list(np.linspace(0, 1, TICKS)) if known else [], "ticktext": known}
        values = _ranked(values)
    elif scale == "log" or (scale is None and is_log(column)):
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(values > 0, np.log10(values), np.nan)
        ticks, values, name = _log_ticks(logs), logs, f"{name} (log)"
    return _with_missing({"label": name, **ticks}, values, flipped=flipped)


def _categories(texts: Sequence[str]) -> dict[str, Any]:
    return {"tickvals": list(range(len(texts))), "ticktext": list(texts)} if texts else {}


def _spread(values: Array) -> list[float]:
    known = values[np.isfinite(values)]
    return [float(at) for at in np.quantile(known, np.linspace(0, 1, TICKS))] if len(known) else []


def _ranked(values: Array) -> Array:
    found = np.full(len(values), np.nan)
    known = np.isfinite(values)
    order = np.argsort(np.argsort(values[known], kind="stable"), kind="stable")
    found[known] = order / max(1, len(order) - 1)
    return found


def _log_ticks(logs: Array) -> dict[str, Any]:
    known = logs[np.isfinite(logs)]
    if not len(known):
        return {}
    low, high = float(known.min()), float(known.max())
    at = [float(place) for place in range(int(np.ceil(low)), int(np.floor(high)) + 1)] or [low, high]
    return {"tickvals": at, "ticktext": [f"{10.0**place:.4g}" for place in at]}


def _with_missing(dimension: dict[str, Any], values: Array, *, flipped: bool) -> dict[str, Any]:
    """Missing values on a place of their own beyond the axis: plotly would draw no line at all."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    span = (high - low) or 1.0
    if len(known) < len(values):
        below = low - 0.12 * span
        values = np.where(np.isfinite(values), values, below)
        at = [*dimension.get("tickvals", [low, high])]
        texts = [*dimension.get("ticktext", [f"{low:.4g}", f"{high:.4g}"])]
        dimension |= {"tickvals": [below, *at], "ticktext": ["none", *texts]}
        low = below
    if high == low:
        low, high = low - 0.5, high + 0.5
    return {**dimension, "values": values, "range": [high, low] if flipped else [low, high]}
