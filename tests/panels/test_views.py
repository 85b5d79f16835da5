"""Saved views, and that the explorer opens as it was left: kept in the user's folder, safe from names and kernels."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import mlflow
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import NotFound, QueryError, UsageError
from mlflow_aml_magics.panels.explorer import ExplorerPanel
from mlflow_aml_magics.services.views import Views

HOSTILE = ["../../etc/passwd", "<img src=x onerror=alert(1)>", "a" * 100, "Überblick ✓", "con.", "x/y\\z", ".."]


@pytest.fixture
def workspace(store_uri: str) -> Workspace:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    for experiment in ("wine", "beer"):
        experiment_id = client.create_experiment(experiment)
        for alpha, rmse in (("0.1", 3.0), ("0.5", 5.0)):
            run = client.create_run(experiment_id).info.run_id
            client.log_param(run, "alpha", alpha)
            client.log_metric(run, "rmse", rmse)
            client.set_terminated(run)
    return Workspace.connect(store_uri, experiment="wine")


def explorer(workspace: Workspace, **words: Any) -> ExplorerPanel:
    panel = workspace.compare(**words)
    assert isinstance(panel, ExplorerPanel)
    return panel


def test_the_explorer_opens_as_it_was_left(workspace: Workspace) -> None:
    left = explorer(workspace)
    left.query = "metrics.rmse > 4"
    left.columns = ["run_name", "metrics.rmse"]
    left.view = {"sort": [{"key": "metrics.rmse", "descending": True}], "tab": "charts"}
    left.color = "params.alpha"

    opened = explorer(workspace)
    assert (opened.query, opened.columns, opened.color) == (left.query, left.columns, left.color)
    assert opened.view == left.view
    assert "1 of 2 runs" in repr(opened)
    assert explorer(workspace, experiment="beer").view == {}


def test_children_are_left_on_their_own_and_share_the_saved_views(workspace: Workspace, store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.get_experiment_by_name("wine").experiment_id
    parent = client.create_run(experiment).info.run_id
    client.log_metric(client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id, "rmse", 9.0)
    whole = explorer(workspace)
    whole.query = "metrics.rmse > 4"
    whole.save_view("bad")
    whole.query = "metrics.rmse < 4"
    children = explorer(workspace, children=parent)
    assert (children.query, children.views()) == ("", ["bad"])
    assert explorer(workspace, children=parent, view="bad").query == "metrics.rmse > 4"


def test_what_is_asked_for_outweighs_what_was_left(workspace: Workspace) -> None:
    left = explorer(workspace)
    left.query, left.color = "metrics.rmse > 4", "params.alpha"
    left.view = {"sort": [{"key": "params.alpha", "descending": True}], "pinned": ["run_name"]}
    assert explorer(workspace, query="metrics.rmse < 4").query == "metrics.rmse < 4"
    asked = explorer(workspace, metric="rmse")
    assert (asked.color, asked.view) == ("", {"pinned": ["run_name"]})
    assert len(workspace.compare(static=True)._repr_mimebundle_()["text/plain"]) > 0
    assert "2 runs" in repr(workspace.compare(static=True))


def test_a_filter_that_no_run_fits_any_more_is_dropped(workspace: Workspace, store_uri: str) -> None:
    left = explorer(workspace)
    left.query = "params.alpha = '0.5'"
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.get_experiment_by_name("wine").experiment_id
    for run in client.search_runs([experiment]):
        client.delete_run(run.info.run_id)
    client.set_terminated(client.create_run(experiment).info.run_id)
    assert explorer(workspace).query == ""


def test_saved_views_come_back_by_name(workspace: Workspace, shell: Any, store_uri: str) -> None:
    panel = explorer(workspace)
    panel.query = "metrics.rmse > 4"
    panel.save_view("bad ones")
    panel.query = ""
    assert panel.views() == ["bad ones"]
    panel.load_view("bad ones")
    assert panel.query == "metrics.rmse > 4"
    with pytest.raises(NotFound) as caught:
        panel.load_view("bad one")
    assert "'bad ones'" in (caught.value.hint or "")
    shell.run(f"%aml_track {store_uri} --experiment wine")
    assert "1 of 2 runs" in repr(shell.run("%aml_compare --view 'bad ones' --static"))
    with pytest.raises(NotFound):
        shell.run("%aml_compare --view good")
    panel.delete_view("bad ones")
    assert panel.views() == []
    with pytest.raises(NotFound):
        panel.delete_view("bad ones")


def test_a_view_travels_as_text(workspace: Workspace) -> None:
    panel = explorer(workspace)
    panel.view = {"axes": ["x"], "starred": ["r1"], "scales": {"params.alpha": "log"}}
    panel.query = "metrics.rmse > 4"
    text = panel.view_json()
    other = explorer(workspace, experiment="beer")
    other.load_view(text)
    assert other.query == panel.query
    assert other.view["scales"] == {"params.alpha": "log"}
    assert json.loads(other.view_json()) == json.loads(text)


@pytest.mark.parametrize(
    "wrong", ["{", '{"sort": [null]}', '{"query": 5}', '{"scales": {"a": "cubic"}}', '{"charts": [{"id": "1"}]}']
)
def test_what_is_no_view_is_refused_and_changes_nothing(workspace: Workspace, wrong: str) -> None:
    panel = explorer(workspace)
    panel.query = "metrics.rmse > 4"
    with pytest.raises(UsageError):
        panel.load_view(wrong)
    with pytest.raises(QueryError):
        panel.load_view('{"query": "nonsense >"}')
    assert panel.query == "metrics.rmse > 4"


@pytest.mark.parametrize("name", HOSTILE)
def test_any_printable_name_names_a_view_and_no_file(workspace: Workspace, name: str) -> None:
    views = Views(workspace.connection, ["wine"])
    views.save(name, {"query": ""})
    assert list(views.all()) == [name]
    files = [path for path in Path(os.environ["AML_MAGICS_STATE_DIR"]).rglob("*") if path.is_file()]
    assert all(path.parent.parent.name == "views" and path.name.startswith("view-") for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\u202egnp"])
def test_what_cannot_be_read_names_no_view(workspace: Workspace, name: str) -> None:
    with pytest.raises(UsageError):
        Views(workspace.connection, ["wine"]).save(name, {})


def test_a_garbled_file_is_as_none(workspace: Workspace) -> None:
    panel = explorer(workspace)
    panel.save_view("good")
    panel.columns = ["run_name"]
    for path in Path(os.environ["AML_MAGICS_STATE_DIR"]).rglob("*.json"):
        path.write_bytes(b'{"format": 1, "name": "good", "view": {"sor\xff')
    assert panel.views() == []
    assert explorer(workspace).columns == []


def test_kernels_at_once_leave_whole_views(workspace: Workspace) -> None:
    def write(number: int) -> None:
        views = Views(workspace.connection, ["wine"])
        for i in range(20):
            views.keep({"query": f"{number}-{i}", "columns": [str(number)] * 200})
            views.save(f"view {number}", {"query": str(i)})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    views = Views(workspace.connection, ["wine"])
    seen = []
    while any(thread.is_alive() for thread in threads):
        seen.append(views.last())
    assert all(len(view["columns"]) == 200 for view in seen if view)
    assert list(views.all()) == [f"view {number}" for number in range(4)]
    assert not list(Path(os.environ["AML_MAGICS_STATE_DIR"]).rglob("*.part"))


def test_a_place_that_cannot_be_written_fails_no_cell(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("AML_MAGICS_STATE_DIR", str(Path("file").resolve()))
    panel = explorer(workspace)
    panel.query = "metrics.rmse > 4"
    with pytest.raises(UsageError) as caught:
        panel.save_view("mine")
    assert "AML_MAGICS_STATE_DIR" in (caught.value.hint or "")
