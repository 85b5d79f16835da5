"""Runs read by columns are, value for value, what `mlflow.search_runs` gives, on every kind of store."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from mlflow_aml_magics.client import bridge, bulk
from mlflow_aml_magics.client.bulk import pages, rest, sqlite
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.errors import AmlMagicsError
from mlflow_aml_magics.frames.runtable import RunTable

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

START = 1_780_000_000_000  # ms
NUMBERS = [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 0.1 + 0.2, 1e300, 1 / 3, -2.0, 0.0]
TEXTS = [
    "rf",
    "",
    " padded ",
    "it's",
    'a "b", c',
    "a\\b",
    "\\.",
    "two\nlines",
    "a\r\nb",
    "tab\there",
    "été 😀 \u202egnp",
]
TEXTS += [
    "NaN",
    "Infinity",
    'x": 1, "value": "NaN", "timestamp": 2',
    "\x1f",
    "null",
    "<img onerror=alert(1)>",
    "x" * 4000,
]


def fill(client: MlflowClient, name: str, *, params: int = 100) -> list[str]:
    """Runs of every kind that we could think of, in two experiments; the ids of those."""
    experiments = [client.create_experiment(f"{name} {i}") for i in range(2)]
    made = []
    for i in range(24):
        start = START + i // 3 * 1000  # some start together
        tags = {"mlflow.user": f"user {i % 3}"} if i % 2 else {}
        run_id = client.create_run(experiments[i % 2], start_time=start, run_name=f"run {i}", tags=tags).info.run_id
        made.append(run_id)
        if i % 5 == 4:
            continue  # nothing logged, running on
        client.log_batch(
            run_id,
            [Metric("m", NUMBERS[i % 10], 0, 0), Metric("a/b c-d.größe", float(i), 0, 0)]
            + [Metric("rare", 1.0, 0, 0)] * (i == 7),
            [Param("text", TEXTS[i % len(TEXTS)]), Param("Case", str(i)), Param("größe: x/y", "1")]
            + [Param("case", "lower")] * (i % 2),
            [RunTag("t", TEXTS[-i % len(TEXTS)]), RunTag("only here", "")][: 1 + (i == 3)],
        )
        if i % 7:
            client.set_terminated(run_id, ["FINISHED", "FAILED", "KILLED"][i % 3], end_time=start + 500)
    for first in range(0, params, 100):
        client.log_batch(made[0], params=[Param(f"p{n}", str(n)) for n in range(first, min(first + 100, params))])
    client.delete_run(made[10])
    client.delete_tag(made[11], "mlflow.runName")
    return experiments


def assert_equal(connection: Connection, experiments: Sequence[str]) -> RunTable:
    """Ours, which is equal to mlflow's."""
    found = bulk.read_all(connection, dict.fromkeys(experiments, "name"))
    assert found is not None, "no fast way was taken"
    ours = found.to_pandas()
    mlflow.set_tracking_uri(connection.uri)
    with bridge.applied(connection):
        theirs: Any = mlflow.search_runs(list(experiments))
    assert set(ours.columns) == set(theirs.columns)
    pd.testing.assert_frame_equal(ours, theirs[list(ours.columns)], check_exact=True)
    return found


def rows(table: RunTable | None) -> list[Any]:
    assert table is not None
    return [repr(row) for row in table.table.to_pylist()]


def assert_parts(connection: Connection, experiments: Sequence[str], everything: RunTable) -> None:
    """Some runs, or the newest, are the same rows."""
    names = dict.fromkeys(experiments, "name")
    ids = everything.column("run_id").to_pylist()
    newest = bulk.read_all(connection, names, limit=5)
    assert newest is not None
    assert newest.column("run_id").to_pylist() == ids[:5]
    some = bulk.read_all(connection, names, only=[ids[9], "0" * 32, ids[2]])
    assert some is not None
    assert sorted(some.column("run_id").to_pylist()) == sorted([ids[2], ids[9]])
    expected = everything.take(some.column("run_id").to_pylist())
    assert rows(some) == rows(RunTable(expected.table.select(some.table.column_names)))
    nothing = bulk.read_all(connection, names, only=[])
    assert nothing is not None
    assert len(nothing) == 0


