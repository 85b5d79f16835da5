"""Importance of params, not computed twice for the same runs: charts and axes ask for it again and again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..contract import ImportanceResult
    from ..frames.runtable import RunTable

__all__ = ["importance_of"]

KEPT = 16

_lock = threading.Lock()
_kept: OrderedDict[bytes, ImportanceResult] = OrderedDict()


def importance_of(runs: RunTable, metric: str, *, progress: Callable[[str], None] | None = None) -> ImportanceResult:
    """How much of what varies in a metric each param explains; see `frames.importance`.

    Raises:
        MetricNotFound: no run has it.
    """
    from ..frames.importance import importance

    key = _fingerprint(runs, metric)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = importance(runs, metric, progress=progress)
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _fingerprint(runs: RunTable, metric: str) -> bytes:
    """Of all that the answer depends on: the params and the metric."""
    import pyarrow as pa

    from ..frames.columns import kind_of, name_of

    wanted = name_of(f"metrics.{metric.removeprefix('metrics.')}")
    keys = [key for key in runs.table.column_names if kind_of(key) == "param" or key == f"metrics.{wanted}"]
    digest = hashlib.blake2b(repr((wanted, keys)).encode("utf-8", "surrogatepass"))
    for batch in runs.table.select(keys).combine_chunks().to_batches():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        digest.update(sink.getvalue())
    return digest.digest()
