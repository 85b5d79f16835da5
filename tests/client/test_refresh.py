"""Runs that were known already: after a look for changes they are what reading all of them anew gives."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.client.bulk import server_marks
from mlflow_aml_magics.client.bulk.changes import Changes
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.client.runs import ExperimentRef, experiments_by_id, find_experiments, read_runs
from mlflow_aml_magics.errors import StoreUnreachable
from mlflow_aml_magics.frames.runtable import RunTable
from mlflow_aml_magics.panels.explorer import ExplorerPanel
from mlflow_aml_magics.services.edit_runs import edit_runs
from mlflow_aml_magics.services.refresh import open_runs, refresh

START = 1_780_000_000_000  # ms


class Edits:
    """Somebody at work in a store, through mlflow's own client."""

    def __init__(self, client: MlflowClient, experiment_id: str, seed: int = 0) -> None:
        self.client, self.experiment_id, self.chance = client, experiment_id, random.Random(seed)
        self.open: list[str] = []
        self.ended: list[str] = []
        self.deleted: list[str] = []
        self.started = 0

    def begin(self) -> None:
        self.started += 1
        start = START + self.started * 1000
        run_id = self.client.create_run(
            self.experiment_id, start_time=start, run_name=f"run-{self.started}"
        ).info.run_id
        self.client.log_batch(
            run_id,
            [Metric("loss", self.chance.choice([0.5, 0.25, float("nan")]), start, 0)],
            [Param("model", self.chance.choice(["rf", "größer"])), Param(f"p{self.chance.randrange(4)}", "1")],
            [RunTag("team", "red")],
        )
        self.open.append(run_id)

    def log(self) -> None:
        self.client.log_metric(self.chance.choice(self.open), "loss", self.chance.random(), step=self.started)

    def end(self) -> None:
        run_id = self.open.pop(self.chance.randrange(len(self.open)))
        self.client.set_terminated(run_id, self.chance.choice(["FINISHED", "FAILED"]))
        self.ended.append(run_id)

    def rename(self) -> None:
        self.client.update_run(self.chance.choice(self.ended), name=f"renamed {self.chance.random()}")

    def tag(self) -> None:
        self.client.set_tag(self.chance.choice(self.ended), f"t{self.chance.randrange(3)}", str(self.chance.random()))

    def untag(self) -> None:
        run_id = self.chance.choice(self.ended)
        tags = [key for key in self.client.get_run(run_id).data.tags if not key.startswith("mlflow.")]
        if tags:
            self.client.delete_tag(run_id, self.chance.choice(tags))

    def log_late(self) -> None:
        self.client.log_batch(
            self.chance.choice(self.ended), [Metric("late", 1.5, 0, 0)], [Param(uuid.uuid4().hex, "x")], []
        )

    def delete(self) -> None:
        run_id = self.ended.pop(self.chance.randrange(len(self.ended)))
        self.client.delete_run(run_id)
        self.deleted.append(run_id)

    def restore(self) -> None:
        run_id = self.deleted.pop()
        self.client.restore_run(run_id)
        self.ended.append(run_id)

    def something(self) -> None:
        """One edit that is possible now."""
        ways: list[Callable[[], None]] = [self.begin]
        ways += [self.log, self.end] if self.open else []
        ways += [self.rename, self.tag, self.untag, self.log_late] if self.ended else []
        ways += [self.delete] if len(self.ended) > 2 else []
        ways += [self.restore] if self.deleted else []
        self.chance.choice(ways)()


def rows(table: RunTable) -> dict[str, dict[str, str]]:
    """Each run's values as text, in which NaN is NaN."""
    found = {}
    for row in table.table.to_pylist():
        found[row["run_id"]] = {key: repr(value) for key, value in row.items() if value is not None}
    return found


def same(looked: Changes, before: RunTable, now: RunTable) -> None:
    """The table is what a fresh read gives, and the ids named are those that differ."""
    old, new = rows(before), rows(now)
    assert rows(looked.table) == new
    assert set(looked.table.keys()) == set(now.keys())
    assert sorted(looked.changed_ids) == sorted(run_id for run_id, row in new.items() if old.get(run_id) != row)
    assert looked.removed_ids == sorted(old.keys() - new.keys())
    assert looked.live == any(row["status"] == "'RUNNING'" for row in new.values())


@pytest.fixture
def store(store_uri: str) -> tuple[Connection, list[ExperimentRef], Edits]:
    """A SQLite store with ten runs."""
    connection = open_connection(store_uri)
    edits = Edits(connection.mlflow, connection.mlflow.create_experiment("sweep"))
    for _ in range(10):
        edits.begin()
    for _ in range(8):
        edits.end()
    return connection, find_experiments(connection, ["sweep"]), edits


def fresh(connection: Connection, experiments: list[ExperimentRef]) -> RunTable:
    return read_runs(connection, experiments)


