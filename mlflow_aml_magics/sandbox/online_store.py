"""The online endpoints and deployments that there are, and how Resource Manager shows them.

An endpoint is a document `{location, tags, kind, identity, properties, keys, ready_at, created, updated}`; a deployment
one of `{location, tags, sku, properties, state, error, generation, serving, created, updated}`, where `generation`
counts the times it was rolled out, and `serving` is the one that answers (0 for none). Times are seconds since 1970.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from .arm import SYSTEM_DATA, resource
from .certificates import DOMAIN
from .documents import Documents
from .errors import Refusal, arm
from .identity import TENANT_ID
from .workspaces import Place

__all__ = ["OnlineStore", "missing", "new_key", "request_settings", "scoring_host", "show_deployment", "show_endpoint"]

_ENDPOINT, _DEPLOYMENT = "online-endpoint", "online-deployment"


class OnlineStore:
    """Endpoints by workspace, deployments by endpoint. Hold `lock` around a read and the write that depends on it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.lock = documents.lock

    def endpoint(self, place: Place, name: str) -> dict[str, Any] | None:
        """One endpoint, or None."""
        return self._documents.get(_ENDPOINT, place.key, name)

    def endpoints(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """Name and document of each, oldest first."""
        return self._documents.list(_ENDPOINT, place.key)

    def put_endpoint(self, place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write an endpoint; its `updated` becomes now."""
        now = time.time()
        body = {"created": now, **body, "updated": now}
        self._documents.put(_ENDPOINT, place.key, name, body)
        return body

    def delete_endpoint(self, place: Place, name: str) -> None:
        """Remove an endpoint; its deployments are left."""
        self._documents.delete(_ENDPOINT, place.key, name)

    def deployment(self, place: Place, endpoint: str, name: str) -> dict[str, Any] | None:
        """One deployment, or None."""
        return self._documents.get(_DEPLOYMENT, place.key, f"{endpoint}/{name}")

    def deployments(self, place: Place, endpoint: str = "") -> list[tuple[str, dict[str, Any]]]:
        """Name and document of each of an endpoint; of all, with "ENDPOINT/NAME", if none is named. Oldest first."""
        prefix = f"{endpoint}/" if endpoint else ""
        return [(name[len(prefix) :], body) for name, body in self._documents.list(_DEPLOYMENT, place.key, prefix)]

    def put_deployment(self, place: Place, endpoint: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write a deployment; its `updated` becomes now."""
        now = time.time()
        body = {"created": now, **body, "updated": now}
        self._documents.put(_DEPLOYMENT, place.key, f"{endpoint}/{name}", body)
        return body

    def delete_deployment(self, place: Place, endpoint: str, name: str) -> None:
        """Remove a deployment."""
        self._documents.delete(_DEPLOYMENT, place.key, f"{endpoint}/{name}")


def missing(place: Place, path: str) -> Refusal:
    """Endpoints and deployments are tracked resources: Resource Manager itself says that there is none."""
    return arm(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.MachineLearningServices/workspaces/{place.name}/{path}' under resource group "
        f"'{place.resource_group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def new_key() -> str:
    """The key of an endpoint: 32 letters and digits, as those of the service were; they are longer by now."""
    return secrets.token_hex(16)


def scoring_host(place: Place, endpoint: str) -> str:
    """NAME.REGION.inference.ml.…, as in azureml-examples#1891."""
    return f"{endpoint.lower()}.{place.region}.inference.ml.{DOMAIN}"


def show_endpoint(place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """2022-02-01-preview, with the properties of the recordings of azure-ai-ml's own tests."""
    is_ready = time.time() >= body["ready_at"]
    base = f"https://{scoring_host(place, name)}"
    had_uri = is_ready or body["updated"] != body["created"]
    given = body["properties"]
    arm_id = f"{place.arm_id}/onlineEndpoints/{name}"
    properties = {
        "description": given.get("description"),
        "properties": {**(given.get("properties") or {}), "azureml.onlineendpointid": arm_id.lower()},
        "scoringUri": f"{base}/score" if had_uri else None,
        "swaggerUri": f"{base}/swagger.json" if had_uri else None,
        "authMode": given["authMode"],
        "provisioningState": "Succeeded" if is_ready else ("Updating" if had_uri else "Creating"),
        "compute": given.get("compute"),
        "traffic": given.get("traffic") or {},
        "mirrorTraffic": given.get("mirrorTraffic") or {},
        "publicNetworkAccess": given.get("publicNetworkAccess") or "Enabled",
    }
    shown = resource(place, "onlineEndpoints", name, properties)
    shown["systemData"] = _system_data(body)
    identity = {**body["identity"], "principalId": place.workspace_id, "tenantId": TENANT_ID}
    return shown | {"tags": body["tags"], "location": body["location"], "kind": body["kind"], "identity": identity}


def show_deployment(place: Place, endpoint: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """2023-04-01-preview, with the properties of the examples beside mfe.json in azure-rest-api-specs."""
    given = body["properties"]
    probe = {
        "period": "PT10S",
        "initialDelay": "PT10S",
        "timeout": "PT2S",
        "successThreshold": 1,
        "failureThreshold": 30,
    }
    properties = {
        "description": None, "properties": {}, "codeConfiguration": None, "environmentId": None,
        "environmentVariables": {}, "scaleSettings": {"scaleType": "Default"}, "appInsightsEnabled": False,
        "modelMountPath": None, "egressPublicNetworkAccess": "Enabled", "instanceType": None,
        **{key: value for key, value in given.items() if value is not None},
        "requestSettings": request_settings(body),
        "livenessProbe": probe | _given(given.get("livenessProbe")),
        "readinessProbe": probe | _given(given.get("readinessProbe")),
        "provisioningState": body["state"],
    }  # fmt: skip
    kind = given.get("endpointComputeType") or "Managed"
    if kind == "Kubernetes":  # azure-ai-ml reads this one unasked
        small = {"containerResourceRequests": {"cpu": "0.1", "memory": "0.5Gi"}, "containerResourceLimits": None}
        properties["containerResourceRequirements"] = given.get("containerResourceRequirements") or small
    shown = resource(place, f"onlineEndpoints/{endpoint}/deployments", name, properties)
    shown["systemData"] = _system_data(body)
    return shown | {"tags": body["tags"], "location": body["location"], "kind": kind, "sku": body["sku"]}


def request_settings(body: dict[str, Any]) -> dict[str, Any]:
    """Of a deployment, with the service's defaults (reference-yaml-deployment-managed-online.md)."""
    settings = {"maxConcurrentRequestsPerInstance": 1, "requestTimeout": "PT5S", "maxQueueWait": "PT0.5S"}
    return settings | _given(body["properties"].get("requestSettings"))


def _given(values: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (values or {}).items() if value is not None}


def _system_data(body: dict[str, Any]) -> dict[str, Any]:
    def iso(seconds: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))

    return {**SYSTEM_DATA, "createdAt": iso(body["created"]), "lastModifiedAt": iso(body["updated"])}
