"""Folders that hold an MLflow model: where they are, and what is in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import yaml
from mlflow.exceptions import MlflowException

from ..errors import ModelError
from .digest import MLMODEL, model_files
from .registry import resolve
from .remote import Copied, LocalFiles, Merged, Remote, save_all
from .repository_files import RepositoryFiles

if TYPE_CHECKING:
    from .connection import Connection

__all__ = [
    "ModelFiles",
    "fetch",
    "is_download",
    "list_files",
    "local_path",
    "location",
    "logged_models",
    "model_size",
    "open_files",
    "open_run",
    "read_model",
]


FOLDERS = 1000  # looked into for a list of artifacts


@dataclass(frozen=True)
class ModelFiles:
    """What a model's folder says about it, read without loading the model."""

    path: Path
    flavors: dict[str, Any]
    signature: dict[str, Any] | None
    input_example: Any
    serving_example: dict[str, Any] | None
    requirements: tuple[str, ...]
    size: int
    files: int
    meta: dict[str, Any]

    @property
    def servable(self) -> bool:
        """Whether it has the flavor that every scoring server needs."""
        return "python_function" in self.flavors


def read_model(path: Path) -> ModelFiles:
    """Read a model's MLmodel, examples and requirements. Its code is not run.

    Raises:
        ModelError: the folder is none, has no MLmodel, or one that is not readable.
    """
    if not path.exists():
        raise ModelError(f"there is no folder {path}")
    if not (path / MLMODEL).is_file():
        raise _no_mlmodel(path)
    try:
        meta = yaml.safe_load((path / MLMODEL).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as exc:
        raise ModelError(f"{path / MLMODEL} cannot be read: {str(exc).splitlines()[0]}") from exc
    if not isinstance(meta, dict) or not isinstance(meta.get("flavors"), dict):
        raise ModelError(f"{path / MLMODEL} names no flavors: it is not an MLflow model")
    saved = meta.get("saved_input_example_info") or {}
    sizes = [file.stat().st_size for file in model_files(path)]
    return ModelFiles(
        path=path,
        flavors=meta["flavors"],
        signature=meta.get("signature"),
        input_example=_json_in(path, saved.get("artifact_path")),
        serving_example=_json_in(path, saved.get("serving_input_path", "serving_input_example.json")),
        requirements=_lines(path / "requirements.txt"),
        size=sum(sizes),
        files=len(sizes),
        meta=meta,
    )


def fetch(conn: Connection, uri: str, to: Path | None = None, *, progress: Copied | None = None) -> Path:
    """The model's folder on this machine. Files that are here already are not copied, unless ``to`` is given.

    Args:
        uri: models:/NAME/VERSION, models:/m-…, runs:/ID/path, any artifact URI, or a path.
        to: a folder to put the files in; None for where they are, or a temporary one of this process.
        progress: told how far a download is, as by `save_all`.

    Raises:
        ModelError: the files are not where the store says.
        StoreError: they did not arrive whole.
    """
    where = location(conn, uri)
    here = local_path(where)
    if here is not None:
        if not here.is_dir():
            raise ModelError(f"the files of {uri} are gone: there is no folder {here}")
        if to is None:
            return here
        shutil.copytree(here, to, dirs_exist_ok=True)
        return to
    if to is None and (known := _downloaded.get((conn.uri, where))):
        return known
    target = to or Path(tempfile.mkdtemp(dir=_downloads().name))
    with conn.guard(f"downloading the model {uri}"):
        remote = open_files(conn, where)
        files = remote.files()
        if not files:
            raise ModelError(f"the files of {uri} are gone: there are none at {where}")
        save_all(remote, files, target, progress=progress)
    if to is None:
        _downloaded[conn.uri, where] = target
    return target


def open_files(conn: Connection, uri: str) -> Remote:
    """The files behind a runs:/, models:/ or artifact URI, or a path, wherever they are."""
    where = location(conn, uri)
    if (here := local_path(where)) is not None:
        return LocalFiles(here)
    if where.startswith("azureml:"):
        from .azure_files import azure_files

        return azure_files(conn, where)
    return RepositoryFiles(conn, where)


def open_run(conn: Connection, run_id: str, path: str = "") -> Remote:
    """A run's artifacts with its logged models among them, as mlflow 2 and Azure ML keep them; or what is at a path.

    Raises:
        NotFound: no such run.
    """
    with conn.guard(f"looking up the run {run_id}"):
        run = conn.mlflow.get_run(run_id)
        models = {str(model.name): str(model.artifact_location) for model in logged_models(conn, run)}
    parts = [("", run.info.artifact_uri), *models.items()]
    return Merged([(name, open_files(conn, where)) for name, where in parts], path)


def model_size(conn: Connection, uri: str) -> int | None:
    """The bytes of a model as its MLmodel says, which alone is read; None where it does not say.

    Raises:
        ModelError: there is no MLmodel.
    """
    with conn.guard(f"reading the MLmodel of {uri}"), tempfile.TemporaryDirectory(prefix="mlflow-aml-look-") as scratch:
        remote = open_files(conn, uri)
        files = remote.files()
        meta = [file for file in files if file.path == MLMODEL]
        if not meta:
            raise _no_mlmodel_there(uri, [file.path for file in files])
        save_all(remote, meta, Path(scratch))
        said = read_model(Path(scratch)).meta.get("model_size_bytes")
    return said if isinstance(said, int) else None


def location(conn: Connection, uri: str) -> str:
    """Where the files behind a runs:/ or models:/ URI are: a path or an artifact URI. Others are unchanged."""
    if uri.startswith("azureml:"):
        return _job_location(conn, uri)
    if uri.startswith("runs:/"):
        run_id, _, path = uri.removeprefix("runs:/").partition("/")
        with conn.guard(f"looking up the run {run_id}"):
            run = conn.mlflow.get_run(run_id)
            named = [model for model in logged_models(conn, run) if model.name == path]
        return str(named[-1].artifact_location) if named else _joined(run.info.artifact_uri, path)
    if match := re.fullmatch(r"models:/(m-[0-9a-zA-Z-]+)", uri):
        with conn.guard(f"looking up the model {match[1]}"):
            return str(conn.mlflow.get_logged_model(match[1]).artifact_location)
    if uri.startswith("models:/"):
        version = resolve(conn, uri)
        with conn.guard(f"looking up {uri}"):
            source = conn.mlflow.get_model_version_download_uri(version.name, version.version)
        return source if source == uri else location(conn, source)
    return uri


def _job_location(conn: Connection, uri: str) -> str:
    from .azure_files import job_output

    if (job := job_output(uri)) is None:
        return uri
    if job.of_run:
        return location(conn, f"runs:/{job.job}/{job.path}")
    from .azure_models import output_path

    return _joined(output_path(conn, job.job, job.output), job.path)


def list_files(conn: Connection, run_id: str) -> list[str]:
    """The run's artifacts, as paths below its artifact folder; at most 1,000 folders are looked into."""
    if conn.azure is not None:  # which lists a run's files whole, whichever folder is asked for
        with conn.guard(f"listing the artifacts of the run {run_id}"):
            return sorted(file.path for file in open_files(conn, f"runs:/{run_id}").files())
    found: list[str] = []
    todo = deque([""])
    with conn.guard(f"listing the artifacts of the run {run_id}"):
        for _ in range(FOLDERS):
            if not todo:
                break
            for item in conn.mlflow.list_artifacts(run_id, todo.popleft()):
                (todo if item.is_dir else found).append(item.path)
    return sorted(found)


def is_download(path: Path) -> bool:
    """Whether a folder is one that `fetch` downloaded, gone when this process ends."""
    return path in _downloaded.values()


def logged_models(conn: Connection, run: Any) -> list[Any]:
    """mlflow 3's logged models of a run that are complete, in the order of their steps."""
    found = []
    outputs = getattr(run, "outputs", None)  # mlflow 2 has none
    for output in sorted(outputs.model_outputs if outputs else (), key=lambda o: o.step):
        try:
            model = conn.mlflow.get_logged_model(output.model_id)
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            continue  # it was deleted
        if str(model.status) == "READY":
            found.append(model)
    return found


def local_path(where: str) -> Path | None:
    """The path on this machine that an artifact location means, or None for one behind a network."""
    parts = urlsplit(where)
    if parts.scheme == "file":
        return Path(url2pathname(unquote(parts.path) if os.name == "nt" else parts.path))
    if not parts.scheme or len(parts.scheme) == 1:  # one letter is a Windows drive
        return Path(where).expanduser()
    return None


def _lines(file: Path) -> tuple[str, ...]:
    return tuple(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()


def _json_in(path: Path, name: str | None) -> Any:
    if not name or not (path / name).is_file():
        return None
    try:
        return json.loads((path / name).read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return None  # the example is a help; a model without a readable one still serves


def _no_mlmodel(path: Path) -> ModelError:
    inside = sorted(str(file.parent.relative_to(path)) for file in path.glob(f"*/{MLMODEL}"))
    if inside:
        return ModelError(f"{path} has no MLmodel, its folder {inside[0]} has", hint=str(path / inside[0]))
    return ModelError(
        f"{path} is no MLflow model: it has no file MLmodel",
        hint="a folder written by mlflow's save_model, a run id, or the fitted model itself",
    )


def _no_mlmodel_there(uri: str, paths: list[str]) -> ModelError:
    inside = sorted(path.rpartition("/")[0] for path in paths if path.endswith(f"/{MLMODEL}"))
    if inside:
        return ModelError(f"{uri} has no MLmodel, its folder {inside[0]} has", hint=f"{uri.rstrip('/')}/{inside[0]}")
    if not paths:
        return ModelError(f"there is nothing at {uri}", hint="%aml_show RUN lists what a run has")
    return ModelError(f"{uri} is no MLflow model: it has no file MLmodel")


def _joined(root: str, path: str) -> str:
    base, mark, query = root.partition("?")  # artifact URIs may carry a query
    return f"{base.rstrip('/')}/{path.strip('/')}{mark}{query}" if path.strip("/") else root


_downloaded: dict[tuple[str, str], Path] = {}


@cache
def _downloads() -> tempfile.TemporaryDirectory[str]:
    """One folder for what this process downloads, gone with the process."""
    return tempfile.TemporaryDirectory(prefix="mlflow-aml-models-")
