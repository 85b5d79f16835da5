"""A SQLite store read into columns by Python's own SQLite, in one consistent snapshot.

Two threads read at a time: SQLite runs without the GIL, and joins the rows itself (`joined`).

A second SQLite library in the process, such as ADBC's, would save the joining. But POSIX locks belong to the process:
closing the file there drops the locks that Python's library holds on it, and another process could write into a
transaction of the user's own (sqlite.org/howtocorrupt.html, 2.2.1).
"""

from __future__ import annotations

import json
import queue
import sqlite3
import urllib.parse
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .joined import ID_LENGTH, MARK, rows_of, split
from .pivot import Long, columns_of_runs
from .schema import ATTRIBUTES, REVISIONS, TABLES

__all__ = ["read_sqlite"]

ROWS = 500_000  # of a long table at a time: 0.3 s
IDS = 4_000  # runs at a time, where only some are read
MANY = 3_000  # runs that are worth a second thread
BUSY_SECONDS = 20  # to wait for a writer
_NUMBERS = ("start_time", "end_time", "experiment_id")
_ACTIVE = "lifecycle_stage = 'active' AND experiment_id IN ({})"

# Some rows of a long table `t`: the table, what follows FROM, and the values of its parameters.
Source = tuple[str, str, tuple[object, ...]]


def read_sqlite(
    path: Path,
    names: Mapping[str, str],
    *,
    told: Callable[[int, float], None],
    only: Sequence[str] | None = None,
    limit: int | None = None,
    keys: Iterable[str] | None = None,
) -> dict[str, Any] | None:
    """The columns of the active runs of some experiments, the newest first; None where the schema is not known.

    Args:
        path: of the database.
        names: experiment ids to names.
        told: how many runs there are, and the part that is read; what it raises ends the reading.
        only: these run ids.
        limit: the newest so many.
        keys: these columns beside the attributes, such as ``metrics.rmse``; None for all.

    Raises:
        sqlite3.Error, pyarrow.ArrowException: SQLite or Arrow does not take what is there.
    """
    if not all(each.isdecimal() for each in names):
        return None
    active = _ACTIVE.format(", ".join(names))
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(_opened(path)))]
        first = connections[0]
        _begin(first)
        versions = first.execute("SELECT version_num FROM alembic_version").fetchall()
        if len(versions) != 1 or versions[0][0].decode() not in REVISIONS:
            return None
        sources: list[Source] | None = None
        if keys is not None:
            sources = _of_keys(keys)
        elif only is None and limit is None:
            counts = f"SELECT count(*), total({active}), total(length(run_uuid) != {ID_LENGTH}) FROM runs"
            ((total, wanted, odd),) = first.execute(counts)
            if (
                wanted * 3 >= total and not odd
            ):  # else most runs are of other experiments, and an index finds the ones wanted
                if wanted >= MANY:
                    connections += _beside(first, stack.enter_context(closing(_opened(path))))
                sources = _whole_tables(first)
        return _read(connections, (active, only, limit), sources, names, told)


def _read(
    connections: Sequence[sqlite3.Connection],
    which: tuple[str, Sequence[str] | None, int | None],
    sources: Sequence[Source] | None,
    names: Mapping[str, str],
    told: Callable[[int, float], None],
) -> dict[str, Any]:
    """Read the runs that are wanted and their rows of the long tables: all of them, or only those runs'."""
    free: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
    for connection in connections:
        free.put(connection)

    def on_one(read: Callable[..., Any], *values: Any) -> Any:
        connection = free.get()
        try:
            return read(connection, *values)
        finally:
            free.put(connection)

    longs = {table: Long(prefix, _kind(table)) for table, prefix in TABLES.items()}
    with ThreadPoolExecutor(len(connections)) as pool:
        try:
            runs = pool.submit(on_one, _runs, *which)
            parts: deque[Future[Any]] = deque(pool.submit(on_one, rows_of, *source) for source in sources or ())
            attributes = runs.result()
            ids = attributes["run_id"]
            if pc.any(pc.not_equal(pc.binary_length(ids), ID_LENGTH)).as_py():
                raise sqlite3.DataError("a run id that mlflow did not make")
            if sources is None:
                sources = _of_runs(ids.to_pylist())
                parts.extend(pool.submit(on_one, rows_of, *source) for source in sources)
            for done, (table, _, _) in enumerate(sources):
                told(len(ids), done / len(sources))
                starts, counts, keys, values = parts.popleft().result()  # forgotten here: the parts are large
                places = pc.fill_null(pc.index_in(starts, value_set=ids), -1)
                longs[table].add(np.repeat(places.to_numpy(), counts), keys, values)
            columns = [pool.submit(long.columns, len(ids)) for long in longs.values()]
            return columns_of_runs(attributes, [each.result() for each in columns], names, tag_names=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for connection in connections:
                connection.interrupt()
            raise


# ---- connections and snapshots


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{urllib.parse.quote(str(path.resolve()))}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # one at a time: _read sees to that
    )
    connection.text_factory = bytes
    return connection


