"""Resource Manager: workspaces, datastores, models, environments, jobs.

Later kinds of resource (online and batch endpoints, their deployments, keys, logs) are one class with `add_routes`
each, listed in `Sandbox`: `ROOT` is where their paths start. Any api-version is taken; the shapes are those of the
versions that azure-ai-ml 1.35 sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .blobs import Blobs
from .certificates import DOMAIN
from .documents import Documents
from .errors import arm
from .http import Request, Response, Routes, json_response
from .workspaces import BLOB_CONTAINER, RUN_CONTAINER, SCOPE, Place, Workspaces

__all__ = ["HOST", "ROOT", "SYSTEM_DATA", "Resources", "page"]

HOST = rf"management\.{DOMAIN}"
ROOT = f"{SCOPE}/workspaces/(?P<ws>[^/]+)"
SYSTEM_DATA = {"createdBy": "sandbox user", "createdByType": "User", "lastModifiedByType": "User"}
_DATASTORES = {"workspaceblobstore": BLOB_CONTAINER, "workspaceartifactstore": RUN_CONTAINER}
PAGE = 50  # resources a page, where the client asks for no other number


def page(request: Request, found: list[dict[str, Any]]) -> Response:
    """One page of a list, with the nextLink of Resource Manager."""
    skip = int(request.query.get("$skip", "0") or 0)
    top = request.query.get("$top", "")
    size = int(top) if top else PAGE
    body: dict[str, Any] = {"value": found[skip : skip + size], "nextLink": None}
    if not top and len(found) > skip + size:
        query = "&".join(f"{k}={v}" for k, v in request.query.items() if k != "$skip")
        body["nextLink"] = f"https://{request.host}{request.path}?{query}&$skip={skip + size}"
    return json_response(body)


class Resources:
    """Workspaces, datastores, environments and jobs."""

    def __init__(
        self,
        workspaces: Workspaces,
        documents: Documents,
        blobs: Blobs,
        find_run: Callable[[Place, str], dict[str, Any] | None],
    ) -> None:
        self._workspaces, self._documents, self._blobs, self._find_run = workspaces, documents, blobs, find_run

    def add_routes(self, routes: Routes) -> None:
        listing = r"/subscriptions/(?P<sub>[^/]+)(/resourceGroups/(?P<rg>[^/]+))?/providers/[^/]+/workspaces"
        routes.add("GET", HOST, listing, self._list_workspaces)
        routes.add("GET", HOST, ROOT, self._workspace)
        routes.add("GET", HOST, f"{ROOT}/datastores", self._datastores)
        routes.add("GET", HOST, f"{ROOT}/datastores/(?P<name>[^/]+)", self._datastore)
        routes.add("POST", HOST, f"{ROOT}/datastores/(?P<name>[^/]+)/listSecrets", self._secrets)
        routes.add("GET", HOST, f"{ROOT}/environments/(?P<name>[^/]+)", self._environment)
        routes.add("GET", HOST, f"{ROOT}/environments/(?P<name>[^/]+)/versions", self._environments)
        routes.add(
            "GET PUT", HOST, f"{ROOT}/environments/(?P<name>[^/]+)/versions/(?P<v>[^/]+)", self._environment_version
        )
        routes.add("GET", HOST, f"{ROOT}/jobs", self._jobs)
        routes.add("GET", HOST, f"{ROOT}/jobs/(?P<name>[^/]+)", self._job)

    def put_job(self, place: Place, name: str, properties: dict[str, Any]) -> None:
        """Keep a job; for what runs jobs."""
        self._documents.put("job", place.name, name, properties)

    def _list_workspaces(self, request: Request, sub: str, rg: str = "") -> Response:
        self._workspaces.scope(sub, rg or self._workspaces.resource_group)
        return page(request, [place.resource() for place in self._workspaces.all.values()])

    def _workspace(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        return json_response(self._workspaces.find(sub, rg, ws).resource())

    def _datastores(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = [_datastore(place, name) for name in _DATASTORES]
        if request.query.get("isDefault", "").lower() == "true":
            found = found[:1]
        return page(request, found)

    def _datastore(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        _known_datastore(name)
        return json_response(_datastore(place, name))

    def _secrets(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """A SAS for the container: azure-ai-ml has asked for one, not the account's key, since 1.18."""
        place = self._workspaces.find(sub, rg, ws)
        _known_datastore(name)
        sas = self._blobs.sas(place.account, _DATASTORES[name], permissions="racwdl")
        return json_response({"secretsType": "Sas", "sasToken": sas})

    def _environment(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = self._documents.list("environment", place.name, f"{name}/")
        if not found:
            raise _not_found("environments", name)
        latest = found[-1][0].rpartition("/")[2]
        following = str(
            max((int(n.rpartition("/")[2]) for n, _ in found if n.rpartition("/")[2].isdecimal()), default=0) + 1
        )
        properties = {"latestVersion": latest, "nextVersion": following, "isArchived": False}
        return json_response(_resource(place, "environments", name, properties))

    def _environments(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = self._documents.list("environment", place.name, f"{name}/")
        shown = [_resource(place, f"environments/{name}/versions", n.rpartition("/")[2], body) for n, body in found]
        return page(request, shown[::-1])

    def _environment_version(self, request: Request, *, sub: str, rg: str, ws: str, name: str, v: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        status = 200
        if request.method == "PUT":
            status = 201
            self._documents.put("environment", place.name, f"{name}/{v}", request.json().get("properties") or {})
        body = self._documents.get("environment", place.name, f"{name}/{v}")
        if body is None:
            raise _not_found("environments", f"{name}:{v}")
        return json_response(_resource(place, f"environments/{name}/versions", v, body), status)

    def _jobs(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = self._documents.list("job", place.name)
        return page(request, [_resource(place, "jobs", name, body) for name, body in found][::-1])

    def _job(self, request: Request, sub: str, rg: str, ws: str, name: str) -> Response:
        """Interactive runs are no jobs (azureml-examples#4111 and its neighbours); in what words is not recorded."""
        place = self._workspaces.find(sub, rg, ws)
        body = self._documents.get("job", place.name, name)
        if body is not None:
            return json_response(_resource(place, "jobs", name, body))
        if self._find_run(place, name) is not None:
            raise arm(400, "UserError", f"Run {name} is an interactive run; it is not supported as a job.")
        raise _not_found("jobs", name)


def _datastore(place: Place, name: str) -> dict[str, Any]:
    properties = {
        "datastoreType": "AzureBlob",
        "accountName": place.account,
        "containerName": _DATASTORES[name],
        "endpoint": DOMAIN,
        "protocol": "https",
        "credentials": {"credentialsType": "AccountKey"},
        "isDefault": name == "workspaceblobstore",
        "serviceDataAccessAuthIdentity": "None",
        "tags": {},
        "properties": {},
    }
    return _resource(place, "datastores", name, properties)


def _resource(place: Place, kind: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    types = "/".join(kind.split("/")[::2])
    return {
        "id": f"{place.arm_id}/{kind}/{name}",
        "name": name,
        "type": f"Microsoft.MachineLearningServices/workspaces/{types}",
        "properties": properties,
        "systemData": SYSTEM_DATA,
    }


def _known_datastore(name: str) -> None:
    if name not in _DATASTORES:
        raise _not_found("datastores", name)


def _not_found(kind: str, name: str) -> Exception:
    return arm(404, "UserError", f"Not found: no {kind} resource '{name}' in this workspace.")
