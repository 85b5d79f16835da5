"""Jobs in Resource Manager (2024-01-01-preview): command jobs, batch jobs, their outputs, and runs that are no jobs."""

from __future__ import annotations

import time
from typing import Any

from . import batch_shapes
from .arm import HOST, ROOT, SYSTEM_DATA, not_found, page, resource
from .batch_jobs import BatchJobs
from .certificates import DOMAIN
from .documents import Documents
from .errors import arm
from .http import Request, Response, Routes, json_response
from .mlflow_plane import MlflowPlane
from .operations import Operations
from .workspaces import SCOPE, Place, Workspaces

__all__ = ["Jobs"]

# Of mlflow's runs -> of jobs.
STATUSES = {
    "RUNNING": "Running", "SCHEDULED": "Queued", "FINISHED": "Completed", "FAILED": "Failed", "KILLED": "Canceled",
}  # fmt: skip


class Jobs:
    """…/jobs, …/jobs/NAME, and what azure-ai-ml asks the run history for when it downloads a job's outputs."""

    def __init__(
        self, workspaces: Workspaces, documents: Documents, operations: Operations, *, plane: MlflowPlane,
        batch: BatchJobs,
    ) -> None:  # fmt: skip
        self._workspaces, self._documents, self._operations = workspaces, documents, operations
        self._plane, self.batch = plane, batch

    def add_routes(self, routes: Routes) -> None:
        routes.add("GET", HOST, f"{ROOT}/jobs", self._jobs)
        routes.add("GET", HOST, f"{ROOT}/jobs/(?P<name>[^/]+)", self._job)
        routes.add("POST", HOST, f"{ROOT}/jobs/(?P<name>[^/]+)/cancel", self._cancel)

        host = rf"[a-z0-9-]+\.api\.{DOMAIN}"
        history = f"/history/v1.0{SCOPE}/workspaces/(?P<ws>[^/]+)"
        routes.add("GET", host, "/discovery", self._discovery)
        routes.add("POST", host, f"{history}/rundata", self._run_data)
        routes.add("GET", host, f"{history}/runs/(?P<name>[^/]+)", self._run)
        routes.add("GET", host, f"{history}/runs/(?P<name>[^/]+)/children", self._children)
        routes.add("GET", host, f"{history}/runs/(?P<name>[^/]+)/details", self._details)

    def add(self, place: Place, name: str, *, command: str) -> None:
        """Let a run be a job: on the service every job is a run, but not every run is a job."""
        self._documents.put("job", place.key, name, {"command": command})

    def _jobs(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = self._documents.list("job", place.key)
        return page(request, [self._show(place, name, body) for name, body in found if not body.get("parent")][::-1])

    def _job(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """Interactive runs are no jobs (azureml-examples#4111 and its neighbours); in what words is not recorded."""
        place = self._workspaces.find(sub, rg, ws)
        body = self._documents.get("job", place.key, name)
        if body is not None:
            return json_response(self._show(place, name, body))
        if self._plane.run(place, name) is not None:
            raise arm(400, "UserError", f"Run {name} is an interactive run; it is not supported as a job.")
        raise not_found("jobs", name)

    def _cancel(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        if self._documents.get("job", place.key, name) is None:
            raise not_found("jobs", name)
        self.batch.cancel(place, name)
        headers = self._operations.begin(request, None)
        return Response(202, b"", {key: headers[key] for key in ("Location", "Retry-After")})

    def show_batch(self, place: Place, kind: str, name: str) -> dict[str, Any]:
        """A batch job as invoking answers it; see `batch_shapes.listed_job`."""
        body = self._documents.get("job", place.key, name)
        assert body is not None
        return batch_shapes.listed_job(place, kind, name, body)

    def batch_jobs(self, place: Place, endpoint: str, deployment: str = "") -> list[dict[str, Any]]:
        """The jobs of an endpoint, or of one of its deployments, the latest first."""
        kind = f"batchEndpoints/{endpoint}" + (f"/deployments/{deployment}" if deployment else "") + "/jobs"
        found = []
        for name, body in self._documents.list("job", place.key):
            scoring = body.get("scoring") or {"endpoint": ""}
            if scoring["endpoint"] == endpoint and deployment in ("", scoring["deployment"]) and "step" in body:
                found.append(batch_shapes.listed_job(place, kind, name, body))
        return found[::-1]

    # --- the run history

    def _batch_run(self, place: Place, name: str) -> dict[str, Any]:
        body = self._documents.get("job", place.key, name)
        if body is None or not body.get("scoring"):
            raise arm(404, "UserError", f"Run {name} was not found.")
        return body

    def _run(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        return json_response(batch_shapes.run(name, self._batch_run(place, name)))

    def _children(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        step = self._batch_run(place, name).get("step")
        runs = [batch_shapes.run(step, self._batch_run(place, step))] if step else []
        return json_response({"value": runs, "continuationToken": None, "nextLink": None})

    def _details(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        return json_response(batch_shapes.details(name, self._batch_run(place, name), self.batch.logs(place, name)))

    def _discovery(self, request: Request) -> Response:
        """Where the services of a workspace are: its discoveryUrl, read without a token."""
        services = ("api", "history", "experimentation", "modelmanagement", "catalog", "pipelines", "studio")
        return json_response(dict.fromkeys(services, f"https://{request.host}"))

    def _run_data(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        """Of the run history only what `jobs.download` reads: no output is an asset; the default store is known."""
        place, name = self._workspaces.find(sub, rg, ws), str(request.json().get("runId", ""))
        batch = self._documents.get("job", place.key, name) or {}
        run = self._plane.run(place, name)
        if run is None:
            raise arm(404, "UserError", f"Run {name} was not found.")
        status = batch.get("status") or STATUSES.get(str(run["info"].get("status")), "NotStarted")
        return json_response({"runMetadata": {"runId": name, "status": status, "outputs": {}}})

    def _show(self, place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("scoring"):
            return batch_shapes.arm_job(place, name, body)
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