def odd_rows(path: Path) -> None:
    """What mlflow's client refuses to write, and its search shows."""
    with closing(sqlite3.connect(path)) as store, store:
        (run_id,) = store.execute("SELECT run_uuid FROM runs WHERE name = 'run 2'").fetchone()
        for key in ("\x1f", 'a"b', "a\0b", "'; DROP TABLE runs --", "<img onerror=alert(1)>", ""):
            store.execute("INSERT INTO params (run_uuid, key, value) VALUES (?, ?, ?)", (run_id, key, "a\0b"))
            store.execute("INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, ?)", (run_id, key, "x" * 200_000))
        store.execute("UPDATE runs SET name = '' WHERE name IN ('run 6', 'run 8')")
        store.execute("UPDATE runs SET name = NULL WHERE name IN ('run 11', 'run 12')")


@pytest.fixture(scope="module")
def sqlite_store(_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The file of a store, and its experiments: not to be written to."""
    path = Path(shutil.copy(_schema, tmp_path_factory.mktemp("bulk")))
    experiments = fill(MlflowClient(tracking_uri=f"sqlite:///{path}"), "bulk", params=5_000)
    odd_rows(path)
    return path, experiments


# ---- SQLite


def test_sqlite_gives_what_mlflow_gives(sqlite_store: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    path, experiments = sqlite_store
    connection = open_connection(f"sqlite:///{path}")
    found = assert_equal(connection, experiments)
    assert_parts(connection, experiments, found)
    assert_equal(connection, experiments[1:])
    monkeypatch.setattr(sqlite, "MANY", 1)  # two threads
    monkeypatch.setattr(sqlite, "ROWS", 70)  # many parts
    monkeypatch.setattr(sqlite, "IDS", 3)
    assert rows(assert_equal(connection, experiments)) == rows(found)
    assert_parts(connection, experiments, found)


def test_deleted_experiments_and_empty_stores(store_uri: str) -> None:
    connection = open_connection(store_uri)
    assert_equal(connection, ["0"])
    experiments = fill(connection.mlflow, "gone", params=0)
    connection.mlflow.delete_experiment(experiments[0])
    assert len(assert_equal(connection, experiments)) == 12


def test_a_store_that_is_written_to_is_seen_at_one_moment(store_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each commit gives all runs a next value of a metric, a param and a tag: no table may show two."""
    monkeypatch.setattr(sqlite, "MANY", 1)
    monkeypatch.setattr(sqlite, "ROWS", 40)
    connection = open_connection(store_uri)
    path = connection.local_path
    assert path is not None
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    for i in range(100):
        run_id = connection.mlflow.create_run("0", start_time=START + i).info.run_id
        connection.mlflow.log_batch(run_id, [Metric("n", 0, 0, 0)], [Param("n", "0")], [RunTag("n", "0")])
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=60)) as store:
            for n in range(1, 100_000):
                with store:
                    for table in ("latest_metrics", "params", "tags"):
                        store.execute(f"UPDATE {table} SET value = ? WHERE key = 'n'", (n,))
                if done.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = set()
        for _ in range(30):
            table = bulk.read_all(connection, {"0": "Default"})
            assert table is not None
            values = {key: set(table.column(key).to_pylist()) for key in ("metrics.n", "params.n", "tags.n")}
            (value,) = values["metrics.n"]
            assert values["params.n"] == values["tags.n"] == {str(int(value))}
            seen.add(value)
    finally:
        done.set()
        writer.join()
    assert len(seen) > 1


def test_an_unknown_schema_and_a_broken_text_are_left_to_mlflow(store_uri: str) -> None:
    connection = open_connection(store_uri)
    path = connection.local_path
    assert path is not None
    run_id = connection.mlflow.create_run("0").info.run_id
    connection.mlflow.log_param(run_id, "p", "1")
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("UPDATE params SET value = CAST(x'ff' AS TEXT)")
    assert bulk.read_all(connection, {"0": "Default"}) is None
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("DELETE FROM params")
    assert bulk.read_all(connection, {"0": "Default"}) is not None
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    assert bulk.read_all(connection, {"0": "Default"}) is None


class Cancelled(AmlMagicsError):
    """What a view raises in its progress."""


