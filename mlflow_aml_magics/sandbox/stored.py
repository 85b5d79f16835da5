"""Where an azureml:// path or the id of a model or data asset leads: to blobs, which are copied out as files."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .arm import DATASTORES, not_found
from .blobs import Blobs
from .certificates import DOMAIN
from .documents import Documents
from .errors import arm
from .registry import Registry
from .workspaces import Place, Workspaces

__all__ = ["Storage", "Stored"]

_PATH = re.compile(r"azureml://(?:.*/)?datastores/(?P<store>[^/]+)/paths/(?P<path>.*)", re.IGNORECASE)
_ASSET = re.compile(r"(?:azureml:/*)?.*/(?P<kind>data|models)/(?P<name>[^/]+)/versions/(?P<v>[^/]+)/?", re.IGNORECASE)
_SHARED = re.compile(
    r"azureml://registries/(?P<registry>[^/]+)/models/(?P<name>[^/]+)/versions/(?P<v>[^/]+)/?", re.IGNORECASE
)
_BLOB = re.compile(rf"https://(?P<account>[^./]+)\.blob\.{re.escape(DOMAIN)}/(?P<container>[^/]+)/(?P<path>[^?]*)")


@dataclass(frozen=True)
class Stored:
    """A prefix of blobs."""

    account: str
    container: str
    path: str


class Storage:
    """What of a workspace is stored where."""

    def __init__(self, workspaces: Workspaces, blobs: Blobs, models: Registry, documents: Documents) -> None:
        self._workspaces, self._blobs, self._models, self._documents = workspaces, blobs, models, documents

    def find(self, place: Place, uri: str) -> Stored:
        """Where a path, a data asset's or a model version's id leads.

        Raises:
            Refusal: 404 for an asset that is not there, 400 for any other address.
        """
        if shared := _SHARED.fullmatch(uri):
            return self.find(place, self._model_uri(self._workspaces.registry(shared["registry"]), shared))
        if found := _PATH.fullmatch(uri):
            store = found["store"].lower()
            if store not in DATASTORES:
                raise not_found("datastores", found["store"])
            return Stored(self._account(place, uri), DATASTORES[store], found["path"])
        if found := _BLOB.fullmatch(uri):
            return Stored(found["account"], found["container"], found["path"])
        if found := _ASSET.fullmatch(uri):
            if found["kind"].lower() == "models":
                return self.find(place, self._model_uri(place, found))
            body = self._documents.get("data", place.key, f"{found['name']}/{found['v']}")
            if body is None:
                raise not_found("data", f"{found['name']}:{found['v']}")
            return self.find(place, str(body["dataUri"]))
        raise arm(400, "UserError", f"The path {uri} is none that the sandbox can read.")

    def names(self, stored: Stored) -> list[str]:
        """The blobs of a file or a folder, in order."""
        names = self._blobs.names(stored.account, stored.container, stored.path.rstrip("/"))
        folder = stored.path.rstrip("/") + "/"
        return [name for name in names if name == stored.path or name.startswith(folder) or folder == "/"]

    def save(self, stored: Stored, folder: Path) -> list[Path]:
        """Copy them into a folder; the paths of the files, in order. A single file keeps its name."""
        start = stored.path.rstrip("/") + "/"
        files = []
        for name in self.names(stored):
            inner = name.rpartition("/")[2] if name == stored.path else name[len(start) if start != "/" else 0 :]
            source, target = self._blobs.path(stored.account, stored.container, name), folder / inner
            if source is None or not target.resolve().is_relative_to(folder.resolve()):
                continue  # deleted meanwhile, or a name with ".." in it
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            files.append(target)
        return files

    def _model_uri(self, place: Place, found: re.Match[str]) -> str:
        version = self._models.version(place, found["name"], found["v"])
        if version is None:
            raise not_found("models", f"{found['name']}:{found['v']}")
        return str(version["model_uri"])

    def _account(self, place: Place, uri: str) -> str:
        """Of the workspace that the path names, which may be another one."""
        named = re.search(r"/workspaces/([^/]+)/", uri, re.IGNORECASE)
        wanted = named[1].lower() if named else place.name.lower()
        return next((p.account for name, p in self._workspaces.all.items() if name.lower() == wanted), place.account)
