"""Long series of points thinned to what a chart can show: the lowest and the highest of each stretch stay."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["FEWEST", "thinned"]

FEWEST = 4  # points of a thinned series: its ends, its lowest and its highest


def thinned(series: np.ndarray[Any, Any], values: np.ndarray[Any, Any], points: int) -> np.ndarray[Any, Any]:
    """The places of the points to keep, in their order.

    A series of at most ``points`` stays whole. A longer one keeps its first and its last point; what is between is cut
    into stretches of equal length, and each keeps its lowest and its highest value, so that no spike is lost. A stretch
    of NaN only keeps its first: the gap is seen. A NaN beside numbers goes.

    Args:
        series: which series each point is of, ascending; those of a series stand together, in the order of a chart.
        values: their values.
        points: the most to keep of a series, at least `FEWEST`.
    """
    if points < FEWEST:
        raise ValueError(f"a series cannot be thinned to {points} points, only to {FEWEST} or more")
    count = len(series)
    starts = np.flatnonzero(np.diff(series, prepend=series[:1] - 1))
    lengths = np.diff(starts, append=count)
    is_long = lengths > points
    if not is_long.any():
        return np.arange(count)
    keep = np.repeat(~is_long, lengths)
    first, last = starts[is_long], (starts + lengths - 1)[is_long]
    keep[first] = keep[last] = True

    buckets = (points - 2) // 2  # of each long series, two points a bucket
    inner = last - first - 1
    place = np.arange(inner.sum()) - np.repeat(np.cumsum(inner) - inner, inner)  # 0, 1, 2 … in each series
    rows = place + np.repeat(first + 1, inner)
    bucket = place * buckets // np.repeat(inner, inner) + np.repeat(np.arange(len(inner)) * buckets, inner)
    begins = np.flatnonzero(np.diff(bucket, prepend=-1))
    between = values[rows]
    for reduce in (np.fmin, np.fmax):  # which pass over NaN
        extreme = reduce.reduceat(between, begins)
        hits = np.flatnonzero(between == extreme[bucket])
        keep[rows[hits[np.diff(bucket[hits], prepend=-1) != 0]]] = True
        keep[rows[begins[np.isnan(extreme)]]] = True
    return np.flatnonzero(keep)
