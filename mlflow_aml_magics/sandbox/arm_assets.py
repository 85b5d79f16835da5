"""Environments (2023-04-01-preview) and data assets (2024-10-01-preview) in Resource Manager.

Both are containers with versions, and their wire shapes differ only in a version's own properties.
"""

from __future__ import annotations

import time
from typing import Any

from .arm import HOST, ROOT, SYSTEM_DATA, not_found, page, resource
from .documents import Documents
from .errors import arm
from .http import Request, Response, Routes, json_response
from .workspaces import Place, Workspaces

__all__ = ["Assets"]

KINDS = {"environments": "environment", "data": "data"}  # part of the path -> kind of document
DEFINITION = ("image", "build", "condaFile", "inferenceConfig")  # of an environment: it does not change
DATA_TYPES = ("uri_file", "uri_folder", "mltable")


class Assets:
    """…/KIND, …/KIND/NAME, …/KIND/NAME/versions, …/KIND/NAME/versions/VERSION."""

    def __init__(self, workspaces: Workspaces, documents: Documents) -> None:
        self._workspaces, self._documents = workspaces, documents

    def add_routes(self, routes: Routes) -> None:
        base = f"{ROOT}/(?P<kind>{'|'.join(KINDS)})"
        routes.add("GET", HOST, base, self._containers)
        routes.add("GET PUT", HOST, f"{base}/(?P<name>[^/]+)", self._container)
        routes.add("GET", HOST, f"{base}/(?P<name>[^/]+)/versions", self._versions)
        routes.add("GET PUT DELETE", HOST, f"{base}/(?P<name>[^/]+)/versions/(?P<v>[^/]+)", self._version)

    def _containers(self, request: Request, *, sub: str, rg: str, ws: str, kind: str) -> Response:
        place, kind = self._workspaces.find(sub, rg, ws), kind.lower()
        names = list(dict.fromkeys(name.partition("/")[0] for name, _ in self._documents.list(KINDS[kind], place.key)))
        found = [self._show_container(place, kind, name) for name in names]
        view = request.query.get("listViewType", "ActiveOnly")
        return page(request, [each for each in found if _in_view(each["properties"], view)])

    def _container(self, request: Request, *, sub: str, rg: str, ws: str, kind: str, name: str) -> Response:
        place, kind = self._workspaces.find(sub, rg, ws), kind.lower()
        if request.method == "PUT":
            archived = bool((request.json().get("properties") or {}).get("isArchived"))
            for key, body in self._documents.list(KINDS[kind], place.key, f"{name}/"):
                self._documents.put(KINDS[kind], place.key, key, {**body, "isArchived": archived})
        return json_response(self._show_container(place, kind, name))

    def _show_container(self, place: Place, kind: str, name: str) -> dict[str, Any]:
        found = self._documents.list(KINDS[kind], place.key, f"{name}/")
        if not found:
            raise not_found(kind, name)
        versions = [key.rpartition("/")[2] for key, _ in found]
        following = max((int(version) for version in versions if version.isdecimal()), default=0) + 1
        latest = found[-1][1]
        properties = {
            "description": latest.get("description"),
            "tags": latest.get("tags") or {},
            "properties": {},
            "isArchived": all(body.get("isArchived") for _, body in found),
            "latestVersion": versions[-1],
            "nextVersion": str(following),
        }
        if kind == "data":
            properties["dataType"] = latest["dataType"]
        return resource(place, kind, name, properties)

    def _versions(self, request: Request, *, sub: str, rg: str, ws: str, kind: str, name: str) -> Response:
        place, kind = self._workspaces.find(sub, rg, ws), kind.lower()
        view = request.query.get("listViewType", "ActiveOnly")
        found = [
            _show(place, kind, name, key.rpartition("/")[2], body)
            for key, body in self._documents.list(KINDS[kind], place.key, f"{name}/")
            if _in_view(body, view)
        ]
        if not request.query.get("$orderBy", "createdtime desc").lower().endswith("asc"):
            found.reverse()
        return page(request, found)

    def _version(self, request: Request, *, sub: str, rg: str, ws: str, kind: str, name: str, v: str) -> Response:
        place, kind = self._workspaces.find(sub, rg, ws), kind.lower()
        key = f"{name}/{v}"
        with self._documents.lock:
            found = self._documents.get(KINDS[kind], place.key, key)
            if request.method == "PUT":
                given = request.json().get("properties") or {}
                _check(kind, given, found)
                body = {**(found or {"createdAt": _now()}), **given, "modifiedAt": _now()}
                self._documents.put(KINDS[kind], place.key, key, body)
                return json_response(_show(place, kind, name, v, body), 200 if found else 201)
            if found is None:
                raise not_found(kind, f"{name}:{v}")
            if request.method == "DELETE":
                self._documents.delete(KINDS[kind], place.key, key)
                return Response(200)
        return json_response(_show(place, kind, name, v, found))


def _check(kind: str, given: dict[str, Any], found: dict[str, Any] | None) -> None:
    if kind == "data":
        if not given.get("dataUri"):
            raise arm(400, "UserError", "The dataUri of a data version must be given.")
        if given.get("dataType") not in DATA_TYPES:
            raise arm(400, "UserError", f"The dataType of a data version is one of {', '.join(DATA_TYPES)}.")
        if found and found["dataUri"] != given["dataUri"]:
            raise arm(400, "UserError", "Asset paths cannot be updated.")
        return
    if not (given.get("image") or given.get("build")):
        raise arm(400, "UserError", "An environment version needs an image or a build context.")
    if found and any(found.get(key) != given.get(key) for key in DEFINITION):
        # The SDK tries the latest version first, and makes the next one on this (`_try_update_latest_version`).
        raise arm(409, "Conflict", "The environment version exists with another definition.")


def _show(place: Place, kind: str, name: str, version: str, body: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in body.items() if key not in ("createdAt", "modifiedAt")}
    properties = {
        "description": None, "tags": {}, "properties": {}, "isArchived": False, "isAnonymous": False, **given
    }  # fmt: skip
    if kind == "environments":
        properties |= {"environmentType": "UserCreated", "osType": given.get("osType") or "Linux"}
    shown = resource(place, f"{kind}/{name}/versions", version, properties)
    shown["systemData"] = {**SYSTEM_DATA, "createdAt": body["createdAt"], "lastModifiedAt": body["modifiedAt"]}
    return shown


def _in_view(body: dict[str, Any], view: str) -> bool:
    archived = bool(body.get("isArchived"))
    return {"all": True, "archivedonly": archived}.get(view.lower(), not archived)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
