"""How long did the answers take?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...render.format import plural

__all__ = ["Latency"]


@dataclass(frozen=True)
class Latency:
    """Times of requests in milliseconds, from the first byte sent to the last one read, in the order of the requests.

    The first is apart: a server that has just started, or has slept, is slower then.
    """

    ms: tuple[float, ...]

    @property
    def first(self) -> float:
        """Of the first request."""
        return self.ms[0]

    @property
    def rest(self) -> tuple[float, ...]:
        """Those after the first; the first where it is the only one."""
        return self.ms[1:] or self.ms

    @property
    def p50(self) -> float:
        """Half of those after the first were as fast."""
        return percentile(self.rest, 50)

    @property
    def p95(self) -> float:
        """Of those after the first 95 in 100 were as fast."""
        return percentile(self.rest, 95)

    def __str__(self) -> str:
        if len(self.ms) == 1:
            return f"{self.first:.1f} ms"
        spread = f"p50 {self.p50:.1f} ms, p95 {self.p95:.1f} ms, {min(self.rest):.1f} to {max(self.rest):.1f} ms"
        return f"first {self.first:.1f} ms, then {spread} of {plural(len(self.rest), 'request')}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which that percentage of the values lies, between two neighbours as numpy's default has it."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
