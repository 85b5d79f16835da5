"""The same workspace calls on a SQLite store and on Azure Machine Learning, which is the sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import mlflow.sklearn
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from mlflow_aml_magics.workspace import Workspace

if TYPE_CHECKING:
    from mlflow_aml_magics.client.connection import Connection
    from mlflow_aml_magics.sandbox import Sandbox

PIP = ["scikit-learn"]  # spares mlflow the 5 s of finding it out
FRAME = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 1, 0]})
LogRun = Callable[..., str]


def fitted(alpha: float = 1.0) -> Ridge:
    """A model; another alpha makes another one."""
    return Ridge(alpha=alpha).fit(FRAME, [1, 2, 3])


@pytest.fixture
def called(request: pytest.FixtureRequest) -> str:
    """A name for this test's experiment and models: the sandbox is shared."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")


@pytest.fixture
def azure(in_sandbox: Sandbox, connected: Connection, called: str) -> Workspace:
    """The sandbox's first workspace, and an experiment called like the test."""
    assert connected.azure is not None
    assert connected.azure.credential is not None
    connected.azure.credential.forget()  # another test may have had every token revoked
    return _prepared(Workspace(connected, experiments=[called]), called)


@pytest.fixture
def models(azure: Workspace) -> Any:
    """Models as somebody else sees them, with a client of azure-ai-ml of their own."""
    from azure.ai.ml import MLClient

    where = azure.connection.azure
    assert where is not None
    ref = where.ref
    return MLClient(where.credential, ref.subscription_id, ref.resource_group, ref.name, enable_telemetry=False).models


@pytest.fixture
def sqlite(store_uri: str, called: str) -> Workspace:
    """An empty SQLite store."""
    return _prepared(Workspace.connect(store_uri, experiment=called), called)


@pytest.fixture(params=["sqlite", "azure"])
def ws(request: pytest.FixtureRequest) -> Workspace:
    """Either of them."""
    found: Workspace = request.getfixturevalue(request.param)
    return found


def _prepared(workspace: Workspace, experiment: str) -> Workspace:
    with workspace.connection.guard("making the experiment"):
        workspace.connection.mlflow.create_experiment(experiment)
    return workspace


@pytest.fixture
def log_run(called: str) -> LogRun:
    """Logs a model as a user does, in a run of its own; the run's id."""

    def log(workspace: Workspace, model: Any = None, *, name: str = "trained", rmse: float = 1.0) -> str:
        with workspace.connection.as_current():
            mlflow.set_experiment(called)
            with mlflow.start_run(run_name=name) as run:
                mlflow.log_metric("rmse", rmse)
                mlflow.log_text("a note", "notes/note.txt")
                mlflow.sklearn.log_model(
                    fitted() if model is None else model, name="model", input_example=FRAME[:1], pip_requirements=PIP
                )
        return str(run.info.run_id)

    return log


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A folder written by mlflow's save_model."""
    folder = tmp_path / "exported"
    mlflow.sklearn.save_model(fitted(9), folder, input_example=FRAME[:1], pip_requirements=PIP)
    return folder
