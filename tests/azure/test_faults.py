"""Whatever the service does meanwhile: afterwards a run holds all that was logged, or an error said what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.errors import AuthenticationFailed, StoreUnreachable

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

FAULTS: dict[str, dict[str, Any]] = {
    "latency": {"seconds": 0.02},
    "throttle": {"times": 3, "retry_after": 1, "path": "api.azureml.test"},
    "error": {"times": 2, "path": "api.azureml.test|blob"},
    "drop": {"times": 2, "path": "api.azureml.test|blob"},
    "expired_token": {},
    "lag": {"seconds": 60},
}


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")  # seconds, doubled each time; 2 by default
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")


@pytest.mark.parametrize("kind", FAULTS)
def test_a_training_lives_through(kind: str, bridged: Connection, sandbox: Sandbox) -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), np.arange(40) % 2
    mlflow.sklearn.autolog(log_models=False)
    try:
        with mlflow.start_run(run_name=kind) as run:
            mlflow.log_param("before", 1)
            with sandbox.fault(kind, **FAULTS[kind]):
                mlflow.log_metric("loss", 0.5, step=1)
                LogisticRegression(C=0.25).fit(X, y)
                mlflow.log_metrics({"loss": 0.25, "late": 2.0}, step=2)
                mlflow.log_text("hello", "notes/a.txt")
                mlflow.set_tag("team", "red")
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = mlflow.get_run(run.info.run_id)
    client = mlflow.MlflowClient()
    assert found.info.status == "FINISHED"
    assert {"before": "1", "C": "0.25"}.items() <= found.data.params.items()
    assert {"loss": 0.25, "late": 2.0}.items() <= found.data.metrics.items()
    assert {"training_score", "training_log_loss"} <= set(found.data.metrics)
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss")] == [1, 2]
    assert found.data.tags["team"] == "red"
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/a.txt") == "hello"
    assert "training_confusion_matrix.png" in [info.path for info in client.list_artifacts(run.info.run_id)]
    assert len(mlflow.search_runs(filter_string=f"tags.mlflow.runName = '{kind}'")) == 1


def test_a_run_whose_end_was_not_heard_is_ended_later(
    bridged: Connection, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with sandbox.fault("error", path="/runs/(update|log-metric|get)"), pytest.raises(MlflowException):  # noqa: SIM117
        with mlflow.start_run() as run:
            mlflow.log_metric("lost", 1.0)  # told: it raises
    assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"
    assert run.info.run_id in caplog.text
    with mlflow.start_run() as after:
        pass
    assert mlflow.get_run(run.info.run_id).info.status == "FAILED"
    assert mlflow.get_run(after.info.run_id).info.status == "FINISHED"


def test_what_autolog_could_not_send_is_sent_later(
    bridged: Connection, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sklearn.linear_model import LogisticRegression

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.sklearn.autolog(log_models=False)
    try:
        with mlflow.start_run() as run, sandbox.fault("error", path="/runs/log-batch"):
            LogisticRegression(C=0.125).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = mlflow.get_run(run.info.run_id)
    assert f"what autolog logged to run {run.info.run_id}" in caplog.text
    assert (found.info.status, found.data.params["C"]) == ("FINISHED", "0.125")
    assert "training_score" in found.data.metrics


def test_a_login_that_is_refused_for_good_is_told(connection: Connection, sandbox: Sandbox) -> None:
    lifetime, sandbox.token_lifetime = sandbox.token_lifetime, -60
    try:
        with sandbox.fault("expired_token"), pytest.raises(AuthenticationFailed, match="refused the login"):  # noqa: SIM117
            with connection.guard("listing"):
                connection.mlflow.search_experiments()
    finally:
        sandbox.token_lifetime = lifetime
    assert connection.mlflow.search_experiments()


@pytest.mark.parametrize(
    ("kind", "said"), [("throttle", "no more requests"), ("error", r"its own \(500\)"), ("drop", "does not answer")]
)
def test_a_fault_that_stays_is_told(
    kind: str, said: str, connection: Connection, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with sandbox.fault(kind, retry_after=1), pytest.raises(StoreUnreachable, match=said) as caught:  # noqa: SIM117
        with connection.guard("listing"):
            connection.mlflow.search_experiments()
    assert sandbox.subscription_id not in str(caught.value)  # no URL of a request
    assert connection.mlflow.search_experiments()


def test_a_token_that_is_refused_while_files_go_and_come(bridged: Connection, sandbox: Sandbox, tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        repository = get_artifact_repository(run.info.artifact_uri)
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text(name)
            with sandbox.fault("expired_token"):
                repository.log_artifact(str(tmp_path / name))
        with sandbox.fault("expired_token"):
            assert [info.path for info in repository.list_artifacts(None)] == ["a.txt", "b.txt"]
        with sandbox.fault("expired_token"):
            assert (tmp_path / repository.download_artifacts("b.txt")).read_text() == "b.txt"
