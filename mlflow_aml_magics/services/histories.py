"""Metric histories of many runs, and one number a run made of them; what finished runs had is kept in memory."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from ..client.bulk.history import How
    from ..client.connection import Connection, Progress
    from ..frames.histories import Histories
    from ..frames.runtable import RunTable

__all__ = ["histories", "values"]

KEPT = 32  # answers a connection; a chart asks for the same series again when it is resized or smoothed
POINTS = 4_000_000  # of all kept answers: 100 MB

_lock = threading.Lock()
_kept: WeakKeyDictionary[Connection, OrderedDict[tuple[object, ...], Histories]] = WeakKeyDictionary()


def histories(
    connection: Connection,
    runs: RunTable | Sequence[str],
    metrics: Sequence[str],
    *,
    points: int | None = 1000,
    progress: Progress | None = None,
) -> Histories:
    """The points of these metrics of these runs.

    Args:
        runs: their ids, or a table of them; what was read for a table with runs that have all ended is not read again
            while their end and last values stay what they are.
        metrics: names.
        points: the most of each series, its lowest and highest among them; None is all. A server gives evenly spaced
            points instead where there are more, and does not say how many.
        progress: told how many series are read.
    """
    from ..client.bulk.history import read_histories
    from ..frames.runtable import RunTable

    ids = runs.column("run_id").to_pylist() if isinstance(runs, RunTable) else list(runs)
    key = _fingerprint(runs, metrics, points) if isinstance(runs, RunTable) else None
    if key is not None:
        with _lock:
            kept = _kept.setdefault(connection, OrderedDict())
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
    wanted = [(run_id, metric) for run_id in dict.fromkeys(ids) for metric in dict.fromkeys(metrics)]
    found = read_histories(connection, wanted, points=points, progress=progress)
    if key is not None:
        _keep(connection, key, found)
    return found


def _fingerprint(runs: RunTable, metrics: Sequence[str], points: int | None) -> tuple[object, ...] | None:
    """What changes when a point of an ended run is added; None where a run has not ended."""
    import pyarrow as pa

    from ..frames.status import ENDED

    if not set(runs.column("status").unique().to_pylist()) <= set(ENDED):
        return None
    columns = ["run_id", "end_time", *(f"metrics.{name}" for name in metrics if f"metrics.{name}" in runs)]
    sink = pa.BufferOutputStream()
    table = runs.table.select(columns).combine_chunks()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return (hashlib.blake2b(sink.getvalue()).digest(), tuple(metrics), points)


def _keep(connection: Connection, key: tuple[object, ...], found: Histories) -> None:
    with _lock:
        kept = _kept.setdefault(connection, OrderedDict())
        kept[key] = found
        while len(kept) > KEPT or (len(kept) > 1 and sum(each.table.num_rows for each in kept.values()) > POINTS):
            kept.popitem(last=False)


def values(
    connection: Connection,
    runs: RunTable | Sequence[str],
    metric: str,
    how: How = "last",
    step: int | None = None,
    *,
    progress: Progress | None = None,
) -> Any:
    """One number of a metric for each run, as an Arrow array in their order; null where a run has none.

    Args:
        runs: their ids, or a table of them.
        how: "min" or "max" of all points but NaN, "last", or "step": the one at ``step``.
        progress: told how many runs are read, where each takes a request.
    """
    from ..client.bulk.history import metric_values
    from ..frames.runtable import RunTable

    ids = runs.column("run_id").to_pylist() if isinstance(runs, RunTable) else list(runs)
    return metric_values(connection, cast("list[str]", ids), metric, how, step, progress=progress)
