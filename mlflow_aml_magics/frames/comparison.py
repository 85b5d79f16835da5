"""Runs side by side: what is the same, what differs, and which metric got better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from ..contract import (
    CONTRACT_VERSION,
    ComparedRow,
    ComparedRun,
    ComparedSection,
    ComparisonInfo,
    DeltaTone,
)
from .columns import kind_of, name_of
from .goals import goal_of
from .numerals import delta, number
from .runtable import RunTable

__all__ = ["GoalOf", "compare"]

GoalOf = Callable[[str], tuple[Literal["min", "max"], str] | None]

KEPT_TAGS = ("mlflow.note.content", "mlflow.source.git.commit", "aml.git.dirty", "aml.error")  # what people ask about
DIGITS = 6  # significant digits of a metric: two runs of one sweep often agree in four


def compare(
    runs: RunTable,
    extra: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
    *,
    goal: GoalOf = goal_of,
) -> ComparisonInfo:
    """The side-by-side view of all runs of a table, in its order.

    Args:
        runs: two or more; the difference is the last against the first.
        extra: run id to title to lines, for what is not in the table: Artifacts, Signature, Environment.
        goal: which way a metric gets better, by its name.
    """
    rows = [runs.row(i) for i in range(len(runs))]
    keys = runs.keys()
    sections = [
        ("Parameters", [_line(key, rows) for key in keys if kind_of(key) == "param"]),
        ("Metrics", [_metric(key, rows, goal) for key in keys if kind_of(key) == "metric"]),
        ("Tags", [_line(key, rows) for key in keys if kind_of(key) == "tag" and _told(name_of(key))]),
        *_extra_sections([str(row["run_id"]) for row in rows], extra or {}),
    ]
    return {
        "contract": CONTRACT_VERSION,
        "runs": [_heading(row) for row in rows],
        "sections": [
            ComparedSection(title=title, rows=present)
            for title, lines in sections
            if (present := [line for line in lines if any(value is not None for value in line["values"])])
        ],
    }


def _heading(row: Mapping[str, object]) -> ComparedRun:
    started = row["start_time"]
    return {
        "run_id": str(row["run_id"]),
        "name": str(row["run_name"] or row["run_id"]),
        "status": str(row["status"] or ""),
        "started": started.isoformat(timespec="milliseconds") if isinstance(started, datetime) else None,
    }


def _told(tag: str) -> bool:
    return not tag.startswith(("mlflow.", "aml.")) or tag in KEPT_TAGS


def _row(key: str, values: list[str | None], change: str = "", tone: DeltaTone = "none") -> ComparedRow:
    return {"key": key, "values": values, "differs": len(set(values)) > 1, "delta": change, "tone": tone}


def _line(key: str, rows: Sequence[Mapping[str, object]]) -> ComparedRow:
    return _row(name_of(key), [None if row[key] is None else str(row[key]) for row in rows])


def _metric(key: str, rows: Sequence[Mapping[str, object]], goal: GoalOf) -> ComparedRow:
    values = [value if isinstance(value := row[key], float) else None for row in rows]
    first, last = values[0], values[-1]
    change, tone = "", "none"
    if len(values) > 1 and first is not None and last is not None:
        change, tone = delta(last, first), _tone(name_of(key), last, first, goal)
    line = _row(name_of(key), [None if value is None else number(value, DIGITS) for value in values])
    # Told from the numbers: two that agree in six digits may still differ.
    line["differs"] = len({"NaN" if value is not None and math.isnan(value) else value for value in values}) > 1
    line["delta"], line["tone"] = change, tone  # type: ignore[typeddict-item]
    return line


def _tone(metric: str, new: float, old: float, goal: GoalOf) -> DeltaTone:
    if math.isnan(new) or math.isnan(old):
        return "none"
    if new == old:
        return "same"
    direction = goal(metric)
    if direction is None:
        return "none"
    return "better" if (new < old) == (direction[0] == "min") else "worse"


def _extra_sections(
    run_ids: Sequence[str], extra: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> list[tuple[str, list[ComparedRow]]]:
    titles = dict.fromkeys(title for run_id in run_ids for title in extra.get(run_id, {}))
    sections = []
    for title in titles:
        parts = [extra.get(run_id, {}).get(title, {}) for run_id in run_ids]
        keys = dict.fromkeys(key for part in parts for key in part)
        sections.append((title, [_row(key, [part.get(key) for part in parts]) for key in keys]))
    return sections
