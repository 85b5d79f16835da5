"""Batch endpoints of a workspace, the deployments under them, and the clusters that they score on."""

from __future__ import annotations

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

__all__ = ["BatchEndpoint", "BatchEndpoints", "BatchServed", "Compute"]

# The versions that azure-ai-ml 1.35 asks for.
ENDPOINTS, DEPLOYMENTS, COMPUTES = "2023-10-01", "2024-01-01-preview", "2023-08-01-preview"
AT_ONCE = 8  # endpoints whose deployments are listed together
CLUSTERS = ("amlcompute", "kubernetes")  # kinds of compute that batch jobs run on
OUTPUT = "predictions.csv"
# What a batch deployment is made with. No failed file is let pass: predictions that are missing would be missing
# silently, as azure-ai-ml's own -1 has it.
SETTINGS: dict[str, Any] = {
    "outputAction": "AppendRow", "outputFileName": OUTPUT, "errorThreshold": 0, "maxConcurrencyPerInstance": 1,
    "retrySettings": {"maxRetries": 3, "timeout": "PT5M"}, "loggingLevel": "Info",
}  # fmt: skip


@dataclass(frozen=True)
class BatchEndpoint:
    """An endpoint. ``default`` is the deployment that its jobs go to, "" where none is set."""

    name: str
    state: str
    default: str = ""
    scoring_uri: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None


@dataclass(frozen=True)
class BatchServed:
    """A deployment under an endpoint. ``model`` is its id in Azure, ``compute`` a name; files a mini batch."""

    endpoint: str
    name: str
    state: str
    model: str = ""
    compute: str = ""
    mini_batch_size: int = 10
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None


@dataclass(frozen=True)
class Compute:
    """A cluster; ``kind`` in small letters: amlcompute, kubernetes."""

    name: str
    kind: str
    state: str
    size: str = ""

    @property
    def scores(self) -> bool:
        """Whether batch jobs can run on it."""
        return self.kind in CLUSTERS


