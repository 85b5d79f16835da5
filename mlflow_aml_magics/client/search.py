"""Searching runs: the server finds what it can, the columns decide, and the answer does not tell which did what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException, RestException

from ..errors import QueryError
from ..frames.columns import kind_of, name_of
from ..frames.query import columns, evaluate, parse, parse_order
from ..frames.runtable import RunTable, RunTableBuilder
from ..frames.syntax import And, Column, Compare, Literal, Node, OrderTerm, conjuncts
from . import bulk
from .alternatives import alternatives
from .capabilities import Capabilities
from .column_search import by_columns
from .connection import Connection, Progress
from .fresh import completed
from .planner import order_clauses, plan, presence_filters
from .query_names import BLANK, keys_of, widened, with_kind, with_kinds
from .run_rows import add_run
from .stop import Stop

__all__ = ["RunSearch"]

_REFUSALS = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "NOT_IMPLEMENTED")
PATIENCE = 2000  # runs that the alternatives of a query may find before all are read at once
_NAMELESS = "tags.`mlflow.runName` IS NULL"
_PARENT = Column("tag", "mlflow.parentRunId")  # also on the children of an Azure ML sweep


class _Undecided(Exception):
    """The server refused a filter, or cannot say whether a column exists: every run must be read."""


class RunSearch:
    """One search of the active runs of some experiments.

    Args:
        connection: where.
        experiments: id to name.
        able: what the server can do.
        query, order_by, limit, parent: as in `runs.read_runs`.
        progress: told after each page how many runs are read.

    Raises:
        QueryError: the query or the order does not parse.
    """

    def __init__(
        self,
        connection: Connection,
        experiments: Mapping[str, str],
        able: Capabilities,
        *,
        query: str = "",
        order_by: str | Sequence[str] = (),
        limit: int | None = None,
        parent: str | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.connection, self.experiments, self.able, self.progress = connection, experiments, able, progress
        self.query, self.order_by, self.limit = query, order_by, limit
        self.node: Node = parse(query)
        self.given: frozenset[str] = frozenset()  # columns that are good names whether a run has them or not
        if parent is not None:
            self.node = And((self.node, Compare(_PARENT, "=", Literal(parent))))
            self.given = frozenset(keys_of(_PARENT))
        self.order: tuple[OrderTerm, ...] = parse_order(order_by)

    def find(self) -> RunTable:
        """The runs, the newest first where there is no order.

        Raises:
            QueryError: the query names a column that no run has, or compares it with what it cannot be.
        """
        if not self.experiments:
            return self.answer(RunTableBuilder().build())
        if self.able.columns and (found := by_columns(self)) is not None:
            return found
        try:
            return self._planned()
        except _Undecided:
            return self.answer(self._read(self.experiments)[0])

    def answer(self, found: RunTable, known: frozenset[str] = frozenset()) -> RunTable:
        """What the columns say: the query is evaluated as if no server had seen it."""
        table = RunTable(widened(found.table, known | self.given))
        if columns(self.node):
            table = RunTable(table.table.filter(evaluate(self.node, table.table, text=self.query)))
        if self.order:
            table = table.sort(self.order_by)
        return table if self.limit is None else RunTable(table.table.slice(0, self.limit), total=len(table))

    # ---- with a plan

    def _planned(self) -> RunTable:
        reads = columns(self.node)
        if not self.able.filters or (self.limit is None and not reads):
            raise _Undecided
        known = self._meanings(reads | {term.column for term in self.order}) | self.given
        node = with_kinds(self.node, known)
        where = self._experiments_left()
        order = None if self.limit is None else self._order(known)
        found = self._merged(where, self._filters(node, either=True)) if order is None else None
        if found is None:
            asked = self._filters(node, either=False)[0]
            everything = not asked and len(where) == len(self.experiments)
            if everything and order is None:
                raise _Undecided
            stop = None if order is None else Stop(node, self.query, self.limit or 0)
            found, to_the_end = self._read(where, asked, order or (), stop)
            if everything and to_the_end:
                return self.answer(found, known)
        return self.answer(found, known | self._others(found, known))

    def _filters(self, node: Node, *, either: bool) -> list[str]:
        """What to ask for: all of a query at once, or its alternatives one after the other, where there are any."""

        def written(able: Capabilities) -> list[str]:
            return alternatives(node, able) if either else [plan(node, able).pushed]

        asked = written(self.able)
        # SQL stores look up a run's name in its tag, which somebody may have deleted; our column has the name.
        if any("attributes.run_name" in each for each in asked) and self._nameless():
            return written(replace(self.able, attributes=self.able.attributes - {"run_name"}))
        return asked

    def _nameless(self) -> bool:
        try:
            return bool(self._first(_NAMELESS))
        except _Undecided:  # the server is older than mlflow#21283
            return True

    def _order(self, known: frozenset[str]) -> Sequence[str] | None:
        """The order in which reading may stop at the limit; None where the server has no such order."""
        terms = [replace(term, column=with_kind(term.column, known)) for term in self.order]
        return order_clauses(terms, self.able)

    def _experiments_left(self) -> Mapping[str, str]:
        """The experiments that the query leaves: their ids and names are known without asking."""
        own = {"experiment_id", "experiment"}
        parts = [part for part in conjuncts(self.node) if {key for c in columns(part) for key in keys_of(c)} <= own]
        if not parts:
            return self.experiments
        names = {"experiment_id": list(self.experiments), "experiment": list(self.experiments.values())}
        keeps = evaluate(And(tuple(parts)), pa.table(names), text=self.query).to_pylist()
        left = {key: name for (key, name), keep in zip(self.experiments.items(), keeps, strict=True) if keep}
        return left or self.experiments  # a request needs one; the columns will keep none of its runs

    # ---- names

    def _meanings(self, named: frozenset[Column]) -> frozenset[str]:
        """The columns that names without a prefix may mean, in all runs: a filter must not change what a name means."""
        bare = [column for column in named if len(keys_of(column)) > 1]
        if bare and not (self.able.metrics and self.able.presence):
            raise _Undecided
        return frozenset(key for column in bare for key in keys_of(column) if self._exists(key))

    def _others(self, found: RunTable, known: frozenset[str]) -> frozenset[str]:
        """The columns that the query or the order names and that only other runs have than the ones found.

        What a server filters out takes its columns along; that must neither make a good name unknown nor a wrong one
        pass. So names that no run at hand has are asked for, and an unknown one is complained about in view of one page
        of unfiltered runs: that is where the hint comes from.

        Raises:
            QueryError: the query names what no run has, or means more than one column.
        """
        at_hand = {*found.keys(), *known}
        reads = columns(self.node)
        absent = {c for c in reads | {term.column for term in self.order} if at_hand.isdisjoint(keys_of(c))}
        others = frozenset(key for c in absent if len(keys_of(c)) == 1 for key in keys_of(c) if self._exists(key))
        unknown = any(others.isdisjoint(keys_of(c)) for c in absent & reads)
        if not unknown and len(found):
            return others
        try:
            evaluate(self.node, widened(BLANK.table, known | others), text=self.query)
        except QueryError:
            page = RunTableBuilder()
            for run in next(self._pages(self.experiments, "", (), self.able.max_page))[0]:
                add_run(page, run, self.experiments)
            sample = page.build()
            if len(sample):  # where there is no run at all, no name is wrong
                evaluate(self.node, widened(sample.table, known | others), text=self.query)
                raise _Undecided from None  # somebody has logged it this very moment
        return others

    def _exists(self, key: str) -> bool:
        """Whether any run has a metric, param or tag; asks for one run that does.

        Raises:
            _Undecided: the server cannot tell.
        """
        kind = kind_of(key)
        filters = presence_filters(Column(kind, name_of(key)), self.able)
        for asked in filters:
            for run in self._first(asked):
                data: Mapping[str, Any] = getattr(run.data, f"{kind}s")
                if name_of(key) in data:
                    return True
        if filters and (self.able.metrics if kind == "metric" else self.able.presence):
            return False
        if kind == "attribute":
            return False
        raise _Undecided

    # ---- reading

    def _first(self, asked: str) -> Sequence[Run]:
        """One run at most."""
        return next(self._pages(self.experiments, asked, (), 1))[0]

    def _read(
        self, where: Mapping[str, str], asked: str = "", order: Sequence[str] = (), stop: Stop | None = None
    ) -> tuple[RunTable, bool]:
        """Runs page by page, and whether it went on to the end."""
        if not asked and not order and stop is None:
            lag = self.able.metrics_lag
            everything = bulk.read_all(self.connection, where, progress=self.progress, lag=lag)
            if everything is not None:
                return everything, True
        builder, count, kept = RunTableBuilder(), 0, 0
        size = self.able.max_page
        if stop and not columns(stop.node):
            size = min(size, stop.limit + 1)
        for listed, more in self._pages(where, asked, order, size):
            runs = completed(self.connection, listed, self.able.metrics_lag, progress=self.progress)
            page = RunTableBuilder()
            for run in runs:
                add_run(builder, run, where)
                if stop:
                    add_run(page, run, where)
            count += len(runs)
            if self.progress:
                self.progress(f"{count:,} runs read")
            if stop and more:
                kept += stop.count(page.build())
                if kept > stop.limit:
                    return builder.build(), False
        return builder.build(), True

    def _merged(self, where: Mapping[str, str], filters: Sequence[str]) -> RunTable | None:
        """The runs that any of these filters finds, the newest first; None where reading all is likely cheaper."""
        if not filters:
            return None
        found: dict[str, Run] = {}
        count = 0
        for asked in filters:
            for listed, more in self._pages(where, asked, (), self.able.max_page):
                runs = completed(self.connection, listed, self.able.metrics_lag, progress=self.progress)
                found |= {run.info.run_id: run for run in runs}
                count += len(runs)
                if self.progress:
                    self.progress(f"{count:,} runs read")
                if more and count >= PATIENCE:
                    return None
        builder = RunTableBuilder()
        for run in sorted(found.values(), key=lambda run: (-(run.info.start_time or 0), run.info.run_id)):
            add_run(builder, run, where)
        return builder.build()

    def _pages(
        self, where: Mapping[str, str], asked: str, order: Sequence[str], size: int
    ) -> Iterator[tuple[Sequence[Run], bool]]:
        """Pages of runs, each with whether there are more.

        Raises:
            _Undecided: the server does not take this filter or order.
        """
        token = None
        while True:
            with self.connection.guard("reading the runs of"):
                page = self._page(where, asked, order, size, token)
            if page is None:
                raise _Undecided
            token = page.token
            yield page, bool(token)
            if not token:
                return

    def _page(
        self, where: Mapping[str, str], asked: str, order: Sequence[str], size: int, token: str | None
    ) -> Any:  # mlflow's PagedList; None where the server refuses the filter or the order
        try:
            return self.connection.mlflow.search_runs(
                list(where), asked, ViewType.ACTIVE_ONLY, size, list(order) or None, token
            )
        except MlflowException as exc:
            # Azure ML's envelope has no error_code of MLflow's, and mlflow then says INTERNAL_ERROR.
            foreign = isinstance(exc, RestException) and exc.error_code == "INTERNAL_ERROR"
            if token is None and (asked or order) and (exc.error_code in _REFUSALS or foreign):
                return None
            raise
