"""A point a run: scatter, contour, slice, Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..contract import Goal
from .base import COLORS, SCALE, Array, Field, blank, field, graph_objects, is_log, run_names

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["contour", "front_of", "pareto", "scatter", "slices"]

GRID = 24  # cells of a contour each way
MANY = 2_000  # points, above which they are drawn by the graphics card


def scatter(
    runs: RunTable,
    x: str,
    y: str,
    *,
    color: str = "",
    size: str = "",
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> Any:
    """One metric or param against another; logarithmic axes as asked, else by the data."""
    across, up = field(runs, x), field(runs, y)
    figure = blank(f"{up.name} by {across.name}")
    shades = field(runs, color) if color else None
    if shades is not None and shades.kind == "text":
        for i, text in enumerate(sorted(set(shades.values))):
            rows = np.array([value == text for value in shades.values])
            marker = {"color": COLORS[i % len(COLORS)], **_sizes(runs, size, rows)}
            figure.add_trace(_points(runs, across, up, rows, marker=marker, name=text))
        figure.update_layout(legend={"title": {"text": shades.name}})
    else:
        rows = np.ones(len(runs), bool)
        marker = _sizes(runs, size, rows)
        if shades is not None:
            bar = {"title": {"text": shades.name}}
            marker |= {"color": shades.numbers()[0], "colorscale": SCALE, "showscale": True, "colorbar": bar}
        figure.add_trace(_points(runs, across, up, rows, marker=marker, name=up.name))
    _axes(figure, across, up, log_x=log_x, log_y=log_y)
    return figure


def contour(runs: RunTable, x: str, y: str, color: str, *, log_x: bool | None = None, log_y: bool | None = None) -> Any:
    """The mean of a metric over two params where runs are, and the runs; where none is, nothing is drawn."""
    go = graph_objects()
    across, up, value = field(runs, x), field(runs, y), field(runs, color)
    (xs, x_texts), (ys, y_texts), zs = across.numbers(), up.numbers(), value.numbers()[0]
    known = np.isfinite(xs) & np.isfinite(ys) & np.isfinite(zs)
    figure = blank(f"{value.name} over {across.name} and {up.name}")
    if known.any():
        x_edges = _edges(xs[known], x_texts, logarithmic=is_log(across, log_x))
        y_edges = _edges(ys[known], y_texts, logarithmic=is_log(up, log_y))
        counts, _, _ = np.histogram2d(xs[known], ys[known], bins=(x_edges, y_edges))
        sums, _, _ = np.histogram2d(xs[known], ys[known], bins=(x_edges, y_edges), weights=zs[known])
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        bar = {"title": {"text": value.name}}
        figure.add_trace(go.Heatmap(x=x_edges, y=y_edges, z=means.T, colorscale=SCALE, colorbar=bar, hoverongaps=False))
        figure.add_trace(
            go.Scatter(
                x=xs[known],
                y=ys[known],
                mode="markers",
                marker={"color": "rgba(0,0,0,.55)", "size": 4},
                text=[name for name, is_known in zip(run_names(runs), known, strict=True) if is_known],
                hovertemplate="%{text}<extra></extra>",
                showlegend=False,
            )
        )
    _axes(figure, across, up, log_x=log_x, log_y=log_y)
    figure.update_xaxes(**_named(x_texts))
    figure.update_yaxes(**_named(y_texts))
    return figure


def slices(runs: RunTable, params: Sequence[str], y: str, *, log_x: bool | None = None) -> Any:
    """The metric against each of some params, side by side over one scale."""
    up = field(runs, y)
    figure = blank(f"{up.name} by each param")
    rows = np.ones(len(runs), bool)
    width = 1 / max(1, len(params))
    for i, key in enumerate(params):
        across, number = field(runs, key), "" if i == 0 else str(i + 1)
        trace = _points(runs, across, up, rows, marker={"color": COLORS[0], "opacity": 0.6}, name=across.name)
        trace.update(xaxis=f"x{number}", yaxis="y", showlegend=False)
        figure.add_trace(trace)
        domain = [i * width + 0.01, (i + 1) * width - 0.01]
        figure.update_layout({f"xaxis{number}": {"domain": domain, "title": {"text": across.name}, "anchor": "y"}})
        figure.update_layout({f"xaxis{number}": _type(is_log(across, log_x))})
    figure.update_yaxes(title={"text": up.name})
    return figure


def pareto(runs: RunTable, x: str, y: str, goals: tuple[Goal, Goal]) -> Any:
    """Two metrics, and the runs that no other beats in both."""
    across, up = field(runs, x), field(runs, y)
    front = front_of(across.numbers()[0], up.numbers()[0], goals)
    arrows = ["↓" if goal == "min" else "↑" for goal in goals]
    figure = blank(f"Pareto front: {len(front)} of {len(runs):,} runs")
    others = np.ones(len(runs), bool)
    others[front] = False
    figure.add_trace(_points(runs, across, up, others, marker={"color": "#888", "opacity": 0.5}, name="runs"))
    trace = _points(runs, across, up, np.array(front, int), marker={"color": COLORS[0], "size": 9}, name="front")
    trace.update(mode="lines+markers", line={"shape": "hv"})
    figure.add_trace(trace)
    figure.update_xaxes(title={"text": f"{across.name} {arrows[0]}"})
    figure.update_yaxes(title={"text": f"{up.name} {arrows[1]}"})
    return figure


def front_of(x: Array, y: Array, goals: tuple[Goal, Goal]) -> list[int]:
    """The places that no other beats in one value and equals in the other, the best in x first."""
    signs = [1 if goal == "min" else -1 for goal in goals]
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    order = known[np.lexsort((signs[1] * y[known], signs[0] * x[known]))]
    front: list[int] = []
    for row in order:
        last = front[-1] if front else None
        if last is None or signs[1] * y[row] < signs[1] * y[last] or (x[row], y[row]) == (x[last], y[last]):
            front.append(int(row))
    return front


def _points(runs: RunTable, across: Field, up: Field, rows: Array, *, marker: dict[str, Any], name: str) -> Any:
    go = graph_objects()
    kind = go.Scattergl if len(runs) > MANY else go.Scatter
    return kind(
        x=np.array(across.values, dtype=object if across.kind == "text" else None)[rows],
        y=np.array(up.values, dtype=object if up.kind == "text" else None)[rows],
        mode="markers",
        marker=marker,
        name=name,
        text=np.array(run_names(runs), dtype=object)[rows],
        hovertemplate=f"%{{text}}<br>{_plain(across.name)} %{{x}}<br>{_plain(up.name)} %{{y}}<extra></extra>",
    )


def _plain(name: str) -> str:
    """A name in a hover template, where braces after a percent sign are read as variables."""
    return name.replace("%{", "% {")


def _sizes(runs: RunTable, key: str, rows: Array) -> dict[str, Any]:
    if not key:
        return {"size": 7}
    values = field(runs, key).numbers()[0]
    low, high = (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else (0.0, 0.0)
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return {"size": np.where(np.isfinite(share), 4 + 14 * np.sqrt(share), 3)[rows]}


def _axes(figure: Any, across: Field, up: Field, *, log_x: bool | None, log_y: bool | None) -> None:
    figure.update_xaxes(title={"text": across.name}, **_type(is_log(across, log_x)))
    figure.update_yaxes(title={"text": up.name}, **_type(is_log(up, log_y)))


def _type(is_logarithmic: bool) -> dict[str, str]:
    return {"type": "log"} if is_logarithmic else {}


def _edges(values: Array, texts: Sequence[str], *, logarithmic: bool) -> Array:
    if texts:
        return np.arange(len(texts) + 1) - 0.5
    if logarithmic and float(values.min()) > 0:
        return np.asarray(10 ** _edges(np.log10(values), texts, logarithmic=False))
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.array([low - 0.5, low + 0.5])
    return np.linspace(low, high, min(GRID, max(2, int(np.sqrt(len(values))))) + 1)


def _named(texts: Sequence[str]) -> dict[str, Any]:
    return {"tickvals": list(range(len(texts))), "ticktext": list(texts)} if texts else {}
