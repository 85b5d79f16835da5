"""The models of a workspace or a registry: one store behind both the MLflow endpoints and Resource Manager.

A version is a document `{version, source, model_uri, type, stage, description, tags, properties, flavors, run_id,
job_name, archived, created, updated}` (times in epoch milliseconds); a model one of `{description, tags, properties,
archived, created, updated, last}`, where `last` is the highest number ever given out: numbers are not used again.
"""

from __future__ import annotations

import re
import time
from typing import Any

from .documents import Documents
from .workspaces import Place

__all__ = ["Registry", "from_path", "from_source"]

_MODEL, _VERSION = "model", "model-version"
_RUN_SOURCE = re.compile(r"azureml://.+/experiments/[^/]+/runs/(?P<run>[^/]+)/artifacts/?(?P<path>.*)", re.IGNORECASE)
_ARTIFACT_SOURCE = re.compile(r"azureml://artifacts/(?P<origin>[^/]+)/(?P<container>[^/]+)/(?P<path>.+)", re.IGNORECASE)
_JOB_PATH = re.compile(r"azureml://jobs/(?P<run>[^/]+)/outputs/artifacts/(paths/)?(?P<path>.+)", re.IGNORECASE)
_RUNS_PATH = re.compile(r"runs:/+(?P<run>[^/]+)/(?P<path>.+)")
_DATASTORE = re.compile(r"azureml://(.*/)?datastores/[^/]+/paths/(?P<rest>.+)", re.IGNORECASE)


class Registry:
    """Models and versions, by workspace."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.lock = documents.lock

    def models(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """Name and document of each model, oldest first."""
        return self._documents.list(_MODEL, place.key)

    def model(self, place: Place, name: str) -> dict[str, Any] | None:
        """One model, or None."""
        return self._documents.get(_MODEL, place.key, name)

    def versions(self, place: Place, name: str) -> list[dict[str, Any]]:
        """A model's versions, oldest first."""
        return [body for _, body in self._documents.list(_VERSION, place.key, f"{name}/")]

    def version(self, place: Place, name: str, version: str) -> dict[str, Any] | None:
        """One version, or None."""
        return self._documents.get(_VERSION, place.key, f"{name}/{version}")

    def put_model(self, place: Place, name: str, **changes: Any) -> dict[str, Any]:
        """Make a model, or change it."""
        with self.lock:
            now = _now()
            fresh: dict[str, Any] = {
                "description": "",
                "tags": {},
                "properties": {},
                "archived": False,
                "created": now,
                "last": 0,
            }
            body = {**fresh, **(self.model(place, name) or {}), **changes, "updated": now}
            self._documents.put(_MODEL, place.key, name, body)
        return body

    def put_version(self, place: Place, name: str, version: str | None = None, **changes: Any) -> dict[str, Any]:
        """Make a version (its number, if none is given, is the next), or change it. Makes the model too."""
        with self.lock:
            model = self.model(place, name) or self.put_model(place, name)
            version = version or str(model["last"] + 1)
            now = _now()
            fresh: dict[str, Any] = {
                "version": version, "source": "", "model_uri": "", "type": "mlflow_model", "stage": "",
                "description": "", "tags": {}, "properties": {}, "flavors": {}, "run_id": "", "job_name": None,
                "archived": False, "created": now,
            }  # fmt: skip
            body = {**fresh, **(self.version(place, name, version) or {}), **changes, "updated": now}
            self._documents.put(_VERSION, place.key, f"{name}/{version}", body)
            number = int(version) if version.isdecimal() else 0
            self.put_model(place, name, last=max(model["last"], number))
        return body

    def delete_version(self, place: Place, name: str, version: str) -> bool:
        """Whether there was one."""
        return self._documents.delete(_VERSION, place.key, f"{name}/{version}")

    def delete_model(self, place: Place, name: str) -> None:
        """Remove a model."""
        self._documents.delete(_MODEL, place.key, name)


def from_source(place: Place, source: str) -> tuple[str, str] | None:
    """Run id ("" for none) and data path of what MLflow calls a version's source; None if the service takes it not."""
    run = _RUN_SOURCE.fullmatch(source)
    if run:
        path = f"ExperimentRun/dcid.{run['run']}/{run['path']}".rstrip("/")
        return run["run"], place.datastore_uri("workspaceartifactstore", path)
    found = _ARTIFACT_SOURCE.fullmatch(source)
    if found:
        return "", _data_uri(place, found["origin"], found["container"], found["path"])
    return None


def from_path(place: Place, path: str) -> tuple[str, str, str | None]:
    """Source for MLflow, data path and job's name of what azure-ai-ml calls a model's path."""
    job = _JOB_PATH.fullmatch(path) or _RUNS_PATH.fullmatch(path)
    if job:
        tail = job["path"].strip("/")
        data = place.datastore_uri("workspaceartifactstore", f"ExperimentRun/dcid.{job['run']}/{tail}")
        return f"azureml://artifacts/ExperimentRun/dcid.{job['run']}/{tail}", data, job["run"]
    stored = _DATASTORE.fullmatch(path)
    if stored:
        return f"azureml://artifacts/{stored['rest'].strip('/')}", path, None
    return path, path, None


def _data_uri(place: Place, origin: str, container: str, path: str) -> str:
    datastore = "workspaceartifactstore" if origin == "ExperimentRun" else "workspaceblobstore"
    return place.datastore_uri(datastore, f"{origin}/{container}/{path}")


def _now() -> int:
    return int(time.time() * 1000)
