"""What may have changed in a SQLite store since it was read: exact, and without reading what did not.

mlflow only adds rows to the tables of metrics and params, so that rows beyond the last known one tell which runs have
new values. Rows of runs and tags are rewritten in place: they are compared by a digest of each few hundred, which
SQLite joins into one text and Python only hashes. A file that nobody has touched is not even opened.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import urllib.parse
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from ...frames.runtable import RunTable

__all__ = ["Marks", "look", "marks_of"]

Marks = dict[str, Any]  # JSON: it is kept in the cache

SETTLED = 3.0  # seconds; a file written later may be written again without a change of its time
BLOCK = 512  # rows a digest: what is read again where one of them differs
BUSY_SECONDS = 20  # to wait for a writer
# What can be rewritten of a row, as one text that no other content gives; as few pieces as can be: they are the cost.
REWRITTEN = {
    "runs": "run_uuid || coalesce(end_time, '') || status || lifecycle_stage || coalesce(name, '')",
    "tags": "run_uuid || key || char(31) || coalesce(value, '')",
}
APPENDED = {"metrics": "key, timestamp, step, run_uuid, value, is_nan", "params": "key, value, run_uuid"}


def marks_of(path: Path) -> Marks:
    """What a store looks like now; to be taken before it is read, so that nothing falls in between."""
    file, stamp = _stamps(path)
    with ThreadPoolExecutor(2) as pool:
        digests = {table: pool.submit(_compared, path, table, [0, []]) for table in REWRITTEN}
        with closing(_opened(path)) as store:
            ends = {table: _last_row(store, table) for table in APPENDED}
        return {"file": file, "stamp": stamp, "ends": ends} | {
            table: each.result()[1] for table, each in digests.items()
        }


def look(path: Path, names: Mapping[str, str], known: RunTable, marks: Marks) -> tuple[set[str], Marks] | None:
    """The runs that have to be read again, deleted ones and new ones too, and the new marks.

    Args:
        names: of the experiments, by id.
        known: what was read when the marks were taken.

    Returns:
        None where the whole store has to be read, as it is another one, or runs were removed from it for good.

    Raises:
        sqlite3.Error, KeyError, TypeError: the store or the marks are not what they were.
    """
    file, stamp = _stamps(path)
    if stamp is not None and stamp == marks["stamp"]:
        return set(), marks
    if file != marks["file"]:
        return None
    with ThreadPoolExecutor(2) as pool, closing(_opened(path)) as store:
        scans = {table: pool.submit(_compared, path, table, marks[table]) for table in REWRITTEN}
        touched: set[str] = set()
        ends = {}
        for table, (top, row) in marks["ends"].items():
            if top and _row_digest(store, table, top) != row:
                return None  # rows were removed, and later ones took their numbers
            ends[table] = _last_row(store, table)  # first: a row that is written in between is seen twice, not never
            touched |= _ids(store, f"SELECT DISTINCT run_uuid FROM {table} WHERE rowid > ?", top)
        found: Marks = {"file": file, "stamp": stamp, "ends": ends}
        for table, scan in scans.items():
            blocks, digests, top = scan.result()
            found[table] = digests
            touched |= _ids(store, f"SELECT run_uuid FROM {table} WHERE rowid > ?", top)
            for begin, end in blocks:
                touched |= _ids(store, f"SELECT run_uuid FROM {table} WHERE rowid > ? AND rowid <= ?", begin, end)
            if blocks and table == "tags":
                touched |= _other_count(store, known)
            if blocks and table == "runs" and _lost(store, names, known):
                return None
    return touched, found


def _stamps(path: Path) -> tuple[list[int], list[int] | None]:
    """Which file it is, and its sizes and times with its journal's; None for those if it was written just now."""
    here = os.stat(path)
    file = [here.st_dev, here.st_ino]
    stamp = [*file, here.st_size, here.st_mtime_ns]
    newest = here.st_mtime
    for suffix in ("-wal", "-journal"):
        try:
            beside = os.stat(f"{path}{suffix}")
        except FileNotFoundError:
            continue
        stamp += [beside.st_size, beside.st_mtime_ns]
        newest = max(newest, beside.st_mtime)
    return file, stamp if newest < time.time() - SETTLED else None


def _opened(path: Path) -> sqlite3.Connection:
    """By Python's own SQLite, which mlflow writes with: another copy of it would drop its locks (`sqlite.py`)."""
    store = sqlite3.connect(
        f"file:{urllib.parse.quote(str(path.resolve()))}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    store.text_factory = bytes
    return store


def _ids(store: sqlite3.Connection, statement: str, *values: int) -> set[str]:
    return {run_id.decode() for (run_id,) in store.execute(statement, values)}


# ---- tables that only grow


def _last_row(store: sqlite3.Connection, table: str) -> list[Any]:
    top = store.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0
    return [top, _row_digest(store, table, top)]


def _row_digest(store: sqlite3.Connection, table: str, row: int) -> str:
    found = store.execute(f"SELECT {APPENDED[table]} FROM {table} WHERE rowid = ?", [row]).fetchone()
    return hashlib.blake2b(repr(found).encode(), digest_size=8).hexdigest()


# ---- tables whose rows are rewritten


def _compared(path: Path, table: str, before: Sequence[Any]) -> tuple[list[tuple[int, int]], list[Any], int]:
    """The blocks, as row numbers, that are not what they were; last row and digests of now; the last row of before."""
    joined = f"SELECT group_concat({REWRITTEN[table]}) FROM {table}"

    def digest(begin: int, end: int) -> str:
        found = store.execute(f"{joined} WHERE rowid > ? AND rowid <= ?", (begin, end)).fetchone()[0]
        return hashlib.blake2b(found or b"", digest_size=8).hexdigest()

    top, old = before
    with closing(_opened(path)) as store:
        store.execute("BEGIN")  # all of it as it is at one moment
        end = store.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0
        parts = [(begin, min(begin + BLOCK, top)) for begin in range(0, top, BLOCK)]
        again = [digest(*part) for part in parts]
        changed = [part for part, a, b in zip(parts, old, again, strict=True) if a != b]
        if end != top:
            whole = min(top, end) // BLOCK
            again[whole:] = [digest(begin, min(begin + BLOCK, end)) for begin in range(whole * BLOCK, end, BLOCK)]
    return changed, [end, again], top


def _other_count(store: sqlite3.Connection, known: RunTable) -> set[str]:
    """The runs that have more tags, or fewer, than they had: a deleted one leaves no row to be found by."""
    counts = np.zeros(len(known), dtype=np.int64)
    for key in known.table.column_names:
        if key.startswith("tags."):
            counts += known.column(key).is_valid().to_numpy()
    had = dict(zip(known.column("run_id").to_pylist(), counts.tolist(), strict=True))
    rows = store.execute("SELECT run_uuid, count(*) FROM tags GROUP BY run_uuid")
    has = Counter({run_id.decode(): count for run_id, count in rows})
    return {run_id for run_id, count in had.items() if has[run_id] != count}


def _lost(store: sqlite3.Connection, names: Mapping[str, str], known: RunTable) -> bool:
    """Whether a run's row is gone; deleted runs keep theirs until `mlflow gc`."""
    ids = _ids(store, f"SELECT run_uuid FROM runs WHERE experiment_id IN ({', '.join(str(int(i)) for i in names)})")
    return not ids.issuperset(known.column("run_id").to_pylist())
