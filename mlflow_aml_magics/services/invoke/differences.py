"""How far do two columns of predictions differ?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...render.format import number

__all__ = ["CLASSES", "Difference", "difference"]

CLASSES = 12  # different values above which whole numbers and texts are no classes
ABSOLUTE = 1e-12  # what two zeros may differ by


@dataclass(frozen=True)
class Difference:
    """One column of predictions of two deployments, row by row.

    ``each`` is b − a of numbers, the largest of lists of numbers, else None, also for classes; ``same`` says whether
    the two are equal, numbers within the tolerance. ``confusion`` counts (a, b) of classes.
    """

    name: str
    kind: Literal["numbers", "classes", "other"]
    each: tuple[float | None, ...]
    same: tuple[bool, ...]
    confusion: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def share_equal(self) -> float:
        """Of the rows, 0 to 1."""
        return sum(self.same) / len(self.same) if self.same else 1.0

    @property
    def max_abs(self) -> float | None:
        """The largest difference of numbers, without sign; None where nothing is a number."""
        found = [abs(one) for one in self.each if one is not None]
        return max(found) if found else None

    @property
    def mean_abs(self) -> float | None:
        """The mean difference of numbers, without sign."""
        found = [abs(one) for one in self.each if one is not None]
        return sum(found) / len(found) if found else None

    @property
    def worst(self) -> list[int]:
        """The rows that differ, those without a number on one side before those that differ most."""
        apart = [i for i, same in enumerate(self.same) if not same]
        return sorted(apart, key=lambda i: -math.inf if self.each[i] is None else -abs(self.each[i] or 0.0))

    def __str__(self) -> str:
        equal = sum(self.same)
        told = f"{number(100 * self.share_equal)} % equal ({equal:,} of {len(self.same):,})"
        if self.max_abs is None or self.mean_abs is None or equal == len(self.same):
            return told
        return f"{told}, |difference| at most {number(self.max_abs)}, {number(self.mean_abs)} on average"


def difference(name: str, a: Sequence[Any], b: Sequence[Any], tolerance: float) -> Difference:
    """Compare two columns of the same length.

    Args:
        name: the column's.
        tolerance: by which numbers may differ and be called equal, relative to the larger.
    """
    same = tuple(_same(one, other, tolerance) for one, other in zip(a, b, strict=True))
    labels = _labels((*a, *b))
    if labels:
        confusion = Counter((str(one), str(other)) for one, other in zip(a, b, strict=True))
        return Difference(name, "classes", (None,) * len(same), same, dict(confusion))
    each = tuple(_apart(one, other) for one, other in zip(a, b, strict=True))
    is_numeric = any(one is not None for one in each)
    return Difference(name, "numbers" if is_numeric else "other", each, same)


def _labels(values: Sequence[Any]) -> set[str]:
    """The classes, where the values are such: few different texts, whole numbers or truth values."""
    if not all(isinstance(value, (str, bool, int)) for value in values):
        return set()
    labels = {str(value) for value in values}
    return labels if len(labels) <= CLASSES and len(labels) < max(3, len(values) / 2) else set()


def _numbers(value: Any) -> list[float] | None:
    """The numbers of a value, nested lists end to end; None where it has others."""
    if isinstance(value, (list, tuple)):
        parts = [_numbers(item) for item in value]
        return None if any(part is None for part in parts) else [one for part in parts for one in part or ()]
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        return [float(value)]
    except OverflowError:  # a whole number of 400 digits
        return None


def _apart(a: Any, b: Any) -> float | None:
    one, other = _numbers(a), _numbers(b)
    if one is None or other is None or len(one) != len(other) or not one:
        return None
    apart = [y - x for x, y in zip(one, other, strict=True) if math.isfinite(y - x)]
    return max(apart, key=abs) if apart else None


def _same(a: Any, b: Any, tolerance: float) -> bool:
    one, other = _numbers(a), _numbers(b)
    if one is None or other is None or len(one) != len(other):
        return bool(a == b)
    return all(_close(x, y, tolerance) for x, y in zip(one, other, strict=True))


def _close(a: float, b: float, tolerance: float) -> bool:
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=ABSOLUTE) or (math.isnan(a) and math.isnan(b))
