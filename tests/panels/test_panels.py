"""The panels' Python side: state, requests and static output, without a browser."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import mlflow
import pyarrow as pa
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import NoModelInRun, QueryError, UsageError
from mlflow_aml_magics.panels.answers.copy_code import python_of
from mlflow_aml_magics.panels.base import PANEL_MIME, WIDGET_MIME, Cancelled
from mlflow_aml_magics.panels.explorer import ExplorerPanel


class Answers:
    """What a panel sends, in order; `wait` returns the reply to a request."""

    def __init__(self, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.panel, self.sent, self.arrived = panel, [], threading.Condition()
        monkeypatch.setattr(panel, "send", self.receive)

    def receive(self, message: dict[str, Any], _buffers: object = None) -> None:
        with self.arrived:
            self.sent.append(message)
            self.arrived.notify_all()

    def ask(self, name: str, args: dict[str, Any], request: str = "1") -> None:
        self.panel._receive(self.panel, {"id": request, "kind": "request", "name": name, "args": args}, [])

    def wait(self, request: str = "1") -> dict[str, Any]:
        def replies() -> list[dict[str, Any]]:
            return [m for m in self.sent if m["kind"] == "reply" and m["id"] == request]

        with self.arrived:
            assert self.arrived.wait_for(replies, timeout=60)
            return replies()[0]


@pytest.fixture
def workspace(store_uri: str) -> Workspace:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine")
    for name, alpha, rmse in (("low", "0.1", 3.0), ("high", "0.5", 5.0), ("<img src=x>", "0.9", None)):
        run = client.create_run(experiment, run_name=name).info.run_id
        client.log_param(run, "alpha", alpha)
        if rmse is not None:
            client.log_metric(run, "rmse", rmse)
        client.set_terminated(run)
    return Workspace.connect(store_uri, experiment="wine")


@pytest.fixture
def panel(workspace: Workspace) -> ExplorerPanel:
    panel = workspace.compare(metric="rmse")
    assert isinstance(panel, ExplorerPanel)
    return panel


def test_the_runs_travel_as_the_columns_that_the_info_names(panel: ExplorerPanel) -> None:
    table = pa.ipc.open_stream(panel._runs).read_all()
    assert table.column_names == [column["key"] for column in panel.info["columns"]]
    assert (panel.info["total"], panel.info["loaded"], panel.info["goal"]) == (3, 3, "min")


def test_selected_is_what_is_ticked_else_what_the_filter_shows(panel: ExplorerPanel) -> None:
    seen: list[int] = []
    panel.on_select(lambda frame: seen.append(len(frame)))
    assert len(panel.selected) == 3
    panel.query = "metrics.rmse > 4"
    assert list(panel.selected["params.alpha"]) == ["0.5"]
    ticked = [str(run) for run in panel.run_table.filter("alpha = '0.1'").column("run_id").to_pylist()]
    panel.selected_run_ids = ticked
    assert list(panel.selected["run_id"]) == ticked
    assert seen == [1, 1]


def test_a_query_that_does_not_fit_is_refused_and_the_old_one_stays(panel: ExplorerPanel) -> None:
    panel.query = "metrics.rmse > 4"
    with pytest.raises(QueryError):
        panel.query = "metrics.rsme > 4"
    assert panel.query == "metrics.rmse > 4"


def test_the_output_holds_the_live_view_and_what_survives_it(
    panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = panel._repr_mimebundle_()
    assert set(data) == {PANEL_MIME, WIDGET_MIME, "text/html", "text/markdown", "text/plain"}
    assert data[PANEL_MIME]["model_id"] == data[WIDGET_MIME]["model_id"] == panel.model_id
    assert "<svg" in data["text/html"]
    assert "<img" not in data["text/html"]
    assert "<script" not in data["text/html"]
    assert len(data["text/html"]) < 100_000
    assert repr(panel) == data["text/plain"]
    assert "0x" not in repr(panel)
    monkeypatch.setenv("AML_MAGICS_RENDER", "static")
    assert WIDGET_MIME not in panel._repr_mimebundle_()[0]


def test_a_request_that_fails_is_answered_with_message_and_hint(
    panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(panel, monkeypatch)
    run_id = str(panel.run_table.column("run_id")[0].as_py())
    answers.ask("register", {"run_id": run_id, "name": "wine", "alias": "champion"})
    error = answers.wait()["error"]
    assert error["code"] == NoModelInRun.code
    assert error["hint"]
    answers.ask("fly", {}, "2")
    assert "fly" in answers.wait("2")["error"]["message"]


def test_an_unexpected_failure_is_answered_too(panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(panel, monkeypatch)
    monkeypatch.setattr(panel.workspace, "register", lambda *a, **k: 1 / 0)
    answers.ask("register", {"run_id": "x", "name": "wine", "alias": None})
    assert "ZeroDivisionError" in answers.wait()["error"]["message"]


def test_cancel_ends_a_request_at_its_next_step(panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, go_on = Answers(panel, monkeypatch), threading.Event()

    def slow(*_: object, progress: Any, **__: object) -> None:
        progress("loading")
        go_on.wait(30)
        progress("still loading")

    monkeypatch.setattr(panel.workspace, "deploy", slow)
    answers.ask("deploy", {"run_id": "x", "name": "wine"})
    answers.ask("cancel", {"request": "1"}, "2")
    go_on.set()
    assert answers.wait()["error"]["code"] == Cancelled.code
    assert {"id": "1", "kind": "progress", "message": "loading"} in answers.sent


def test_copy_as_python_parses_and_holds_no_password(panel: ExplorerPanel, workspace: Workspace) -> None:
    for action in ("runs", "register", "deploy"):
        code = python_of(
            workspace, {"action": action, "run_id": "r1", "name": "wine", "alias": "champion", "query": "a = 'b'"}
        )
        compile(code, "<copied>", "exec")
        assert "wine" in code
    workspace.connection.uri = "postgresql://me:secret@host/db"
    assert "secret" not in python_of(workspace, {"action": "runs", "query": ""})


def test_the_python_api_asks_the_same_questions(workspace: Workspace, tmp_path: Path) -> None:
    assert list(workspace.runs("metrics.rmse < 4")["params.alpha"]) == ["0.1"]
    assert workspace.best("rmse").run_name == "low"
    assert "alpha" in repr(workspace.compare("low", "high", static=True))
    assert len(workspace.models()) == 0


def test_copy_as_python_holds_no_secret_in_any_form(panel: ExplorerPanel, workspace: Workspace) -> None:
    for uri in (
        "postgresql://me:s3cret@host/db",
        "https://s3cret@host",
        "postgresql://host/db?user=me&password=s3cret",
    ):
        workspace.connection.uri = workspace.connection.registry_uri = uri
        assert "s3cret" not in python_of(workspace, {"action": "runs", "query": ""})
        workspace.connection.uri = "sqlite:///mlflow.db"
        code = python_of(workspace, {"action": "runs", "query": ""})
        assert "registry_uri=" in code
        assert "s3cret" not in code


def test_copy_as_python_names_the_experiments_of_the_panel(
    workspace: Workspace, store_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    client.create_run(client.create_experiment("beer"))
    for scope, expected in (("beer", "experiment='beer'"), (["beer", "wine"], "experiment=['beer', 'wine']")):
        answers = Answers(workspace.compare(experiment=scope), monkeypatch)
        answers.ask("copy_as_python", {"action": "runs", "query": ""})
        assert expected in answers.wait()["result"]["code"]
    answers = Answers(workspace.compare(experiment=()), monkeypatch)  # all of them
    answers.ask("copy_as_python", {"action": "runs", "query": ""})
    assert "experiment=" not in answers.wait()["result"]["code"]


def test_arguments_that_are_no_mapping_are_answered(panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(panel, monkeypatch)
    for request, (name, args) in enumerate((("register", [1]), ("cancel", "1"), ("fly", 7))):
        answers.ask(name, args, str(request))  # type: ignore[arg-type]
        assert answers.wait(str(request))["error"]["code"] == UsageError.code


def test_an_unexpected_failure_tells_no_password(panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("cannot reach http://bob:s3cret@host/api")

    answers = Answers(panel, monkeypatch)
    monkeypatch.setattr(panel.workspace, "register", broken)
    answers.ask("register", {"run_id": "x", "name": "wine", "alias": None})
    assert "s3cret" not in str(answers.wait())


def test_names_of_models_cost_no_request_a_version(
    workspace: Workspace, store_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow_aml_magics.magics.completion import _models

    client = mlflow.MlflowClient(tracking_uri=store_uri)
    client.create_registered_model("wine")
    run = client.search_runs([client.get_experiment_by_name("wine").experiment_id])[0].info.run_id
    client.create_model_version("wine", "/tmp/model", run_id=run)

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("a version's metrics were read")

    monkeypatch.setattr("mlflow_aml_magics.client.registry._with_metrics", forbidden)
    assert workspace._model_names() == ["wine"]
    assert _models(workspace) == ["wine:1"]
