"""Online deployments in Resource Manager (2023-04-01-preview): what is deployed, how far it is, its logs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from .arm import HOST, ROOT, page
from .arm_computes import find_compute
from .documents import Documents
from .errors import arm
from .http import Request, Response, Routes, json_response
from .online_container import LOGS
from .online_failures import MAX_FILES, is_servable
from .online_rollouts import Rollouts
from .online_rules import CORES, MAX_DEPLOYMENTS, check_name, check_quota, check_variables, cores_needed, seconds_of
from .online_store import OnlineStore, missing, request_settings, show_deployment
from .operations import Operations, Progress
from .stored import Storage, Stored
from .workspaces import Place, Workspaces

__all__ = ["OnlineDeployments"]

QUOTA_CORES = 100  # of a workspace here; of a subscription, region and family of machines on the service
DELETE_SECONDS = 0.3  # the service takes minutes


class OnlineDeployments:
    """…/onlineEndpoints/NAME/deployments, …/deployments/NAME, …/getLogs and …/skus.

    `quota_cores` may be changed at any time.
    """

    def __init__(
        self,
        workspaces: Workspaces,
        documents: Documents,
        operations: Operations,
        *,
        store: OnlineStore,
        storage: Storage,
        rollouts: Rollouts,
        strict: bool,
    ) -> None:
        self._workspaces, self._store, self._operations = workspaces, store, operations
        self._storage, self._rollouts, self._documents, self._strict = storage, rollouts, documents, strict
        self.quota_cores = QUOTA_CORES

    def add_routes(self, routes: Routes) -> None:
        base = f"{ROOT}/onlineEndpoints/(?P<ep>[^/]+)/deployments"
        one = f"{base}/(?P<name>[^/]+)"
        routes.add("GET", HOST, base, self._list)
        routes.add("GET", HOST, one, self._get)
        routes.add("PUT PATCH", HOST, one, self._put)
        routes.add("DELETE", HOST, one, self._delete)
        routes.add("POST", HOST, f"{one}/getLogs", self._logs)
        routes.add("GET", HOST, f"{one}/skus", self._skus)

    def _list(self, request: Request, sub: str, rg: str, ws: str, ep: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        self._endpoint(place, ep)
        found = self._store.deployments(place, ep)
        return page(request, [show_deployment(place, ep, name, self._seen(place, ep, name, b)) for name, b in found])

    def _get(self, request: Request, *, sub: str, rg: str, ws: str, ep: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        body = self._seen(place, ep, name, self._find(place, ep, name))
        return json_response(show_deployment(place, ep, name, body))

    def _put(self, request: Request, *, sub: str, rg: str, ws: str, ep: str, name: str) -> Response:
        """Make one, change one as a whole (PUT), or what is given of it (PATCH)."""
        place, given = self._workspaces.find(sub, rg, ws), request.json()
        partial = request.method == "PATCH"
        check_name("deployment", name)
        with self._store.lock:
            endpoint = self._endpoint(place, ep)
            found = self._find(place, ep, name) if partial else self._store.deployment(place, ep, name)
            if found is None and len(self._store.deployments(place, ep)) >= MAX_DEPLOYMENTS:
                raise arm(400, "BadRequest", f"An endpoint has at most {MAX_DEPLOYMENTS} deployments.")
            before = found if partial and found is not None else {}
            properties = {**before.get("properties", {}), **_given(given.get("properties"))}
            sku = {"name": "Default", **before.get("sku", {"capacity": 1}), **_given(given.get("sku"))}
            self._check(place, (ep, name), endpoint, properties, sku["capacity"])
            is_same = found is not None and _runs_on(found, properties)
            body = {
                **(found or {"generation": 0, "serving": 0}),
                "location": given.get("location") or place.region,
                "tags": given["tags"] if given.get("tags") is not None else before.get("tags", {}),
                "sku": sku,
                "properties": properties,
                "state": "Succeeded" if is_same else ("Updating" if found else "Creating"),
                "error": None,
            }
            body["generation"] += 0 if is_same else 1
            body = self._store.put_deployment(place, ep, name, body)
        if not is_same:
            self._rollouts.begin((place, ep, name))
        headers = self._operations.follow(request, lambda: self._progress(place, ep, name))
        headers["Location"] = f"https://{request.host}{request.path}?api-version={request.query['api-version']}"
        return json_response(show_deployment(place, ep, name, body), 200 if found else 201, headers)

    def _progress(self, place: Place, ep: str, name: str) -> Progress:
        body = self._store.deployment(place, ep, name)
        if body is None:
            return Progress("Canceled", error={"code": "Canceled", "message": "The deployment was deleted."})
        if body["error"]:
            code, message = body["error"]
            return Progress("Failed", error={"code": code, "message": message, "details": [], "additionalInfo": []})
        return Progress(body["state"], show_deployment(place, ep, name, body))

    def _delete(self, request: Request, *, sub: str, rg: str, ws: str, ep: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        with self._store.lock:
            if self._store.deployment(place, ep, name) is None:
                return Response(204)
            endpoint = self._endpoint(place, ep)
            for kind in ("traffic", "mirrorTraffic"):
                percents = endpoint["properties"].get(kind) or {}
                if percents.get(name):
                    raise arm(
                        400,
                        "BadRequest",
                        f"The deployment '{name}' has {percents[name]} percent of {kind} of the endpoint '{ep}'. Set "
                        "it to 0 before the deployment is deleted.",
                    )
                if name in percents:
                    del percents[name]
            self._store.put_endpoint(place, ep, endpoint)
            self._store.delete_deployment(place, ep, name)
        self._rollouts.remove((place, ep, name))
        return Response(202, b"", self._operations.begin(request, None, seconds=DELETE_SECONDS))

    def _logs(self, request: Request, *, sub: str, rg: str, ws: str, ep: str, name: str) -> Response:
        place, given = self._workspaces.find(sub, rg, ws), request.json()
        body = self._find(place, ep, name)
        container, tail = str(given.get("containerType") or "InferenceServer"), given.get("tail")
        if container not in LOGS:
            raise arm(400, "BadRequest", f"The containerType '{container}' is none of {', '.join(LOGS)}.")
        text = self._rollouts.log((place, ep, name), body, container, int(tail) if tail is not None else None)
        return json_response({"content": text})

    def _skus(self, request: Request, *, sub: str, rg: str, ws: str, ep: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        sku = self._find(place, ep, name)["sku"]
        capacity = {"minimum": 1, "maximum": 20, "default": 1, "scaleType": "Automatic"}
        kind = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"
        return page(request, [{"resourceType": kind, "sku": sku, "capacity": capacity}])

    def _check(
        self, place: Place, names: tuple[str, str], endpoint: dict[str, Any], properties: dict[str, Any], count: Any
    ) -> None:
        compute = endpoint["properties"].get("compute")
        kind = str(properties.get("endpointComputeType") or "")
        if kind != ("Kubernetes" if compute else "Managed"):
            raise arm(400, "BadRequest", f"The endpointComputeType '{kind}' is not that of the endpoint '{names[0]}'.")
        if not isinstance(count, int) or count < 1:
            raise arm(400, "BadRequest", f"The capacity must be a number of at least 1; it is {count!r}.")
        for key in ("codeConfiguration", "environmentId"):
            if properties.get(key):
                raise arm(400, "NotImitated", f"The sandbox deploys MLflow models without code; it has no {key}.")
        check_variables(properties.get("environmentVariables") or {})
        seconds_of(str(request_settings({"properties": properties})["requestTimeout"]))
        self._check_model(place, properties)
        if compute:
            self._check_instance(place, str(compute), properties.get("instanceType"))
        elif self._strict:
            self._check_quota(place, "/".join(names), str(properties.get("instanceType") or ""), count)

    def _check_model(self, place: Place, properties: dict[str, Any]) -> None:
        if not properties.get("model"):
            raise arm(400, "BadRequest", "The deployment has no model.")
        stored = self._storage.find(place, str(properties["model"]))
        names = self._storage.names(stored)
        if len(names) > MAX_FILES:
            raise arm(400, "BadRequest", f"The model has {len(names)} files; a model has at most {MAX_FILES}.")
        if not self._has_python_function(stored):
            raise arm(
                400,
                "BadRequest",
                "The deployment has no environment and no code configuration; only MLflow models with the flavor "
                "python_function can be deployed without them.",
            )

    def _has_python_function(self, stored: Stored) -> bool:
        description = Stored(stored.account, stored.container, f"{stored.path.rstrip('/')}/MLmodel")
        with tempfile.TemporaryDirectory() as folder:
            return bool(self._storage.save(description, Path(folder))) and is_servable(Path(folder))

    def _check_instance(self, place: Place, compute: str, wanted: str | None) -> None:
        known = find_compute(self._documents, place, compute)["properties"]["properties"].get("instanceTypes") or {}
        if wanted and wanted not in known:
            raise arm(400, "BadRequest", f"The instance type '{wanted}' is none of the compute: {', '.join(known)}.")

    def _check_quota(self, place: Place, own: str, instance_type: str, count: int) -> None:
        others = [body for name, body in self._store.deployments(place) if name != own]
        of_others = [(str(b["properties"].get("instanceType")).lower(), int(b["sku"]["capacity"])) for b in others]
        used = sum(CORES.get(kind, 0) * capacity for kind, capacity in of_others)
        needed = cores_needed(instance_type, count)
        check_quota(instance_type, needed, used, self.quota_cores, place.subscription_id)

    def _endpoint(self, place: Place, ep: str) -> dict[str, Any]:
        found = self._store.endpoint(place, ep)
        if found is None:
            message = f"Can not perform requested operation on nested resource. Parent resource '{ep}' not found."
            raise arm(404, "ParentResourceNotFound", message)
        return found

    def _find(self, place: Place, ep: str, name: str) -> dict[str, Any]:
        self._endpoint(place, ep)
        found = self._store.deployment(place, ep, name)
        if found is None:
            raise missing(place, f"onlineEndpoints/{ep}/deployments/{name}")
        return found

    def _seen(self, place: Place, ep: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """The same; who asks for one whose roll-out was interrupted by a restart of the sandbox lets it go on."""
        if body["state"] in ("Creating", "Updating"):
            self._rollouts.resume((place, ep, name))
        return body


def _runs_on(found: dict[str, Any], properties: dict[str, Any]) -> bool:
    """Whether a change leaves the container as it is: not of the model, nor of its environment."""
    before = found["properties"]
    same = all((before.get(key) or {}) == (properties.get(key) or {}) for key in ("model", "environmentVariables"))
    return same and bool(found["serving"]) and found["serving"] == found["generation"]


def _given(values: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (values or {}).items() if value is not None}
