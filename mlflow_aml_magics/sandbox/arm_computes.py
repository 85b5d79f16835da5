"""Computes of a workspace (2023-08-01-preview): clusters for batch scoring, attached Kubernetes clusters.

Two are there from the beginning: "cpu-cluster", and "k8s" as if somebody had attached a cluster. They are names with
properties; what runs on them runs on this machine.
"""

from __future__ import annotations

import re
from typing import Any

from .arm import HOST, ROOT, not_found, page, resource
from .documents import Documents
from .errors import arm
from .http import Request, Response, Routes, json_response
from .operations import Operations
from .workspaces import Place, Workspaces

__all__ = ["Computes", "find_compute"]

_KIND = "compute"
_SEEDED = "computes-made"  # that those of the beginning were put there; deleted ones do not come back
KINDS = ("AmlCompute", "Kubernetes")  # others are refused: nothing here would run on them
SECONDS = 0.5  # to make or delete one; the service takes some 20
CLUSTER: dict[str, Any] = {
    "computeType": "AmlCompute",
    "computeLocation": "local",
    "isAttachedCompute": False,
    "properties": {
        "vmSize": "STANDARD_DS3_V2",
        "vmPriority": "Dedicated",
        "osType": "Linux",
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"},
        "remoteLoginPortPublicAccess": "Disabled",
        "enableNodePublicIp": True,
        "allocationState": "Steady",
        "currentNodeCount": 0,
        "targetNodeCount": 0,
    },
}
KUBERNETES: dict[str, Any] = {
    "computeType": "Kubernetes",
    "computeLocation": "local",
    "isAttachedCompute": True,
    "resourceId": "/subscriptions/5a4d0b0c-0000-4000-8000-00000000005b/resourceGroups/sandbox-rg/providers"
    "/Microsoft.ContainerService/managedClusters/sandbox-aks",
    "properties": {
        "namespace": "azureml",
        "defaultInstanceType": "defaultinstancetype",
        "instanceTypes": {
            "defaultinstancetype": {
                "nodeSelector": None,
                "resources": {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"cpu": "2", "memory": "8Gi"}},
            }
        },
    },
}


class Computes:
    """…/computes and …/computes/NAME."""

    def __init__(self, workspaces: Workspaces, documents: Documents, operations: Operations) -> None:
        self._workspaces, self._documents, self._operations = workspaces, documents, operations

    def add_routes(self, routes: Routes) -> None:
        routes.add("GET", HOST, f"{ROOT}/computes", self._list)
        routes.add("GET", HOST, f"{ROOT}/computes/(?P<name>[^/]+)", self._get)
        routes.add("PUT", HOST, f"{ROOT}/computes/(?P<name>[^/]+)", self._put)
        routes.add("DELETE", HOST, f"{ROOT}/computes/(?P<name>[^/]+)", self._delete)

    def _list(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        _seed(self._documents, place)
        return page(request, [_show(place, name, body) for name, body in self._documents.list(_KIND, place.key)])

    def _get(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        return json_response(_show(place, name, find_compute(self._documents, place, name)))

    def _put(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place, body = self._workspaces.find(sub, rg, ws), request.json()
        given = body.get("properties") or {}
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,31}", name):
            message = f"The compute name '{name}' is invalid: 2 to 32 letters, digits and dashes, a letter first."
            raise arm(400, "ValidationError", message)
        if given.get("computeType") not in KINDS:
            raise arm(400, "UserError", f"The sandbox has no compute of type '{given.get('computeType')}'.")
        _seed(self._documents, place)
        start = CLUSTER if given["computeType"] == "AmlCompute" else KUBERNETES
        details = {**start["properties"], **_given(given.get("properties") or {})}
        properties = {**start, **_given(given), "properties": details}
        found = self._documents.get(_KIND, place.key, name) is not None
        kept = {"location": body.get("location") or place.region, "tags": body.get("tags") or {}}
        self._documents.put(_KIND, place.key, name, {**kept, "properties": properties})
        shown = _show(place, name, {**kept, "properties": properties})
        headers = self._operations.begin(request, shown, seconds=SECONDS)
        shown["properties"]["provisioningState"] = "Updating" if found else "Creating"
        return json_response(shown, 200 if found else 201, headers)

    def _delete(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """Also detaches: which of the two the query says (underlyingResourceAction)."""
        place = self._workspaces.find(sub, rg, ws)
        find_compute(self._documents, place, name)
        self._documents.delete(_KIND, place.key, name)
        return Response(202, b"", self._operations.begin(request, None, seconds=SECONDS))


def find_compute(documents: Documents, place: Place, name: str) -> dict[str, Any]:
    """The document of a compute: its `properties.computeType` and so on. 404 where there is none.

    Args:
        name: or its id, or "azureml:NAME".
    """
    _seed(documents, place)
    wanted = name.rpartition("/")[2].removeprefix("azureml:")
    for known, body in documents.list(_KIND, place.key):
        if known.lower() == wanted.lower():
            return body
    raise not_found("computes", wanted)


def _seed(documents: Documents, place: Place) -> None:
    with documents.lock:
        if documents.get(_SEEDED, place.key, "") is None:
            for name, properties in (("cpu-cluster", CLUSTER), ("k8s", KUBERNETES)):
                documents.put(_KIND, place.key, name, {"location": place.region, "tags": {}, "properties": properties})
            documents.put(_SEEDED, place.key, "", {})


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _show(place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
    properties = {**body["properties"], "provisioningState": "Succeeded", "provisioningErrors": None}
    return {**resource(place, "computes", name, properties), "location": body["location"], "tags": body["tags"]}
