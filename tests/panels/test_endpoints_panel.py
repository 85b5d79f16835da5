"""The panel of deployments without a browser: what it lists, a deployment from its form, requests, failures."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import DeploymentNotFound
from mlflow_aml_magics.panels.endpoints import EndpointsPanel
from mlflow_aml_magics.services.deploy import stop_all
from mlflow_aml_magics.workspace import Serving

SECONDS = 90  # for a scoring process on a busy machine


class Asked:
    """Asks a panel as the browser does."""

    def __init__(self, panel: EndpointsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.panel, self.arrived, self.asked = panel, threading.Condition(), 0
        self.replies: dict[str, dict[str, Any]] = {}
        monkeypatch.setattr(panel, "send", self.receive)
        panel.observe(self.noticed, names="_work")

    def receive(self, message: dict[str, Any], _buffers: object = None) -> None:
        if message["kind"] == "reply":
            with self.arrived:
                self.replies[message["id"]] = message
                self.arrived.notify_all()

    def noticed(self, _change: object) -> None:
        with self.arrived:
            self.arrived.notify_all()

    def __call__(self, request: str, /, **args: Any) -> dict[str, Any]:
        self.asked += 1
        number = str(self.asked)
        self.panel._receive(self.panel, {"id": number, "kind": "request", "name": request, "args": args}, [])
        with self.arrived:
            assert self.arrived.wait_for(lambda: number in self.replies, timeout=SECONDS)
            return self.replies[number]

    def work(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The work of the panel once it is as wanted."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: done(self.panel._work), timeout=SECONDS), self.panel._work
            return dict(self.panel._work)


def ended(work: dict[str, Any]) -> bool:
    return work["seconds"] is not None


@pytest.fixture
def workspace(store_uri: str, monkeypatch: pytest.MonkeyPatch, repo: Any) -> Iterator[Workspace]:
    monkeypatch.setenv("PYTHONPATH", str(repo))
    workspace = Workspace.connect(store_uri, experiment="wine")
    yield workspace
    stop_all()


@pytest.fixture
def wine(workspace: Workspace) -> Workspace:
    """A workspace with a registered model of two columns."""
    rows = pd.DataFrame({"acid": [1.0, 2.0, 3.0], "sugar": [0.5, 0.1, 0.3]})
    model = LinearRegression().fit(rows, [1.0, 2.0, 3.0])
    workspace.register(model, "wine", alias="champion", input_example=rows[:2], pip_requirements=["scikit-learn"])
    return workspace


def test_from_the_form_to_an_answer_and_deleted(wine: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = wine.endpoints_panel(model="wine@champion")
    ask = Asked(panel, monkeypatch)
    assert (len(panel), panel.tab, panel._info["targets"]) == (0, "new", ["local", "docker"])
    models = ask("deploy_choices")["result"]["models"]
    assert models == [{"name": "wine", "versions": [{"version": "1", "aliases": ["champion"], "stage": ""}]}]

    assert ask("deploy_model", model="wine@champion", target="local", name="tasting")["error"] is None
    assert "under way" in ask("deploy_model", model="wine", target="local")["error"]["message"]
    work = ask.work(ended)
    assert work["state"] == "done", work
    assert work["lines"]
    assert (panel.selected, panel.tab) == ("local:tasting", "test")
    assert [(row["name"], row["state"]) for row in panel._info["rows"]] == [("tasting", "running")]
    assert [deployment.name for deployment in panel] == ["tasting"]

    sample = ask("sample_request", name="local:tasting")["result"]
    assert [field["name"] for field in sample["fields"]] == ["acid", "sugar"]
    assert sample["rows"] == [[1.0, 0.5], [2.0, 0.1]]
    body = {"input_data": {"columns": ["acid", "sugar"], "index": [0], "data": [[2.0, 0.1]]}}
    answer = ask("send_request", name="local:tasting", body=json.dumps(body), repeat=5)["result"]
    side = answer["sides"][0]
    assert (side["status"], side["times"]) == (200, 5)
    assert 0 < side["p50"] <= side["p95"]
    assert (answer["table"]["columns"], answer["table"]["total"]) == (["acid", "sugar", "prediction"], 1)
    beside = ask("send_request", name="local:tasting", body=json.dumps(body), compare="tasting")["result"]
    assert [one["name"] for one in beside["sides"]] == ["local:tasting", "tasting"]

    wrong = ask("send_request", name="local:tasting", body='{"inputs": [{"acid": "sour", "sugar": 1.0}]}')
    assert "acid" in wrong["error"]["message"]
    assert "JSON" in ask("send_request", name="local:tasting", body="{")["error"]["message"]
    assert ask("deployment_logs", name="local:tasting", tail=20)["result"]["text"]
    codes = ask("copy_code", action="invoke", args={"name": "local:tasting", "body": body})["result"]["codes"]
    assert "Bearer" not in str(codes)
    assert "curl" in codes["curl"]

    assert ask("delete_deployment", name="local:tasting")["error"] is None
    assert (len(panel), panel.selected) == (0, "")
    assert "tasting" in ask("delete_deployment", name="local:tasting")["error"]["message"]


def test_what_fails_is_told_with_the_next_step(wine: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = wine.endpoints_panel()
    ask = Asked(panel, monkeypatch)
    assert "which model" in ask("deploy_model", model=" ", target="local")["error"]["message"]
    ask("deploy_model", model="wine:7", target="local")
    work = ask.work(ended)
    assert work["state"] in ("failed", "refused")
    assert "7" in str(work["failure"] or work["findings"])
    ask("deploy_model", model="wine", target="local", instance_type="Standard_DS3_v2", force=True)
    work = ask.work(lambda work: work["number"] == 2 and ended(work))
    assert "instance-type" in work["failure"]["message"]
    assert list(panel) == []


def test_a_deployment_is_stopped_at_its_next_word(wine: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = wine.endpoints_panel()
    ask = Asked(panel, monkeypatch)
    said = threading.Event()

    def deploy(*_args: Any, progress: Callable[[str], None], **_options: Any) -> None:
        for seconds in range(1, 1_000_000):
            progress(f"0:{seconds:02} building the image…")
            said.set()

    monkeypatch.setattr(wine, "deploy", deploy)
    ask("deploy_model", model="wine", target="local", force=True)
    assert said.wait(SECONDS)
    ask("stop_deploy")
    work = ask.work(ended)
    assert work["failure"]["code"] == "cancelled"
    assert sum("building" in line["text"] for line in work["lines"]) == 1  # it counted on, and filled no log


def test_without_a_store_there_is_nothing_to_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Serving().endpoints_panel()
    ask = Asked(panel, monkeypatch)
    assert (panel._info["targets"], list(panel)) == ([], [])
    assert ask("deploy_choices")["result"]["models"] == []
    assert "nothing is tracked" in ask("deploy_model", model="wine", target="local")["error"]["message"]
    assert "%aml_deploy" in repr(panel)
    with pytest.raises(DeploymentNotFound):
        Serving().endpoints_panel("wine")


NO_CODE = ["mlflow==3.6.0", "scikit-learn", "azureml-ai-monitoring", "azureml-inference-server-http"]


@pytest.fixture
def in_azure(in_sandbox: Any, connected: Any, tmp_path: Path) -> Workspace:
    """The sandbox's workspace with a registered model `cellar`."""
    from azure.ai.ml.entities import Model

    rows = pd.DataFrame({"acid": [1.0, 2.0, 3.0], "sugar": [0.5, 0.1, 0.3]})
    model, folder = LinearRegression().fit(rows, [1.0, 2.0, 3.0]), tmp_path / "cellar"
    mlflow.sklearn.save_model(model, folder, input_example=rows[:1], pip_requirements=NO_CODE)
    connected.azure.credential.forget()  # another test may have had every token revoked
    connected.azure.ml_client.models.create_or_update(Model(name="cellar", path=str(folder), type="mlflow_model"))
    return Workspace(connected)


