"""%aml_runs, %aml_best, %aml_compare, %aml_show on an Azure ML workspace, and sweeps on any store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from mlflow_aml_magics.errors import QueryError, RunNotFound, UsageError

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

PARENT = "mlflow.parentRunId"


def fill(client: MlflowClient, home: str, other: str) -> dict[str, str]:
    """A sweep of three, a child of it elsewhere, and runs of two people; name to id."""
    now, ids = int(time.time() * 1000) - 3_600_000, dict[str, str]()

    def add(name: str, experiment: str, status: str = "FINISHED", user: str = "ann", **more: Any) -> None:
        start = now + 1000 * len(ids)
        run_id = client.create_run(experiment, start_time=start, run_name=name).info.run_id
        tags = [RunTag("mlflow.user", user)]
        if more.get("parent"):
            tags.append(RunTag(PARENT, ids[more["parent"]]))
        metrics = [Metric("rmse", more["rmse"], start, 0)] if "rmse" in more else []
        client.log_batch(run_id, metrics, [Param("alpha", str(more.get("alpha", 0)))], tags)
        if status == "SCHEDULED":
            client.update_run(run_id, status=status)
        elif status != "RUNNING":
            client.set_terminated(run_id, status, end_time=start + 500)
        ids[name] = run_id

    add("sweep", home)
    for i, rmse in enumerate([3.0, 1.0, 2.0]):
        add(f"trial-{i}", home, parent="sweep", rmse=rmse, alpha=i)
    add("lonely", home, rmse=0.5)
    add("canceled", home, "KILLED", user="bob")
    add("queued", home, "SCHEDULED", user="bob")
    add("trial-far", other, parent="sweep", rmse=9.0)
    return ids


@pytest.fixture
def on_azure(in_sandbox: Sandbox, shell: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A shell that tracks into the sandbox's first workspace, into an experiment called like the test."""
    shell.run(f"%aml_track --workspace {in_sandbox.workspaces[0]} --experiment {request.node.name} --no-autolog")
    yield shell
    shell.run("%aml_track --off")


@pytest.fixture
def on_sqlite(shell: Any, store_uri: str, request: pytest.FixtureRequest) -> Any:
    """A shell that tracks into SQLite."""
    shell.run(f"%aml_track {store_uri} --experiment {request.node.name} --no-autolog")
    return shell


@pytest.fixture(params=["on_azure", "on_sqlite"])
def runs(request: pytest.FixtureRequest) -> tuple[Any, dict[str, str]]:
    """A tracked shell, and the runs in it."""
    shell = request.getfixturevalue(request.param)
    client, name = MlflowClient(), mlflow.get_experiment(mlflow.tracking.fluent._active_experiment_id).name
    home = client.get_experiment_by_name(name).experiment_id
    return shell, fill(client, home, client.create_experiment(f"{name} elsewhere"))


def names(frame: Any) -> list[str]:
    return list(frame["tags.mlflow.runName"]) if len(frame) else []


def test_the_magics_answer_as_on_a_local_store(runs: tuple[Any, dict[str, str]]) -> None:
    shell, ids = runs
    assert names(shell.run("%aml_runs")) == ["queued", "canceled", "lonely", "trial-2", "trial-1", "trial-0", "sweep"]
    assert names(shell.run("%aml_runs --limit 2")) == ["queued", "canceled"]
    assert names(shell.run("%aml_runs --order-by metrics.rmse --limit 2")) == ["lonely", "trial-1"]
    assert names(shell.run("%aml_runs metrics.rmse > 2 or not params.alpha != '1'")) == ["trial-1", "trial-0"]
    # Runs of others, and a status in either dialect.
    assert names(shell.run("%aml_runs user = 'bob'")) == ["queued", "canceled"]
    assert names(shell.run("%aml_runs status = 'Canceled'")) == ["canceled"]
    assert names(shell.run("%aml_runs status = 'Preparing'")) == ["queued"]
    assert len(shell.run("%aml_runs status = 'Completed'")) == 5
    assert set(shell.run("%aml_runs")["status"]) == {"FINISHED", "KILLED", "SCHEDULED"}
    # Several experiments, and all.
    here, there = shell.run("%aml_runs --all --children sweep")["experiment_id"].unique()
    both = shell.run(f"%aml_runs metrics.rmse > 2 --experiment {here} --experiment {there}")
    assert names(both) == ["trial-far", "trial-0"]
    # The sweep.
    assert names(shell.run("%aml_runs --children sweep")) == ["trial-2", "trial-1", "trial-0"]
    assert names(shell.run(f"%aml_runs metrics.rmse < 3 --children {ids['sweep']} --order-by rmse --limit 1")) == [
        "trial-1"
    ]
    assert len(shell.run("%aml_runs --children lonely")) == 0
    best = shell.run("best = %aml_best --metric rmse --min --children sweep\nbest")
    assert (best.run_id, best.runs) == (ids["trial-1"], 3)
    assert shell.run("%aml_best --metric rmse").run_name == "lonely"
    with pytest.raises(QueryError, match="modle"):
        shell.run("%aml_runs params.modle = 'x' --children sweep")
    with pytest.raises(RunNotFound, match="swep"):
        shell.run("%aml_runs --children swep")
    # The explorer, two runs side by side, one in full.
    explorer = repr(shell.run("%aml_compare --metric rmse --children sweep --static"))
    assert "trial-1" in explorer
    assert "lonely" not in explorer
    assert "lonely" in repr(shell.run("%aml_compare --where 'rmse < 1' --static"))
    side_by_side = repr(shell.run("%aml_compare trial-0 best"))
    assert "trial-1" in side_by_side
    assert "−2" in side_by_side
    card = shell.run("%aml_show best")
    assert (card.status, dict(card.metrics)) == ("FINISHED", {"rmse": 1.0})
    with pytest.raises(UsageError, match="as they are"):
        shell.run("%aml_compare trial-0 best --children sweep")
