"""Long rows of (run, key, value) as one column a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Long", "columns_of_runs"]

_FEW = 1 << 16  # keys that fit 16 bits, which numpy sorts by radix: 2 M in 15 ms
RUN_NAME, USER = "tags.mlflow.runName", "tags.mlflow.user"


class Long:
    """Collects (run, key, value) rows, chunk by chunk, and gives a column a key.

    Args:
        prefix: of the columns: ``metrics.``, ``params.`` or ``tags.``.
        kind: the Arrow type of the values.

    >>> long = Long("params.", pa.string())
    >>> long.add(np.array([1, 0]), pa.array(["lr", "lr"]), pa.array(["0.1", "0.2"]))
    >>> long.columns(3)["params.lr"].to_pylist()
    ['0.2', '0.1', None]
    """

    def __init__(self, prefix: str, kind: Any) -> None:
        self._prefix, self._kind = prefix, kind
        self._codes: dict[str, int] = {}
        self._chunks: list[tuple[Any, Any, Any]] = []

    def add(self, places: Any, keys: Any, values: Any) -> None:
        """More rows.

        Args:
            places: the row of the run in the table, an integer array; a negative one drops the row.
            keys, values: Arrow arrays as long.
        """
        encoded = pc.dictionary_encode(keys)
        own = np.array([self._codes.setdefault(key, len(self._codes)) for key in encoded.dictionary.to_pylist()], "i4")
        codes = own[encoded.indices.to_numpy(zero_copy_only=False)] if len(own) else np.empty(0, "i4")
        places = np.asarray(places, "i4")
        if len(places) and places.min() < 0:
            kept = places >= 0
            places, codes, values = places[kept], codes[kept], values.filter(pa.array(kept))
        self._chunks.append((places, codes, values))

    def columns(self, count: int, moved: Any = None) -> dict[str, Any]:
        """A column a key, ``count`` rows long, null where a run has none; of two values of a run the later one.

        Args:
            count: how many runs there are.
            moved: where each place went in the end, negative where it is dropped; None where none moved.
        """
        if not any(len(places) for places, _, _ in self._chunks):
            return {}
        places = np.concatenate([chunk[0] for chunk in self._chunks])
        codes = np.concatenate([chunk[1] for chunk in self._chunks])
        values = pa.concat_arrays([chunk[2].cast(self._kind) for chunk in self._chunks])
        self._chunks.clear()  # at its peak this is half of the memory that reading takes
        if moved is not None:
            places = moved[places]
            if len(places) and places.min() < 0:
                kept = places >= 0
                places, codes, values = places[kept], codes[kept], values.filter(pa.array(kept))
        order = np.argsort(codes.astype("u2") if len(self._codes) < _FEW else codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(self._codes)))
        spread = _numbers if pa.types.is_floating(self._kind) else _texts
        found = {}
        start = 0
        for key, end in zip(self._codes, ends.tolist(), strict=True):
            if end > start:  # else: only dropped rows have it
                at = order[start:end]
                found[self._prefix + key] = spread(values, at, places[at], count)
            start = end
        return found


def _numbers(values: Any, at: Any, places: Any, count: int) -> Any:
    column, absent = np.zeros(count), np.ones(count, bool)
    column[places] = values.to_numpy()[at]  # NaN is a value here, not a null
    absent[places] = False
    return pa.array(column, mask=absent) if absent.any() else pa.array(column)


def _texts(values: Any, at: Any, places: Any, count: int) -> Any:
    source = np.full(count, -1, "i8")
    source[places] = at
    absent = source < 0
    return values.take(pa.array(source, mask=absent) if absent.any() else pa.array(source))


def columns_of_runs(
    attributes: Mapping[str, Any],
    pivoted: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    *,
    tag_names: bool = False,
) -> dict[str, Any]:
    """The columns of a run table, with what mlflow makes of a run's own values and of its tags.

    Args:
        attributes: ``run_id, run_name, status, start_time, end_time, experiment_id, user, artifact_uri`` as Arrow
            arrays, times as integers in milliseconds.
        pivoted: the columns of metrics, params and tags.
        names: of the experiments, by id.
        tag_names: a run without a name has that of its tag.
    """
    found = dict(attributes)
    for columns in pivoted:
        found.update(columns)
    for key in ("start_time", "end_time"):
        found[key] = pc.cast(pc.cast(found[key], pa.int64()), pa.timestamp("ms", "UTC"))
    if tag_names and RUN_NAME in found:
        blank = pc.equal(pc.fill_null(found["run_name"], ""), "")
        tagged = pc.and_(blank, pc.not_equal(pc.fill_null(found[RUN_NAME], ""), ""))
        found["run_name"] = pc.if_else(tagged, found[RUN_NAME], found["run_name"])
    if USER in found:
        tagged = pc.not_equal(pc.fill_null(found[USER], ""), "")
        found["user"] = pc.if_else(tagged, found[USER], found["user"])
    ids = pc.dictionary_encode(found["experiment_id"])
    labels = pa.array([names.get(each, "") for each in ids.dictionary.to_pylist()], pa.string())
    found["experiment"] = labels.take(ids.indices)
    return found
