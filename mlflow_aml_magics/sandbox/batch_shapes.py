"""How a batch scoring job is told of: in Resource Manager, in the list of an endpoint's jobs, in the run history.

From the recordings of azure-ai-ml's own tests, and from an answer that ansible's azure_rm_ml_batch_endpoint_info shows.
"""

from __future__ import annotations

import time
from typing import Any

from .arm import SYSTEM_DATA, resource
from .certificates import DOMAIN
from .workspaces import Place

__all__ = ["arm_job", "details", "iso", "listed_job", "run"]

STEP = "batchscoring"


def arm_job(place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """…/jobs/NAME: a pipeline of one step. The step has no properties there: azure-ai-ml asks the run history."""
    if body.get("parent"):
        return {**resource(place, "jobs", name, {}), "properties": None}
    scoring = body["scoring"]
    properties = {
        "jobType": "Pipeline",
        "displayName": scoring["display_name"],
        "description": None,
        "status": body["status"],
        "experimentName": scoring["experiment"],
        "computeId": None,
        "componentId": None,
        "identity": None,
        "inputs": {},
        "jobs": {},
        "outputs": {},
        "settings": {},
        "isArchived": False,
        "services": _services(place, name),
        "tags": _tags(scoring),
        "properties": _properties(scoring),
    }
    return {**resource(place, "jobs", name, properties), "systemData": _times(body)}


def listed_job(place: Place, kind: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """What invoking answers, and what `list_jobs` lists.

    Args:
        kind: the path up to the name: "batchEndpoints/NAME/jobs".
    """
    scoring = body["scoring"]
    store = f"{place.arm_id}/datastores/workspaceblobstore/paths"
    output = {"jobOutputType": "UriFile", "mode": "ReadWriteMount", "uri": f"{store}/{output_path(body)}"}
    properties = {
        "name": scoring["display_name"],
        "status": body["status"],
        "provisioningState": "Succeeded",
        "compute": {"isLocal": False},
        "interactionEndpoints": _services(place, name),
        "output": {},
        "outputData": {"score": output} if body["status"] == "Completed" else {},
        "tags": _tags(scoring),
        "properties": _properties(scoring),
    }
    return {**resource(place, kind, name, properties), "systemData": _times(body)}


def run(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A run of the run history."""
    scoring, step = body["scoring"], bool(body.get("parent"))
    return {
        "runId": name,
        "parentRunId": body.get("parent"),
        "displayName": STEP if step else scoring["display_name"],
        "status": body["status"],
        "runType": "azureml.StepRun" if step else "azureml.PipelineRun",
        "createdUtc": iso(body["created"]),
        "lastModifiedUtc": iso(body["updated"]),
        "tags": {} if step else _tags(scoring),
        "properties": {"azureml.moduleName": STEP} if step else _properties(scoring),
        "outputs": {},
    }


def details(name: str, body: dict[str, Any], logs: dict[str, str]) -> dict[str, Any]:
    """A run's details.

    Args:
        logs: name -> a URL to read it, with its SAS.
    """
    found = run(name, body)
    error = {"error": {"code": "UserError", "message": body["error"]}} if body.get("error") else None
    times = {"createdTimeUtc": found["createdUtc"], "startTimeUtc": found["createdUtc"]}
    kept = ("runId", "parentRunId", "status", "tags", "properties")
    return {**{key: found[key] for key in kept}, **times, "logFiles": logs, "warnings": [], "error": error}


def output_path(body: dict[str, Any]) -> str:
    """Where on workspaceblobstore the predictions of a job are."""
    return f"azureml/{body['step']}/score/{body['scoring']['output_name']}"


def iso(seconds: float) -> str:
    """As the service writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1e6):06d}+00:00"


def _tags(scoring: dict[str, Any]) -> dict[str, str]:
    return {
        "azureml.batchrun": "true",
        "azureml.deploymentname": scoring["deployment"],
        "azureml.jobtype": "azureml.pipelinejob",
    }


def _properties(scoring: dict[str, Any]) -> dict[str, str]:
    return {
        "azureml.DevPlatv2": "true",
        "azureml.defaultComputeName": str(scoring["compute"]).rpartition("/")[2],
        "azureml.defaultDataStoreName": "workspaceblobstore",
        "azureml.deploymentname": scoring["deployment"],
        "azureml.endpointname": scoring["endpoint"],
        "azureml.pipelineComponent": "pipelinerun",
        "azureml.runsource": "azureml.PipelineRun",
        "runSource": "BatchDeployment",
        "runType": "HTTP",
    }


def _services(place: Place, name: str) -> dict[str, Any]:
    tracking = f"azureml://{place.host}/mlflow/v1.0{place.arm_id}"
    studio = f"https://ml.{DOMAIN}/runs/{name}?wsid={place.arm_id}"
    return {
        "Tracking": {"jobServiceType": "Tracking", "endpoint": tracking},
        "Studio": {"jobServiceType": "Studio", "endpoint": studio},
    }


def _times(body: dict[str, Any]) -> dict[str, Any]:
    return {**SYSTEM_DATA, "createdAt": iso(body["created"]), "lastModifiedAt": iso(body["updated"])}
