"""Opening and refreshing the runs of some experiments: what is known of them is not read again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from ..client.bulk.changes import Changes
    from ..client.connection import Connection, Progress
    from ..client.runs import ExperimentRef
    from ..frames.runtable import RunTable

__all__ = ["open_runs", "refresh", "touch", "unchecked"]

SAVE_SECONDS = 60  # between two writes of the cache while a table is refreshed

_lock = threading.Lock()
_looks: WeakKeyDictionary[RunTable, _LastLook] = WeakKeyDictionary()
_touched: WeakKeyDictionary[Connection, dict[str, float]] = WeakKeyDictionary()


class _LastLook(NamedTuple):
    """How a table was read: the marks by which changes are found, when (seconds), and when it was put on disk."""

    marks: dict[str, Any] | None
    at: float
    saved: float | None
    unchecked: int


def touch(connection: Connection, run_ids: Iterable[str]) -> None:
    """Have the next refresh of each table of this connection read these runs again: they were edited from here."""
    now = time.monotonic()
    with _lock:
        _touched.setdefault(connection, {}).update(dict.fromkeys(run_ids, now))


def open_runs(
    connection: Connection,
    experiments: Sequence[ExperimentRef],
    *,
    cache: bool = True,
    exact: bool = False,
    progress: Progress | None = None,
) -> Changes:
    """All active runs of some experiments, the newest first: those of the cache on disk, and what changed since.

    Args:
        cache: False reads all anew, and keeps nothing on disk.
        exact: read all anew where the store does not tell each change. Else ended runs that somebody renamed, tagged or
            deleted meanwhile may be as they were: `Changes.unchecked` counts them, and each `refresh` reads some again.
        progress: told how many runs are read.

    Returns:
        The table, which `refresh` takes. No ids are named as changed.
    """
    from dataclasses import replace

    from ..client import cache as disk
    from ..client.bulk.changes import changes_since, read_everything, tells_all, tells_changes

    names = _names(experiments)
    keeps = cache and bool(names) and tells_changes(connection)
    if not cache:
        disk.forget(connection, names)
    found = disk.load(connection, names) if keeps and (tells_all(connection) or not exact) else None
    now = time.monotonic()
    if found is None:
        changes, is_new = read_everything(connection, names, progress=progress), True
    else:
        known, marks = found
        if not tells_all(connection):
            marks |= {"checked": False, "cursor": None, "token": None}
        changes = changes_since(connection, names, known, marks, progress=progress)
        is_new = changes.table is not known or (tells_all(connection) and changes.marks != marks)
    if keeps and is_new and changes.marks is not None:
        disk.save(connection, names, changes.table, changes.marks)
    saved = now if keeps else None
    _remember(changes, now, saved)
    return replace(changes, changed_ids=[], removed_ids=[])


def refresh(
    connection: Connection,
    experiments: Sequence[ExperimentRef],
    known: RunTable,
    *,
    progress: Progress | None = None,
) -> Changes:
    """What changed since ``known`` was read: asks only for what can have.

    SQLite tells each change. A server is asked twice at most: new, open and just ended runs are always seen; renames,
    tags and deletions of ended runs when their page of 50 comes round. Other stores are read anew.

    Args:
        known: the table of `open_runs` or of an earlier `refresh`, the same object; any other has all runs read anew.
        progress: told how many runs are read.

    Raises:
        StoreError: the store does not answer, or is gone; ``known`` stays as good as it was.
    """
    from ..client import cache as disk
    from ..client.bulk.changes import changes_since

    names, now = _names(experiments), time.monotonic()
    with _lock:
        last = _looks.get(known, _LastLook(None, 0.0, None, 0))
        edited = [run_id for run_id, at in _touched.get(connection, {}).items() if at >= last.at]
    changes = changes_since(connection, names, known, last.marks, edited=edited, progress=progress)
    saved = last.saved
    if saved is not None and changes.table is not known and now - saved > SAVE_SECONDS and changes.marks:
        disk.save(connection, names, changes.table, changes.marks)
        saved = now
    _remember(changes, now, saved)
    return changes


def unchecked(known: RunTable) -> int:
    """How many ended runs of a table of ours are as the cache had them, and may have been edited since."""
    with _lock:
        return _looks[known].unchecked if known in _looks else 0


def _names(experiments: Sequence[ExperimentRef]) -> dict[str, str]:
    return {experiment.experiment_id: experiment.name for experiment in experiments}


def _remember(changes: Changes, now: float, saved: float | None) -> None:
    with _lock:
        _looks[changes.table] = _LastLook(changes.marks, now, saved, changes.unchecked)
