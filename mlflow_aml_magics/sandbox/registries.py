"""Registries: models that several workspaces share (2021-10-01-dataplanepreview, which is what azure-ai-ml sends).

Discovery tells where a registry is managed; there its models are listed, read, uploaded to the registry's own storage,
and imported from a workspace (`models.share`). MLflow's own API is not supported on registries (documentation).
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from . import registry
from .arm import DATASTORES, HOST, page
from .arm_models import in_view, show_container, show_version
from .blobs import Blobs
from .certificates import DOMAIN
from .errors import arm
from .http import Request, Response, Routes, json_response
from .operations import Operations
from .workspaces import SCOPE, Place, Workspaces

__all__ = ["Registries"]

_PREFIX = "/mferp/managementfrontend"
_SOURCE = re.compile(r"azureml://locations/[^/]+/workspaces/(?P<ws>[^/]+)/models/(?P<name>[^/]+)/versions/(?P<v>[^/]+)")
_STORED = re.compile(r"azureml://.*/datastores/(?P<store>[^/]+)/paths/(?P<path>.+)", re.IGNORECASE)


class Registries:
    """Routes of the registries, their models, and the storage behind those."""

    def __init__(self, workspaces: Workspaces, store: registry.Registry, blobs: Blobs, operations: Operations) -> None:
        self._workspaces, self._store, self._blobs, self._operations = workspaces, store, blobs, operations

    def add_routes(self, routes: Routes) -> None:
        host = rf"[a-z0-9-]+\.api\.{DOMAIN}"
        root = f"{_PREFIX}{SCOPE}/registries/(?P<reg>[^/]+)"
        version = "/(?P<name>[^/]+)/versions/(?P<v>[^/]+)"
        routes.add("GET", host, "/registrymanagement/v1.0/registries/(?P<reg>[^/]+)/discovery", self._discover)
        routes.add("GET", HOST, f"{SCOPE}/registries", self._list)
        routes.add("GET", HOST, f"{SCOPE}/registries/(?P<reg>[^/]+)", self._get)
        routes.add("GET", host, f"{root}/models", self._containers)
        routes.add("GET", host, f"{root}/models/(?P<name>[^/]+)", self._container)
        routes.add("GET", host, f"{root}/models/(?P<name>[^/]+)/versions", self._versions)
        routes.add("GET PUT", host, f"{root}/models{version}", self._version)
        routes.add("PUT", host, f"{root}/tempdatarefs{version}", self._place_to_upload)
        routes.add("POST", host, f"{root}/datarefs{version}", self._place_to_download)
        routes.add("POST", host, f"{root}/import", self._import)

    def _discover(self, request: Request, reg: str) -> Response:
        place = self._workspaces.registry(reg)
        address = f"https://{place.host}/"
        return json_response(
            {
                "registryName": place.name,
                "primaryRegion": place.region,
                "regions": [place.region],
                "subscriptionId": place.subscription_id,
                "resourceGroup": place.resource_group,
                "workspaceId": place.workspace_id,
                "workspaceName": place.name,
                "primaryRegionResourceProviderUri": address,
                "registryFqdns": {place.region: {"uri": address}},
            }
        )

    def _list(self, request: Request, sub: str, rg: str) -> Response:
        self._workspaces.scope(sub, rg)
        return page(request, [_registry(place) for place in self._workspaces.registries.values()])

    def _get(self, request: Request, sub: str, rg: str, reg: str) -> Response:
        return json_response(_registry(self._find(sub, rg, reg)))

    def _find(self, sub: str, rg: str, reg: str) -> Place:
        self._workspaces.scope(sub, rg)
        return self._workspaces.registry(reg)

    def _containers(self, request: Request, sub: str, rg: str, reg: str) -> Response:
        place = self._find(sub, rg, reg)
        view = request.query.get("listViewType", "ActiveOnly")
        found = [(name, body) for name, body in self._store.models(place) if in_view(body, view)]
        return page(request, [show_container(place, self._store, name, body) for name, body in found])

    def _container(self, request: Request, sub: str, rg: str, reg: str, name: str) -> Response:
        place = self._find(sub, rg, reg)
        found = self._store.model(place, name)
        if found is None:
            raise _missing(place, name)
        return json_response(show_container(place, self._store, name, found))

    def _versions(self, request: Request, sub: str, rg: str, reg: str, name: str) -> Response:
        place = self._find(sub, rg, reg)
        view = request.query.get("listViewType", "ActiveOnly")
        found = [body for body in self._store.versions(place, name) if in_view(body, view)]
        if not request.query.get("$orderBy", "createdtime desc").lower().endswith("asc"):
            found.reverse()
        return page(request, [show_version(place, name, body) for body in found])

    def _version(self, request: Request, *, sub: str, rg: str, reg: str, name: str, v: str) -> Response:
        place = self._find(sub, rg, reg)
        found = self._store.version(place, name, v)
        if request.method == "GET":
            if found is None:
                raise _missing(place, f"{name}:{v}")
            return json_response(show_version(place, name, found))
        given = request.json().get("properties") or {}
        uri = str(given.get("modelUri") or "")
        if found is None and not uri.startswith(f"https://{place.account}.blob.{DOMAIN}/"):
            raise arm(400, "UserError", f"The modelUri of a registry's model must be in its own storage: {uri}")
        changes = {
            "description": given.get("description") or "",
            "tags": {str(key): str(value) for key, value in (given.get("tags") or {}).items()},
            "properties": given.get("properties") or {},
            "flavors": given.get("flavors") or {},
            "type": given.get("modelType") or "custom_model",
            "archived": bool(given.get("isArchived")),
        }
        if found is None:
            changes |= {"model_uri": uri.partition("?")[0], "source": uri.partition("?")[0]}
        body = show_version(place, name, self._store.put_version(place, name, v, **changes))
        return json_response(body, 200 if found else 201, self._operations.begin(request, body))

    def _place_to_upload(self, request: Request, *, sub: str, rg: str, reg: str, name: str, v: str) -> Response:
        place = self._find(sub, rg, reg)
        if self._store.version(place, name, v) is not None:
            raise arm(409, "UserError", f"Asset already exists: models/{name}/versions/{v}.")
        return json_response(self._reference(place, _container_of(place, name, v), "racwl"))

    def _place_to_download(self, request: Request, *, sub: str, rg: str, reg: str, name: str, v: str) -> Response:
        place = self._find(sub, rg, reg)
        if self._store.version(place, name, v) is None:
            raise _missing(place, f"{name}:{v}")
        return json_response(self._reference(place, _container_of(place, name, v), "rl"))

    def _reference(self, place: Place, container: str, permissions: str) -> dict[str, Any]:
        uri = f"https://{place.account}.blob.{DOMAIN}/{container}"
        sas = self._blobs.sas(place.account, container, permissions=permissions)
        credential = {"credentialType": "SAS", "sasUri": f"{uri}?{sas}"}
        account = (
            f"{place.arm_id.partition('/providers/')[0]}/providers/Microsoft.Storage/storageAccounts/{place.account}"
        )
        return {
            "blobReferenceForConsumption": {
                "blobUri": uri, "storageAccountArmId": account, "credential": credential
            }
        }  # fmt: skip

    def _import(self, request: Request, sub: str, rg: str, reg: str) -> Response:
        """Copy a model of a workspace, files and all: what `models.share` asks for."""
        place = self._find(sub, rg, reg)
        given = request.json().get("properties") or {}
        source = _SOURCE.fullmatch(str(given.get("sourceAssetId", "")))
        home = next((p for p in self._workspaces.all.values() if source and p.workspace_id == source["ws"]), None)
        found = self._store.version(home, source["name"], source["v"]) if home and source else None
        stored = _STORED.fullmatch(found["model_uri"]) if found else None
        if source is None or home is None or found is None or stored is None:
            raise arm(404, "UserError", f"The asset {given.get('sourceAssetId')} was not found.")
        name = str(given.get("destinationName") or source["name"])
        version = str(given.get("destinationVersion") or source["v"])
        if self._store.version(place, name, version) is not None:
            raise arm(409, "UserError", f"Asset already exists: models/{name}/versions/{version}.")
        prefix = stored["path"].strip("/")
        target = (place.account, _container_of(place, name, version), prefix.rpartition("/")[2])
        copied = self._blobs.copy((home.account, DATASTORES[stored["store"]], prefix), target)
        if not copied:
            raise arm(400, "UserError", f"There are no files at {found['model_uri']}.")
        uri = f"https://{place.account}.blob.{DOMAIN}/{target[1]}/{target[2]}"
        kept = {key: found[key] for key in ("type", "flavors", "description", "tags", "properties")}
        self._store.put_version(place, name, version, model_uri=uri, source=uri, **kept)
        headers = self._operations.begin(request, None)
        return Response(202, b"", {key: headers[key] for key in ("Location", "Retry-After")})


def _registry(place: Place) -> dict[str, Any]:
    properties = {
        "discoveryUrl": f"https://{place.host}/registrymanagement/v1.0/registries/{place.name}/discovery",
        "mlFlowRegistryUri": f"azureml://{place.host}/mlflow/v1.0{place.arm_id}",
        "publicNetworkAccess": "Enabled",
        "intellectualPropertyPublisher": None,
        "managedResourceGroup": {"resourceId": place.arm_id.partition("/providers/")[0]},
        "regionDetails": [{"location": place.region, "acrDetails": [], "storageAccountDetails": []}],
    }
    return {
        "id": place.arm_id,
        "name": place.name,
        "type": "Microsoft.MachineLearningServices/registries",
        "location": place.region,
        "tags": {},
        "identity": {"type": "SystemAssigned"},
        "properties": properties,
    }


def _container_of(place: Place, name: str, version: str) -> str:
    """Each asset of a registry has a container of its own."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{place.arm_id}/models/{name}/versions/{version}"))


def _missing(place: Place, name: str) -> Exception:
    return arm(404, "UserError", f"Not found: no model '{name}' in the registry {place.name}.")
