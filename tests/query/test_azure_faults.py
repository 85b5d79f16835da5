"""Querying while the service is slow, busy, broken or behind: the answer is whole, or the error says what to do."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from mlflow.entities import Metric

from mlflow_aml_magics.client import bridge
from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.errors import AmlMagicsError
from mlflow_aml_magics.magics.progress import progress_line
from mlflow_aml_magics.workspace import Workspace

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

SEARCH, GET = "POST .*/runs/search$", "GET .*/runs/get$"
HOUR = 3_600_000  # ms


@pytest.fixture
def filled(azure: Connection, request: pytest.FixtureRequest) -> Callable[..., Workspace]:
    """Makes an experiment called like the test, with a run for each metric value."""

    def make(*values: float, status: str = "FINISHED", ago: int = 0) -> Workspace:
        client, name = azure.mlflow, request.node.name
        with bridge.applied(azure):
            experiment = client.create_experiment(name)
            for i, value in enumerate(values):
                now = int(time.time() * 1000) - ago + i
                run_id = client.create_run(experiment, start_time=now, run_name=f"r{i}").info.run_id
                client.log_batch(run_id, [Metric("rmse", value, now, 0)])
                if status != "RUNNING":
                    client.set_terminated(run_id, status, end_time=now)
        return Workspace(azure, experiments=[name])

    return make


def names(workspace: Workspace, query: str = "", **words: object) -> list[str]:
    return [str(name) for name in workspace.run_table(query, **words).column("run_name").to_pylist()]


# --- metrics that lag ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["FINISHED", "RUNNING"])
def test_metrics_on_their_way_are_there(filled: Callable[..., Workspace], in_sandbox: Sandbox, status: str) -> None:
    workspace = filled(2.0, float("nan"), 1.0, status=status)
    with in_sandbox.fault("lag", seconds=HOUR):
        assert names(workspace, "metrics.rmse <= 2", order_by="metrics.rmse") == ["r2", "r0"]
        assert names(workspace, "metrics.rmse IS NULL") == []
        assert names(workspace, "rmse > 0", limit=1) == ["r2"]
        assert workspace.best("rmse").run_name == "r2"


def test_what_search_shows_in_full_is_asked_for_once(filled: Callable[..., Workspace], in_sandbox: Sandbox) -> None:
    workspace = filled(2.0, float("nan"), 1.0)
    assert workspace.find("r1")  # needs no metrics
    before = len(in_sandbox.requests(GET))
    for told in (["3 fresh runs are looked up one by one", "3 runs read"], ["3 runs read"]):
        said = list[str]()
        assert len(names(workspace, progress=said.append)) == 3
        assert said == told
    assert len(in_sandbox.requests(GET)) - before == 3


@pytest.mark.parametrize("status", ["FINISHED", "RUNNING"])
def test_old_runs_are_not_asked_for(filled: Callable[..., Workspace], in_sandbox: Sandbox, status: str) -> None:
    workspace = filled(2.0, 1.0, status=status, ago=25 * HOUR)
    before = len(in_sandbox.requests(GET))
    assert names(workspace, order_by="rmse") == ["r1", "r0"]
    assert len(in_sandbox.requests(GET)) == before


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["latency", "throttle", "error", "drop", "expired_token"])
@pytest.mark.parametrize("path", [SEARCH, GET], ids=["search", "get"])
def test_what_passes_is_survived(filled: Callable[..., Workspace], in_sandbox: Sandbox, kind: str, path: str) -> None:
    workspace = filled(2.0, 1.0)
    with in_sandbox.fault(kind, path=path, times=1, seconds=0.2, retry_after=1) as fault:
        assert names(workspace, "metrics.rmse > 0", order_by="metrics.rmse") == ["r1", "r0"]
        assert fault.hits or kind == "expired_token"


@pytest.mark.parametrize(("kind", "said"), [("throttle", "429"), ("error", "500"), ("drop", "does not answer")])
def test_what_stays_is_told(
    filled: Callable[..., Workspace], in_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    workspace = filled(1.0)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with in_sandbox.fault(kind, path=SEARCH, retry_after=1), pytest.raises(AmlMagicsError) as caught:
        names(workspace, "metrics.rmse > 0", limit=1)
    assert f"workspace {in_sandbox.workspaces[0]}" in caught.value.message
    assert said in caught.value.message
    assert caught.value.hint
    assert bridge.installed() == []
    assert names(workspace) == ["r0"]


# --- long ones ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [SEARCH, GET], ids=["search", "get"])
def test_an_interrupt_leaves_all_well(filled: Callable[..., Workspace], in_sandbox: Sandbox, path: str) -> None:
    workspace = filled(2.0, 1.0)
    with in_sandbox.fault("latency", path=path, times=1, seconds=3) as fault:

        def interrupt() -> None:
            while not fault.hits:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            names(workspace)
    assert bridge.installed() == []
    assert names(workspace, order_by="rmse") == ["r1", "r0"]


def test_a_limit_is_asked_for(filled: Callable[..., Workspace], in_sandbox: Sandbox) -> None:
    workspace = filled(*range(5), ago=HOUR)
    before = len(in_sandbox.requests(SEARCH))
    assert workspace.run_table(limit=2).total == 3  # there are more
    assert names(workspace, "metrics.rmse < 4", limit=2, order_by="start_time DESC") == ["r3", "r2"]
    first, second = in_sandbox.requests(SEARCH)[before:]
    assert (first.json["max_results"], first.json.get("order_by")) == (3, None)
    assert second.json["order_by"] == ["attributes.start_time DESC"]


def test_slow_reading_says_so(
    filled: Callable[..., Workspace],
    in_sandbox: Sandbox,
    bare_shell: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace = filled(2.0, 1.0, ago=HOUR)
    say = progress_line(bare_shell.ip, after=1)
    with in_sandbox.fault("latency", path=SEARCH, times=1, seconds=1.1):
        workspace.runs(progress=say)
    assert "2 runs read" in capsys.readouterr().out
    workspace.runs(progress=progress_line(bare_shell.ip, after=3600))
    assert capsys.readouterr().out == ""


def test_more_runs_than_a_page_holds(filled: Callable[..., Workspace], in_sandbox: Sandbox) -> None:
    """2,000 runs: one is logged, the others are its copies in the database behind the service."""
    workspace = filled(1.0, ago=HOUR)
    run_id = workspace.run_table().column("run_id")[0].as_py()
    different = {"run_uuid": "printf('%032x', n)", "start_time": "start_time - n", "value": "n"}
    with closing(sqlite3.connect(in_sandbox.folder / in_sandbox.workspaces[0] / "mlflow.db")) as store, store:
        for table in ("runs", "latest_metrics"):
            columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
            store.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) WITH RECURSIVE count(n) AS "
                f"(SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 1999) "
                f"SELECT {', '.join(different.get(name, name) for name in columns)} FROM count, {table} "
                f"WHERE run_uuid = ?",
                (run_id,),
            )
    before, told = len(in_sandbox.requests(SEARCH)), list[str]()
    table = workspace.run_table("metrics.rmse >= 1990 OR metrics.rmse = 1", order_by="rmse DESC", progress=told.append)
    assert table.column("metrics.rmse").to_pylist() == [*map(float, range(1999, 1989, -1)), 1.0, 1.0]
    assert told == ["900 runs read", "1,800 runs read", "2,000 runs read"]
    assert len(in_sandbox.requests(SEARCH)) - before == 3
    assert {request.json["max_results"] for request in in_sandbox.requests(SEARCH)[before:]} == {900}
