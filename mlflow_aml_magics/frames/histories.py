"""Metric histories of many runs as Arrow columns, and how much of each series they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .downsample import thinned

__all__ = ["POINT", "Histories", "HistoryBuilder"]

# One point of series `n`; what a database cursor can be read into without a Python object a value.
POINT = np.dtype([("n", "i4"), ("step", "i8"), ("timestamp", "i8"), ("value", "f8"), ("is_nan", "i1")])
_SAMPLED = -1


@dataclass(frozen=True)
class Histories:
    """The points of some metrics of some runs.

    Args:
        table: ``run_id``, ``metric`` (both dictionary-encoded text), ``step`` (int64), ``timestamp`` (ms, UTC) and
            ``value`` (float64), by run and metric as they were asked for, then by step and time.
        series: one row a series that has points: ``run_id``, ``metric``, ``shown`` (points in ``table``) and ``there``
            (points in the store; null where a server thinned the series and does not tell).
    """

    table: pa.Table
    series: pa.Table

    @property
    def note(self) -> str:
        """What is not shown, in words; "" where every point is."""
        there, shown = self.series.column("there"), self.series.column("shown")
        cut = pc.sum(pc.fill_null(pc.greater(there, shown), True)).as_py() or 0
        if not cut:
            return ""
        known = pc.sum(there).as_py()
        of = f"{known:,}" if known and not there.null_count else "a number that the server does not tell"
        return f"{self.table.num_rows:,} points of {of}: {cut:,} of {len(there):,} series are thinned"


class HistoryBuilder:
    """Puts `Histories` together from points as they come; each series comes in one piece.

    Args:
        wanted: run id and metric of each series, in the order of the answer.
        points: the most to keep of each, at least `downsample.FEWEST`; None keeps all.
    """

    def __init__(self, wanted: Sequence[tuple[str, str]], points: int | None) -> None:
        self._wanted, self._points = wanted, points
        self._parts: list[np.ndarray[Any, Any]] = []
        self._there = np.zeros(len(wanted), dtype=np.int64)

    def add(self, found: np.ndarray[Any, Any], sampled: Iterable[int] = ()) -> None:
        """More points, of dtype `POINT`.

        Args:
            found: in any order.
            sampled: the series of which the server gave a part.
        """
        found = _sorted(found)
        self._there += np.bincount(found["n"], minlength=len(self._wanted))
        self._there[list(sampled)] = _SAMPLED
        found["value"][found["is_nan"] != 0] = np.nan
        self._parts.append(found if self._points is None else found[thinned(found["n"], found["value"], self._points)])

    def build(self) -> Histories:
        """All that came."""
        found = np.concatenate([np.empty(0, POINT), *self._parts])
        if (np.diff(found["n"]) < 0).any():
            found = found[np.argsort(found["n"], kind="stable")]
        runs, run_of = _codes(run for run, _ in self._wanted)
        metrics, metric_of = _codes(metric for _, metric in self._wanted)
        n = found["n"]
        table = pa.table(
            {
                "run_id": pa.DictionaryArray.from_arrays(run_of[n], runs),
                "metric": pa.DictionaryArray.from_arrays(metric_of[n], metrics),
                "step": found["step"],
                "timestamp": pa.array(found["timestamp"]).cast(pa.timestamp("ms", "UTC")),
                "value": pa.array(found["value"]),
            }
        )
        shown = np.bincount(n, minlength=len(self._wanted))
        present = np.flatnonzero(shown).tolist()
        there = self._there[present]
        series = pa.table(
            {
                "run_id": pa.array([self._wanted[i][0] for i in present], pa.string()),
                "metric": pa.array([self._wanted[i][1] for i in present], pa.string()),
                "shown": shown[present],
                "there": pa.array(there, mask=there == _SAMPLED),
            }
        )
        return Histories(table, series)


def _sorted(found: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """By series, step, time, value; what comes in that order mostly is left as it is."""
    ahead = np.zeros(max(len(found) - 1, 0), dtype=bool)
    level = ~ahead
    for key in ("n", "step", "timestamp"):
        step = np.diff(found[key])
        ahead |= level & (step > 0)
        level &= step == 0
    if ahead.all():
        return found
    return found[np.lexsort((found["value"], found["timestamp"], found["step"], found["n"]))]


def _codes(words: Iterable[str]) -> tuple[pa.Array, np.ndarray[Any, Any]]:
    """The distinct words in their order, and of each word its place there."""
    known: dict[str, int] = {}
    codes = np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int32)
    return pa.array(list(known), pa.string()), codes
