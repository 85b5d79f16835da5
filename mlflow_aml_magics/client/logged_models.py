"""Models that runs hold: finding the one that was meant, and logging one that no run has yet."""

from __future__ import annotations

import contextlib
import copy
import importlib
import re
import tempfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException

from ..errors import ModelNotFound, NoModelInRun, RunNotFound, UsageError
from .artifacts import ModelFiles, fetch, logged_models, open_files, read_model
from .digest import MLMODEL, data_digest
from .logs import quiet

if TYPE_CHECKING:
    from mlflow.entities import Run

    from .connection import Connection

__all__ = [
    "RunModel",
    "find_model",
    "logged_by_autolog",
    "models_of_run",
]

DEPTH = 4  # levels of artifact folders searched for an MLmodel
LISTINGS = 200  # requests spent on that search
BESIDE = "-copy-"  # in the folder's name of a mended copy, which `model_imports.log_beside` puts beside a run's model


@dataclass(frozen=True)
class RunModel:
    """A model that a run logged.

    ``uri`` is what a version is made of: models:/m-… for mlflow 3's logged models, else where the files are.
    """

    uri: str
    name: str
    run_id: str | None = None
    model_id: str | None = None
    step: int = 0


def models_of_run(conn: Connection, run_id: str) -> list[RunModel]:
    """The models that a run logged: mlflow 3's logged models, and artifact folders with an MLmodel.

    Raises:
        RunNotFound: no such run.
        NoModelInRun: it logged none.
    """
    run = _run(conn, run_id)
    with conn.guard(f"looking for models in the run {run_id}"):
        steps = {o.model_id: o.step for o in getattr(getattr(run, "outputs", None), "model_outputs", ())}
        root = run.info.artifact_uri.rstrip("/")
        logged = [
            RunModel(f"models:/{m.model_id}", m.name, run_id, m.model_id, steps.get(m.model_id, 0))
            for m in logged_models(conn, run)
        ]
        folders = _listed_folders(conn, root) if conn.azure is not None else _model_folders(conn, run_id)
        models = logged + [RunModel(f"{root}/{path}", path, run_id) for path in folders]
    if not models:
        raise NoModelInRun(
            f"the run {_called(conn, run_id)} logged no model",
            hint="fit it again under autolog (%aml_track), or %aml_register the fitted model object",
        )
    return models


def find_model(conn: Connection, source: str) -> RunModel:
    """The one model that a run id, a runs:/ URI or a models:/m-… URI means.

    Raises:
        RunNotFound, NoModelInRun, ModelNotFound
        UsageError: the run has several models; the message names them.
    """
    if match := re.fullmatch(r"models:/(m-[0-9a-zA-Z-]+)/?", source):
        return _logged(conn, match[1])
    run_id, _, path = source.removeprefix("runs:/").strip("/").partition("/")
    models = models_of_run(conn, run_id)
    if not path:
        own = [model for model in models if not re.search(f"{BESIDE}[0-9a-f]{{8}}$", model.name)]
        return _only(conn, run_id, own or models)
    named = [model for model in models if model.name == path]
    if not named:
        known = dict.fromkeys(f"runs:/{run_id}/{model.name}" for model in models)
        raise NoModelInRun(f"the run {_called(conn, run_id)} has no model '{path}'", hint="it has " + ", ".join(known))
    return named[-1]  # of the same name logged at several steps, mlflow too takes the last