class BatchEndpoints:
    """The batch endpoints of a connection's workspace. Changes are begun; whoever wants their end looks again.

    Args:
        conn: to an Azure Machine Learning workspace.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    # --- read

    def all(self) -> list[tuple[BatchEndpoint, list[BatchServed]]]:
        """All endpoints with their deployments; these are asked for eight at a time."""
        documents = pages(self.conn, "listing the batch endpoints", "/batchEndpoints", api_version=ENDPOINTS)
        found = [_endpoint(document) for document in documents]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(zip(found, pool.map(lambda point: self.deployments(point.name), found), strict=True))

    def get(self, name: str) -> BatchEndpoint | None:
        """The endpoint of that name."""
        reply = self._call(f"looking up the batch endpoint '{name}'", "GET", name)
        return _endpoint(reply.document) if reply.found else None

    def deployments(self, endpoint: str) -> list[BatchServed]:
        """The deployments under an endpoint."""
        path = f"/batchEndpoints/{quote(endpoint, safe='')}/deployments"
        found = pages(self.conn, f"listing the deployments of '{endpoint}'", path, api_version=DEPLOYMENTS)
        return [_served(endpoint, document) for document in found]

    def deployment(self, endpoint: str, name: str) -> BatchServed | None:
        """The deployment of that name under an endpoint."""
        reply = self._call(f"looking up the deployment '{endpoint}/{name}'", "GET", endpoint, name)
        return _served(endpoint, reply.document) if reply.found else None

    def computes(self) -> list[Compute]:
        """What the workspace can run jobs on."""
        documents = pages(self.conn, "listing the computes", "/computes", api_version=COMPUTES)
        return [_compute(document) for document in documents]

    # --- change

    def create(self, name: str, tags: Mapping[str, str]) -> Reply:
        """Make an endpoint."""
        body = {"properties": {"authMode": "AADToken", "properties": {}}, "tags": dict(tags)}
        return self._put(f"making the batch endpoint '{name}'", name, body=body)

    def change(self, name: str, *, default: str | None = None, tags: Mapping[str, str] | None = None) -> Reply:
        """Set an endpoint's default deployment, and add to its tags. All else of it stays as it is."""
        reply = self._call(f"looking up the batch endpoint '{name}'", "GET", name)
        if not reply.found:  # a PUT would make another
            raise DeploymentError(f"the batch endpoint '{name}' was deleted meanwhile", hint="%aml_endpoints")
        body = writable(reply.document)
        if default is not None:
            body["properties"]["defaults"] = {"deploymentName": default}
        body["tags"] = {**tags_of(reply.document), **(tags or {})}
        return self._put(f"changing the batch endpoint '{name}'", name, body=body)

    def deploy(
        self, endpoint: str, name: str, *, model: str, compute: str, mini_batch_size: int, tags: Mapping[str, str]
    ) -> Reply:
        """Make a deployment, or change it. What else is set on one that is there stays.

        Args:
            model: its id in Azure.
            compute: a cluster's name.
            mini_batch_size: files.
        """
        assert self.conn.azure is not None
        found = self._call(f"looking up the deployment '{endpoint}/{name}'", "GET", endpoint, name)
        kept = dict(found.document.get("properties") or {}) if found.found else dict(SETTINGS)
        kept.pop("provisioningState", None)
        properties = kept | {
            "model": {"referenceType": "Id", "assetId": model},
            "compute": f"{self.conn.azure.ref.arm_id}/computes/{compute}",
            "miniBatchSize": mini_batch_size,
        }
        tags = {**(found.document.get("tags") or {}), **tags} if found.found else dict(tags)
        body = {"properties": properties, "tags": tags}
        return self._put(f"making the deployment '{endpoint}/{name}'", endpoint, name, body=body)

    def delete(self, endpoint: str, name: str = "") -> Reply:
        """Begin to end a deployment; without its name the endpoint with all."""
        doing = f"deleting '{endpoint}/{name}'" if name else f"deleting the batch endpoint '{endpoint}'"
        return self._call(doing, "DELETE", endpoint, name)

    # --- the wire

    def _put(self, doing: str, endpoint: str, name: str = "", *, body: dict[str, Any]) -> Reply:
        assert self.conn.azure is not None
        return self._call(doing, "PUT", endpoint, name, body={"location": self.conn.azure.region, **body})

    def _call(
        self, doing: str, method: str, endpoint: str, name: str = "", *, body: Mapping[str, Any] | None = None
    ) -> Reply:
        path = f"/batchEndpoints/{quote(endpoint, safe='')}"
        path += f"/deployments/{quote(name, safe='')}" if name else ""
        return call(self.conn, doing, method, path, api_version=DEPLOYMENTS if name else ENDPOINTS, body=body)


def _endpoint(document: Mapping[str, Any]) -> BatchEndpoint:
    properties = document.get("properties") or {}
    return BatchEndpoint(
        name=str(document.get("name", "")),
        state=str(properties.get("provisioningState", "")),
        default=str((properties.get("defaults") or {}).get("deploymentName") or ""),
        scoring_uri=str(properties.get("scoringUri") or ""),
        tags=tags_of(document),
        created=created_at(document),
    )


def _served(endpoint: str, document: Mapping[str, Any]) -> BatchServed:
    properties = document.get("properties") or {}
    model = properties.get("model") or {}
    return BatchServed(
        endpoint=endpoint,
        name=str(document.get("name", "")).rpartition("/")[2],
        state=str(properties.get("provisioningState", "")),
        model=str(model.get("assetId") or ""),
        compute=str(properties.get("compute") or "").rpartition("/")[2],
        mini_batch_size=int(properties.get("miniBatchSize") or 10),
        tags=tags_of(document),
        created=created_at(document),
    )


def _compute(document: Mapping[str, Any]) -> Compute:
    properties = document.get("properties") or {}
    inner = properties.get("properties") or {}
    scale = inner.get("scaleSettings") or {}
    size = str(inner.get("vmSize") or inner.get("namespace") or "")
    if scale.get("maxNodeCount") is not None:
        size += f" × {scale.get('minNodeCount', 0)} to {scale['maxNodeCount']}"
    return Compute(
        name=str(document.get("name", "")),
        kind=str(properties.get("computeType", "")).lower(),
        state=str(properties.get("provisioningState", "")),
        size=size,
    )
