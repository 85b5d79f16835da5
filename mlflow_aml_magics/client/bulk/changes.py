"""What has changed among runs since they were read, with as little reading as each kind of store allows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import StoreUnreachable
from ...frames.columns import kind_of
from ...frames.runtable import RunTable
from ...frames.status import ENDED
from ..connection import Connection, Progress
from . import _is_plain_sql, read_all, server_marks, sqlite_marks

__all__ = ["Changes", "changes_since", "read_everything", "tells_all", "tells_changes"]

Marks = dict[str, Any]  # JSON: what the store looked like when a table was read from it
MANY = 0.3  # of the runs; where more have to be looked at, all are read


@dataclass(frozen=True)
class Changes:
    """A fresh table and what is different in it.

    Args:
        table: all active runs, as they are now.
        changed_ids: runs that are new, or of which some column is another.
        removed_ids: runs that are there no more.
        live: some run has not ended.
        unchecked: ended runs that are as the cache on disk had them, on a store that does not tell whether somebody
            renamed, tagged or deleted them since; each look reads the next of them again.
    """

    table: RunTable
    changed_ids: list[str]
    removed_ids: list[str]
    live: bool
    unchecked: int = 0
    marks: Marks | None = field(default=None, repr=False)


def tells_changes(connection: Connection) -> bool:
    """Whether there is a way to look for changes that is cheaper than to read all."""
    return _is_sqlite(connection) or connection.uri.startswith(("http://", "https://", "azureml:"))


def tells_all(connection: Connection) -> bool:
    """Whether a look for changes finds each one."""
    return _is_sqlite(connection)


def _is_sqlite(connection: Connection) -> bool:
    path = connection.local_path
    return connection.uri.startswith("sqlite:") and path is not None and _is_plain_sql(connection)


def _read_marked(
    connection: Connection, names: Mapping[str, str], *, progress: Progress | None = None
) -> tuple[RunTable, Marks | None]:
    """All active runs of some experiments, the newest first, and the marks by which the next look finds what changed.

    Args:
        names: of the experiments, by id.
        progress: told how many runs are read.
    """
    marks: Marks | None = None
    if _is_sqlite(connection):
        marks = _sqlite_marks(connection)
    table = read_all(connection, names, progress=progress)
    if table is None:
        table = _by_mlflow(connection, names, progress)
    if not _is_sqlite(connection) and tells_changes(connection):
        marks = server_marks.marks_of()
    return table, marks


def changes_since(
    connection: Connection,
    names: Mapping[str, str],
    known: RunTable,
    marks: Marks | None,
    *,
    edited: Sequence[str] = (),
    progress: Progress | None = None,
) -> Changes:
    """Ask for what can have changed, and give the table as it is now.

    Args:
        names: of the experiments, by id.
        known, marks: as `read_everything` or this function gave them; marks of None have all read again.
        edited: runs that are known to have changed.
        progress: told how many runs are read.
    """
    looked = None if marks is None else _look(connection, names, known, marks, edited)
    if looked is None:
        table, marks = _read_marked(connection, names, progress=progress)
        changed = table.column("run_id").filter(_differing(known, table)).to_pylist()
        gone = set(known.column("run_id").to_pylist()) - set(table.column("run_id").to_pylist())
    else:
        fresh, gone, marks = looked
        table, changed = merged(known, fresh, gone)
    return _changes(connection, names, table, marks, changed=changed, gone=gone)


def read_everything(connection: Connection, names: Mapping[str, str], *, progress: Progress | None = None) -> Changes:
    """All runs read anew, where nothing is known: no ids are named as changed."""
    table, marks = _read_marked(connection, names, progress=progress)
    return _changes(connection, names, table, marks)


def _changes(
    connection: Connection,
    names: Mapping[str, str],
    table: RunTable,
    marks: Marks | None,
    *,
    changed: Sequence[str] = (),
    gone: Iterable[str] = (),
) -> Changes:
    table = _named(table, names)
    live = not set(table.column("status").unique().to_pylist()) <= set(ENDED)
    unchecked = 0 if marks is None or _is_sqlite(connection) else server_marks.unchecked(table, marks)
    return Changes(table, list(changed), sorted(gone), live, unchecked, marks)


def _look(
    connection: Connection, names: Mapping[str, str], known: RunTable, marks: Marks, edited: Sequence[str]
) -> tuple[RunTable, set[str], Marks] | None:
    """The runs that may be other than known, the ids that are gone, new marks; None where all has to be read."""
    if not _is_sqlite(connection):
        return server_marks.look(connection, names, known, marks, edited)
    path = connection.local_path
    assert path is not None
    with connection.guard("looking for changes in"):
        try:
            found = sqlite_marks.look(path, names, known, marks)
        except FileNotFoundError as exc:
            raise StoreUnreachable(
                f"{connection.label} is gone", hint="was it moved or deleted? %aml_track names the store to use"
            ) from exc
        except (sqlite3.Error, KeyError, TypeError, ValueError):
            return None  # mlflow's own way then says what is wrong with the store, or reads it
        if found is None or len(found[0]) > max(1000, MANY * len(known)):
            return None
    touched, marks = found
    if not touched:
        return RunTable(known.table.slice(0, 0)), set(), marks
    fresh = read_all(connection, names, only=sorted(touched))
    if fresh is None:
        return None
    gone = touched & set(known.column("run_id").to_pylist()) - set(fresh.column("run_id").to_pylist())
    return fresh, gone, marks


def _sqlite_marks(connection: Connection) -> Marks | None:
    path = connection.local_path
    assert path is not None
    try:
        return sqlite_marks.marks_of(path)
    except (sqlite3.Error, OSError):
        return None


def _by_mlflow(connection: Connection, names: Mapping[str, str], progress: Progress | None) -> RunTable:
    from ..runs import ExperimentRef, read_runs

    return read_runs(connection, [ExperimentRef(*each) for each in names.items()], progress=progress)


def _named(table: RunTable, names: Mapping[str, str]) -> RunTable:
    """With the experiments' names of today."""
    ids, shown = table.column("experiment_id"), table.column("experiment")
    known = pc.index_in(ids, value_set=pa.array(list(names), pa.string()))
    wanted = pc.take(pa.array(list(names.values()), pa.string()), known)
    if wanted.equals(shown):
        return table
    place = table.table.column_names.index("experiment")
    return RunTable(table.table.set_column(place, "experiment", wanted))


