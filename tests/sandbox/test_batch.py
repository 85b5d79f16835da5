"""azure-ai-ml, unmodified, on batch endpoints and the computes they score on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from mlflow_aml_magics.sandbox import Sandbox, SandboxError
from mlflow_aml_magics.sandbox.batch_jobs import Scoring


@pytest.fixture(scope="module")
def told(run_script: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """What the script said."""
    return run_script("batch_sdk.py")


def test_computes_are_made_attached_and_taken_away(told: dict[str, Any]) -> None:
    assert told["computes"] == [["cpu-cluster", "amlcompute", "Succeeded"], ["k8s", "kubernetes", "Succeeded"]]
    assert told["cluster"] == ["STANDARD_DS3_V2", 0, 4]
    assert told["computes made"] == [2, "ns"]
    assert told["computes after"] == ["batch-sdk", "cpu-cluster", "k8s"]
    assert told["no compute"][0] == "ResourceNotFoundError"


def test_an_endpoint_and_a_deployment_are_made(told: dict[str, Any]) -> None:
    address = "https://batch-sdk.local.inference.ml.azureml.test/jobs"
    assert told["endpoint"] == ["batch-sdk", "Succeeded", address, {"a": "b"}]
    assert told["while it is made"] == "Creating"
    assert "already an operation in progress" in told["twice at once"][1]
    assert told["deployment"] == ["blue", 2, 0, "1"]
    assert told["no such compute"][0] == "ResourceNotFoundError"
    assert "9green" in told["bad name"][1]
    assert "a--b" in told["bad endpoint name"][1]
    assert "no default deployment" in told["no default"][1]
    assert told["default"] == "blue"


def test_a_job_scores_each_file_and_is_a_run(told: dict[str, Any]) -> None:
    assert told["started"] in ("Preparing", "Queued", "Running")
    assert told["job"] == ["pipeline", "Completed", "batch-sdk", "blue"]
    assert told["step"] == ["batchscoring", "Completed", True]
    assert told["scored"] == [[row, 2.0 * (n + 10 * row), f"part-{n}.csv"] for n in range(3) for row in range(2)]
    assert told["listed"] == [["Completed"], True]
    assert told["runs"] == [[False, "FINISHED"], [True, "FINISHED"]]


def test_a_job_fails_and_is_canceled(told: dict[str, Any]) -> None:
    assert "Error processing input file: 'a.avro'. File type 'avro' is not supported." in told["odd file"][1]
    assert told["odd status"] == "Failed"
    assert told["canceled"] == ["Canceled", "KILLED"]


def test_deleting_takes_deployments_and_leaves_jobs(told: dict[str, Any]) -> None:
    assert told["listed endpoints"] == ["batch-sdk"]
    assert told["gone"][0] == told["gone with it"][0] == "ResourceNotFoundError"
    assert told["job stays"] == "Completed"


def test_a_job_needs_a_login(sandbox: Sandbox, ask: Any) -> None:
    url = "https://batch-sdk.local.inference.ml.azureml.test/jobs"
    assert ask._ask("POST", url, headers={"Authorization": "Bearer x"}, json={}).status_code == 401
    assert ask._ask("POST", url, json={}).status_code == 404


def test_a_name_is_a_host_in_any_case(sandbox: Sandbox, ask: Any) -> None:
    made = [ask.arm("PUT", f"/batchEndpoints/{name}", json={"properties": {}}) for name in ("Big-Batch", "big-batch")]
    assert [answer.status_code for answer in made] == [201, 409]
    answer = ask._ask("POST", "https://big-batch.local.inference.ml.azureml.test/jobs", json={})
    assert "Big-Batch has no default deployment" in answer.text
    assert ask.arm("DELETE", "/batchEndpoints/big-batch").status_code == 202


def test_a_sandbox_that_was_killed_knows_what_it_left(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "kept", keep=True) as box:
        place = box._places.all["sandbox"]
        scoring = asdict(Scoring("e", "d", "", "", "n", "e", "c", 10, -1, "predictions.csv"))
        body = {"scoring": scoring, "status": "Running", "created": 1.0, "updated": 1.0, "step": "s"}
        box._documents.put("job", place.key, "left", body)
        with pytest.raises(SandboxError):  # it never gets the folder, so it leaves alone what runs there
            Sandbox(tmp_path / "kept", keep=True).start()
        assert box._jobs.show_batch(place, "jobs", "left")["properties"]["status"] == "Running"
    with Sandbox(tmp_path / "kept", keep=True) as box:
        found = box._jobs.show_batch(place, "jobs", "left")
        assert found["properties"]["status"] == "Failed"
