"""Generated queries: what the planner reads of a store is, row for row, what reading everything and filtering gives.

MLflow's own search is the second judge, wherever it can express the query. We differ from it by intent in two places,
and nothing else may differ:

- NaN: SQL stores keep it as 0 and compare it as 0; we compare it as NaN.
- ILIKE: SQLite folds ASCII letters only; we fold all of Unicode.

Not expressible there, so not judged by it: OR, RLIKE, NOT before anything that has no opposite, numbers against params
(text there), IN but for run ids, metrics and attributes that are missing, infinities, and texts that its parser breaks.
"""

from __future__ import annotations

import math
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

from mlflow_aml_magics.client import capabilities
from mlflow_aml_magics.client.alternatives import alternatives
from mlflow_aml_magics.client.capabilities import Capabilities
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.client.planner import plan
from mlflow_aml_magics.client.runs import ExperimentRef, list_experiments, read_runs
from mlflow_aml_magics.errors import QueryError
from mlflow_aml_magics.frames.query import Column, parse
from mlflow_aml_magics.frames.runtable import RunTable
from mlflow_aml_magics.frames.status import canonical_status
from mlflow_aml_magics.frames.syntax import And, Compare, In, IsNull, Like, Node, Not, Or, conjuncts


@dataclass
class Store:
    """A filled store, all its runs, and what was counted."""

    connection: Connection
    experiments: list[ExperimentRef] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.experiments = list_experiments(self.connection)
        self.all = read_runs(self.connection, self.experiments)


def fill(client: MlflowClient, drawn: Sequence[Any]) -> None:
    """Write the runs."""
    experiments = [client.create_experiment("wine"), client.create_experiment("odd one")]
    for run in drawn:
        run.write(client, experiments)


