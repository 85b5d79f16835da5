"""What charts and comparisons ask of the kernel's statistics, and what leaves the panel as a figure or a file."""

from __future__ import annotations

from typing import Literal, TypedDict

from .view import ChartSpec, View

__all__ = [
    "Direction",
    "FigureArgs",
    "FigureResult",
    "ImportanceArgs",
    "ImportanceResult",
    "ImportanceRow",
    "NoiseArgs",
    "NoiseGroup",
    "NoiseResult",
    "NoiseVerdict",
    "SavedViews",
    "SnapshotResult",
    "ViewArgs",
]

Direction = Literal["up", "down", "none"]
NoiseVerdict = Literal["better", "worse", "different", "noise", "unknown", "baseline"]


class ImportanceArgs(TypedDict):
    """Arguments of the request named `importance`: the metric's name, and the filter that says of which runs."""

    metric: str
    query: str


class ImportanceRow(TypedDict):
    """One param. `importance`, `low` and `high` are shares from 0 to 1 of what varies in the metric.

    `low` to `high` held nine of ten resamples. `direction`: whether the metric rises with the param or falls.
    """

    key: str
    importance: float
    low: float
    high: float
    direction: Direction


class ImportanceResult(TypedDict):
    """Answer to `importance`, the most important first. `runs` were used; `note` says what to make of it, line by line.

    `floor` is the importance that a column of random numbers gets: what is not above it says nothing.
    """

    metric: str
    rows: list[ImportanceRow]
    method: str
    runs: int
    floor: float
    note: str


class NoiseArgs(TypedDict):
    """Arguments of the request named `noise`: is the difference to the baseline more than chance?

    `baseline` is one of the runs, the first where empty. `group_by`: params (keys) whose equal values make runs repeats
    of each other; empty takes all params that do not look like a seed.
    """

    run_ids: list[str]
    metric: str
    baseline: str
    group_by: list[str]


class NoiseGroup(TypedDict):
    """One of the runs with its repeats. `difference`: its mean less the baseline's, 95 % sure between `low` and `high`.

    `repeats` says what was counted as repeats: "3 runs with equal params". `said` is the verdict in words.
    """

    run_id: str
    repeats: str
    n: int
    mean: float | None
    std: float | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: NoiseVerdict
    said: str


class NoiseResult(TypedDict):
    """Answer to `noise`, a group for each run in the order asked for."""

    metric: str
    groups: list[NoiseGroup]
    method: str


class FigureArgs(TypedDict):
    """Arguments of the request named `figure`: a chart, or the parallel coordinates."""

    chart: ChartSpec | Literal["parallel"]


class FigureResult(TypedDict):
    """Answer to `figure`: a plotly figure as JSON text."""

    json: str


class SnapshotResult(TypedDict):
    """Answer to `snapshot`: one HTML file that works by itself."""

    html: str


class ViewArgs(TypedDict):
    """Arguments of the requests named `save_view` and `delete_view`, which leaves `view` out."""

    name: str
    view: View


class SavedViews(TypedDict):
    """Answer to `views`, `save_view` and `delete_view`: the saved views of these experiments, by name."""

    names: list[str]
    views: dict[str, View]
