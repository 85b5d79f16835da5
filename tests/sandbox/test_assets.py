"""azure-ai-ml, unmodified, on what a model needs around it: jobs, environments, data, registries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlflow_aml_magics.sandbox import Sandbox


@pytest.fixture(scope="session")
def told(
    sandbox: Sandbox, run_script: Callable[..., dict[str, Any]], ask: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the script said, after a run that logged a model and counts as a job."""
    import mlflow
    from sklearn.linear_model import LinearRegression

    job, folder = ask.new_run("assets"), tmp_path_factory.mktemp("job") / "model"
    mlflow.sklearn.save_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), str(folder), pip_requirements=[])
    ask.upload(job, "model", folder)
    ask.mlflow("POST", "runs/update", json={"run_id": job, "status": "FINISHED"}).raise_for_status()
    sandbox.as_job(job)
    return {"job id": job, **run_script("assets.py", BOX_JOB=job)}


def test_a_job_tells_of_its_run_and_its_outputs(told: dict[str, Any]) -> None:
    assert told["job"] == [told["job id"], "Completed", "assets", "python train.py", "uri_folder"]
    assert told["jobs"]
    assert "MLmodel" in told["job files"]
    assert told["no such job"][0] == "ResourceNotFoundError"


def test_a_jobs_output_becomes_a_model_that_loads(told: dict[str, Any]) -> None:
    assert told["of job"] == ["1", True]
    assert told["of job files"] == told["job files"]
    assert told["of job predicts"] == [4.0]


def test_environments_are_versioned_and_archived(told: dict[str, Any]) -> None:
    assert told["environment"] == ["1", "2"]
    assert told["environment got"] == ["2", "ubuntu", {"dependencies": ["python=3.11"]}, {"a": "b"}]
    assert told["environments"] == [True, ["1", "2"]]
    assert told["environments active"] == ["2"]
    assert told["no environment"][0] == "ResourceNotFoundError"


def test_data_is_uploaded_and_listed(told: dict[str, Any]) -> None:
    assert told["data"] == ["1", "uri_folder", "LocalUpload"]
    assert told["data got"] == "v2"
    assert told["datas"] == ["1", "v2"]


def test_a_registry_is_shared_by_workspaces(told: dict[str, Any]) -> None:
    assert told["registered"] == ["1", "azureml://registries/sandbox-registry/models/assets-shared/versions/1"]
    assert told["shared"] == "azureml://registries/sandbox-registry/models/assets-shared/versions/2"
    assert "already exists in registry" in told["shared twice"][1]
    assert told["in registry"] == [["assets-shared"], ["1", "2"], "2"]
    assert "MLmodel" in told["registry files 1"]
    assert told["registry files 2"] == told["job files"]


def test_what_is_not_there_is_said_as_resource_manager_says_it(told: dict[str, Any]) -> None:
    assert told["not in registry"][0] == "ResourceNotFoundError"
    assert "(ResourceNotFound)" in told["no registry"][1]
    assert "is in a registry" in told["from registry"][1]
    assert told["none of"] == [0, 2, 0]  # the two computes of the beginning
    assert "(InvalidResourceType)" in told["unknown route"][1]
