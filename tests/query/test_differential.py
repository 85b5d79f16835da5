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
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

from mlflow_aml_magics.client import capabilities
from mlflow_aml_magics.client.capabilities import Capabilities
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.client.planner import plan
from mlflow_aml_magics.client.runs import ExperimentRef, list_experiments, read_runs
from mlflow_aml_magics.errors import QueryError
from mlflow_aml_magics.frames.query import Column, parse
from mlflow_aml_magics.frames.runtable import RunTable
from mlflow_aml_magics.frames.syntax import And, Compare, In, IsNull, Like, Literal, Node, Not, Or, conjuncts, to_text

NAN, INF = float("nan"), float("inf")
START = 1_780_000_000_000  # ms

TEXTS = [
    "rf",
    "RF",
    "gbm",
    "linear",
    "it's",
    'a "b"',
    "a\\b",
    "a -- b",
    "50%",
    "a_b",
    "axb",
    "été",
    "ÉTÉ",
    "\u212aelvin",
]
TEXTS += ["kelvin", "KELVIN", " padded ", "", "null", "AND", "rf\nsecond line", "[x]", "#1", "a;b", "none", "ſ", "s"]
NUMBERS = ["3", "3.0", "03", "5", "1e-3", "0.001", "-7", "nan", "inf", "1_000", " 4", "0x10"]
PARAMS: dict[str, list[str]] = {
    "model": TEXTS,
    "depth": NUMBERS,
    "lr": ["0.1", "0.01", "0.001", "1e-05"],
    "learning rate": NUMBERS,
    "a/b-c": TEXTS,
    "order": ["asc", "desc", "1"],
    "in": ["x", "y"],
    "größe": ["klein", "groß"],
    "mixed": NUMBERS + TEXTS,
    "rare": ["once"],
    "shared": ["1", "2"],
}
TAGS: dict[str, list[str]] = {
    "env": ["dev", "prod", "Dev", "DEV "],
    "mlflow.parentRunId": ["0" * 31 + "a", "0" * 31 + "b"],
    "mlflow.note.content": ["good\nrun", "bad run", "#1 run", "a" * 400],
    "odd name": TEXTS,
    "n": NUMBERS,
    "status": ["ok", "failed"],
}
FLOATS = [0.0, -0.0, 0.5, 0.25, 1.0, 1.5, -2.0, 3.0, 1e-7, 1e16, 1e300, 0.1 + 0.2, 0.3, NAN, INF, -INF]
METRICS: dict[str, list[float]] = {
    "rmse": FLOATS,
    "auc": [0.5, 0.7, 0.9, 0.9000000000000001, NAN],
    "val/loss": FLOATS,
    "train loss": [1.0, 2.0, NAN],
    "min": [0.0, 1.0],
    "shared": [1.0, 2.0],
    "always nan": [NAN],
    "ones": [1.0],
}
STATES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"]
DIALECT = {
    "FINISHED": ["Finished", "completed"],
    "KILLED": ["Canceled", "killed"],
    "SCHEDULED": ["Queued", "Not started"],
}
NAMES = ["trial-1", "trial-2", "Trial-3", "best one", "it's", "rf_final"]


