"""Runs side by side: what is the same, what differs, and which metric got better than the baseline's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
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

__all__ = ["GoalOf", "compare", "compared_row"]

GoalOf = Callable[[str], tuple[Literal["min", "max"], str] | None]
Facts = Mapping[str, Mapping[str, Mapping[str, str]]]

KEPT_TAGS = ("mlflow.note.content", "aml.error")  # what people ask about; where a run came from is under Source
DIGITS = 6  # significant digits of a metric: two runs of one sweep often agree in four
LONGEST = 20_000  # characters of a value that travel: tags hold megabytes


def compare(
    runs: RunTable,
    facts: Facts | None = None,
    *,
    baseline: str = "",
    metrics_at: str = "last",
    files: Iterable[ComparedRow] = (),
    deleted: Iterable[str] = (),
    notes: Iterable[str] = (),
    goal: GoalOf = goal_of,
) -> ComparisonInfo:
    """The side-by-side view of all runs of a table, in its order.

    Args:
        runs: two or more, with the metrics' values that are to be compared.
        facts: run id to title to lines, for what is not in the table: Run, Source, Signature, Environment.
        baseline: id of the run that the others are measured against; "" is the first.
        metrics_at: which values the metrics are, as in `contract.CompareArgs`.
        files: lines of the section Artifacts.
        deleted: ids of runs that were deleted.
        notes: what could not be read.
        goal: which way a metric gets better, by its name.
    """
    rows = [runs.row(i) for i in range(len(runs))]
    ids = [str(row["run_id"]) for row in rows]
    against = ids.index(baseline) if baseline in ids else 0
    keys, gone = runs.keys(), frozenset(deleted)
    told = _fact_sections(ids, facts or {})
    sections = [
        ("Run", told.pop("Run", [])),
        ("Parameters", [_line(key, rows) for key in keys if kind_of(key) == "param"]),
        ("Metrics", [_metric(key, rows, against, goal) for key in keys if kind_of(key) == "metric"]),
        ("Tags", [_line(key, rows) for key in keys if kind_of(key) == "tag" and _told(name_of(key))]),
        ("Source", told.pop("Source", [])),
        ("Artifacts", list(files)),
        *told.items(),
    ]
    return {
        "contract": CONTRACT_VERSION,
        "runs": [_heading(row, gone) for row in rows],
        "baseline": ids[against] if ids else "",
        "metrics_at": metrics_at,
        "sections": [
            ComparedSection(title=title, rows=present)
            for title, lines in sections
            if (present := [line for line in lines if any(value is not None for value in line["values"])])
        ],
        "notes": list(notes),
    }


def compared_row(key: str, values: Sequence[str | None], *, path: str = "", note: str = "") -> ComparedRow:
    """A line of texts; what is absurdly long is cut, which is said, after it was compared in full.

    Args:
        path: of the artifact that it opens.
        note: what the values do not say.
    """
    return {
        "key": key,
        "values": [value if value is None else _cut(value) for value in values],
        "differs": len(set(values)) > 1,
        "deltas": [],
        "tones": [],
        "note": note,
        "path": path,
        "steps": [],
    }


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n… ({LONGEST:,} of {len(text):,} characters)"


def _heading(row: Mapping[str, object], gone: frozenset[str]) -> ComparedRun:
    started = row["start_time"]
    return {
        "run_id": str(row["run_id"]),
        "name": str(row["run_name"] or row["run_id"]),
        "status": str(row["status"] or ""),
        "started": started.isoformat(timespec="milliseconds") if isinstance(started, datetime) else None,
        "deleted": str(row["run_id"]) in gone,
    }


def _told(tag: str) -> bool:
    return not tag.startswith(("mlflow.", "aml.")) or tag in KEPT_TAGS


def _line(key: str, rows: Sequence[Mapping[str, object]]) -> ComparedRow:
    return compared_row(name_of(key), [None if row[key] is None else str(row[key]) for row in rows])


def _metric(key: str, rows: Sequence[Mapping[str, object]], against: int, goal: GoalOf) -> ComparedRow:
    values = [value if isinstance(value := row[key], float) else None for row in rows]
    base = values[against]
    line = compared_row(name_of(key), [None if value is None else number(value, DIGITS) for value in values])
    # Told from the numbers: two that agree in six digits may still differ.
    line["differs"] = len({"NaN" if value is not None and math.isnan(value) else value for value in values}) > 1
    for place, value in enumerate(values):
        known = base is not None and value is not None and place != against
        line["deltas"].append(delta(value, base) if known else "")  # type: ignore[arg-type]
        line["tones"].append(_tone(name_of(key), value, base, goal) if known else "none")  # type: ignore[arg-type]
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


def _fact_sections(run_ids: Sequence[str], facts: Facts) -> dict[str, list[ComparedRow]]:
    titles = dict.fromkeys(title for run_id in run_ids for title in facts.get(run_id, {}))
    sections = {}
    for title in titles:
        parts = [facts.get(run_id, {}).get(title, {}) for run_id in run_ids]
        keys = dict.fromkeys(key for part in parts for key in part)
        sections[title] = [compared_row(key, [part.get(key) for part in parts]) for key in keys]
    return sections