def test_a_refresh_of_sqlite_is_a_fresh_read_after_any_edits(
    store: tuple[Connection, list[ExperimentRef], Edits],
) -> None:
    connection, experiments, edits = store
    known = open_runs(connection, experiments).table
    for turn in range(40):
        for _ in range(edits.chance.randrange(4)):
            edits.something()
        now = fresh(connection, experiments)
        looked = refresh(connection, experiments, known)
        same(looked, known, now)
        assert looked.table.column("run_id").to_pylist() == now.column("run_id").to_pylist()
        known = looked.table
        if turn % 5 == 0:  # a kernel that starts now
            assert rows(open_runs(connection, experiments).table) == rows(now)


def test_each_kind_of_edit_is_seen_alone(store: tuple[Connection, list[ExperimentRef], Edits]) -> None:
    connection, experiments, edits = store
    known = open_runs(connection, experiments).table
    ways = [edits.begin, edits.log, edits.end, edits.rename, edits.tag, edits.untag, edits.log_late]
    for edit in [*ways, edits.delete, edits.restore]:
        before = rows(fresh(connection, experiments))
        edit()
        now = fresh(connection, experiments)
        assert before != rows(now), edit
        looked = refresh(connection, experiments, known)
        same(looked, known, now)
        known = looked.table
    assert refresh(connection, experiments, known).table is known


def test_a_tag_that_takes_the_place_of_a_deleted_one_is_seen(
    store: tuple[Connection, list[ExperimentRef], Edits],
) -> None:
    connection, experiments, edits = store
    first, second = edits.ended[:2]
    edits.client.set_tag(first, "star", "1")  # the last row of its table, whose number SQLite gives again
    known = open_runs(connection, experiments).table
    edits.client.delete_tag(first, "star")
    edits.client.set_tag(second, "star", "1")
    looked = refresh(connection, experiments, known)
    assert sorted(looked.changed_ids) == sorted([first, second])
    assert rows(looked.table) == rows(fresh(connection, experiments))


def test_runs_removed_for_good_and_a_vacuum_are_seen(store: tuple[Connection, list[ExperimentRef], Edits]) -> None:
    connection, experiments, edits = store
    known = open_runs(connection, experiments).table
    gone = edits.ended[0]
    edits.client.delete_run(gone)
    connection.mlflow._tracking_client.store._hard_delete_run(gone)  # what `mlflow gc` calls
    looked = refresh(connection, experiments, known)
    assert looked.removed_ids == [gone]
    path = connection.local_path
    assert path is not None
    with sqlite3.connect(path) as database:
        database.execute("VACUUM")
    edits.log()
    same(refresh(connection, experiments, looked.table), looked.table, fresh(connection, experiments))


def test_another_store_in_the_same_place_is_read_anew(
    store: tuple[Connection, list[ExperimentRef], Edits],
    _schema: Path,  # noqa: PT019  # the path of an empty store
) -> None:
    connection, experiments, _ = store
    known = open_runs(connection, experiments).table
    path = connection.local_path
    assert path is not None
    for replace in (os.replace, shutil.copyfile):  # another file, and another content of the same one
        connection.close()
        other = path.with_name(f"{replace.__name__}.db")
        shutil.copy(_schema, other)
        client = MlflowClient(tracking_uri=f"sqlite:///{other}")
        different = Edits(client, client.create_experiment("sweep"), seed=7)
        for _ in range(5):
            different.begin()
        replace(other, path)
        looked = refresh(connection, experiments, known)
        now = fresh(connection, experiments)
        assert rows(looked.table) == rows(now)
        assert rows(open_runs(connection, experiments).table) == rows(now)
        known = looked.table


def test_a_store_that_goes_away_is_told_and_what_is_known_stays(
    store: tuple[Connection, list[ExperimentRef], Edits],
) -> None:
    connection, experiments, edits = store
    known = open_runs(connection, experiments).table
    path = connection.local_path
    assert path is not None
    connection.close()
    path.rename(path.with_name("away.db"))
    with pytest.raises(StoreUnreachable, match=r"mlflow\.db"):
        refresh(connection, experiments, known)
    assert not path.exists()  # mlflow would make an empty one
    path.with_name("away.db").rename(path)
    edits.log()
    same(refresh(connection, experiments, known), known, fresh(connection, experiments))


def test_a_refresh_takes_no_lock_of_a_writer_in_this_process(
    store: tuple[Connection, list[ExperimentRef], Edits],
) -> None:
    connection, experiments, edits = store
    known = open_runs(connection, experiments).table
    path = connection.local_path
    assert path is not None
    edits.log()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    refresh(connection, experiments, known)
    connection.close()
    other = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('BEGIN IMMEDIATE')"
    assert "locked" in subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False).stderr
    writer.execute("ROLLBACK")


