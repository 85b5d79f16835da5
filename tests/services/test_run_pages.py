"""Where else a run can be seen, and the cell that makes it again."""

from __future__ import annotations

import mlflow
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import RunNotFound
from mlflow_aml_magics.services.run_pages import reproducing_cell, run_page


def test_a_file_has_no_page_and_says_how_to_get_one(store_uri: str) -> None:
    run_id = mlflow.MlflowClient(tracking_uri=store_uri).create_run("0").info.run_id
    connection = Workspace.connect(store_uri).connection
    found = run_page(connection, run_id)
    assert found["url"] == ""
    assert store_uri in found["how"]
    assert f"#/experiments/0/runs/{run_id}" in found["how"]
    connection.uri = "https://me:s3cret@host:5000/base/?token=s3cret"
    assert run_page(connection, run_id)["url"] == f"https://host:5000/base/#/experiments/0/runs/{run_id}"
    with pytest.raises(RunNotFound):
        run_page(connection, "0" * 32)


def test_the_cells_of_the_run_are_its_cell(store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    run_id = client.create_run(client.create_experiment("wine", artifact_location="artifacts")).info.run_id
    client.log_text(run_id, "# In [1]\nx = 'é'\n", "notebook/cells.py")
    cell = reproducing_cell(Workspace.connect(store_uri).connection, run_id)
    assert run_id in cell.splitlines()[0]
    assert cell.endswith("x = 'é'\n")


def test_a_run_without_cells_gives_its_params_as_code_that_runs_whatever_they_hold(store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine", artifact_location="artifacts")
    run_id = client.create_run(experiment, run_name="bad\nraise SystemExit\u2028x").info.run_id
    params = {"alpha": "0.1", "depth": "3", "zip": "007", "name": "a'b\n\"c", "bad": "__import__('os')"}
    for name, value in params.items():
        client.log_param(run_id, name, value)
    client.set_tag(run_id, "mlflow.source.name", "train.py\nraise SystemExit")
    found: dict[str, object] = {}
    exec(reproducing_cell(Workspace.connect(store_uri).connection, run_id), found)
    assert found["params"] == {**params, "alpha": 0.1, "depth": 3}
