"""The same work against a real `mlflow server`: query, best, register, artifacts through HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from mlflow_aml_magics import Workspace


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.5, 0.1, 0.9]})


@pytest.fixture(scope="module")
def workspace(server_uri: str, rows: pd.DataFrame) -> Workspace:
    mlflow.set_tracking_uri(server_uri)
    mlflow.set_experiment("wine")
    for alpha in (0.1, 1.0, 10.0):
        with mlflow.start_run(run_name=f"alpha-{alpha}"):
            model = Ridge(alpha=alpha).fit(rows, [1.0, 2.0, 3.0])
            mlflow.log_param("alpha", alpha)
            mlflow.log_metric("rmse", alpha / 2)
            if alpha < 10:
                mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"], input_example=rows)
    mlflow.set_tracking_uri(None)
    return Workspace.connect(server_uri, experiment="wine")


def test_runs_are_what_search_runs_gives(workspace: Workspace) -> None:
    mlflow.set_tracking_uri(workspace.uri)
    theirs = mlflow.search_runs(experiment_names=["wine"])
    pd.testing.assert_frame_equal(workspace.runs()[theirs.columns], theirs)
    assert list(workspace.runs("rmse < 1 OR alpha > 5", order_by="rmse DESC")["params.alpha"]) == ["10.0", "1.0", "0.1"]


def test_the_magics_work_the_same(workspace: Workspace, shell: Any) -> None:
    status = shell.run(f"%aml_track {workspace.uri} --experiment wine --no-autolog")
    assert "MLflow server" in status.store
    assert shell.run("%aml_best --metric rmse").run_name == "alpha-0.1"
    assert "Ridge" not in repr(shell.run("%aml_compare alpha-0.1 alpha-1.0"))
    done = shell.run("%%aml_track --run-name cell --metrics rmse\nrmse = 9")
    assert mlflow.get_run(done.run_id).data.metrics == {"rmse": 9.0}


def test_runs_stand_side_by_side_with_files_read_in_part(workspace: Workspace) -> None:
    for name, word in (("alpha-0.1", "a"), ("alpha-1.0", "b")):
        workspace.connection.mlflow.log_text(workspace.find(name), word * 3_000_000, "long.txt")
    info = workspace.side_by_side("alpha-0.1", "alpha-1.0")
    lines = {row["key"]: row["values"] for section in info["sections"] for row in section["rows"]}
    assert info["notes"] == []
    assert lines["long.txt"] == ["3.0 MB", "3.0 MB"]
    assert lines["input a"] == ["double", "double"]
    found, _ = workspace.artifact_side_by_side("alpha-0.1", "alpha-1.0", path="long.txt")
    assert [(file["size"], file["read"]) for file in found["files"]] == [(3_000_000, 200_000)] * 2


def test_a_run_and_a_folder_become_versions(workspace: Workspace, rows: pd.DataFrame, tmp_path: Path) -> None:
    first = workspace.register(workspace.best("rmse"), "wine", alias="champion")
    assert (first.version, first.created) == ("1", True)
    assert not workspace.register(workspace.best("rmse"), "wine").created
    mlflow.sklearn.save_model(Ridge(alpha=3).fit(rows, [3.0, 2.0, 1.0]), str(tmp_path / "saved"), pip_requirements=[])
    second = workspace.register(tmp_path / "saved", "wine")
    assert second.version == "2"
    assert [(v.version, v.aliases) for v in workspace.models("wine").versions] == [("2", ()), ("1", ("champion",))]