def test_an_endpoint_of_the_workspace_from_the_form_to_its_end(
    in_azure: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = in_azure.endpoints_panel(model="")
    ask = Asked(panel, monkeypatch)
    choices = ask("deploy_choices")["result"]
    assert "USD an hour" in choices["machines"][0]["hint"]
    assert any("batch" in compute["targets"] for compute in choices["computes"]), choices
    assert panel._info["targets"] == ["local", "docker", "online", "kubernetes", "batch"]

    ask("deploy_model", model="cellar:1", target="online", name="cellar-panel", tags={"team": "cellar"})
    work = ask.work(ended)
    assert work["state"] == "done", work
    assert panel.selected == "online:cellar-panel/blue"

    def row() -> dict[str, Any]:
        return next(row for row in panel._info["rows"] if row["endpoint"] == "cellar-panel")

    assert (row()["deployment"], row()["traffic"], row()["machine"]) == ("blue", 100, "Standard_DS3_v2 × 1")
    assert ask("set_traffic", name="online:cellar-panel", shares={"blue": 0})["error"] is None
    assert (row()["traffic"], bool(row()["pointed"])) == (0, True)
    sample = ask("sample_request", name="online:cellar-panel/blue")["result"]
    assert sample["wire"] == "azure"
    answer = ask("send_request", name="online:cellar-panel/blue", body=sample["azure"])["result"]
    assert answer["sides"][0]["by"] == {"blue": 1}
    assert ask("roll_back", name="online:cellar-panel")["error"] is None
    assert row()["traffic"] == 100
    assert "100" in ask("set_traffic", name="online:cellar-panel", shares={"blue": 30})["error"]["message"]
    codes = ask("copy_code", action="traffic", args={"name": "online:cellar-panel", "shares": {"blue": 100}})
    assert set(codes["result"]["codes"]) >= {"python", "cli"}
    assert ask("delete_deployment", name="online:cellar-panel")["error"] is None
    assert not any(one["endpoint"] == "cellar-panel" for one in panel._info["rows"])
