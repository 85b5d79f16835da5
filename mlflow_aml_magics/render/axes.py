"""The axes of the stored picture: which columns, and where each run crosses them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from ..contract import ColumnInfo
from ..frames.columns import as_numbers, kind_of
from .format import number, one_line, timestamp

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["Axis", "axes_of"]

AXES = 12
LOG_SPAN = 100  # an axis of positive values over two decades is drawn by logarithm: sweeps are
LABELS = 6  # categories that are all named; of more, the first and the last


@dataclass(frozen=True)
class Axis:
    """One axis: where each run crosses it, from 0 (bottom) to 1 (top), None where it has no number there."""

    info: ColumnInfo
    places: list[float | None]
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool

    @cached_property
    def missing(self) -> int:
        return sum(place is None for place in self.places)


def axes_of(runs: RunTable, infos: Sequence[ColumnInfo], color_by: str | None) -> list[Axis]:
    shown = [info for info in infos if info["axis"] and info["key"] in runs]
    colour = [info for info in infos if info["key"] == color_by and info["key"] in runs]
    rest = [info for info in shown if info["key"] != color_by][: AXES - len(colour)]
    rest.sort(key=lambda info: info["kind"] != "param")
    measured = [_measured(runs, info) for info in (*rest, *colour)]
    # Of the runs that a filter leaves, a column that varied among all may be the same in each: that is no axis.
    return [axis for axis in measured if len(set(axis.places)) > 1 or axis.info["key"] == color_by]


def _measured(runs: RunTable, info: ColumnInfo) -> Axis:
    values = runs.column(info["key"])
    if info["type"] == "number":
        numbers = as_numbers(values) if kind_of(info["key"]) != "metric" else values
        return _numeric(info, [_finite(value) for value in numbers.to_pylist()])
    if info["type"] == "time":
        moments = [None if value is None else value.timestamp() * 1000 for value in values.to_pylist()]
        axis = _numeric(info, moments, logarithms=False)
        return Axis(info, axis.places, tuple((at, timestamp(float(text))[:16]) for at, text in axis.ticks), False)
    texts = values.to_pylist()
    names = _from_below({text for text in texts if text is not None})
    at = {name: (i + 0.5) / len(names) for i, name in enumerate(names)}
    told = names if len(names) <= LABELS else [names[0], names[-1]]
    places = [None if text is None else at[text] for text in texts]
    return Axis(info, places, tuple((at[name], one_line(name, 40)) for name in told), False)


def _from_below(texts: set[str]) -> list[str]:
    """Categories in the order of the live panel: numbers from below, the other texts from above."""
    known = list(texts)
    numbers = dict(zip(known, as_numbers(pa.chunked_array([pa.array(known, pa.string())])).to_pylist(), strict=True))
    others = sorted((text for text in known if _finite(numbers[text]) is None), reverse=True)
    return [
        *sorted((text for text in known if _finite(numbers[text]) is not None), key=lambda text: numbers[text]),
        *others,
    ]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _numeric(info: ColumnInfo, values: list[float | None], *, logarithms: bool = True) -> Axis:
    known = [value for value in values if value is not None]
    if not known:
        return Axis(info, list(values), (), False)
    low, high = min(known), max(known)
    logarithmic = logarithms and low > 0 and high / low >= LOG_SPAN
    at = math.log if logarithmic else float
    bottom, top = at(low), at(high)
    span = top - bottom
    # A constant, or a span beyond what a float holds, is drawn in the middle.
    usable = span > 0 and math.isfinite(span)
    places = [None if value is None else (at(value) - bottom) / span if usable else 0.5 for value in values]
    text = number if logarithms else repr
    ticks = ((0.0, text(low)), (1.0, text(high))) if usable else ((0.5, text(low)),)
    return Axis(info, places, ticks, logarithmic)
