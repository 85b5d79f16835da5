"""Batch endpoints in Resource Manager (2023-10-01), their deployments (2024-01-01-preview), and invoking them.

Only no-code deployments of MLflow models: a scoring script is refused, since its environment would have to be built.
Making an endpoint or a deployment takes a moment, in which its provisioningState is Creating; as long as the fault
slow_deploy is in force, what was begun in it does not get ready.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from .arm import HOST, ROOT, SYSTEM_DATA, not_found, page, resource
from .arm_computes import find_compute
from .arm_jobs import Jobs
from .batch_jobs import Scoring
from .batch_shapes import iso
from .certificates import DOMAIN
from .documents import Documents
from .errors import arm
from .faults import Faults
from .http import Request, Response, Routes, json_response
from .operations import Operations, Progress
from .stored import Storage
from .workspaces import SCOPE, Place, Workspaces

__all__ = ["BatchEndpoints"]

ENDPOINT, DEPLOYMENT = "batch-endpoint", "batch-deployment"  # kinds of document
SECONDS = 0.5  # to make or delete one; the service takes 10 to 30
NAME = re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,30}[A-Za-z0-9]")  # resource-limits-capacity.md
# What a deployment has where nothing is asked for (BatchDeploymentProperties in mfe.json).
DEFAULTS: dict[str, Any] = {
    "description": None, "model": None, "compute": None, "codeConfiguration": None, "environmentId": None,
    "environmentVariables": {}, "errorThreshold": -1, "loggingLevel": "Info", "maxConcurrencyPerInstance": 1,
    "miniBatchSize": 10, "outputAction": "AppendRow", "outputFileName": "predictions.csv", "properties": {},
    "resources": {"instanceCount": 1, "instanceType": None, "properties": {}},
    "retrySettings": {"maxRetries": 3, "timeout": "PT30S"},
}  # fmt: skip


class BatchEndpoints:
    """…/batchEndpoints/NAME[/deployments/NAME], and https://NAME.REGION.inference.ml.…/jobs."""

    def __init__(
        self, workspaces: Workspaces, documents: Documents, operations: Operations, *, storage: Storage, jobs: Jobs,
        faults: Faults, check: Callable[[Request], None],
    ) -> None:  # fmt: skip
        self._workspaces, self._documents, self._operations = workspaces, documents, operations
        self._storage, self._jobs, self._faults, self._check_login = storage, jobs, faults, check

    def add_routes(self, routes: Routes) -> None:
        base = f"{ROOT}/batchEndpoints"
        endpoint, deployment = f"{base}/(?P<name>[^/]+)", f"{base}/(?P<name>[^/]+)/deployments/(?P<d>[^/]+)"
        routes.add("GET", HOST, base, self._list)
        routes.add("GET", HOST, endpoint, self._get)
        routes.add("PUT", HOST, endpoint, self._put)
        routes.add("DELETE", HOST, endpoint, self._delete)
        routes.add("GET", HOST, f"{endpoint}/deployments", self._list_deployments)
        routes.add("GET", HOST, deployment, self._get_deployment)
        routes.add("PUT", HOST, deployment, self._put_deployment)
        routes.add("DELETE", HOST, deployment, self._delete_deployment)
        routes.add("POST", rf"[^.]+\.[a-z0-9-]+\.inference\.ml\.{DOMAIN}", "/jobs", self._invoke)
        # 2020-09-01-dataplanepreview, on the host that discovery tells: `list_jobs`.
        plane = f"/mferp/managementfrontend{SCOPE}/workspaces/(?P<ws>[^/]+)/batchEndpoints/(?P<name>[^/]+)"
        host = rf"[a-z0-9-]+\.api\.{DOMAIN}"
        routes.add("GET", host, f"{plane}(/deployments/(?P<d>[^/]+))?/jobs", self._list_jobs)

    def stop(self) -> None:
        """End every job."""
        self._jobs.batch.stop()

    # --- endpoints

    def _list(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        return page(
            request, [self._show(place, name, body) for name, body in self._documents.list(ENDPOINT, place.key)]
        )

    def _get(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        return json_response(self._show(place, *self._endpoint(place, name)))

    def _put(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place, body = self._workspaces.find(sub, rg, ws), request.json()
        given = body.get("properties") or {}
        _check_name("endpoint", name)
        with self._documents.lock:
            self._not_elsewhere(place, name)
            found = self._documents.get(ENDPOINT, place.key, name)
            self._not_changing(name, found)
            default = (given.get("defaults") or {}).get("deploymentName")
            if default:
                self._deployment(place, name, str(default))
            if str(given.get("authMode", "AADToken")).lower() != "aadtoken":
                raise arm(400, "UserError", "The authMode of a batch endpoint is AADToken.")
            kept = {
                "location": body.get("location") or place.region,
                "tags": body.get("tags") or {},
                "description": given.get("description"),
                "properties": given.get("properties") or {},
                "default": default,
                "created": (found or {}).get("created") or time.time(),
                "ready_at": time.time() + SECONDS if found is None else 0.0,
                "held": found is None and self._faults.slow_seconds(name) > 0,
            }
            self._documents.put(ENDPOINT, place.key, name, kept)
        headers = self._operations.follow(request, lambda: self._progress(name, kept, self._show(place, name, kept)))
        return json_response(self._show(place, name, kept), 200 if found else 201, headers)

    def _delete(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """With all deployments; jobs that it began go on and stay (how-to-mlflow-batch.md)."""
        place = self._workspaces.find(sub, rg, ws)
        with self._documents.lock:
            name, _ = self._endpoint(place, name)
            for key, _ in self._documents.list(DEPLOYMENT, place.key, f"{name}/"):
                self._documents.delete(DEPLOYMENT, place.key, key)
            self._documents.delete(ENDPOINT, place.key, name)
        return Response(202, b"", self._operations.begin(request, None, seconds=SECONDS))

    def _endpoint(self, place: Place, name: str) -> tuple[str, dict[str, Any]]:
        for known, body in self._documents.list(ENDPOINT, place.key):
            if known.lower() == name.lower():
                return known, body
        raise not_found("batchEndpoints", name)

    def _not_elsewhere(self, place: Place, name: str) -> None:
        """Names are unique in a region, also in capitals: they are names of hosts."""
        found = self._hosted(name)
        if found is not None and found != (place, name):
            raise arm(409, "Conflict", f"The endpoint name '{name}' is taken in the region {place.region}.")

    def _hosted(self, name: str) -> tuple[Place, str] | None:
        """Whose endpoint has that name, as a host is written: in any case."""
        for place in self._workspaces.all.values():
            for known, _ in self._documents.list(ENDPOINT, place.key):
                if known.lower() == name.lower():
                    return place, known
        return None

    # --- deployments

    def _list_deployments(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        name, _ = self._endpoint(place, name)
        found = self._documents.list(DEPLOYMENT, place.key, f"{name}/")
        return page(request, [self._show_deployment(place, key, body) for key, body in found])

    def _get_deployment(self, request: Request, *, sub: str, rg: str, ws: str, name: str, d: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        return json_response(self._show_deployment(place, *self._deployment(place, name, d)))

    def _put_deployment(self, request: Request, *, sub: str, rg: str, ws: str, name: str, d: str) -> Response:
        place, body = self._workspaces.find(sub, rg, ws), request.json()
        _check_name("deployment", d)
        with self._documents.lock:
            name, endpoint = self._endpoint(place, name)
            self._not_changing(name, endpoint)
            found = self._documents.get(DEPLOYMENT, place.key, f"{name}/{d}")
            self._not_changing(f"{name}/{d}", found)
            given = {k: v for k, v in (body.get("properties") or {}).items() if v is not None}
            properties = {**DEFAULTS, **given}
            self._check(place, properties)
            kept = {
                "location": body.get("location") or place.region,
                "tags": body.get("tags") or {},
                "properties": properties,
                "created": (found or {}).get("created") or time.time(),
                "ready_at": time.time() + SECONDS,
                "held": self._faults.slow_seconds(f"{name}/{d}") > 0,
            }
            self._documents.put(DEPLOYMENT, place.key, f"{name}/{d}", kept)
        key = f"{name}/{d}"
        headers = self._operations.follow(
            request, lambda: self._progress(key, kept, self._show_deployment(place, key, kept))
        )
        return json_response(self._show_deployment(place, key, kept), 200 if found else 201, headers)

    def _delete_deployment(self, request: Request, *, sub: str, rg: str, ws: str, name: str, d: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        with self._documents.lock:
            key, _ = self._deployment(place, name, d)
            self._documents.delete(DEPLOYMENT, place.key, key)
            name, endpoint = self._endpoint(place, name)
            if endpoint["default"] and key == f"{name}/{endpoint['default']}":
                self._documents.put(ENDPOINT, place.key, name, {**endpoint, "default": None})
        return Response(202, b"", self._operations.begin(request, None, seconds=SECONDS))

    def _deployment(self, place: Place, endpoint: str, name: str) -> tuple[str, dict[str, Any]]:
        endpoint, _ = self._endpoint(place, endpoint)
        for key, body in self._documents.list(DEPLOYMENT, place.key, f"{endpoint}/"):
            if key.lower() == f"{endpoint}/{name}".lower():
                return key, body
        raise not_found(f"batchEndpoints/{endpoint}/deployments", name)

    def _check(self, place: Place, properties: dict[str, Any]) -> None:
        if properties["codeConfiguration"] or properties["environmentId"]:
            raise arm(400, "UserError", "The sandbox deploys MLflow models without scoring script or environment only.")
        model = str((properties["model"] or {}).get("assetId") or "")
        if not model:
            raise arm(400, "UserError", "A batch deployment needs a model.")
        if not any(n.rpartition("/")[2] == "MLmodel" for n in self._storage.names(self._storage.find(place, model))):
            raise arm(400, "UserError", f"The model {model} is no MLflow model: a scoring script is required.")
        if not properties["compute"]:
            raise arm(400, "UserError", "A batch deployment needs a compute.")
        find_compute(self._documents, place, str(properties["compute"]))

    # --- states and shapes

    def _is_changing(self, key: str, body: dict[str, Any]) -> bool:
        return body["ready_at"] > time.time() or (body["held"] and self._faults.slow_seconds(key) > 0)

    def _not_changing(self, key: str, body: dict[str, Any] | None) -> None:
        if body is not None and self._is_changing(key, body):
            raise arm(409, "Conflict", f"{key} is being created: there is already an operation in progress.")

    def _progress(self, key: str, body: dict[str, Any], shown: dict[str, Any]) -> Progress:
        return Progress("InProgress") if self._is_changing(key, body) else Progress("Succeeded", shown)

    def _show(self, place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
        properties = {
            "description": body["description"],
            "authMode": "AADToken",
            "defaults": {"deploymentName": body["default"]},
            "properties": {"BatchEndpointCreationApiVersion": "2023-10-01", **body["properties"]},
            "scoringUri": f"https://{name}.{place.region}.inference.ml.{DOMAIN}/jobs",
            "swaggerUri": None,
            "provisioningState": "Creating" if self._is_changing(name, body) else "Succeeded",
        }
        return _envelope(resource(place, "batchEndpoints", name, properties), body)

    def _show_deployment(self, place: Place, key: str, body: dict[str, Any]) -> dict[str, Any]:
        endpoint, _, name = key.rpartition("/")
        state = "Creating" if self._is_changing(key, body) else "Succeeded"
        properties = {**body["properties"], "provisioningState": state}
        return _envelope(resource(place, f"batchEndpoints/{endpoint}/deployments", name, properties), body)

    # --- jobs

    def _invoke(self, request: Request) -> Response:
        self._check_login(request)
        name = request.host.partition(".")[0]
        found = self._hosted(name)
        if found is None:
            raise not_found("batchEndpoints", name)
        place = found[0]
        name, endpoint = self._endpoint(*found)
        wanted = request.headers.get("azureml-model-deployment") or endpoint["default"]
        if not wanted:
            raise arm(404, "UserError", f"The batch endpoint {name} has no default deployment.")
        key, body = self._deployment(place, name, wanted)
        self._not_changing(key, body)
        job = self._jobs.batch.start(place, _scoring(name, key.rpartition("/")[2], body, request.json()))
        return json_response(self._jobs.show_batch(place, f"batchEndpoints/{name}/jobs", job), 201)

    def _list_jobs(self, request: Request, *, sub: str, rg: str, ws: str, name: str, d: str = "") -> Response:
        place = self._workspaces.find(sub, rg, ws)
        name, _ = self._endpoint(place, name)
        return page(request, self._jobs.batch_jobs(place, name, d))


def _scoring(endpoint: str, deployment: str, body: dict[str, Any], given: dict[str, Any]) -> Scoring:
    asked = given.get("properties") or {}
    inputs = [i for i in (asked.get("inputData") or {}).values() if i.get("jobInputType") in ("UriFile", "UriFolder")]
    if len(inputs) != 1 or not inputs[0].get("uri"):
        raise arm(400, "UserError", "A batch endpoint of a model takes one input of the type UriFile or UriFolder.")
    settings = body["properties"]
    threshold = asked.get("errorThreshold")
    return Scoring(
        endpoint=endpoint,
        deployment=deployment,
        model=str(settings["model"]["assetId"]),
        data=str(inputs[0]["uri"]),
        display_name=str(asked.get("name") or f"batchjob-{uuid.uuid4()}"),
        experiment=str((asked.get("properties") or {}).get("experimentName") or endpoint),
        compute=str(settings["compute"]),
        mini_batch_size=int(asked.get("miniBatchSize") or settings["miniBatchSize"]),
        error_threshold=int(settings["errorThreshold"] if threshold is None else threshold),
        output_name=str(asked.get("outputFileName") or settings["outputFileName"]),
    )


def _check_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        rule = "3 to 32 letters, digits and single dashes, a letter first, a letter or digit last"
        raise arm(400, "BadArgument", f"The {what} name '{name}' is invalid: {rule}.")


def _envelope(shown: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    times = {**SYSTEM_DATA, "createdAt": iso(body["created"])}
    return {**shown, "location": body["location"], "tags": body["tags"], "systemData": times}