@pytest.fixture(scope="module")
def sqlite_store(
    draw: Any, remembering: Any, _schema: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """100 runs in SQLite."""
    uri = f"sqlite:///{shutil.copy(_schema, tmp_path_factory.mktemp('sqlite'))}"
    fill(MlflowClient(tracking_uri=uri, registry_uri=uri), draw(100, 1))
    store = Store(remembering(open_connection(uri)))
    yield store
    store.connection.close()


@pytest.fixture(scope="module")
def file_store(draw: Any, remembering: Any, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Runs in an mlruns folder; few, since mlflow reads all its files for each search."""
    connection = open_connection(Path(tmp_path_factory.mktemp("files") / "mlruns").as_uri())
    fill(connection.mlflow, draw(20, 2))
    return Store(remembering(connection))


# --- MLflow as the judge -----------------------------------------------------------------------------------


class Inexpressible(Exception):
    """MLflow's filter syntax has no such thing."""


def in_mlflow(node: Node, resolve: Callable[[Column], Column]) -> str:
    """The query in MLflow's syntax, written here with nothing of the planner's."""
    return " AND ".join(_clause(part, resolve) for part in conjuncts(node))


def _clause(node: Node, resolve: Callable[[Column], Column]) -> str:
    if isinstance(node, Not):
        return _clause(_opposite(node.part), resolve)
    if isinstance(node, (And, Or)):
        raise Inexpressible
    column = resolve(node.column)
    prefix = {"metric": "metrics", "param": "params", "tag": "tags"}.get(str(column.kind), "attributes")
    attribute = prefix == "attributes"
    if attribute and column.name not in ("run_id", "run_name", "status", "start_time", "end_time"):
        raise Inexpressible
    left = f"{prefix}.{column.name}" if re.fullmatch(r"[a-z_]{3,}", column.name) else f"{prefix}.`{column.name}`"
    if isinstance(node, IsNull):
        if prefix in ("metrics", "attributes"):
            raise Inexpressible
        return f"{left} IS {'NOT ' if node.negated else ''}NULL"
    if isinstance(node, Like):
        if node.negated or node.matcher == "RLIKE" or column.name == "status":
            raise Inexpressible
        return f"{left} {node.matcher} {_quoted(str(node.pattern.value))}"
    if isinstance(node, In):
        if column.name != "run_id" or not attribute:
            raise Inexpressible
        return f"{left} {'NOT ' if node.negated else ''}IN ({', '.join(_quoted(str(v.value)) for v in node.values)})"
    assert isinstance(node, Compare)
    return f"{left} {node.operator} {_operand(node, column)}"


def _operand(node: Compare, column: Column) -> str:
    value = node.value.value
    attribute = column.kind in (None, "attribute")
    if column.kind == "metric" or (attribute and column.name in ("start_time", "end_time")):
        if isinstance(value, str) or not math.isfinite(value) or (attribute and value != int(value)):
            raise Inexpressible
        return str(int(value)) if attribute else repr(value).replace("e+", "e")
    if not isinstance(value, str) or node.operator not in ("=", "!="):
        raise Inexpressible
    if attribute and column.name == "status":
        value = canonical_status(value) or value
    return _quoted(value)


def _opposite(node: Node) -> Node:
    """NOT of it, where that is one clause; NaN is its own opposite of nothing, so < and the like have none."""
    if isinstance(node, Compare) and node.operator in ("=", "!="):
        return replace(node, operator="!=" if node.operator == "=" else "=")
    if isinstance(node, IsNull):
        return replace(node, negated=not node.negated)
    if isinstance(node, Not):
        return node.part
    raise Inexpressible


def _quoted(text: str) -> str:
    if "'" in text and '"' in text:
        raise Inexpressible
    return f'"{text}"' if "'" in text else f"'{text}'"


def _by_intent(run_id: str, node: Node, store: Store, resolve: Callable[[Column], Column]) -> bool:
    """Whether we mean to differ from MLflow about this run."""
    row = store.all.row(store.all.column("run_id").to_pylist().index(run_id))
    for part in conjuncts(node):
        leaf = part
        while isinstance(leaf, Not):
            leaf = leaf.part
        assert not isinstance(leaf, (And, Or))
        column = resolve(leaf.column)
        if column.kind == "metric":
            value = row[f"metrics.{column.name}"]
            if isinstance(value, float) and math.isnan(value):
                return True  # 0 to MLflow
        folds = isinstance(leaf, Like) and leaf.matcher == "ILIKE"
        if folds and not f"{_value(row, column)}{leaf.pattern.value}".isascii():
            return True
    return False


def _value(row: dict[str, object], column: Column) -> object:
    prefix = {"param": "params.", "tag": "tags."}.get(str(column.kind), "")
    return row[prefix + column.name]


def is_plain(node: Node) -> bool:
    """Whether MLflow can judge it."""
    try:
        in_mlflow(node, lambda column: column)
    except Inexpressible:
        return False
    return True


# --- the comparison ----------------------------------------------------------------------------------------


def ids(runs: RunTable) -> list[str]:
    return [str(run_id) for run_id in runs.column("run_id").to_pylist()]


def by_columns(store: Store, query: str, order: str | None, limit: int | None) -> tuple[list[str], int] | str:
    """What reading everything gives: ids and total, or the message of the error."""
    try:
        found = store.all.filter(query)
        found = found.sort(order) if order else found
    except QueryError as error:
        return error.message
    return ids(found)[:limit], len(found)


def by_plan(
    store: Store, query: str, order: str | None, limit: int | None, able: Capabilities
) -> tuple[list[str], int] | str:
    """The same through the planner."""
    try:
        found = read_runs(store.connection, store.experiments, query=query, order_by=order, limit=limit, able=able)
    except QueryError as error:
        return error.message
    return ids(found), found.total


def compare(
    store: Store, able: Capabilities, count: int, generator: Any, *, judge: bool = False, either: bool = False
) -> Counter[str]:
    """Ask ``count`` generated queries in both ways; with ``either``, only such as become several searches."""
    counted = Counter[str]()
    while counted["queries"] < count:
        query, order, limit = generator.query(either=either), generator.order(), generator.limit()
        if either and not alternatives(parse(query), able):
            continue
        expected = by_columns(store, query, order, limit)
        found = by_plan(store, query, order, limit, able)
        counted["queries"] += 1
        clauses = plan(parse(query), able).clauses
        where = (query, order, limit, clauses)
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected, where
            counted["errors, the same"] += 1
            continue
        assert found[0] == expected[0], where
        if limit is None:
            assert found[1] == expected[1], where
        else:  # reading may have stopped; it still tells that there are more
            assert min(found[1], limit + 1) == min(expected[1], limit + 1), where
        counted["conjuncts"] += len(conjuncts(parse(query)))
        counted["clauses pushed"] += len(clauses)
        counted["queries with a pushed clause"] += bool(clauses)
        counted["queries in alternatives"] += bool(alternatives(parse(query), able))
        counted["queries that keep some runs and not all"] += 0 < expected[1] < len(store.all)
        if judge:
            counted.update(judged(store, query))
    return counted


def judged(store: Store, query: str) -> dict[str, int]:
    """MLflow's own answer to the query, against the columns'."""
    node = parse(query)

    def resolve(column: Column) -> Column:
        if column.kind is None and column.name not in store.all:
            kinds = {"metrics": "metric", "params": "param", "tags": "tag"}
            (prefix,) = [prefix for prefix in kinds if f"{prefix}.{column.name}" in store.all]
            return replace(column, kind=kinds[prefix])  # type: ignore[arg-type]
        return column

    try:
        written = in_mlflow(node, resolve)
        everywhere = [experiment.experiment_id for experiment in store.experiments]
        theirs = store.connection.mlflow.search_runs(everywhere, written, ViewType.ACTIVE_ONLY, 1000, None, None)
    except Inexpressible:
        return {}
    except MlflowException:
        return {"texts that MLflow's parser breaks": 1}
    ours = ids(store.all.filter(query))
    different = {run.info.run_id for run in theirs}.symmetric_difference(ours)
    unmeant = [run_id for run_id in different if not _by_intent(run_id, node, store, resolve)]
    assert not unmeant, (query, written, unmeant)
    if not different:
        assert [run.info.run_id for run in theirs] == ours, (query, written)
    return {"judged by MLflow": 1, "judged, different by intent": int(bool(different))}


def report(title: str, counted: Counter[str], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{title}: " + ", ".join(f"{value:,} {name}" for name, value in counted.items()) + "\n")


@pytest.fixture
def asked(make_generator: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., Counter[str]]:
    """Compares generated queries about a store, and prints what was counted."""

    def ask(title: str, store: Store, able: Capabilities, count: int, *, seed: int, **words: bool) -> Counter[str]:
        counted = compare(store, able, count, make_generator(store.all, seed, is_plain=is_plain), **words)
        with capsys.disabled():
            sys.stdout.write(f"\n{title}: " + ", ".join(f"{value:,} {name}" for name, value in counted.items()) + "\n")
        return counted

    return ask


def test_sqlite(sqlite_store: Store, asked: Callable[..., Counter[str]]) -> None:
    counted = asked("SQLite", sqlite_store, capabilities.SQL, 2000, seed=3, judge=True)
    assert counted["queries"] == 2000
    assert counted["clauses pushed"] > 1000
    assert counted["judged by MLflow"] > 500
    assert counted["queries that keep some runs and not all"] > 1000


def test_what_all_servers_have_in_common(sqlite_store: Store, asked: Callable[..., Counter[str]]) -> None:
    counted = asked("as an MLflow server", sqlite_store, capabilities.SERVER, 200, seed=4)
    assert counted["clauses pushed"] > 100


@pytest.mark.parametrize("page", [1000, 7])
def test_alternatives(sqlite_store: Store, asked: Callable[..., Counter[str]], page: int) -> None:
    able = replace(capabilities.SQL, max_page=page)
    counted = asked("OR, in several searches", sqlite_store, able, 100, seed=8, either=True)
    assert counted["queries that keep some runs and not all"] > 50


def test_what_azure_is_asked(sqlite_store: Store, asked: Callable[..., Counter[str]]) -> None:
    """What Azure ML is asked for; its word for a state is the one thing that this store spells differently."""
    able = replace(capabilities.AZURE, statuses={"FINISHED": "FINISHED"})
    counted = asked("as Azure ML", sqlite_store, able, 200, seed=5)
    assert counted["clauses pushed"] > 20


@pytest.mark.parametrize("able", [capabilities.FILES, capabilities.SERVER], ids=["plainly", "behind a server"])
def test_files(file_store: Store, able: Capabilities, asked: Callable[..., Counter[str]]) -> None:
    counted = asked("mlruns folder", file_store, able, 200, seed=6)
    assert (counted["clauses pushed"] > 50) == able.filters


def test_small_pages(sqlite_store: Store, asked: Callable[..., Counter[str]]) -> None:
    """Pages of 7 runs: names, limits and totals must not depend on where a page ends."""
    asked("pages of 7", sqlite_store, replace(capabilities.SQL, max_page=7), 40, seed=7)
