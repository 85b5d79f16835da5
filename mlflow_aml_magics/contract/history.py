"""Metric histories for charts and sparklines, and one number of a metric a run for the table.

Points travel in the answer's first buffer, an Arrow IPC stream of one record batch.
"""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = ["HistoryArgs", "HistoryResult", "MetricHow", "MetricValuesArgs", "MetricValuesResult"]

MetricHow = Literal["last", "min", "max", "step"]


class HistoryArgs(TypedDict):
    """Arguments of the request named `history`; `points` is the most of one series."""

    run_ids: list[str]
    metrics: list[str]
    points: int


class HistoryResult(TypedDict):
    """Answer to `history`. The buffer: run_id, metric (dictionaries), step, timestamp (ms since 1970, float64), value.

    Series stand in the order they were asked for. `points_total` is None where a server thinned them and does not tell;
    `note` says in words what is not shown, empty where all is. `live`: some of the runs still run.
    """

    points_total: int | None
    points_sent: int
    live: bool
    note: str


class MetricValuesArgs(TypedDict):
    """Arguments of the request named `metric_values`: of all runs. `step` is None but for "step"."""

    metric: str
    how: MetricHow
    step: int | None


class MetricValuesResult(TypedDict):
    """Answer to `metric_values`. The buffer: run_id, value (null where a run has none). `found`: how many have one."""

    found: int
