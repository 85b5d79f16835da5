"""What azure-ai-ml knows of models and MLflow does not: outputs of jobs, paths on datastores, the studio's stages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError, ModelNotFound, NotFound, UsageError

if TYPE_CHECKING:
    from .connection import Connection

__all__ = [
    "SharedModel",
    "download_shared",
    "is_mlflow_source",
    "output_path",
    "shared_model",
    "studio_stages",
]

# How the service takes a version's source over MLflow: a run's artifacts, or an upload (mlflow#15329).
_MLFLOW_SOURCE = re.compile(r"azureml://(.+/experiments/[^/]+/runs/[^/]+/artifacts/?.*|artifacts/[^/]+/[^/]+/.+)", re.I)
_SHARED = re.compile(
    r"azureml://registries/(?P<registry>[^/]+)/models/(?P<name>[^/]+)/(?P<kind>versions|labels)/(?P<version>[^/]+)/?",
    re.I,
)


def is_mlflow_source(uri: str) -> bool:
    """Whether a version can be made of that address over MLflow; else Resource Manager takes it."""
    return _MLFLOW_SOURCE.fullmatch(uri) is not None


def output_path(conn: Connection, job: str, output: str) -> str:
    """Where a job's named output is: an azureml:// path on a datastore.

    Raises:
        NotFound: no such job, or it has no such output.
    """
    from azure.core.exceptions import ResourceNotFoundError

    from .azure_files import asked

    assert conn.azure is not None
    jobs = conn.azure.ml_client.jobs

    def look_up() -> dict[str, Any]:
        try:
            return dict(jobs.get(job).outputs or {})
        except ResourceNotFoundError as exc:
            raise NotFound(f"no job '{job}' in {conn.label}", hint="%aml_runs lists what ran") from exc

    outputs = asked(conn, f"looking up the job {job}", look_up)
    path = str(getattr(outputs.get(output), "path", "") or "")
    if output not in outputs:
        raise NotFound(f"the job {job} has no output '{output}'; it has {', '.join(outputs) or 'none of its own'}")
    if not path:
        raise ModelError(
            f"the job {job} does not say where its output '{output}' is",
            hint=f"az ml job download --name {job} --output-name {output}",
        )
    return path


def studio_stages(conn: Connection, name: str) -> dict[str, str]:
    """version -> stage as Resource Manager and the studio have it, which the documentation calls apart from MLflow's.

    Empty inside a job, whose token allows no more than tracking.
    """
    from .azure_files import asked

    if conn.azure is None or conn.azure.credential is None:
        return {}
    models = conn.azure.ml_client.models
    versions = asked(conn, f"looking up the stages of '{name}'", lambda: list(models.list(name=name)))
    return {str(version.version): str(version.stage) for version in versions if version.stage not in (None, "None")}


@dataclass(frozen=True)
class SharedModel:
    """A model of a registry that several workspaces share. ``is_label``: ``version`` is a label, such as latest."""

    registry: str
    name: str
    version: str
    is_label: bool = False


def shared_model(uri: str) -> SharedModel | None:
    """What azureml://registries/R/models/M/versions/V names, or None for another address."""
    match = _SHARED.fullmatch(uri)
    if match is None:
        return None
    return SharedModel(match["registry"], match["name"], match["version"], match["kind"].lower() == "labels")


def download_shared(conn: Connection, model: SharedModel, to: Path) -> Path:
    """Copy a registry's model into ``to``; the folder with its files.

    Raises:
        ModelNotFound: no such registry, model or version that this login can see.
    """
    from azure.ai.ml import MLClient
    from azure.core.exceptions import ResourceNotFoundError

    from .azure_files import told

    azure = conn.azure
    if azure is None or azure.credential is None:
        raise UsageError(f"{conn.label} does not reach registries", hint="%aml_track --workspace NAME")
    where = f"model {model.name} version {model.version} in the registry {model.registry}"
    with told(conn, f"downloading {where}"):
        try:
            client = MLClient(azure.credential, registry_name=model.registry, enable_telemetry=False)
            words = {"label" if model.is_label else "version": model.version}
            found = client.models.get(model.name, **words)
            client.models.download(model.name, str(found.version), str(to))
        except ResourceNotFoundError as exc:
            raise ModelNotFound(f"no {where}", hint=f"az ml model list --registry-name {model.registry}") from exc
    inside = sorted(to.rglob("MLmodel"))
    if not inside:
        raise ModelError(f"{where} is no MLflow model: it has no file MLmodel")
    return inside[0].parent
