"""Microsoft's own SDKs, unmodified, in a script that could run against the real service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlflow_aml_magics.sandbox import Sandbox


@pytest.fixture(scope="module")
def told(run_script: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The story in a sandbox of its own: it looks at everything that is there."""
    with Sandbox(closed_off=True) as box:
        found = run_script(
            "story.py",
            box=box,
            BOX_TENANT=box.tenant_id,
            BOX_CLIENT=box.client_id,
            BOX_SECRET=box.client_secret,
            BOX_AUTHORITY=box.authority,
        )
        found["credential calls"] = credential_calls(box)
    return found


def credential_calls(box: Sandbox) -> list[int]:
    """How often a token was asked for: of the managed identity, with the client secret."""
    return [len(box.requests(pattern)) for pattern in ("GET 127.0.0.1/msi/token", "POST login.azureml.test/.*/token")]


def test_workspaces_are_found(told: dict[str, Any]) -> None:
    assert told["uri"].startswith("azureml://local.api.azureml.test/mlflow/v2.0/subscriptions/")
    assert told["workspaces"] == ["sandbox", "sandbox-2"]
    assert told["location"] == "local"
    assert told["no workspace"][0] == "ResourceNotFoundError"
    assert "(ResourceNotFound)" in told["no workspace"][1]


def test_runs_are_tracked_and_searched(told: dict[str, Any]) -> None:
    assert told["params"] == {"depth": "3", "rate": "0.1", "kind": "tree"}
    assert told["metrics"] == ["later", "loss", "r2", "rmse"]
    assert told["found"] == ["first"]
    assert told["children"]
    assert told["finished"] == 1
    assert told["history"] == 20


def test_artifacts_go_and_come(told: dict[str, Any]) -> None:
    assert told["artifact uri"].startswith("azureml://local.api.azureml.test/mlflow/v2.0/subscriptions/")
    assert told["listed"] == ["model", "notes", "picture.txt"]
    assert told["text"] == "hello"
    assert told["all files"] >= 4
    assert "Resource Conflict: ArtifactId ExperimentRun/dcid." in told["twice"]


def test_models_are_registered_through_mlflow(told: dict[str, Any]) -> None:
    assert told["version"] == ["1", True, "READY"]
    assert told["from file"] == ["2", "LocalUpload"]
    assert told["tags and stage"] == [{"a": "b", "checked": "yes"}, "Production"]
    assert told["latest"] == ["1", "2"]
    assert told["search"] == ["2", "1"]
    assert told["predicted"] == [42.0, 42.0]
    assert "RESOURCE_DOES_NOT_EXIST" in told["deleted"][1]
    assert told["third"] == "3"


def test_models_are_registered_through_azure_ai_ml(told: dict[str, Any]) -> None:
    assert told["from job"] == ["1", True]
    assert told["from local"] == ["1", "Production", {"x": "1"}]
    assert told["auto version"] == ["2", "custom_model"]
    assert told["label"] == "2"
    assert {"job", "local", "wine"} <= set(told["listed models"])
    assert told["active"] == ["2"]
    assert told["restored"] == ["1", "2"]
    assert told["no model"][0] == "ResourceNotFoundError"
    assert told["downloaded"] == ["MLmodel"]
    assert told["datastores"] == ["workspaceartifactstore", "workspaceblobstore"]


def test_both_sides_see_the_same_models(told: dict[str, Any]) -> None:
    assert told["ARM sees stage"] == "Production"
    assert told["MLflow loads"] == [8.0, 8.0]


def test_an_interactive_run_is_no_job(told: dict[str, Any]) -> None:
    assert told["job of a run"][0] == "HttpResponseError"
    assert "(UserError)" in told["job of a run"][1]
    assert not told["jobs"]


def test_what_the_service_lacks_is_refused(told: dict[str, Any]) -> None:
    assert "we currently do not support OR" in told["search models"][1]
    assert "404" in told["alias"][1]
    assert "BAD_REQUEST" in told["history of all"][1]
    assert "MaxResults = 25000 is invalid: MaxResults must be less than 1000." in told["history of all"][1]
    assert "404" in told["log_model"][1]
    assert "logged-models/search failed with error code 404" in told["in folder"][1]
    assert "Ordering by metrics" in told["order"][1]
    assert "azureml://artifacts/<origin>/<container>/<prefix>" in told["prompt"][1]


def test_workspaces_do_not_see_each_other(told: dict[str, Any]) -> None:
    assert told["other models"] == []
    assert told["other experiments"] == ["Default"]


def test_one_credential_call_serves_a_whole_script(told: dict[str, Any]) -> None:
    assert told["credential calls"] == [1, 1]