def test_while_another_thread_logs_nothing_is_missed(store: tuple[Connection, list[ExperimentRef], Edits]) -> None:
    connection, experiments, edits = store
    known = open_runs(connection, experiments).table

    def work() -> None:
        for _ in range(150):
            edits.something()

    thread = threading.Thread(target=work)
    thread.start()
    looks = 0
    while thread.is_alive():
        known = refresh(connection, experiments, known).table
        looks += 1
    known = refresh(connection, experiments, known).table
    assert looks > 3
    assert rows(known) == rows(fresh(connection, experiments))


# ---- servers


def looks_catch_up(connection: Connection, monkeypatch: pytest.MonkeyPatch, *, turns: int) -> None:
    """Random edits; two searches a look; what is new is seen at once, and everything when all pages came round."""
    monkeypatch.setattr(server_marks, "PAGE", 10)
    searches: list[object] = []
    search = connection.mlflow.search_runs
    edits = Edits(connection.mlflow, connection.mlflow.create_experiment(f"refresh-{uuid.uuid4().hex[:8]}"))
    for _ in range(25):
        edits.begin()
    for _ in range(22):
        edits.end()
    experiments = experiments_by_id(connection, [edits.experiment_id])
    known = open_runs(connection, experiments).table
    monkeypatch.setattr(connection.mlflow, "search_runs", lambda *args: searches.append(args) or search(*args))
    for _ in range(turns):
        for _ in range(edits.chance.randrange(1, 4)):
            edits.something()
        edits.begin()
        before = len(searches)
        looked = refresh(connection, experiments, known)
        assert len(searches) - before <= 2 + bool(looked.removed_ids)
        assert edits.open[-1] in looked.changed_ids
        known = looked.table
    for _ in range(30):
        known = refresh(connection, experiments, known).table
    now = fresh(connection, experiments)
    assert rows(known) == rows(now)
    assert refresh(connection, experiments, known).changed_ids == []


def test_a_server_is_asked_twice_and_all_edits_are_found(server_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks_catch_up(open_connection(server_uri), monkeypatch, turns=12)


def test_the_sandbox_too(in_sandbox: object, connected: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected.guard("testing"):  # as any call of ours, which logs in again where a token has run out
        looks_catch_up(connected, monkeypatch, turns=6)


def test_a_run_that_ends_is_seen_however_old_it_is(server_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_marks, "PAGE", 6)
    connection = open_connection(server_uri)
    edits = Edits(connection.mlflow, connection.mlflow.create_experiment("long-runs"))
    for _ in range(30):
        edits.begin()
    oldest, newest = edits.open[0], edits.open[-1]
    for run_id in edits.open[1:-1]:
        connection.mlflow.set_terminated(run_id)
    experiments = experiments_by_id(connection, [edits.experiment_id])
    looked = open_runs(connection, experiments)
    connection.mlflow.set_terminated(newest)
    looked = refresh(connection, experiments, looked.table)
    assert newest in looked.changed_ids
    connection.mlflow.set_terminated(oldest)
    seen = []
    for _ in range(2):
        looked = refresh(connection, experiments, looked.table)
        seen += looked.changed_ids
    assert seen == [oldest]
    assert not looked.live


def test_what_a_server_cannot_tell_is_counted(server_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_marks, "PAGE", 6)
    connection = open_connection(server_uri)
    edits = Edits(connection.mlflow, connection.mlflow.create_experiment("counted"))
    for _ in range(30):
        edits.begin()
    while edits.open:
        edits.end()
    experiments = experiments_by_id(connection, [edits.experiment_id])
    assert open_runs(connection, experiments).unchecked == 0
    connection.mlflow.set_tag(edits.ended[0], "seen", "late")
    with closing(Workspace.connect(server_uri, experiment="counted")) as workspace:  # a kernel that starts now
        panel = workspace.compare()
        assert isinstance(panel, ExplorerPanel)
        assert "24 ended runs as last seen here" in panel.info["store"]
        assert "last seen" not in repr(workspace.compare(static=True))
        assert sum(workspace.runs()["tags.seen"].notna()) == 1  # exact, as the sentence is not there
    connection.mlflow.set_tag(edits.ended[1], "seen", "late")
    looked = open_runs(connection, experiments)
    counts = [looked.unchecked]
    while looked.unchecked:
        looked = refresh(connection, experiments, looked.table)
        counts.append(looked.unchecked)
    assert counts[0] > 20
    assert counts == sorted(counts, reverse=True)
    assert rows(looked.table) == rows(fresh(connection, experiments))
    for action in ("rename", "delete", "restore"):  # what is done from here is seen at once
        edit_runs(connection, action, edits.ended[:2], value="renamed")
        looked = refresh(connection, experiments, looked.table)
        assert sorted(looked.changed_ids or looked.removed_ids) == sorted(edits.ended[:2])
        assert rows(looked.table) == rows(fresh(connection, experiments))
    connection.mlflow.set_tag(edits.ended[0], "seen", "again")
    exact = open_runs(connection, experiments, exact=True)
    assert (rows(exact.table), exact.unchecked) == (rows(fresh(connection, experiments)), 0)