def test_a_cancel_ends_the_reading(sqlite_store: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    path, experiments = sqlite_store
    monkeypatch.setattr(bulk, "PATIENCE", -1)
    monkeypatch.setattr(sqlite, "ROWS", 7)
    monkeypatch.setattr(sqlite, "MANY", 1)
    told = []

    def progress(message: str) -> None:
        told.append(message)
        if len(told) == 3:
            raise Cancelled("enough")

    threads = threading.active_count()
    with pytest.raises(Cancelled):
        bulk.read_all(open_connection(f"sqlite:///{path}"), dict.fromkeys(experiments, ""), progress=progress)
    assert len(told) == 3
    assert threading.active_count() == threads


# ---- PostgreSQL


def test_postgres_gives_what_mlflow_gives(postgres_uri: str) -> None:
    connection = open_connection(postgres_uri)
    experiments = fill(connection.mlflow, "bulk", params=5_000)
    found = assert_equal(connection, experiments)
    assert_parts(connection, experiments, found)
    narrow = bulk.read_all(connection, dict.fromkeys(experiments, "name"), keys=["metrics.m", "params.no'such"])
    assert narrow is not None
    assert narrow.column("metrics.m").to_pylist()[0] == found.column("metrics.m").to_pylist()[0]
    assert "params.text" not in narrow
    connection.close()


# ---- servers


@pytest.fixture(scope="module")
def served(_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The store behind the server, and its experiments."""
    path = Path(shutil.copy(_schema, tmp_path_factory.mktemp("served")))
    experiments = fill(MlflowClient(tracking_uri=f"sqlite:///{path}"), "bulk")
    odd_rows(path)
    return path, experiments


@pytest.fixture(scope="module")
def server(
    served: tuple[Path, list[str]],
    serve: Callable[[Path, Path], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A real `mlflow server` on the same store."""
    with serve(served[0], tmp_path_factory.mktemp("server")) as uri:
        yield uri


def test_a_server_gives_what_mlflow_gives(
    server: str, served: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, experiments = open_connection(server), served[1]
    found = assert_equal(connection, experiments)
    assert_parts(connection, experiments, found)
    own = rest.read_rest
    # From both ends, with runs that start together.
    monkeypatch.setattr(rest, "read_rest", lambda *args, **words: own(*args, **{**words, "size": 4}))
    assert rows(bulk.read_all(connection, dict.fromkeys(experiments, "name"))) == rows(found)


def test_pages_are_read_by_arrow(server: str, served: tuple[Path, list[str]]) -> None:
    connection = open_connection(server)
    body = rest._Search(connection.mlflow._tracking_client.store, served[1], 1000).page((), None)
    ours, theirs = pages._by_arrow_with_nan(body), pages.page_of_runs(pages._by_mlflow(body))
    assert {key: values.to_pylist() for key, values in ours.attributes.items()} == {
        key: values.to_pylist() for key, values in theirs.attributes.items()
    }
    for name in ours.rows:
        assert sorted(map(repr, zip(*map(list, ours.rows[name]), strict=True))) == sorted(
            map(repr, zip(*map(list, theirs.rows[name]), strict=True))
        )


def test_a_page_that_fails_fails_the_reading(
    server: str, served: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    connection = open_connection(server)
    with pytest.raises(AmlMagicsError, match="reading the runs of"):
        bulk.read_all(connection, {"not a number": "x"})
    threads = {each.name for each in threading.enumerate()}

    def progress(_: str) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        bulk.read_all(connection, dict.fromkeys(served[1], ""), progress=progress)
    assert {each.name for each in threading.enumerate()} <= threads | {"aml-pages"}


# ---- Azure Machine Learning


@pytest.fixture
def azure(in_sandbox: Sandbox, connected: Connection) -> Connection:
    return connected


def test_the_sandbox_gives_what_mlflow_gives(azure: Connection, request: pytest.FixtureRequest) -> None:
    with bridge.applied(azure):
        experiments = [azure.mlflow.create_experiment(request.node.name)]
        for i in range(5):
            run_id = azure.mlflow.create_run(experiments[0], start_time=START + i, run_name=f"run {i}").info.run_id
            azure.mlflow.log_batch(run_id, [Metric("m", NUMBERS[i], 0, 0)], [Param("text", TEXTS[i])])
            azure.mlflow.set_terminated(run_id, end_time=START + 1000)
    found = assert_equal(azure, experiments)
    assert len(found) == 5
    ids = found.column("run_id").to_pylist()
    some = bulk.read_all(azure, dict.fromkeys(experiments, "name"), only=ids[1:3])
    assert rows(some) == rows(found.take(ids[1:3]))
