"""Bringing models from this machine into a store: into a run of their own, or beside what a run has logged."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from .artifacts import read_model
from .digest import MLMODEL
from .linked import linked_copy
from .logged_models import BESIDE, RunModel

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["import_files", "import_folder", "log_beside", "remove_beside", "remove_import"]


def import_folder(
    conn: Connection, folder: Path, experiment_id: str, run_name: str | None = None, *, name: str = "model"
) -> RunModel:
    """Upload a model folder into a run of its own: the store gets the files, a version its lineage."""
    client = conn.mlflow
    doing = f"importing {folder.name}"
    with conn.guard(doing), _told(conn, doing):
        run_id: str = client.create_run(experiment_id, run_name=run_name or folder.name).info.run_id
        logged = None
        try:
            if hasattr(client, "create_logged_model") and conn.azure is None:
                logged = client.create_logged_model(experiment_id, name=name, source_run_id=run_id)
                with _relabelled(folder, run_id, logged.model_id, logged.artifact_location) as staged:
                    client.log_model_artifacts(logged.model_id, str(staged))
                client.finalize_logged_model(logged.model_id, "READY")
                from mlflow.entities import LoggedModelOutput

                client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
                found = RunModel(f"models:/{logged.model_id}", name, run_id, logged.model_id)
            else:  # mlflow 2, and Azure ML, which has no logged models (bridge/logged_models.py)
                # mlflow 2 asks its global store where a server keeps artifacts.
                current = contextlib.nullcontext() if conn.azure else conn.as_current()
                with current, _relabelled(folder, run_id, None, name) as staged:
                    client.log_artifacts(run_id, str(staged), name)
                found = RunModel(f"{client.get_run(run_id).info.artifact_uri}/{name}", name, run_id)
            client.set_terminated(run_id)
            return found
        except BaseException:
            _withdraw(conn, run_id, logged.model_id if logged is not None else None)
            raise


def import_files(conn: Connection, path: Path, experiment_id: str, run_name: str) -> RunModel:
    """Upload a file or a folder that is no MLflow model into a run of its own, as its artifacts below "model"."""
    client = conn.mlflow
    doing = f"importing {path.name}"
    with conn.guard(doing):
        run_id: str = client.create_run(experiment_id, run_name=run_name).info.run_id
        try:
            with conn.as_current():
                (client.log_artifacts if path.is_dir() else client.log_artifact)(run_id, str(path), "model")
            client.set_terminated(run_id)
            return RunModel(f"{client.get_run(run_id).info.artifact_uri}/model", "model", run_id)
        except BaseException:
            _withdraw(conn, run_id, None)
            raise


def log_beside(conn: Connection, folder: Path, run_id: str, *, name: str) -> RunModel:
    """Upload a model folder for a run that there is, beside what that has logged; its own model stays the one it means.

    Where models are artifacts (mlflow 2, Azure ML) its folder gets a name of its own, as an artifact there is written
    once; what an interrupted upload leaves of it no client can take away.
    """
    client = conn.mlflow
    doing = f"adding {name} to the run {run_id}"
    with conn.guard(doing), _told(conn, doing):
        run = client.get_run(run_id)
        if not hasattr(client, "create_logged_model") or conn.azure is not None:
            name = f"{name}{BESIDE}{uuid.uuid4().hex[:8]}"
            current = contextlib.nullcontext() if conn.azure else conn.as_current()
            with current, _relabelled(folder, run_id, None, name) as staged:
                client.log_artifacts(run_id, str(staged), name)
            return RunModel(f"{run.info.artifact_uri}/{name}", name, run_id)
        logged = client.create_logged_model(run.info.experiment_id, name=name, source_run_id=run_id)
        try:
            with _relabelled(folder, run_id, logged.model_id, logged.artifact_location) as staged:
                client.log_model_artifacts(logged.model_id, str(staged))
            client.finalize_logged_model(logged.model_id, "READY")
        except BaseException:
            with contextlib.suppress(Exception):  # a second failure must not hide the first
                client.delete_logged_model(logged.model_id)
            raise
        return RunModel(f"models:/{logged.model_id}", name, run_id, logged.model_id)


def remove_import(conn: Connection, model: RunModel) -> None:
    """Take back what `import_folder` made, the run and its model, as far as the store lets us."""
    if model.run_id is not None:
        _withdraw(conn, model.run_id, model.model_id)


def remove_beside(conn: Connection, model: RunModel) -> None:
    """Take back what `log_beside` made, as far as the store lets us; the run stays."""
    if model.model_id is not None:
        with contextlib.suppress(Exception):  # a second failure must not hide the first
            conn.mlflow.delete_logged_model(model.model_id)


def _told(conn: Connection, doing: str) -> contextlib.AbstractContextManager[None]:
    """azureml-mlflow's uploads raise what azure-core does."""
    if conn.azure is None:
        return contextlib.nullcontext()
    from .azure_files import told

    return told(conn, doing)


def _withdraw(conn: Connection, run_id: str, model_id: str | None) -> None:
    with contextlib.suppress(Exception):  # a second failure must not hide the first
        if model_id is not None:
            conn.mlflow.delete_logged_model(model_id)
    is_gone = False
    with contextlib.suppress(Exception):
        conn.mlflow.delete_run(run_id)
        is_gone = True
    with contextlib.suppress(Exception):
        if not is_gone:
            conn.mlflow.set_terminated(run_id, "FAILED")


@contextlib.contextmanager
def _relabelled(folder: Path, run_id: str, model_id: str | None, artifact_path: str) -> Iterator[Path]:
    """The folder with an MLmodel that names its new run; the other files are links where they can be."""
    read_model(folder)  # no MLmodel, no upload
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-import-") as scratch:
        staged = Path(scratch) / "model"
        ignored = shutil.ignore_patterns("registered_model_meta")
        linked_copy(folder, staged, ignore=ignored)
        meta = yaml.safe_load((staged / MLMODEL).read_text(encoding="utf-8"))
        meta |= {"run_id": run_id, "artifact_path": artifact_path}
        if model_id is not None:
            meta |= {"model_id": model_id, "model_uuid": model_id}
        (staged / MLMODEL).unlink()  # it may be a link to the original
        (staged / MLMODEL).write_text(yaml.safe_dump(meta), encoding="utf-8")
        yield staged
