"""Runs of every kind that we could think of, generated queries about them, and the sandbox's workspace."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.frames.query import Column
from mlflow_aml_magics.frames.runtable import RunTable
from mlflow_aml_magics.frames.syntax import And, Compare, In, IsNull, Like, Literal, Node, Not, Or, to_text

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

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


@dataclass(frozen=True)
class Drawn:
    """A run to be written, to one store or to several; ``place`` is of its experiment."""

    place: int
    name: str
    start: int
    end: int
    status: str
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]

    def write(self, client: MlflowClient, experiments: Sequence[str]) -> str:
        """Write it; its id."""
        run_id = client.create_run(experiments[self.place], start_time=self.start, run_name=self.name).info.run_id
        client.log_batch(
            run_id,
            [Metric(key, value, 0, 0) for key, value in self.metrics.items()],
            [Param(key, value) for key, value in self.params.items()],
            [RunTag(key, value) for key, value in self.tags.items()],
        )
        if self.status in ("FINISHED", "FAILED", "KILLED"):
            client.set_terminated(run_id, self.status, end_time=self.end)
        elif self.status != "RUNNING":
            client.update_run(run_id, status=self.status)
        return str(run_id)


def _draw(count: int, seed: int, *, apart: bool = False) -> list[Drawn]:
    """Runs of every kind that we could think of, in two experiments.

    Args:
        apart: each starts at a time of its own; else some start together.
    """
    chance, drawn = random.Random(seed), []
    for i in range(count):
        start = START + (i * 61_000 if apart else chance.choice([0, 1000, 60_000, 3_600_000]) * (i % 40))
        place, name = chance.randrange(2), chance.choice(NAMES)
        metrics = {key: chance.choice(METRICS[key]) for key in METRICS if chance.random() < 0.25}
        params = {
            key: chance.choice(PARAMS[key]) for key in PARAMS if chance.random() < (0.02 if key == "rare" else 0.25)
        }
        tags = {key: chance.choice(TAGS[key]) for key in TAGS if chance.random() < 0.25}
        end = start + chance.choice([0, 500, 60_000])
        drawn.append(Drawn(place, name, start, end, chance.choice(STATES), metrics, params, tags))
    return drawn


class Generator:
    """Queries over the whole grammar, about columns and values that are mostly there."""

    def __init__(self, runs: RunTable, seed: int, is_plain: Callable[[Node], bool], without: frozenset[str]) -> None:
        self.chance, self.is_plain = random.Random(seed), is_plain
        self.values = {
            key: list(dict.fromkeys(v for v in runs.column(key).to_pylist() if v is not None))
            for key in runs.table.column_names
            if key not in without
        }
        self.keys = [key for key in self.values if self.values[key]]

    def query(self, *, either: bool = False) -> str:
        """One query as text; with ``either``, an OR."""
        if either:
            choices = tuple(self.node(depth=1) for _ in range(self.chance.choice([2, 2, 3])))
            return to_text(And((Or(choices), self.leaf())) if self.chance.random() < 0.3 else Or(choices))
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
        """Something that MLflow can judge, say."""
        while not self.is_plain(node := self.leaf()):
            pass
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


@pytest.fixture(scope="session")
def draw() -> Callable[..., list[Drawn]]:
    """Draws runs to be written."""
    return _draw


class Remembering:
    """The real client; an answer to the same question is kept, since the store does not change while it is asked."""

    def __init__(self, client: MlflowClient) -> None:
        self.client = client
        self.answers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def search_runs(self, *args: Any) -> Any:
        return self._kept(self.client.search_runs, args)

    def get_experiment_by_name(self, *args: Any) -> Any:
        return self._kept(self.client.get_experiment_by_name, args)

    def _kept(self, ask: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        key = repr((ask.__name__, args))
        if key not in self.answers:
            self.answers[key] = ask(*args)
        return self.answers[key]


@pytest.fixture(scope="session")
def remembering() -> Callable[[Connection], Connection]:
    """Makes a connection to the same store that asks nothing twice."""

    def remember(connection: Connection) -> Connection:
        second = copy.copy(connection)
        second.__dict__["mlflow"] = Remembering(connection.mlflow)
        return second

    return remember


@pytest.fixture(scope="session")
def make_generator() -> Callable[..., Generator]:
    """Makes a generator of queries about runs."""

    def make(
        runs: RunTable, seed: int, *, is_plain: Callable[[Node], bool] = lambda _: True, without: tuple[str, ...] = ()
    ) -> Generator:
        return Generator(runs, seed, is_plain, frozenset(without))

    return make


@pytest.fixture
def azure(in_sandbox: Sandbox, connected: Connection) -> Connection:
    """Connected to the sandbox's first workspace."""
    return connected
