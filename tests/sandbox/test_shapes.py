"""What Resource Manager's routes answer has the properties that Microsoft publishes.

Names of properties: definitions in mfe.json of Azure/azure-rest-api-specs, from which azure-ai-ml's REST models are
made; these are asked, so that a property that the service does not know is found too. Which of them a client can rely
on is written down here, from the examples beside mfe.json and azure-ai-ml's own reading of them.
"""

from __future__ import annotations

from typing import Any

import pytest

from mlflow_aml_magics.sandbox import Sandbox

ENVELOPE = {"id", "name", "type", "properties"}
SYSTEM = {"createdBy", "createdByType", "lastModifiedByType"}
ASSET = {"description", "tags", "properties", "isArchived"}
CONTAINER = ASSET | {"latestVersion", "nextVersion"}

# path, api-version that azure-ai-ml 1.35 sends, REST model, properties that must be there
ROUTES = [
    ("", "2024-10-01-preview", "WorkspaceProperties", {
        "workspaceId", "tenantId", "discoveryUrl", "mlFlowTrackingUri", "storageAccount", "keyVault",
        "applicationInsights", "provisioningState", "publicNetworkAccess", "hbiWorkspace",
    }),
    ("/datastores/workspaceblobstore", "2024-07-01-preview", "AzureBlobDatastore", {
        "datastoreType", "accountName", "containerName", "endpoint", "protocol", "credentials", "isDefault",
    }),
    ("/models/shape", "2023-08-01-preview", "ModelContainerProperties", CONTAINER),
    ("/models/shape/versions/1", "2023-08-01-preview", "ModelVersionProperties", ASSET | {
        "isAnonymous", "modelUri", "modelType", "flavors", "stage", "jobName",
    }),
    ("/environments/shape", "2023-04-01-preview", "EnvironmentContainerProperties", CONTAINER),
    ("/environments/shape/versions/1", "2023-04-01-preview", "EnvironmentVersionProperties", ASSET | {
        "isAnonymous", "image", "environmentType", "osType",
    }),
    ("/data/shape", "2024-10-01-preview", "DataContainerProperties", CONTAINER | {"dataType"}),
    ("/data/shape/versions/1", "2024-10-01-preview", "UriFolderDataVersion", ASSET | {
        "isAnonymous", "dataType", "dataUri",
    }),
    ("/jobs/{job}", "2024-01-01-preview", "CommandJob", ASSET | {
        "jobType", "displayName", "status", "experimentName", "services", "computeId", "command", "environmentId",
        "environmentVariables", "inputs", "outputs", "resources", "parameters",
    }),
]  # fmt: skip
LISTS = [
    "", "/datastores", "/models", "/models/shape/versions", "/environments", "/environments/shape/versions", "/data",
    "/data/shape/versions", "/jobs",
]  # fmt: skip


@pytest.fixture(scope="module")
def job(sandbox: Sandbox, ask: Any) -> str:
    """One of everything; a job's name."""
    of_data = {"dataType": "uri_folder", "dataUri": "azureml://datastores/workspaceblobstore/paths/x/"}
    for path, properties in (
        ("/models/shape/versions/1", {"modelUri": "azureml://jobs/a/outputs/artifacts/paths/model/"}),
        ("/environments/shape/versions/1", {"image": "ubuntu"}),
        ("/data/shape/versions/1", of_data),
    ):
        assert ask.arm("PUT", path, json={"properties": properties}).status_code == 201
    run_id: str = ask.new_run()
    sandbox.as_job(run_id)
    return run_id


def known(model: str) -> set[str]:
    """The properties of one of azure-ai-ml's REST models, as they are on the wire."""
    from azure.ai.ml._restclient.arm_ml_service import models

    kind = getattr(models, model)
    kind()  # they are collected with the first one
    return {field._rest_name for field in kind._attr_to_rest_field.values()}


@pytest.mark.filterwarnings("ignore")  # azure-ai-ml's import
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route[2]))
def test_a_resource_has_the_properties_of_its_definition(ask: Any, job: str, route: tuple[Any, ...]) -> None:
    path, api_version, model, required = route
    answer = ask.arm("GET", path.format(job=job), params={"api-version": api_version})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) >= ENVELOPE
    assert body["id"].lower() == f"{ask.arm_id}{path.format(job=job)}".lower()
    if path:
        assert set(body["systemData"]) >= SYSTEM
        assert body["type"].startswith("Microsoft.MachineLearningServices/workspaces/")
    assert required - set(body["properties"]) == set()
    assert set(body["properties"]) - known(model) == set()


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_values_and_a_link(ask: Any, job: str, path: str) -> None:
    whole = ask.arm("GET", path).json() if path else ask.workspaces().json()
    assert set(whole) == {"value", "nextLink"}
    assert whole["value"]
    assert all(set(each) >= ENVELOPE for each in whole["value"])


def test_long_lists_come_in_pages(ask: Any) -> None:
    uri = "azureml://jobs/a/outputs/artifacts/paths/model/"
    for number in range(1, 61):
        ask.arm("PUT", f"/models/paged/versions/{number}", json={"properties": {"modelUri": uri}}).raise_for_status()
    first = ask.arm("GET", "/models/paged/versions").json()
    assert len(first["value"]) == 50
    second = ask._ask("GET", first["nextLink"]).json()
    assert [version["name"] for version in first["value"] + second["value"]] == [str(n) for n in range(60, 0, -1)]
    assert second["nextLink"] is None
    assert [v["name"] for v in ask.arm("GET", "/models/paged/versions", params={"$top": "1"}).json()["value"]] == ["60"]


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("/onlineNothings", {}, 404, "InvalidResourceType"),
        ("/models", {"api-version": ""}, 400, "MissingApiVersionParameter"),
        ("/models/nope/versions/1", {}, 404, "UserError"),
        ("/environments/nope/versions/1", {}, 404, "UserError"),
        ("/data/nope/versions/1", {}, 404, "UserError"),
        ("/datastores/nope", {}, 404, "UserError"),
        ("/jobs/nope", {}, 404, "UserError"),
    ],
)
def test_a_refusal_has_the_envelope(ask: Any, path: str, params: dict[str, str], status: int, code: str) -> None:
    answer = ask.arm("GET", path, params=params)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert set(error) >= {"code", "message", "target", "details", "additionalInfo"}


@pytest.mark.parametrize(
    ("path", "properties"),
    [
        ("/data/bad/versions/1", {"dataType": "uri_folder"}),
        ("/data/bad/versions/1", {"dataType": "table", "dataUri": "x"}),
        ("/environments/bad/versions/1", {"condaFile": "x"}),
        ("/models/bad/versions/1", {}),
    ],
)
def test_what_lacks_a_required_property_is_refused(ask: Any, path: str, properties: dict[str, str]) -> None:
    assert ask.arm("PUT", path, json={"properties": properties}).status_code == 400


def test_what_an_asset_is_of_does_not_change(ask: Any, job: str) -> None:
    changed = {"dataType": "uri_folder", "dataUri": "azureml://datastores/workspaceblobstore/paths/y/"}
    answer = ask.arm("PUT", "/data/shape/versions/1", json={"properties": changed})
    assert "Asset paths cannot be updated" in answer.json()["error"]["message"]
    answer = ask.arm("PUT", "/environments/shape/versions/1", json={"properties": {"image": "debian"}})
    assert answer.status_code == 409  # azure-ai-ml makes the next version then
    same = {"image": "ubuntu", "tags": {"a": "b"}}
    assert ask.arm("PUT", "/environments/shape/versions/1", json={"properties": same}).status_code == 200
