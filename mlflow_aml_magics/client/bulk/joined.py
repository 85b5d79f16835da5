"""Rows of a SQLite table as a few long texts, which `sqlite` reads.

SQLite joins the texts of many rows into one (``group_concat``), so that Python sees a hundred thousand rows as one
object, and SQLite joins without the GIL.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["ID_LENGTH", "MARK", "rows_of", "split"]

MARK = "\x1f"  # ASCII's unit separator, between the joined texts
ID_LENGTH = 32  # bytes of a run id, as mlflow makes them


def rows_of(connection: sqlite3.Connection, table: str, source: str, values: tuple[object, ...]) -> tuple[Any, ...]:
    """Some rows: the ids of runs, how many rows follow of each, the keys, and the values.

    Args:
        connection: to the database, whose run ids are all of `ID_LENGTH`.
        table: a long one.
        source: what follows FROM, the table called ``t``.
        values: of the source's parameters.
    """
    is_metric = table == "latest_metrics"
    if "rowid" not in source and "INDEXED" not in source:
        return _rows_one_by_one(connection, is_metric, source, values)  # SQLite is free to choose how, and so the order
    texts = "NULL" if is_metric else f"group_concat(t.value, '{MARK}')"
    joined = f"group_concat(t.run_uuid, ''), group_concat(t.key, '{MARK}'), {texts}"
    select = f"SELECT count(*), count(t.value), {joined} FROM {source}"
    try:
        count, present, ids, keys, found = connection.execute(select, values).fetchone()
    except sqlite3.DataError:  # more than the gigabyte that SQLite lets a text have
        return _rows_one_by_one(connection, is_metric, source, values)
    if not count:
        return (
            pa.array([], pa.string()),
            [],
            pa.array([], pa.string()),
            pa.array([], pa.float64() if is_metric else pa.string()),
        )
    names = split(keys, count)
    items = _metrics(connection, source, values, count) if is_metric else split(found or b"", count)
    if len(ids) != ID_LENGTH * count or present != count or names is None or items is None:
        return _rows_one_by_one(connection, is_metric, source, values)
    words = np.frombuffer(ids, "u8").reshape(count, ID_LENGTH // 8)
    starts = np.flatnonzero(np.concatenate([[True], (words[1:] != words[:-1]).any(axis=1)]))  # mostly a run's rows
    runs = words[starts].tobytes()  # follow one another: it is looked up once
    offsets = np.arange(0, len(runs) + 1, ID_LENGTH, dtype="i4")
    return _text(runs, offsets), np.diff(starts, append=count), names, items


def _metrics(connection: sqlite3.Connection, source: str, values: tuple[object, ...], count: int) -> Any:
    """Values of metrics in the order of their keys; mlflow stores NaN as 0 with a flag."""
    rows = connection.execute(f"SELECT CASE WHEN t.is_nan THEN NULL ELSE t.value END FROM {source}", values)
    found = np.fromiter((value for (value,) in rows), "f8")  # makes NaN of None
    return pa.array(found) if len(found) == count else None


def split(joined: bytes, count: int) -> Any:
    """The texts between the marks; None where a text holds one itself."""
    raw = np.frombuffer(joined, "u1")
    is_mark = raw == ord(MARK)
    marks = np.flatnonzero(is_mark)
    if len(marks) != count - 1:
        return None
    offsets = np.zeros(count + 1, "i4")
    offsets[1:-1] = marks - np.arange(count - 1)
    offsets[-1] = len(raw) - len(marks)
    return _text(raw[~is_mark].tobytes(), offsets)


def _text(raw: bytes, offsets: Any) -> Any:
    array = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(raw))
    array.validate(full=True)  # SQLite does not look whether a text is UTF-8
    return array


def _rows_one_by_one(
    connection: sqlite3.Connection, is_metric: bool, source: str, values: tuple[object, ...]
) -> tuple[Any, ...]:
    value = "CASE WHEN t.is_nan THEN 'nan' ELSE t.value END" if is_metric else "coalesce(t.value, '')"
    rows = connection.execute(f"SELECT t.run_uuid, t.key, {value} FROM {source}", values).fetchall()
    ids, keys, found = zip(*rows, strict=True) if rows else ((), (), ())
    numbers = pa.array(np.array([float(each) for each in found], "f8")) if is_metric else pa.array(found, pa.string())
    return pa.array(ids, pa.string()), np.ones(len(rows), "i8"), pa.array(keys, pa.string()), numbers
