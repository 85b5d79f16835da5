"""How the explorer shows its runs: what is kept from one session to the next, and in saved views."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

__all__ = ["AxisScale", "CellMark", "ChartKind", "ChartSpec", "LineStyle", "SortTerm", "Tab", "View"]

AxisScale = Literal["linear", "log", "quantile"]
ChartKind = Literal["history", "scatter", "contour", "box", "histogram", "importance", "slice", "pareto"]
CellMark = Literal["bar", "line", "none"]
LineStyle = Literal["", "lines", "density"]
Tab = Literal["table", "charts", "compare"]


class SortTerm(TypedDict):
    """One column that sorts the table."""

    key: str
    descending: bool


class ChartSpec(TypedDict):
    """One chart. `x`, `y`, `color` and `size` are column keys, empty where the kind has none or the user chose none.

    `options` are the kind's own: smoothing, x axis of a history, logarithmic axes, bins.
    """

    id: str
    kind: ChartKind
    x: str
    y: str
    color: str
    size: str
    options: dict[str, Any]


class View(TypedDict):
    """All of it. Empty lists and texts stand for the default. Columns go by their keys, runs by their ids.

    `pinned`: columns that stay at the left. `values`: what a metric's column shows, by key: "last" (where absent),
    "min", "max" or "step:10". `marks`: what is drawn in a metric's cells, by key; the metric asked for has bars where
    nothing else is said. `group_by`: params whose equal runs make a group; `tree`: child runs under their parents.
    `folded`: the plot is folded away. `lines`: how the plot draws very many of them, "" by their number; `height` of
    the plot in CSS pixels, 0 for the default.
    """

    query: str
    columns: list[str]
    pinned: list[str]
    widths: dict[str, float]
    sort: list[SortTerm]
    values: dict[str, str]
    marks: dict[str, CellMark]
    group_by: list[str]
    tree: bool
    axes: list[str]
    scales: dict[str, AxisScale]
    flipped: list[str]
    color: str
    charts: list[ChartSpec]
    baseline: str
    starred: list[str]
    tab: Tab
    folded: bool
    lines: LineStyle
    height: float