def _begin(connection: sqlite3.Connection) -> None:
    """From here on the store is seen as it is now."""
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM alembic_version").fetchone()  # BEGIN alone takes no lock


def _beside(first: sqlite3.Connection, second: sqlite3.Connection) -> list[sqlite3.Connection]:
    """The second connection, if it sees the same as the first: nobody wrote while both began."""
    (before,) = second.execute("PRAGMA data_version").fetchone()
    first.execute("ROLLBACK")
    _begin(first)
    _begin(second)
    (after,) = second.execute("PRAGMA data_version").fetchone()
    return [second] if before == after else []


# ---- which rows


def _whole_tables(connection: sqlite3.Connection) -> list[Source]:
    """All rows, by number. The tables take turns: metrics need the GIL most of the time, texts do not."""
    sources: list[list[Source]] = []
    for table in TABLES:
        ends = f"SELECT (SELECT min(rowid) FROM {table}), (SELECT max(rowid) FROM {table})"  # in one SELECT: a scan
        first, last = connection.execute(ends).fetchone()
        where = f"{table} AS t NOT INDEXED WHERE t.rowid BETWEEN ? AND ?"  # so that rows come in their order
        starts = () if first is None else range(first, last + 1, ROWS)
        sources.append([(table, where, (start, start + ROWS - 1)) for start in starts])
    return [source for turn in zip_longest(*sources) for source in turn if source]


def _of_runs(ids: Sequence[str]) -> list[Source]:
    """The rows of some runs, by mlflow's index."""
    chunks = [json.dumps(ids[start : start + IDS]) for start in range(0, len(ids), IDS)]
    return [
        (
            table,
            f"json_each(?) AS w CROSS JOIN {table} AS t INDEXED BY index_{table}_run_uuid ON t.run_uuid = w.value",
            (chunk,),
        )
        for table in TABLES
        for chunk in chunks
    ]


def _of_keys(keys: Iterable[str]) -> list[Source]:
    """The rows of some keys, by the table's own index."""
    return [
        (table, f"{table} AS t WHERE t.key = ?", (key[len(prefix) :],))
        for table, prefix in TABLES.items()
        for key in keys
        if key.startswith(prefix)
    ]


# ---- reading


def _kind(table: str) -> Any:
    return pa.float64() if table == "latest_metrics" else pa.string()


def _runs(connection: sqlite3.Connection, active: str, only: Sequence[str] | None, limit: int | None) -> dict[str, Any]:
    """The attributes of the runs that are wanted, as Arrow arrays, in mlflow's own order."""
    if only is None and limit is None and (found := _runs_joined(connection, active)):
        return found
    also = "" if only is None else "AND run_uuid IN (SELECT value FROM json_each(?))"
    if limit and only is None:
        # As many runs as are wanted, those written last: what started before all of them need not be sorted.
        last = f"SELECT start_time FROM runs WHERE {active} ORDER BY rowid DESC LIMIT ?"
        count, since = connection.execute(
            f"SELECT count(start_time), min(start_time) FROM ({last})", [limit]
        ).fetchone()
        also = f"AND start_time >= {since}" if count == limit else ""
    rows = connection.execute(
        f"SELECT {', '.join(ATTRIBUTES)} FROM runs WHERE {active} {also} ORDER BY start_time DESC, run_uuid LIMIT ?",
        [*([] if only is None else [json.dumps(list(only))]), -1 if limit is None else limit],
    ).fetchall()
    columns = zip(*rows, strict=True) if rows else ([] for _ in ATTRIBUTES)
    arrays = {
        key: pa.array(values, pa.int64() if key in _NUMBERS else pa.string())
        for key, values in zip(ATTRIBUTES.values(), columns, strict=True)
    }
    return {**arrays, "experiment_id": pc.cast(arrays["experiment_id"], pa.string())}


def _runs_joined(connection: sqlite3.Connection, active: str) -> dict[str, Any] | None:
    """The same of all runs; None where a text is missing, or holds the mark."""
    texts = (f"coalesce({column}, '')" if column == "end_time" else column for column in ATTRIBUTES)
    joined = ", ".join(f"group_concat({text}, '{MARK}')" for text in texts)
    missing = " + ".join(f"({column} IS NULL)" for column in ATTRIBUTES if column != "end_time")
    select = f"SELECT count(*), total({missing}), {joined} FROM runs NOT INDEXED WHERE {active}"
    try:
        count, absent, *found = connection.execute(select).fetchone()
    except sqlite3.DataError:  # more than the gigabyte that SQLite lets a text have
        return None
    if absent or not count:
        return None
    arrays = {}
    for key, text in zip(ATTRIBUTES.values(), found, strict=True):
        array = split(text, count)
        if array is None:
            return None
        if key in ("start_time", "end_time"):
            array = pc.cast(pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array), pa.int64())
        arrays[key] = array
    keys = pa.table({"start": arrays["start_time"], "id": arrays["run_id"]})
    order = pc.sort_indices(keys, sort_keys=[("start", "descending"), ("id", "ascending")])
    return {key: array.take(order) for key, array in arrays.items()}
