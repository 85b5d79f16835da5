"""Online endpoints of a workspace and the deployments under them, managed or on Kubernetes: read, make, change, end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..errors import DeploymentError
from .azure_rest import Reply, call, created_at, pages, tags_of, writable

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["Endpoint", "OnlineEndpoints", "Served", "model_id", "model_label", "model_uri"]

# The versions that azure-ai-ml 1.35 asks for.
ENDPOINTS, DEPLOYMENTS = "2022-02-01-preview", "2023-04-01-preview"
AT_ONCE = 8  # endpoints whose deployments are listed together
AUTH = {"key": "Key", "aml_token": "AMLToken", "aad_token": "AADToken"}
CONTAINERS = {"inference-server": "InferenceServer", "storage-initializer": "StorageInitializer"}
_MODEL = re.compile(
    r"(?:.*/workspaces/(?P<workspace>[^/]+)|azureml:/*registries/(?P<registry>[^/]+))"
    r"/models/(?P<name>[^/]+)/versions/(?P<version>[^/]+)/?",
    re.I,
)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint. ``compute`` is the cluster's name, "" of a managed one; ``traffic`` percent by deployment."""

    name: str
    state: str
    auth: str = "key"
    compute: str = ""
    scoring_uri: str = ""
    traffic: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None


@dataclass(frozen=True)
class Served:
    """A deployment under an endpoint. ``model`` is its id in Azure."""

    endpoint: str
    name: str
    state: str
    model: str = ""
    machine: str = ""
    count: int = 1
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None