def logged_by_autolog(conn: Connection, model: object) -> RunModel | None:
    """The model that autolog logged when this very object was fitted, if it has not changed since.

    Registering that one keeps the lineage to the training run, its metrics and its input example.
    """
    run_id = getattr(model, "_mlflow_run_id", None)  # set by mlflow.sklearn.autolog
    if not isinstance(run_id, str):
        return None
    try:
        candidates = models_of_run(conn, run_id)
    except (RunNotFound, NoModelInRun):
        return None  # a run of another store, or autolog without models
    as_fitted = copy.copy(model)  # autolog marks the object after it has logged it
    with contextlib.suppress(AttributeError):
        del as_fitted._mlflow_run_id  # type: ignore[attr-defined]
    for candidate in candidates:
        logged = read_model(fetch(conn, candidate.uri))
        wanted = (logged.flavors.get("sklearn") or {}).get("serialization_format")
        with tempfile.TemporaryDirectory(prefix="mlflow-aml-save-") as scratch:
            # The comparison is of the object's data: no requirements, whose inference takes seconds.
            options: dict[str, Any] = {"pip_requirements": [], "serialization_format": wanted}
            try:
                with quiet("mlflow.sklearn"):
                    importlib.import_module("mlflow.sklearn").save_model(as_fitted, f"{scratch}/model", **options)
            except (MlflowException, TypeError, ValueError, AttributeError):
                return None
            if _data_digest(read_model(Path(scratch) / "model")) == _data_digest(logged):
                return candidate
    return None


# --- finding


def _run(conn: Connection, run_id: str) -> Run:
    with conn.guard(f"looking up the run {run_id}"):
        try:
            return conn.mlflow.get_run(run_id)
        except MlflowException as exc:
            if exc.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            raise RunNotFound(f"no run '{run_id}' in {conn.label}", hint="%aml_runs lists them") from exc


def _called(conn: Connection, run_id: str) -> str:
    name = _run(conn, run_id).info.run_name
    return f"{name} ({run_id})" if name else run_id


def _logged(conn: Connection, model_id: str) -> RunModel:
    with conn.guard(f"looking up the model {model_id}"):
        try:
            model = conn.mlflow.get_logged_model(model_id)
        except MlflowException as exc:
            if exc.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            raise ModelNotFound(
                f"no logged model '{model_id}' in {conn.label}", hint="%aml_show RUN lists a run's models"
            ) from exc
    return RunModel(f"models:/{model_id}", model.name, model.source_run_id or None, model_id)


def _only(conn: Connection, run_id: str, models: list[RunModel]) -> RunModel:
    if len(models) == 1:
        return models[0]
    models = sorted(models, key=lambda model: (model.name, model.step))  # stores list them in no order
    names = [model.name for model in models]
    ways = [
        f"{m.uri} (step {m.step})" if m.model_id and names.count(m.name) > 1 else f"runs:/{run_id}/{m.name}"
        for m in models
    ]
    raise UsageError(
        f"the run {_called(conn, run_id)} logged {len(models)} models: {', '.join(dict.fromkeys(names))}",
        hint="name one: " + ", ".join(ways[:8]) + (f" and {len(ways) - 8} more" if len(ways) > 8 else ""),
    )


def _model_folders(conn: Connection, run_id: str) -> list[str]:
    """Artifact folders with an MLmodel, nearest to the root first; a model's own folders are not searched."""
    found, todo, asked = [], deque([""]), 0
    while todo and asked < LISTINGS:
        folder = todo.popleft()
        items = conn.mlflow.list_artifacts(run_id, folder)
        asked += 1
        if any(item.path.rpartition("/")[2] == MLMODEL for item in items):
            found.append(folder)
        elif folder.count("/") < DEPTH - 1:
            todo += [item.path for item in items if item.is_dir]
    return found


def _listed_folders(conn: Connection, root: str) -> list[str]:
    """The same on Azure ML, which lists a run's files whole, whichever folder is asked for."""
    paths = [file.path for file in open_files(conn, root).files()]
    folders = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == MLMODEL}
    nearest = sorted(folders, key=lambda folder: (folder.count("/"), folder))
    return [folder for folder in nearest if not any(folder.startswith(f"{other}/") for other in nearest)]


def _data_digest(files: ModelFiles) -> str:
    flavor = files.flavors.get("python_function") or {}
    return data_digest(files.path, str(flavor.get("model_path") or flavor.get("data") or ""))