class Remembering:
    """The real client; an answer to the same question is kept, since the store does not change while it is asked."""

    def __init__(self, client: MlflowClient) -> None:
        self.client = client
        self.answers: dict[object, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def search_runs(self, ids: Sequence[str], *args: Any) -> Any:
        key = repr((ids, args))
        if key not in self.answers:
            self.answers[key] = self.client.search_runs(ids, *args)
        return self.answers[key]


@dataclass
class Store:
    """A filled store, all its runs, and what was counted."""

    connection: Connection
    experiments: list[ExperimentRef] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connection.__dict__["mlflow"] = Remembering(self.connection.mlflow)
        self.experiments = list_experiments(self.connection)
        self.all = read_runs(self.connection, self.experiments)


def fill(client: MlflowClient, count: int, chance: random.Random) -> None:
    """Runs of every kind that we could think of, in two experiments."""
    ids = [client.create_experiment("wine"), client.create_experiment("odd one")]
    for i in range(count):
        start = START + chance.choice([0, 1000, 60_000, 3_600_000]) * (i % 40)  # some start together
        run_id = client.create_run(chance.choice(ids), start_time=start, run_name=chance.choice(NAMES)).info.run_id
        client.log_batch(
            run_id,
            [Metric(key, chance.choice(METRICS[key]), 0, 0) for key in METRICS if chance.random() < 0.25],
            [
                Param(key, chance.choice(PARAMS[key]))
                for key in PARAMS
                if chance.random() < (0.02 if key == "rare" else 0.25)
            ],
            [RunTag(key, chance.choice(TAGS[key])) for key in TAGS if chance.random() < 0.25],
        )
        state = chance.choice(STATES)
        if state in ("FINISHED", "FAILED", "KILLED"):
            client.set_terminated(run_id, state, end_time=start + chance.choice([0, 500, 60_000]))
        elif state != "RUNNING":
            client.update_run(run_id, status=state)


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """180 runs in SQLite."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'mlflow.db'}"
    fill(MlflowClient(tracking_uri=uri, registry_uri=uri), 180, random.Random(1))
    store = Store(open_connection(uri))
    yield store
    store.connection.close()


@pytest.fixture(scope="module")
def file_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Runs in an mlruns folder; few, since mlflow reads all its files for each search."""
    connection = open_connection(Path(tmp_path_factory.mktemp("files") / "mlruns").as_uri())
    fill(connection.mlflow, 20, random.Random(2))
    return Store(connection)


# --- queries -----------------------------------------------------------------------------------------------


class Generator:
    """Queries over the whole grammar, about columns and values that are mostly there."""

    def __init__(self, store: Store, seed: int) -> None:
        self.chance = random.Random(seed)
        self.table = store.all.table
        self.values = {
            key: list(dict.fromkeys(v for v in self.table.column(key).to_pylist() if v is not None))
            for key in self.table.column_names
        }
        self.keys = [key for key in self.values if self.values[key]]

    def query(self) -> str:
        """One query as text."""
        draw = self.plain if self.chance.random() < 0.3 else lambda: self.node(depth=2)
        parts = [draw() for _ in range(self.chance.choice([1, 1, 2, 2, 3]))]
        node = parts[0] if len(parts) == 1 else And(tuple(parts))
        return self.respelled(to_text(node))

    def order(self) -> str | None:
        if self.chance.random() < 0.5:
            return None
        keys = [
            "metrics.rmse",
            "metrics.auc",
            "metrics.`val/loss`",
            "start_time",
            "end_time",
            "params.depth",
            "params.lr",
        ]
        keys += ["params.model", "tags.env", "auc", "run_name", "params.rare", "metrics.`always nan`"]
        terms = self.chance.sample(keys, self.chance.choice([1, 1, 2]))
        return ", ".join(f"{term}{self.chance.choice(['', ' ASC', ' DESC'])}" for term in terms)

    def limit(self) -> int | None:
        return self.chance.choice([None, None, None, 1, 3, 20])

    def respelled(self, text: str) -> str:
        """The same query in other letters, which mean the same to us."""
        if "'" in text.replace("='", ""):
            return text  # not inside of texts
        for word, others in {"metrics.": ["metric."], " AND ": [" and "], " != ": [" <> "], " = ": ["==", "="]}.items():
            if self.chance.random() < 0.3:
                text = text.replace(word, self.chance.choice(others))
        return text

    def node(self, depth: int) -> Node:
        roll = self.chance.random()
        if depth and roll < 0.12:
            return Not(self.node(depth - 1))
        if depth and roll < 0.30:
            kind = Or if roll < 0.22 else And
            return kind(tuple(self.node(depth - 1) for _ in range(self.chance.choice([2, 2, 3]))))
        return self.leaf()

    def plain(self) -> Node:
        """Something that MLflow can judge."""
        while True:
            node = self.leaf()
            try:
                in_mlflow(node, lambda column: column)
            except Inexpressible:
                continue
            return node

    def leaf(self) -> Node:
        key = self.chance.choice(self.keys)
        kind, _, name = key.partition(".")
        kinds = {"metrics": "metric", "params": "param", "tags": "tag"}
        column = Column(kinds[kind], name) if kind in kinds else Column(None, key)  # type: ignore[arg-type]
        if self.chance.random() < 0.08 and kind in kinds:
            column = Column(None, name)  # which may be ambiguous
        if self.chance.random() < 0.01:
            column = Column("param", "modle")
        if self.chance.random() < 0.1:
            return IsNull(column, self.chance.random() < 0.5)
        if kind == "metrics":
            return self.about_numbers(column, key)
        if key in ("start_time", "end_time"):
            return self.about_times(column, key)
        return self.about_texts(column, key)

    def about_numbers(self, column: Column, key: str) -> Node:
        def literal() -> Literal:
            value = self.chance.choice(self.values[key]) if self.chance.random() < 0.8 else self.chance.uniform(-3, 3)
            if math.isnan(value):
                value = 0.0
            return Literal(value if self.chance.random() < 0.9 else repr(value))

        if self.chance.random() < 0.15:
            return In(column, tuple(literal() for _ in range(self.chance.choice([1, 2]))), self.chance.random() < 0.5)
        return Compare(column, self.chance.choice(["=", "!=", "<", "<=", ">", ">="]), literal())

    def about_times(self, column: Column, key: str) -> Node:
        moment = self.chance.choice(self.values[key])
        stamp = moment.timestamp() * 1000
        value: float | str = self.chance.choice(
            [
                stamp,
                stamp + 0.5,
                stamp + 1,
                moment.isoformat(),
                moment.strftime("%Y-%m-%d"),
                moment.strftime("%Y-%m-%d %H:%M"),
            ]
        )
        return Compare(column, self.chance.choice(["=", "!=", "<", "<=", ">", ">="]), Literal(value))

    def about_texts(self, column: Column, key: str) -> Node:
        value = str(self.chance.choice(self.values[key] if self.chance.random() < 0.85 else TEXTS))
        if key == "status":
            value = self.chance.choice([value, value.lower(), *DIALECT.get(value, ())]) if value in STATES else "FAILED"
        roll = self.chance.random()
        if roll < 0.2:
            return Like(
                column, self.chance.choice(["LIKE", "ILIKE"]), Literal(self.pattern(value)), self.chance.random() < 0.2
            )
        if roll < 0.27:
            found = self.chance.choice(["^r", "[0-9]$", "e.v", ".", "^$", "(?i)RF"])
            return Like(column, "RLIKE", Literal(found), self.chance.random() < 0.2)
        if roll < 0.37:
            others = self.chance.choices(self.values[key], k=self.chance.choice([0, 1, 2]))
            return In(column, (Literal(value), *(Literal(str(v)) for v in others)), self.chance.random() < 0.4)
        if roll < 0.47 and key != "status":
            return Compare(
                column, self.chance.choice(["=", "!=", "<", ">="]), Literal(self.chance.choice([3.0, 5.0, 0.001, -7.0]))
            )
        return Compare(column, self.chance.choice(["=", "=", "=", "!=", "!=", "<", ">="]), Literal(value))

    def pattern(self, value: str) -> str:
        value = self.chance.choice([value, value.upper(), value.lower()])
        cut = self.chance.randint(0, len(value))
        shapes = [
            value,
            f"{value[:cut]}%",
            f"%{value[cut:]}",
            f"%{value[1:-1]}%",
            value.replace("e", "_"),
            f"_{value[1:]}",
            "%",
        ]
        return self.chance.choice(shapes)


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
        spellings = {word.lower(): state for state, words in DIALECT.items() for word in words}
        value = spellings.get(value.lower(), value.upper())
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


def compare(store: Store, able: Capabilities, count: int, seed: int, *, judge: bool = False) -> Counter[str]:
    """Ask ``count`` generated queries in both ways."""
    generator, counted = Generator(store, seed), Counter[str]()
    for _ in range(count):
        query, order, limit = generator.query(), generator.order(), generator.limit()
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


def test_sqlite(sqlite_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    counted = compare(sqlite_store, capabilities.SQL, 2000, seed=3, judge=True)
    report("SQLite", counted, capsys)
    assert counted["queries"] == 2000
    assert counted["clauses pushed"] > 1000
    assert counted["judged by MLflow"] > 500
    assert counted["queries that keep some runs and not all"] > 1000


def test_what_all_servers_have_in_common(sqlite_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    counted = compare(sqlite_store, capabilities.SERVER, 200, seed=4)
    report("as an MLflow server", counted, capsys)
    assert counted["clauses pushed"] > 100


def test_azure(sqlite_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """What Azure ML is asked for; its word for a state is the one thing that this store spells differently."""
    able = replace(capabilities.AZURE, statuses={"FINISHED": "FINISHED"})
    counted = compare(sqlite_store, able, 200, seed=5)
    report("as Azure ML", counted, capsys)
    assert counted["clauses pushed"] > 20


@pytest.mark.parametrize("able", [capabilities.FILES, capabilities.SERVER], ids=["plainly", "behind a server"])
def test_files(file_store: Store, able: Capabilities, capsys: pytest.CaptureFixture[str]) -> None:
    counted = compare(file_store, able, 200, seed=6)
    report("mlruns folder", counted, capsys)
    assert (counted["clauses pushed"] > 50) == able.filters


def test_small_pages(sqlite_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Pages of 7 runs: names, limits and totals must not depend on where a page ends."""
    counted = compare(sqlite_store, replace(capabilities.SQL, max_page=7), 40, seed=7)
    report("pages of 7", counted, capsys)
