"""Artifacts of runs and of local uploads: names in, SAS URLs out. Wire shapes from azureml-mlflow's own client
(`_restclient/run_artifact`, `_restclient/artifact`)."""

from __future__ import annotations

from .blobs import Blobs
from .certificates import DOMAIN
from .errors import arm
from .http import Request, Response, Routes, json_response
from .workspaces import BLOB_CONTAINER, RUN_CONTAINER, SCOPE, Place, Workspaces

__all__ = ["Artifacts", "blob_place"]

MAX_PATH = 5000  # characters of an artifact's path (resource-limits-capacity.md)


def blob_place(origin: str, container: str) -> tuple[str, str]:
    """Storage container and prefix that an artifact's origin and container stand for."""
    return (RUN_CONTAINER if origin == "ExperimentRun" else BLOB_CONTAINER), f"{origin}/{container}/"


class Artifacts:
    """The run history's and the artifact service's routes for files."""

    def __init__(self, workspaces: Workspaces, blobs: Blobs, *, strict: bool) -> None:
        self._workspaces, self._blobs, self._strict = workspaces, blobs, strict

    def add_routes(self, routes: Routes) -> None:
        host = rf"[a-z0-9-]+\.api\.{DOMAIN}"
        workspace = SCOPE + "/workspaces/(?P<ws>[^/]+)"
        runs = f"/history/v1.0{workspace}/experiment(s|ids)/[^/]+/runs/(?P<run>[^/]+)/artifacts"
        uploads = f"/artifact/v2.0{workspace}/artifacts/(?P<origin>[^/]+)/(?P<container>[^/]+)"
        for base in (runs, uploads):
            routes.add("GET", host, base, self._list)
            routes.add("POST", host, f"{base}/batch/metadata", self._create)
            routes.add("GET", host, f"{base}/contentinfo", self._content)
            routes.add("GET", host, f"{base}/prefix/contentinfo", self._prefix)
            routes.add("GET", host, f"{base}/path", self._list)

    def _list(self, request: Request, **words: str) -> Response:
        place, origin, container = self._where(**words)
        prefix = request.query.get("path", "")
        paths = self._paths(place, origin, container, prefix)
        return json_response({"value": [_artifact(origin, container, path) for path in paths]})

    def _create(self, request: Request, **words: str) -> Response:
        """Reserve names and hand out a URL to write each: 50 a request is what the client sends by default."""
        place, origin, container = self._where(**words)
        artifacts, contents, errors = {}, {}, {}
        for item in request.json().get("paths") or []:
            path = str(item.get("path", ""))
            if not path or len(path) > MAX_PATH:
                error = {
                    "code": "UserError",
                    "message": f"The artifact path has {len(path)} characters; 1 to {MAX_PATH} fit.",
                }
                errors[path] = {"error": error}
                continue
            if self._strict and path in self._paths(place, origin, container, path):
                # An artifact is written once (lightly-ai/lightly-train#256, August 2025).
                message = f"Resource Conflict: ArtifactId {origin}/{container}/{path} already exists."
                errors[path] = {"error": {"code": "UserError", "message": message}}
                continue
            artifacts[path] = _artifact(origin, container, path)
            contents[path] = self._info(place, origin, container, path, permissions="rcw")
        return json_response({"artifacts": artifacts, "artifactContentInformation": contents, "errors": errors})

    def _content(self, request: Request, **words: str) -> Response:
        place, origin, container = self._where(**words)
        path = request.query.get("path", "")
        if path not in self._paths(place, origin, container, path):
            raise arm(404, "UserError", f"The artifact {origin}/{container}/{path} was not found.")
        return json_response(self._info(place, origin, container, path, permissions="r"))

    def _prefix(self, request: Request, **words: str) -> Response:
        place, origin, container = self._where(**words)
        paths = self._paths(place, origin, container, request.query.get("path", ""))
        return json_response({"value": [self._info(place, origin, container, p, permissions="r") for p in paths]})

    def _where(
        self, *, sub: str, rg: str, ws: str, run: str = "", origin: str = "", container: str = ""
    ) -> tuple[Place, str, str]:
        place = self._workspaces.find(sub, rg, ws)
        return (place, "ExperimentRun", f"dcid.{run}") if run else (place, origin, container)

    def _paths(self, place: Place, origin: str, container: str, prefix: str) -> list[str]:
        store, folder = blob_place(origin, container)
        return [name[len(folder) :] for name in self._blobs.names(place.account, store, folder + prefix)]

    def _info(self, place: Place, origin: str, container: str, path: str, *, permissions: str) -> dict[str, object]:
        store, folder = blob_place(origin, container)
        url = self._blobs.url(place.account, store, folder + path, permissions=permissions)
        return {"contentUri": url, "origin": origin, "container": container, "path": path, "tags": None}


def _artifact(origin: str, container: str, path: str) -> dict[str, object]:
    store = "workspaceartifactstore" if origin == "ExperimentRun" else "workspaceblobstore"
    data = {"dataStoreName": store, "relativePath": f"{origin}/{container}/{path}", "sqlDataPath": None}
    return {
        "artifactId": f"{origin}/{container}/{path}", "origin": origin, "container": container, "path": path,
        "etag": None, "createdTime": None, "dataPath": data, "tags": {},
    }  # fmt: skip
