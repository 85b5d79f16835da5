"""Online endpoints in Resource Manager (2022-02-01-preview): endpoints, keys, tokens, traffic.

Their deployments are in arm_online_deployments.py; where they are asked to score, in online_scoring.py.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .arm import HOST, ROOT, page
from .arm_computes import find_compute
from .arm_online_deployments import OnlineDeployments
from .documents import Documents
from .errors import arm
from .faults import Faults
from .http import Request, Response, Routes, json_response
from .identity import Identity
from .online_rollouts import Rollouts
from .online_rules import check_name, check_traffic
from .online_scoring import Scoring, token_audience
from .online_store import OnlineStore, missing, new_key, show_endpoint
from .operations import Operations, Progress
from .stored import Storage
from .workspaces import Place, Workspaces

__all__ = ["OnlineEndpoints"]

SECONDS = 0.3  # to make or change an endpoint; the service takes one to two minutes
AUTH_MODES = {"key": "Key", "amltoken": "AMLToken", "aadtoken": "AADToken"}
KEYS = {"primary": 0, "secondary": 1}


class OnlineEndpoints:
    """…/onlineEndpoints, …/onlineEndpoints/NAME and its keys; all routes of deployments and scoring hosts too.

    Args:
        folder: for the containers.
        strict: refuse, and let fail, what the service does.
    """

    def __init__(
        self,
        workspaces: Workspaces,
        documents: Documents,
        operations: Operations,
        *,
        storage: Storage,
        faults: Faults,
        identity: Identity,
        folder: Path,
        strict: bool,
    ) -> None:
        self._workspaces, self._documents, self._operations = workspaces, documents, operations
        self._identity = identity
        self._store = OnlineStore(documents)
        self._rollouts = Rollouts(folder, self._store, storage, faults, strict=strict)
        self.deployments = OnlineDeployments(
            workspaces,
            documents,
            operations,
            store=self._store,
            storage=storage,
            rollouts=self._rollouts,
            strict=strict,
        )
        self._scoring = Scoring(workspaces, self._store, self._rollouts, identity, strict=strict)

    def add_routes(self, routes: Routes) -> None:
        one = f"{ROOT}/onlineEndpoints/(?P<name>[^/]+)"
        routes.add("GET", HOST, f"{ROOT}/onlineEndpoints", self._list)
        routes.add("GET", HOST, one, self._get)
        routes.add("PUT", HOST, one, self._put)
        routes.add("PATCH", HOST, one, self._patch)
        routes.add("DELETE", HOST, one, self._delete)
        routes.add("POST", HOST, f"{one}/listKeys", self._keys)
        routes.add("POST", HOST, f"{one}/regenerateKeys", self._regenerate)
        routes.add("POST", HOST, f"{one}/token", self._token)
        self.deployments.add_routes(routes)
        self._scoring.add_routes(routes)

    def stop(self) -> None:
        """End every process."""
        self._rollouts.stop()

    @property
    def processes(self) -> list[int]:
        """The ids of those that score."""
        return self._rollouts.processes

    def _list(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = self._store.endpoints(place)
        if kind := request.query.get("computeType"):
            found = [(name, body) for name, body in found if body["kind"].lower() == kind.lower()]
        return page(request, [show_endpoint(place, name, body) for name, body in found])

    def _get(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        return json_response(show_endpoint(place, name, self._find(place, name)))

    def _put(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place, given = self._workspaces.find(sub, rg, ws), request.json()
        properties = given.get("properties") or {}
        check_name("endpoint", name)
        mode = AUTH_MODES.get(str(properties.get("authMode") or "Key").lower())
        if mode is None:
            raise arm(400, "BadRequest", f"The authMode '{properties.get('authMode')}' is not known.")
        with self._store.lock:
            found = self._store.endpoint(place, name)
            self._free(place, name)
            deployments = [deployment for deployment, _ in self._store.deployments(place, name)]
            check_traffic(properties.get("traffic") or {}, properties.get("mirrorTraffic") or {}, deployments)
            compute = properties.get("compute") or None
            if compute:
                compute = self._kubernetes(place, str(compute))
            body = {
                **(found or {"keys": [new_key(), new_key()]}),
                "location": given.get("location") or place.region,
                "tags": given.get("tags") or {},
                "kind": "K8S" if compute else "Managed",
                "identity": {"type": (given.get("identity") or {}).get("type") or "SystemAssigned"},
                "properties": {**properties, "authMode": mode, "compute": compute},
                "ready_at": time.time() + SECONDS,
            }
            body = self._store.put_endpoint(place, name, body)
        return self._changed(request, place, name, body, 200 if found else 201)

    def _patch(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place, given = self._workspaces.find(sub, rg, ws), request.json()
        with self._store.lock:
            body = self._find(place, name)
            partial = {k: v for k, v in (given.get("properties") or {}).items() if k in ("traffic", "mirrorTraffic")}
            properties = {**body["properties"], **{k: v for k, v in partial.items() if v is not None}}
            deployments = [deployment for deployment, _ in self._store.deployments(place, name)]
            check_traffic(properties.get("traffic") or {}, properties.get("mirrorTraffic") or {}, deployments)
            tags = body["tags"] if given.get("tags") is None else given["tags"]
            changes = {"properties": properties, "tags": tags, "ready_at": time.time() + SECONDS}
            body = self._store.put_endpoint(place, name, body | changes)
        return self._changed(request, place, name, body, 200)

    def _changed(self, request: Request, place: Place, name: str, body: dict[str, Any], status: int) -> Response:
        def look() -> Progress:
            found = self._store.endpoint(place, name)
            if found is None:
                return Progress("Canceled", error={"code": "Canceled", "message": "The endpoint was deleted."})
            shown = show_endpoint(place, name, found)
            return Progress(shown["properties"]["provisioningState"], shown)

        headers = self._operations.follow(request, look)
        headers["Location"] = f"https://{request.host}{request.path}?api-version={request.query['api-version']}"
        return json_response(show_endpoint(place, name, body), status, headers)

    def _delete(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """Its deployments go with it; 204 where there is none, as recorded."""
        place = self._workspaces.find(sub, rg, ws)
        with self._store.lock:
            if self._store.endpoint(place, name) is None:
                return Response(204)
            keys = [(place, name, deployment) for deployment, _ in self._store.deployments(place, name)]
            for key in keys:
                self._store.delete_deployment(*key)
            self._store.delete_endpoint(place, name)
        for key in keys:
            self._rollouts.remove(key)
        return Response(202, b"", self._operations.begin(request, None, seconds=SECONDS))

    def _keys(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        body = self._find(self._workspaces.find(sub, rg, ws), name)
        if body["properties"]["authMode"] != "Key":
            raise arm(400, "BadRequest", f"The endpoint '{name}' does not use keys for authentication.")
        return json_response({"primaryKey": body["keys"][0], "secondaryKey": body["keys"][1]})

    def _regenerate(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """A given keyValue is taken if it is another one: azure-ai-ml sends the key that there is, for a new one."""
        place, given = self._workspaces.find(sub, rg, ws), request.json()
        number = KEYS.get(str(given.get("keyType", "")).lower())
        if number is None:
            raise arm(400, "BadRequest", "The keyType must be Primary or Secondary.")
        with self._store.lock:
            body = self._find(place, name)
            keys, wanted = list(body["keys"]), str(given.get("keyValue") or "")
            keys[number] = wanted if wanted and wanted not in keys else new_key()
            self._store.put_endpoint(place, name, body | {"keys": keys})
        return Response(202, b"", self._operations.begin(request, None))

    def _token(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        if self._find(place, name)["properties"]["authMode"] != "AMLToken":
            raise arm(400, "BadRequest", f"The endpoint '{name}' does not use Azure ML tokens for authentication.")
        token, expires = self._identity.token(token_audience(place, name))
        now = int(time.time())
        times = {"expiryTimeUtc": expires, "refreshAfterTimeUtc": now + (expires - now) * 3 // 4}
        return json_response({"accessToken": token, "tokenType": "Bearer", **times})

    def _find(self, place: Place, name: str) -> dict[str, Any]:
        found = self._store.endpoint(place, name)
        if found is None:
            raise missing(place, f"onlineEndpoints/{name}")
        return found

    def _free(self, place: Place, name: str) -> None:
        """An endpoint's name is its host's: it is unique in the region, also in capitals."""
        for other in self._workspaces.all.values():
            for known, _ in self._store.endpoints(other):
                if known.lower() == name.lower() and (other, known) != (place, name):
                    raise arm(409, "Conflict", f"The endpoint name '{name}' is in use in this region.")

    def _kubernetes(self, place: Place, compute: str) -> str:
        """The id of an attached cluster."""
        found = find_compute(self._documents, place, compute)
        kind = found["properties"].get("computeType")
        if kind != "Kubernetes":
            raise arm(400, "BadRequest", f"The compute '{compute}' is of type {kind}; an endpoint needs Kubernetes.")
        return f"{place.arm_id}/computes/{compute.rpartition('/')[2].removeprefix('azureml:')}"
