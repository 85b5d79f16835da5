"""What may have changed behind a server that keeps no record of changes: two requests a look.

The first asks for the newest runs: those begun since the last look, and open ones that are not much older. The second
takes turns between open runs that are older, and the next page of all the others: renames, tags and deletions of ended
runs show when their page comes round, which takes as many looks as there are pages of `PAGE` runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from mlflow.entities import Run, ViewType

from ...errors import NotFound
from ...frames.runtable import RunTable, RunTableBuilder
from ...frames.status import ENDED
from .. import capabilities
from ..connection import Connection
from ..fresh import completed
from ..run_rows import add_run

__all__ = ["look", "marks_of", "unchecked"]

Marks = dict[str, Any]  # JSON: it is kept in the cache

PAGE = 50  # runs; each is 5 KB and 2 ms of the server
SLACK = 60_000  # ms; clocks of the machines that train differ, and a run begun then may come later
MISSING = 1000  # runs; where more seem to be gone, all are read again
NEWEST = "attributes.start_time DESC"


def marks_of() -> Marks:
    """Of runs that were read just now."""
    return {"cursor": None, "token": None, "checked": True, "turn": 0}


def unchecked(table: RunTable, marks: Marks) -> int:
    """The ended runs that are as the cache had them, and that no look has come to since."""
    if marks["checked"]:
        return 0
    starts, is_open = _starts(table), _open(table)
    return int(np.sum(~is_open if marks["cursor"] is None else ~is_open & (starts < marks["cursor"])))


def look(
    connection: Connection, names: Mapping[str, str], known: RunTable, marks: Marks, edited: Sequence[str] = ()
) -> tuple[RunTable, set[str], Marks] | None:
    """The runs that were read again, the known ids that are gone, and the new marks; None where nothing is known.

    Args:
        names: of the experiments, by id.
        known: what is known so far.
        edited: runs to read in any case.
    """
    if not len(known):
        return None
    reader = _Reader(connection, names, known)
    marks = {**marks, "turn": marks["turn"] + 1}
    since = reader.since()
    runs, gone = reader.newer(since)
    more: list[Run] = []
    lost: set[str] = set()
    older = reader.ids(reader.is_open & (reader.starts < since))
    if older and marks["turn"] % 2:
        first = marks["turn"] // 2 * PAGE % len(older)
        more, lost = reader.these((older[first:] + older[:first])[:PAGE])
    elif len(runs) <= PAGE or marks["turn"] % 8 == 0:  # else there is enough to read, most times
        more, lost, cursor, token = reader.page(marks["cursor"], marks["token"])
        marks |= {"cursor": cursor, "token": token, "checked": marks["checked"] or cursor is None}
    runs = [*runs, *more]
    missing = sorted((gone | lost | set(edited)) - {run.info.run_id for run in runs})
    if len(missing) > MISSING:
        return None
    gone = set()
    for begin in range(0, len(missing), PAGE):  # asked for by id: pages shift while somebody deletes
        there, lost = reader.these(missing[begin : begin + PAGE])
        runs, gone = [*runs, *there], gone | lost
    gone &= set(known.column("run_id").to_pylist()) if gone else set()
    return reader.table(list({run.info.run_id: run for run in runs}.values())), gone, marks


def _starts(table: RunTable) -> np.ndarray[Any, Any]:
    return np.asarray(pc.fill_null(pc.cast(table.column("start_time"), pa.int64()), 0).to_numpy())


def _open(table: RunTable) -> np.ndarray[Any, Any]:
    return np.asarray(pc.invert(pc.is_in(table.column("status"), value_set=pa.array(ENDED))).to_numpy())


class _Reader:
    """Reads pages of the active runs of some experiments, the newest first, and sees which known ones are missing."""

    def __init__(self, connection: Connection, names: Mapping[str, str], known: RunTable) -> None:
        self._connection, self._names, self._known = connection, names, known
        self._able = capabilities.of(connection)
        self._filters = "start_time" in self._able.attributes  # Azure ML's comparison of times is not sure
        self.starts, self.is_open = _starts(known), _open(known)

    def ids(self, which: np.ndarray[Any, Any]) -> list[str]:
        """The ids of known runs."""
        return list(self._known.column("run_id").filter(pa.array(which)).to_pylist())

    def since(self) -> int:
        """From when on runs are asked for: a little before the newest known, or from open ones of the newest page."""
        newest = np.sort(self.starts)[-PAGE:]
        late = max(int(newest[-1]) - SLACK, int(newest[-(PAGE // 5) :][0]))
        opened: list[int] = self.starts[self.is_open & (self.starts >= newest[0])].tolist()
        return min([late, *opened])

    def newer(self, since: int) -> tuple[list[Run], set[str]]:
        """All runs from a time on, and the known ones that are not among them."""
        found: list[Run] = []
        token, size = None, 2 * PAGE
        while True:
            page = self._search(f"attributes.start_time >= {since}" if self._filters else "", size, token)
            found += page
            token, size = page.token, self._able.max_page
            if not token or (page[-1].info.start_time or 0) < since:
                break
        found = [run for run in found if (run.info.start_time or 0) >= since]
        return found, set(self.ids(self.starts >= since)) - {run.info.run_id for run in found}

    def these(self, run_ids: Sequence[str]) -> tuple[list[Run], set[str]]:
        """Some runs, and those of them that were deleted."""
        quoted = ", ".join(f"'{run_id}'" for run_id in run_ids)
        found = list(self._search(f"attributes.run_id IN ({quoted})", PAGE, None))
        missing = set(run_ids) - {run.info.run_id for run in found}
        if not self._connection.azure:
            return found, missing
        for run_id in list(missing):  # ids are names there, and mlflow's list takes no capitals
            with suppress(NotFound), self._connection.guard("reading a run of"):
                run = self._connection.mlflow.get_run(run_id)
                if run.info.lifecycle_stage == "active":
                    found.append(run)
        return found, missing - {run.info.run_id for run in found}

    def page(self, cursor: int | None, token: str | None) -> tuple[list[Run], set[str], int | None, str | None]:
        """Runs that began at ``cursor`` or before, the known ones missing there, and where the next look goes on."""
        if not self._filters:
            page = self._search("", PAGE, token)
            # Where runs were deleted meanwhile, the page begins later than where the one before ended.
            cursor = page[0].info.start_time - 1 if token and page else None
        else:
            asked, size = "" if cursor is None else f"attributes.start_time <= {cursor}", PAGE
            page = self._search(asked, size, None)
            while page.token and page[-1].info.start_time == cursor and size < self._able.max_page:
                size *= 2  # more runs than a page began in the same millisecond
                page = self._search(asked, min(size, self._able.max_page), None)
        last = page[-1].info.start_time or 0 if page and page.token else None
        window = self.starts > (-1 if last is None else last)
        if cursor is not None:
            window &= self.starts <= cursor
            last = last - 1 if last == cursor else last
        return list(page), set(self.ids(window)) - {run.info.run_id for run in page}, last, page.token

    def table(self, runs: Sequence[Run]) -> RunTable:
        """As columns, with the metrics that a late search would miss."""
        builder = RunTableBuilder()
        for run in completed(self._connection, runs, self._able.metrics_lag):
            add_run(builder, run, self._names)
        return builder.build()

    def _search(self, asked: str, size: int, token: str | None) -> Any:  # mlflow's PagedList
        with self._connection.guard("looking for changes in"):
            return self._connection.mlflow.search_runs(
                list(self._names), asked, ViewType.ACTIVE_ONLY, size, [NEWEST], token
            )
