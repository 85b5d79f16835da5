"""Renaming, tagging, noting, deleting and restoring runs, on a SQLite store and in the sandbox."""

from __future__ import annotations

import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.client import run_writes
from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.errors import NotFound, RunNotFound, UsageError
from mlflow_aml_magics.panels.base import Cancelled
from mlflow_aml_magics.services.edit_runs import edit_runs

ODD = "\u202e<img src=x onerror=alert(1)> \U0001f377"


@pytest.fixture
def workspace(conn: Connection) -> Workspace:
    """Three runs in the experiment wine."""
    experiment = conn.mlflow.create_experiment("wine")
    for name in ("low", "high", "middle"):
        conn.mlflow.create_run(experiment, run_name=name)
    return Workspace(conn, experiments=["wine"])


def test_name_tags_and_note_are_what_the_store_says_afterwards(workspace: Workspace, conn: Connection) -> None:
    run_id = workspace.find("low")
    assert workspace.rename_run("low", ODD) == f"renamed to '{ODD}'"
    workspace.set_tag(run_id, "team", ODD)
    workspace.set_note(run_id, "# Why\n" + ODD)
    run = conn.mlflow.get_run(run_id)
    assert run.info.run_name == ODD
    assert run.data.tags["team"] == ODD
    assert run.data.tags["mlflow.note.content"] == "# Why\n" + ODD
    workspace.set_tag(run_id, "team", None)
    workspace.set_note(run_id, "")
    workspace.set_note(run_id, "")  # taking away what is not there is no mistake
    assert {"team", "mlflow.note.content"}.isdisjoint(conn.mlflow.get_run(run_id).data.tags)


def test_what_the_store_would_cut_or_not_take_is_refused_before(workspace: Workspace, conn: Connection) -> None:
    run_id = workspace.find("low")
    before = conn.mlflow.get_run(run_id).data.tags
    with pytest.raises(UsageError, match="8,001 characters, and MLflow takes 8,000"):
        workspace.set_tag(run_id, "long", "x" * 8001)
    with pytest.raises(UsageError, match="MLflow's own"):
        workspace.set_tag(run_id, "mlflow.user", "me")
    with pytest.raises(UsageError, match="MLflow's own"):
        workspace.set_tag(run_id, "mlflow.runName", None)
    with pytest.raises(UsageError, match="needs a name"):
        workspace.set_tag(run_id, " ", "x")
    with pytest.raises(UsageError, match="cannot be empty"):
        workspace.rename_run(run_id, "  ")
    with pytest.raises(NotFound, match="nothing"):
        workspace.set_tag(run_id, "nothing", None)
    assert conn.mlflow.get_run(run_id).data.tags == before


def test_deleted_runs_are_gone_until_they_are_restored(workspace: Workspace) -> None:
    ids = [workspace.find(name) for name in ("low", "high")]
    assert workspace.delete_runs("low", "high") == "2 runs: deleted"
    assert list(workspace.runs()["tags.mlflow.runName"]) == ["middle"]
    with pytest.raises(RunNotFound):
        workspace.rename_run("low", "other")
    assert workspace.restore_runs(*ids) == "2 runs: restored"
    assert len(workspace.run_table()) == 3


def test_what_was_done_before_a_refusal_is_said(workspace: Workspace, conn: Connection) -> None:
    runs = [workspace.find("low"), "0" * 32, workspace.find("high")]
    with pytest.raises(NotFound, match="1 of 3 runs deleted, then: ") as caught:
        edit_runs(conn, "delete", runs)
    assert str(caught.value) == caught.value.message
    assert len(workspace.run_table()) == 2


def test_a_stop_leaves_the_rest_as_it_is(workspace: Workspace, conn: Connection) -> None:
    def stop(message: str) -> None:
        if message.startswith("1 "):
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled, match="1 of 3 runs deleted"):
        edit_runs(conn, "delete", list(workspace.runs()["run_id"]), progress=stop)
    assert len(workspace.run_table()) == 2


@pytest.mark.usefixtures("in_sandbox")
def test_azure_takes_less_and_that_is_said_in_words(connected: Connection) -> None:
    with connected.guard("writing to"):
        experiment = connected.mlflow.create_experiment("edit-runs")
        run_id = connected.mlflow.create_run(experiment, run_name="low").info.run_id
    workspace = Workspace(connected, experiments=["edit-runs"])
    workspace.set_tag(run_id, "team", "x" * 1000)
    workspace.rename_run(run_id, "lower")
    workspace.set_note(run_id, "why")
    with connected.guard("reading"):
        run = connected.mlflow.get_run(run_id)
    assert run.info.run_name == "lower"
    assert run.data.tags["mlflow.note.content"] == "why"
    with pytest.raises(UsageError, match="1,001 characters, and Azure Machine Learning takes 1,000"):
        workspace.set_note(run_id, "x" * 1001)
    with pytest.raises(UsageError, match="101 characters, and Azure Machine Learning takes 100"):
        workspace.set_tag(run_id, "k" * 101, "x")
    run_writes.delete(connected, run_id)
    assert len(workspace.run_table()) == 0
    run_writes.restore(connected, run_id)
    assert len(workspace.run_table()) == 1
