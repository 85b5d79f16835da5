"""Resource Manager: workspaces and datastores, and what all kinds of resource share.

Other kinds of resource are one class with `add_routes` each, listed in `Sandbox`: `ROOT` is where their paths start.
Any api-version is taken; the shapes are those of the versions that azure-ai-ml 1.35 sends.
"""

from __future__ import annotations

from typing import Any

from .blobs import Blobs
from .certificates import DOMAIN
from .errors import arm
from .http import Request, Response, Routes, json_response
from .workspaces import BLOB_CONTAINER, RUN_CONTAINER, SCOPE, Place, Workspaces

__all__ = ["DATASTORES", "HOST", "ROOT", "SYSTEM_DATA", "Resources", "not_found", "page", "resource"]

HOST = rf"management\.{DOMAIN}"
ROOT = f"{SCOPE}/workspaces/(?P<ws>[^/]+)"
SYSTEM_DATA = {"createdBy": "sandbox user", "createdByType": "User", "lastModifiedByType": "User"}
DATASTORES = {"workspaceblobstore": BLOB_CONTAINER, "workspaceartifactstore": RUN_CONTAINER}
# Kinds that a workspace of the sandbox has none of.
NONE_OF = ("components", "schedules")
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
    """Workspaces and datastores."""

    def __init__(self, workspaces: Workspaces, blobs: Blobs) -> None:
        self._workspaces, self._blobs = workspaces, blobs

    def add_routes(self, routes: Routes) -> None:
        listing = r"/subscriptions/(?P<sub>[^/]+)(/resourceGroups/(?P<rg>[^/]+))?/providers/[^/]+/workspaces"
        routes.add("GET", HOST, listing, self._list_workspaces)
        routes.add("GET", HOST, ROOT, self._workspace)
        routes.add("GET", HOST, f"{ROOT}/datastores", self._datastores)
        routes.add("GET", HOST, f"{ROOT}/datastores/(?P<name>[^/]+)", self._datastore)
        routes.add("POST", HOST, f"{ROOT}/datastores/(?P<name>[^/]+)/listSecrets", self._secrets)
        kind = f"(?P<kind>{'|'.join(NONE_OF)})"
        routes.add("GET", HOST, f"{ROOT}/{kind}", self._none)
        routes.add("GET", HOST, f"{ROOT}/{kind}/(?P<name>[^/]+)", self._none)

    def _list_workspaces(self, request: Request, sub: str, rg: str = "") -> Response:
        self._workspaces.scope(sub, rg or self._workspaces.resource_group)
        return page(request, [place.resource() for place in self._workspaces.all.values()])

    def _workspace(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        return json_response(self._workspaces.find(sub, rg, ws).resource())

    def _none(self, request: Request, *, sub: str, rg: str, ws: str, kind: str, name: str = "") -> Response:
        self._workspaces.find(sub, rg, ws)
        if name:
            raise not_found(kind, name)
        return page(request, [])

    def _datastores(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        found = [_datastore(place, name) for name in DATASTORES]
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
        sas = self._blobs.sas(place.account, DATASTORES[name], permissions="racwdl")
        return json_response({"secretsType": "Sas", "sasToken": sas})


def _datastore(place: Place, name: str) -> dict[str, Any]:
    properties = {
        "datastoreType": "AzureBlob",
        "accountName": place.account,
        "containerName": DATASTORES[name],
        "endpoint": DOMAIN,
        "protocol": "https",
        "credentials": {"credentialsType": "AccountKey"},
        "isDefault": name == "workspaceblobstore",
        "serviceDataAccessAuthIdentity": "None",
        "tags": {},
        "properties": {},
    }
    return resource(place, "datastores", name, properties)


def resource(place: Place, kind: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The envelope that every resource below a workspace has.

    Args:
        kind: its path up to its name: "jobs", "data/NAME/versions".
    """
    types = "/".join(kind.split("/")[::2])
    return {
        "id": f"{place.arm_id}/{kind}/{name}",
        "name": name,
        "type": f"Microsoft.MachineLearningServices/{place.kind}/{types}",
        "properties": properties,
        "systemData": SYSTEM_DATA,
    }


def _known_datastore(name: str) -> None:
    if name not in DATASTORES:
        raise not_found("datastores", name)


def not_found(kind: str, name: str) -> Exception:
    """404 in the words of the recordings, as far as they are the same."""
    return arm(404, "UserError", f"Not found: no {kind} resource '{name}' in this workspace.")