# ---- merging


def merged(known: RunTable, fresh: RunTable, gone: set[str]) -> tuple[RunTable, list[str]]:
    """Known runs with fresh ones in their place, and the ids of those that are new or other than known.

    Args:
        fresh: runs as they are now, of which the same known ones may be.
        gone: ids to leave out.
    """
    if not len(fresh) and not gone:
        return known, []
    other = _differing(known, fresh)
    changed = fresh.column("run_id").filter(other)
    if not len(changed) and not gone:
        return known, []
    news = fresh.table.filter(other)
    replaced = pc.is_in(known.column("run_id"), value_set=pa.array([*changed.to_pylist(), *gone], pa.string()))
    kept = known.table.filter(pc.invert(replaced)) if pc.any(replaced).as_py() else known.table
    table = pa.concat_tables([news, kept], promote_options="default")
    newest = pc.max(kept.column("start_time")).as_py()
    oldest = pc.min(news.column("start_time")).as_py()
    if (
        None not in (newest, oldest) and oldest <= newest
    ):  # else the new ones are all newer, and stand where they should
        order = pc.sort_indices(table, sort_keys=[("start_time", "descending"), ("run_id", "ascending")])
        table = table.take(order)
    empty = [key for key in table.column_names if kind_of(key) != "attribute" and _is_empty(table.column(key))]
    return RunTable(table.drop_columns(empty)), changed.to_pylist()


def _is_empty(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count == len(column))


def _differing(known: RunTable, fresh: RunTable) -> pa.Array:
    """Which fresh rows are new, or not what they were; NaN is what NaN was."""
    places = pc.index_in(fresh.column("run_id"), value_set=known.column("run_id").combine_chunks()).combine_chunks()
    other = pc.is_null(places).to_numpy(zero_copy_only=False).copy()
    before = np.flatnonzero(~other)
    at, rows = pc.drop_null(places), fresh.table.take(before)
    for key in dict.fromkeys([*fresh.keys(), *known.keys()]):
        if key == "experiment":
            continue  # follows from the id
        now = rows.column(key) if key in fresh else pa.nulls(len(before), known.column(key).type)
        then = known.column(key).take(at) if key in known else pa.nulls(len(before), now.type)
        same = pc.equal(now, then)
        if pa.types.is_floating(now.type):
            same = pc.or_(same, pc.and_(pc.is_nan(now), pc.is_nan(then)))
        both_null = pc.and_(pc.is_null(now), pc.is_null(then))
        other[before] |= ~pc.fill_null(pc.or_kleene(same, both_null), False).to_numpy(zero_copy_only=False)
    return pa.array(other)
