"""Searching runs of a store whose columns are read faster than its pages of runs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import QueryError
from ..frames.columns import kind_of
from ..frames.query import columns
from ..frames.runtable import RunTable
from ..frames.syntax import searches
from . import bulk
from .query_names import keys_of

if TYPE_CHECKING:
    from .search import RunSearch

__all__ = ["by_columns"]

FEW = 4  # a quarter of the runs, read by an index, takes as long as all of them


def by_columns(search: RunSearch) -> RunTable | None:
    """The answer to a search; None where the store is not read by columns.

    What decides is read first: the columns that the query and the order name, of all runs. Then the runs that are in
    the answer, in full; all of them where they are many.

    Raises:
        QueryError: as `RunSearch.find` does.
    """
    connection, experiments, progress = search.connection, search.experiments, search.progress
    named = columns(search.node) | {term.column for term in search.order}
    if not named:
        newest = None if search.limit is None else search.limit + 1
        found = bulk.read_all(connection, experiments, progress=progress, limit=newest)
        return None if found is None else search.answer(found)
    keys = {key for column in named for key in keys_of(column)}
    everywhere = searches(search.node)
    narrow = bulk.read_all(connection, experiments, keys=None if everywhere else keys, progress=progress)
    if narrow is None:
        return None
    known = frozenset(keys.intersection(narrow.keys()))
    chosen = None
    with suppress(QueryError):  # its hint looks at the names of all columns
        chosen = search.answer(narrow)
    only = None
    if chosen is not None and len(chosen) * FEW <= len(narrow):
        only = chosen.column("run_id").to_pylist()
    found = narrow if everywhere else bulk.read_all(connection, experiments, only=only, progress=progress)
    if found is None:
        return None
    answer = search.answer(found, known)
    others = [key for key in answer.table.column_names if key not in known and kind_of(key) != "attribute"]
    absent = [key for key in others if answer.column(key).null_count == len(answer)]
    return RunTable(answer.table.drop_columns(absent), total=answer.total if chosen is None else chosen.total)
