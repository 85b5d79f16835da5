"""The form in which runs travel to the browser: one Arrow IPC stream of one record batch, each column as small as it
can be without losing a bit.

The browser filters and sorts by the very float64 values that Python has, so nothing is rounded:

* metrics that are float32 by origin (most frameworks' losses) go as float32, those written with few decimals or whole
  as integers and a power of ten, those of few values (shares of a small test set) as codes, the rest as float64;
* params, tags and the other texts go as codes of one, two or four bytes, and each text once;
* params that are numbers of nearly as many values as runs (a random search) go as float64 where Python's ``repr`` gives
  their text back, texts of nearly as many values as runs (ids, names) as they are.

Measured for 100,000 runs of 20 metrics or params: 1 to 4 bytes a value but where doubles are random to the last bit,
which no code makes smaller than 6.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .columns import kind_of, type_of

__all__ = ["to_ipc", "travels"]

HISTORY = "tags.mlflow.log-model.history"
DECIMALS = 9  # more digits after the point than people log
SCALE = b"scale"  # in a field's metadata: how many decimals its integers stand for


def travels(key: str) -> bool:
    """Whether a column is sent: all that a query may ask for, but the history of models, kilobytes a run."""
    return key != HISTORY


def to_ipc(table: pa.Table, keys: Sequence[str]) -> bytes:
    """These columns of a run table, in this order, packed."""
    fields, arrays = [], []
    for key in keys:
        values = table.column(key)
        array = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
        packed, scale = _packed(key, array)
        fields.append(pa.field(key, packed.type, metadata={SCALE: str(scale)} if scale else None))
        arrays.append(packed)
    batch = pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return bytes(sink.getvalue())


def _packed(key: str, array: pa.Array) -> tuple[pa.Array, int]:
    """The column as it travels, and the decimals that its integers stand for."""
    if pa.types.is_floating(array.type):
        return _packed_numbers(array)
    if not pa.types.is_string(array.type):
        return array, 0
    distinct = pc.count_distinct(array).as_py()
    if distinct <= len(array) / 2 or distinct < 256:
        return _codes(array), 0
    if kind_of(key) == "param" and (numbers := _as_doubles(key, array)) is not None:
        return numbers, 0
    return array, 0


def _codes(array: pa.Array) -> pa.Array:
    coded = pc.dictionary_encode(array)
    count = len(coded.dictionary)
    index = pa.uint8() if count < 256 else pa.uint16() if count < 65_536 else pa.int32()
    return pa.DictionaryArray.from_arrays(coded.indices.cast(index), coded.dictionary)


def _as_doubles(key: str, array: pa.Array) -> pa.Array | None:
    """Texts as float64, where each is what Python writes for its number; None where one is not."""
    head = array.slice(0, 50)
    if not _written_alike(head) or type_of(key, pa.chunked_array([array])) != "number":
        return None
    return _written_alike(array)


def _written_alike(array: pa.Array) -> pa.Array | None:
    try:
        numbers = [None if text is None else float(text) for text in array.to_pylist()]
    except ValueError:
        return None
    texts = pa.array([None if number is None else repr(number) for number in numbers], pa.string())
    return pa.array(numbers, pa.float64()) if texts.equals(array) else None


def _packed_numbers(array: pa.Array) -> tuple[pa.Array, int]:
    import numpy as np

    values: Any = array.to_numpy(zero_copy_only=False)  # NaN where null
    absent: Any = np.asarray(array.is_null())
    finite = bool(np.isfinite(values[~absent]).all())
    if finite and (integers := _as_integers(np.where(absent, 0.0, values))) is not None:
        whole, scale = integers
        return pa.array(whole, mask=absent), scale
    distinct = pc.count_distinct(array).as_py()
    if distinct < 256 or (distinct < 65_536 and distinct * 4 < len(array)):
        return _codes(array), 0
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if ((single.astype(np.float64) == values) | np.isnan(values)).all():
        return pa.array(single, mask=absent, from_pandas=False), 0
    return array, 0


def _as_integers(values: Any) -> tuple[Any, int] | None:
    """Values as the smallest integers that, over a power of ten, give each one back to the last bit."""
    import numpy as np

    if bool((np.signbit(values) & (values == 0)).any()):
        return None  # an integer has no -0.0
    for scale in range(DECIMALS + 1):
        factor = 10.0**scale
        head = values[:50]
        # One correctly rounded division of exact numbers, as reading a decimal is: JavaScript's gives the same.
        with np.errstate(over="ignore"):  # the 1.8e308 that SQL stores write for infinity
            if not (np.rint(head * factor) / factor == head).all():
                continue
            whole = np.rint(values * factor)
        if np.abs(whole).max(initial=0) >= 2**31:
            return None
        if (whole / factor == values).all():
            most = np.abs(whole).max(initial=0)
            kind = np.int8 if most < 2**7 else np.int16 if most < 2**15 else np.int32
            return whole.astype(kind), scale
    return None
