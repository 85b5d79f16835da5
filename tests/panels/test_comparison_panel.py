"""The side-by-side panel's Python side: what it is asked, and what it keeps."""

from __future__ import annotations

import threading
from typing import Any

import mlflow
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import UsageError
from mlflow_aml_magics.panels.comparison import ComparisonPanel


class Asked:
    """Asks a panel as the browser does; the replies, with their buffers."""

    def __init__(self, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.panel, self.arrived = panel, threading.Condition()
        self.replies: list[tuple[dict[str, Any], Any]] = []
        monkeypatch.setattr(panel, "send", self.receive)

    def receive(self, message: dict[str, Any], buffers: Any = None) -> None:
        if message["kind"] == "reply":
            with self.arrived:
                self.replies.append((message, buffers))
                self.arrived.notify_all()

    def __call__(self, name: str, /, **args: Any) -> tuple[dict[str, Any], Any]:
        before = len(self.replies)
        self.panel._receive(self.panel, {"id": str(before), "kind": "request", "name": name, "args": args}, [])
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.replies) > before, timeout=60)
            return self.replies[-1]


@pytest.fixture
def workspace(store_uri: str) -> Workspace:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine")
    for i in range(6):
        run = client.create_run(experiment, run_name=f"run-{i}").info.run_id
        client.log_param(run, "alpha", str(i // 3))
        client.log_param(run, "seed", str(i % 3))
        client.log_metric(run, "rmse", 5.0 - i // 3 + 0.01 * (i % 3))
        client.log_text(run, f"run {i}", "note.txt")
        client.set_terminated(run)
    return Workspace.connect(store_uri, experiment="wine")


@pytest.fixture
def panel(workspace: Workspace) -> ComparisonPanel:
    panel = workspace.compare("run-0", "run-3", "run-4")
    assert isinstance(panel, ComparisonPanel)
    return panel


def test_another_baseline_is_what_python_and_the_stored_output_have(
    panel: ComparisonPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Asked(panel, monkeypatch)
    ids = [run["run_id"] for run in panel.comparison["runs"]]
    reply, _ = ask("compare", run_ids=ids, baseline=ids[1], metrics_at="min")
    assert reply["result"]["baseline"] == ids[1]
    assert (panel.comparison["baseline"], panel.comparison["metrics_at"]) == (ids[1], "min")
    assert "Metrics (lowest)" in panel._document().markdown()
    assert ask("compare", run_ids=ids[:1], baseline="", metrics_at="last")[0]["error"]["code"] == UsageError.code
    assert panel.comparison["baseline"] == ids[1]


def test_a_file_is_answered_with_what_changed(panel: ComparisonPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [run["run_id"] for run in panel.comparison["runs"]]
    reply, buffers = Asked(panel, monkeypatch)("artifact", run_ids=ids, path="note.txt", step=None, baseline=ids[2])
    assert reply["result"]["rows"] == [{"state": "changed", "left": ["run 4"], "right": ["run 0"]}]
    assert buffers == []


def test_noise_is_told_from_repeats_that_are_not_in_the_panel(
    panel: ComparisonPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [run["run_id"] for run in panel.comparison["runs"]]
    reply, _ = Asked(panel, monkeypatch)("noise", run_ids=ids[:2], metric="rmse", baseline=ids[0], group_by=[])
    groups = reply["result"]["groups"]
    assert [group["n"] for group in groups] == [3, 3]
    assert groups[1]["verdict"] == "better"


def test_the_explorer_answers_the_same(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = workspace.compare(metric="rmse")
    ids = [str(run_id) for run_id in explorer.run_table.column("run_id").to_pylist()[:2]]  # type: ignore[union-attr]
    reply, _ = Asked(explorer, monkeypatch)("compare", run_ids=ids, baseline="", metrics_at="last")
    assert [run["run_id"] for run in reply["result"]["runs"]] == ids
