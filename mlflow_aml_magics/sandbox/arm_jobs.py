"""Jobs in Resource Manager (2024-01-01-preview): command jobs, their outputs, and runs that are no jobs."""

from __future__ import annotations

import time
from typing import Any

from .arm import HOST, ROOT, SYSTEM_DATA, not_found, page, resource
from .certificates import DOMAIN
from .documents import Documents
from .errors import arm
from .http import Request, Response, Routes, json_response
from .mlflow_plane import MlflowPlane
from .workspaces import SCOPE, Place, Workspaces

__all__ = ["Jobs"]

# Of mlflow's runs -> of jobs.
STATUSES = {
    "RUNNING": "Running", "SCHEDULED": "Queued", "FINISHED": "Completed", "FAILED": "Failed", "KILLED": "Canceled",
}  # fmt: skip


class Jobs:
    """…/jobs, …/jobs/NAME, and what azure-ai-ml asks the run history for when it downloads a job's outputs."""

    def __init__(
        self,
        workspaces: Workspaces,
        documents: Documents,
        plane: MlflowPlane,
    ) -> None:
        self._workspaces, self._documents, self._plane = workspaces, documents, plane

    def add_routes(self, routes: Routes) -> None:
        routes.add("GET", HOST, f"{ROOT}/jobs", self._jobs)
        routes.add("GET", HOST, f"{ROOT}/jobs/(?P<name>[^/]+)", self._job)

        host = rf"[a-z0-9-]+\.api\.{DOMAIN}"
        routes.add("GET", host, "/discovery", self._discovery)
        routes.add("POST", host, f"/history/v1.0{SCOPE}/workspaces/(?P<ws>[^/]+)/rundata", self._run_data)

    def add(self, place: Place, name: str, *, command: str) -> None:
        """Let a run be a job: on the service every job is a run, but not every run is a job."""
        self._documents.put("job", place.key, name, {"command": command})

    def _jobs(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = self._documents.list("job", place.key)
        return page(request, [self._show(place, name, body) for name, body in found][::-1])

    def _job(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """Interactive runs are no jobs (azureml-examples#4111 and its neighbours); in what words is not recorded."""
        place = self._workspaces.find(sub, rg, ws)
        body = self._documents.get("job", place.key, name)
        if body is not None:
            return json_response(self._show(place, name, body))
        if self._plane.run(place, name) is not None:
            raise arm(400, "UserError", f"Run {name} is an interactive run; it is not supported as a job.")
        raise not_found("jobs", name)

    def _discovery(self, request: Request) -> Response:
        """Where the services of a workspace are: its discoveryUrl, read without a token."""
        services = ("api", "history", "experimentation", "modelmanagement", "catalog", "pipelines", "studio")
        return json_response(dict.fromkeys(services, f"https://{request.host}"))

    def _run_data(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        """Of the run history only what `jobs.download` reads: no output is an asset; the default store is known."""
        place, name = self._workspaces.find(sub, rg, ws), str(request.json().get("runId", ""))
        run = self._plane.run(place, name)
        if run is None:
            raise arm(404, "UserError", f"Run {name} was not found.")
        status = STATUSES.get(str(run["info"].get("status")), "NotStarted")
        return json_response({"runMetadata": {"runId": name, "status": status, "outputs": {}}})

    def _show(self, place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
        run = self._plane.run(place, name) or {"info": {}}
        info = run["info"]
        tags = {tag["key"]: tag["value"] for tag in run.get("data", {}).get("tags", [])}
        properties = {
            "jobType": "Command",
            "displayName": info.get("run_name") or name,
            "description": tags.get("mlflow.note.content"),
            "status": STATUSES.get(str(info.get("status")), "NotStarted"),
            "experimentName": self._plane.experiment(place, str(info.get("experiment_id", ""))),
            "command": body["command"],
            "environmentId": f"{place.arm_id}/environments/sandbox/versions/1",
            "environmentVariables": {},
            "codeId": None,
            "computeId": None,
            "componentId": None,
            "resources": {"instanceCount": 1, "instanceType": None, "properties": {}},
            "distribution": None,
            "limits": None,
            "identity": None,
            "inputs": {},
            "outputs": {
                "default": {
                    "jobOutputType": "uri_folder",
                    "mode": "ReadWriteMount",
                    "uri": f"azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.{name}",
                    "description": None,
                }
            },
            "parameters": {},
            "services": {
                "Tracking": {"jobServiceType": "Tracking", "endpoint": f"azureml://{place.host}/mlflow/v1.0{place.arm_id}"},
                "Studio": {"jobServiceType": "Studio", "endpoint": f"https://ml.{DOMAIN}/runs/{name}?wsid={place.arm_id}"},
            },
            "isArchived": info.get("lifecycle_stage") == "deleted",
            "tags": {key: value for key, value in tags.items() if not key.startswith("mlflow.")},
            "properties": {},
        }  # fmt: skip
        shown = resource(place, "jobs", name, properties)
        created = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(int(info.get("start_time") or 0) / 1000))
        shown["systemData"] = {**SYSTEM_DATA, "createdAt": created}
        return shown