class OnlineEndpoints:
    """The endpoints of a connection's workspace. Changes are begun; whoever wants their end looks again.

    Args:
        conn: to an Azure Machine Learning workspace.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    # --- read

    def all(self, *, kubernetes: bool) -> list[tuple[Endpoint, list[Served]]]:
        """All endpoints of the one kind with their deployments; these are asked for eight at a time."""
        documents = pages(self.conn, "listing the endpoints", "/onlineEndpoints", api_version=ENDPOINTS)
        found = [point for point in map(_endpoint, documents) if bool(point.compute) == kubernetes]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(zip(found, pool.map(lambda point: self.deployments(point.name), found), strict=True))

    def get(self, name: str) -> Endpoint | None:
        """The endpoint of that name."""
        reply = self._call(f"looking up the endpoint '{name}'", "GET", name)
        return _endpoint(reply.document) if reply.found else None

    def deployments(self, endpoint: str) -> list[Served]:
        """The deployments under an endpoint."""
        path = f"/onlineEndpoints/{quote(endpoint, safe='')}/deployments"
        found = pages(self.conn, f"listing the deployments of '{endpoint}'", path, api_version=DEPLOYMENTS)
        return [_served(endpoint, document) for document in found]

    def deployment(self, endpoint: str, name: str) -> Served | None:
        """The deployment of that name under an endpoint."""
        reply = self._call(f"looking up the deployment '{endpoint}/{name}'", "GET", endpoint, name)
        return _served(endpoint, reply.document) if reply.found else None

    def logs(self, endpoint: str, name: str, tail: int, *, container: str = "inference-server") -> str:
        """The last lines of one of its containers; "" where it has none yet, or no more.

        Args:
            container: "inference-server", or "storage-initializer", which fetches the model.
        """
        body = {"containerType": CONTAINERS[container], "tail": tail}
        reply = self._call(f"reading the log of '{endpoint}/{name}'", "POST", endpoint, name, "getLogs", body=body)
        return str(reply.document.get("content") or reply.document.get("text") or "") if reply.found else ""

    def key(self, endpoint: Endpoint) -> str:
        """A secret that its scoring address takes: the primary key, or a token."""
        if endpoint.auth == "aad_token":
            azure = self.conn.azure
            assert azure is not None
            assert azure.credential is not None
            return str(azure.credential.get_token("https://ml.azure.com/.default").token)
        verb, field_ = ("listKeys", "primaryKey") if endpoint.auth == "key" else ("token", "accessToken")
        reply = self._call(f"reading the key of '{endpoint.name}'", "POST", endpoint.name, verb=verb)
        return str(reply.document.get(field_) or "")

    # --- change

    def create(self, name: str, *, auth: str, tags: Mapping[str, str], compute: str = "") -> Reply:
        """Make an endpoint.

        Args:
            auth: a key of `AUTH`.
            compute: the attached cluster's name; "" for a managed one.
        """
        properties: dict[str, Any] = {"authMode": AUTH[auth], "properties": {}, "traffic": {}}
        if compute:
            properties["compute"] = self._compute_id(compute)
        body = {"identity": {"type": "SystemAssigned"}, "properties": properties, "tags": dict(tags)}
        return self._put(f"making the endpoint '{name}'", name, body=body)

    def change(
        self, name: str, *, traffic: Mapping[str, int] | None = None, tags: Mapping[str, str] | None = None
    ) -> Reply:
        """Set an endpoint's traffic, and add to its tags. All else of it stays as it is."""
        reply = self._call(f"looking up the endpoint '{name}'", "GET", name)
        if not reply.found:  # a PUT would make another
            raise DeploymentError(f"the endpoint '{name}' was deleted meanwhile", hint="%aml_endpoints")
        body = writable(reply.document)
        if traffic is not None:
            body["properties"]["traffic"] = {each: share for each, share in traffic.items() if share}
        body["tags"] = {**tags_of(reply.document), **(tags or {})}
        return self._put(f"changing the endpoint '{name}'", name, body=body)

    def deploy(
        self, endpoint: Endpoint, name: str, *, model: str, machine: str, count: int, tags: Mapping[str, str]
    ) -> Reply:
        """Make a deployment, or change it. What else is set on one that is there stays.

        Args:
            model: its id in Azure, of `model_id`.
        """
        found = self._call(f"looking up '{endpoint.name}/{name}'", "GET", endpoint.name, name)
        body = writable(found.document) if found.found else {"properties": {}}
        compute_type = "Kubernetes" if endpoint.compute else "Managed"
        body["properties"] |= {"endpointComputeType": compute_type, "model": model}
        if machine:
            body["properties"]["instanceType"] = machine
        body["sku"] = {"name": "Default", "capacity": count}
        body["tags"] = {**(found.document.get("tags") or {}), **tags}
        return self._put(f"making the deployment '{endpoint.name}/{name}'", endpoint.name, name, body=body)

    def delete(self, endpoint: str, name: str = "") -> Reply:
        """Begin to end a deployment; without its name the endpoint with all."""
        doing = f"deleting '{endpoint}/{name}'" if name else f"deleting the endpoint '{endpoint}'"
        return self._call(doing, "DELETE", endpoint, name)

    # --- the wire

    def _put(self, doing: str, endpoint: str, name: str = "", *, body: dict[str, Any]) -> Reply:
        assert self.conn.azure is not None
        return self._call(doing, "PUT", endpoint, name, body={"location": self.conn.azure.region, **body})

    def _call(
        self, doing: str, method: str, endpoint: str, name: str = "", verb: str = "", *,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:  # fmt: skip
        path = f"/onlineEndpoints/{quote(endpoint, safe='')}"
        path += f"/deployments/{quote(name, safe='')}" if name else ""
        path += f"/{verb}" if verb else ""
        version = DEPLOYMENTS if name else ENDPOINTS
        return call(self.conn, doing, method, path, api_version=version, body=body)

    def _compute_id(self, name: str) -> str:
        assert self.conn.azure is not None
        return f"{self.conn.azure.ref.arm_id}/computes/{name}"


def model_id(conn: Connection, name: str, version: str) -> str:
    """A registered model's id in Azure."""
    assert conn.azure is not None
    return f"{conn.azure.ref.arm_id}/models/{name}/versions/{version}"


def model_label(identifier: str) -> str:
    """A model's id in words: "wine version 3"; what is no such id is itself."""
    match = _MODEL.fullmatch(identifier)
    if match is None:
        return identifier
    of = f" of the registry {match['registry']}" if match["registry"] else ""
    return f"{match['name']} version {match['version']}{of}"


def model_uri(identifier: str) -> str:
    """Where `artifacts.fetch` finds a model's files: models:/wine/3; "" for one of a registry, or no model's id."""
    match = _MODEL.fullmatch(identifier)
    return f"models:/{match['name']}/{match['version']}" if match and match["workspace"] else ""


def _endpoint(document: Mapping[str, Any]) -> Endpoint:
    properties = document.get("properties") or {}
    auth = str(properties.get("authMode", "Key")).lower()
    return Endpoint(
        name=str(document.get("name", "")),
        state=str(properties.get("provisioningState", "")),
        auth=next((ours for ours, theirs in AUTH.items() if theirs.lower() == auth), auth),
        compute=str(properties.get("compute") or "").rpartition("/")[2],
        scoring_uri=str(properties.get("scoringUri") or ""),
        traffic={str(name): int(share) for name, share in (properties.get("traffic") or {}).items()},
        tags=tags_of(document),
        created=created_at(document),
    )


def _served(endpoint: str, document: Mapping[str, Any]) -> Served:
    properties = document.get("properties") or {}
    return Served(
        endpoint=endpoint,
        name=str(document.get("name", "")).rpartition("/")[2],
        state=str(properties.get("provisioningState", "")),
        model=str(properties.get("model") or ""),
        machine=str(properties.get("instanceType") or ""),
        count=int((document.get("sku") or {}).get("capacity") or 1),
        tags=tags_of(document),
        created=created_at(document),
    )
