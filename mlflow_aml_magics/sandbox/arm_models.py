"""Models in Resource Manager (2023-08-01-preview): containers and versions, over the registry that MLflow sees too."""

from __future__ import annotations

import time
from typing import Any

from . import registry
from .arm import HOST, ROOT, SYSTEM_DATA, page
from .errors import arm
from .http import Request, Response, Routes, json_response
from .workspaces import Place, Workspaces

__all__ = ["ModelResources", "in_view", "show_container", "show_version"]


class ModelResources:
    """…/models, …/models/NAME, …/models/NAME/versions, …/models/NAME/versions/VERSION."""

    def __init__(self, workspaces: Workspaces, store: registry.Registry) -> None:
        self._workspaces, self._store = workspaces, store

    def add_routes(self, routes: Routes) -> None:
        routes.add("GET", HOST, f"{ROOT}/models", self._containers)
        routes.add("GET PUT", HOST, f"{ROOT}/models/(?P<name>[^/]+)", self._container)
        routes.add("GET", HOST, f"{ROOT}/models/(?P<name>[^/]+)/versions", self._versions)
        routes.add("GET PUT DELETE", HOST, f"{ROOT}/models/(?P<name>[^/]+)/versions/(?P<v>[^/]+)", self._version)

    def _containers(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        view = request.query.get("listViewType", "ActiveOnly")
        found = [(name, body) for name, body in self._store.models(place) if in_view(body, view)]
        return page(request, [show_container(place, self._store, name, body) for name, body in found])

    def _container(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        if request.method == "PUT":
            given = request.json().get("properties") or {}
            archived = bool(given.get("isArchived"))
            body = self._store.put_model(
                place, name, description=given.get("description") or "", tags=given.get("tags") or {}, archived=archived
            )
            for version in self._store.versions(place, name):
                self._store.put_version(place, name, version["version"], archived=archived)
            return json_response(show_container(place, self._store, name, body))
        found = self._store.model(place, name)
        if found is None:
            raise _missing(name)
        return json_response(show_container(place, self._store, name, found))

    def _versions(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        if self._store.model(place, name) is None:
            raise _missing(name)
        query = request.query
        found = [v for v in self._store.versions(place, name) if in_view(v, query.get("listViewType", "ActiveOnly"))]
        if query.get("stage"):
            found = [v for v in found if v["stage"] == query["stage"]]
        if query.get("version"):
            found = [v for v in found if v["version"] == query["version"]]
        if not query.get("$orderBy", "createdtime desc").lower().endswith("asc"):
            found.reverse()
        return page(request, [show_version(place, name, v) for v in found])

    def _version(self, request: Request, *, sub: str, rg: str, ws: str, name: str, v: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = self._store.version(place, name, v)
        if request.method == "PUT":
            body = self._put(place, name, v, request.json().get("properties") or {}, found)
            return json_response(show_version(place, name, body), 200 if found else 201)
        if found is None:
            raise _missing(f"{name}:{v}")
        if request.method == "DELETE":
            self._store.delete_version(place, name, v)
            return Response(200)
        return json_response(show_version(place, name, found))

    def _put(
        self, place: Place, name: str, v: str, given: dict[str, Any], found: dict[str, Any] | None
    ) -> dict[str, Any]:
        uri = str(given.get("modelUri") or "")
        if found is None and not uri:
            raise arm(400, "UserError", "The modelUri of a model version must be given.")
        if uri.lower().startswith("azureml://registries/"):
            # Whether the service copies it is not known; documented is only to share, or to download and register.
            raise arm(400, "UserError", f"The modelUri {uri} is in a registry, not in this workspace.")
        source, data, job = registry.from_path(place, uri) if uri else ("", "", None)
        # Without case: azure-ai-ml sends back the path that it got with "resourcegroups" for "resourceGroups".
        if found and uri and data.lower() != found["model_uri"].lower():
            # The SDK compares this text: azure.ai.ml._artifacts._constants.ASSET_PATH_ERROR.
            raise arm(400, "UserError", "Asset paths cannot be updated.")
        changes: dict[str, Any] = {
            "type": given.get("modelType") or (found or {}).get("type") or "custom_model",
            "description": given.get("description") or "",
            "tags": {str(k): str(value) for k, value in (given.get("tags") or {}).items()},
            "properties": {str(k): str(value) for k, value in (given.get("properties") or {}).items()},
            "flavors": given.get("flavors") or (found or {}).get("flavors") or {},
            "archived": bool(given.get("isArchived")),
        }
        if given.get("stage"):
            changes["stage"] = str(given["stage"])
        if found is None:
            job = given.get("jobName") or job
            changes |= {"source": source, "model_uri": data, "job_name": job, "run_id": job or ""}
        return self._store.put_version(place, name, v, **changes)


def show_container(place: Place, store: registry.Registry, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A model as Resource Manager tells of it."""
    versions = store.versions(place, name)
    properties = {
        "description": body["description"],
        "tags": body["tags"],
        "properties": body["properties"],
        "isArchived": body["archived"],
        "latestVersion": versions[-1]["version"] if versions else None,
        "nextVersion": str(body["last"] + 1),
        "provisioningState": "Succeeded",
    }
    return {
        "id": _asset_id(place, f"models/{name}"),
        "name": name,
        "type": f"Microsoft.MachineLearningServices/{place.kind}/models",
        "properties": properties,
        "systemData": _system_data(body),
    }


def in_view(body: dict[str, Any], view: str) -> bool:
    """Whether a list of that view (ActiveOnly, ArchivedOnly, All) has it."""
    archived = bool(body["archived"])
    return {"all": True, "archivedonly": archived}.get(view.lower(), not archived)


def show_version(place: Place, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A version as Resource Manager tells of it."""
    properties = {
        "description": body["description"],
        "tags": body["tags"],
        "properties": body["properties"],
        "isArchived": body["archived"],
        "isAnonymous": False,
        "modelUri": body["model_uri"],
        "modelType": body["type"],
        "flavors": body["flavors"],
        "stage": body["stage"] or None,
        "jobName": body["job_name"],
        "provisioningState": "Succeeded",
    }
    return {
        "id": _asset_id(place, f"models/{name}/versions/{body['version']}"),
        "name": body["version"],
        "type": f"Microsoft.MachineLearningServices/{place.kind}/models/versions",
        "properties": properties,
        "systemData": _system_data(body),
    }


def _asset_id(place: Place, path: str) -> str:
    return f"{place.arm_id}/{path}" if place.kind == "workspaces" else f"azureml://registries/{place.name}/{path}"


def _system_data(body: dict[str, Any]) -> dict[str, Any]:
    def iso(milliseconds: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(milliseconds / 1000))

    return {**SYSTEM_DATA, "createdAt": iso(body["created"]), "lastModifiedAt": iso(body["updated"])}


def _missing(name: str) -> Exception:
    return arm(404, "UserError", f"Not found: no model '{name}' in this workspace.")
