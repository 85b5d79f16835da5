"""Make a version of a registered model from a run, a folder or a fitted model; the same content only once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..deploy import is_run_model, model_folder
from ..model_names import check_alias, check_model_name, check_tags
from ..model_tags import COPIED_FROM
from .mlflow_models import from_folder, from_object, from_run
from .other_types import KINDS, from_files
from .registration import Registration
from .request import Check, Request

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import RunModel

__all__ = ["KINDS", "Check", "Registration", "register"]

IMPORTED_INTO = "0"  # mlflow's default experiment, which is always there


def register(
    conn: Connection,
    source: object,
    name: str,
    *,
    kind: str = "mlflow",
    alias: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    experiment_id: str | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | None = None,
    check: Check | None = None,
    progress: Progress | None = None,
) -> Registration:
    """Make ``source`` a version of the registered model ``name``, all or nothing.

    Args:
        source: a run id, mlflow's Run, runs:/…, models:/m-…, models:/wine/1 (to give it another name), a folder
            with an MLmodel, or a fitted model. On Azure Machine Learning also azureml://jobs/…/outputs/…/paths/…, a
            path on a datastore, and azureml://registries/…/models/…/versions/…, which is copied.
        name: of the registered model, which is made where it is new.
        kind: "mlflow"; or "custom" for any file or folder, "triton" for a model repository of Triton.
        alias: given to the version, and taken from the version that had it.
        experiment_id: where a folder or a fitted model is logged; the default experiment if None.
        input_example: of a fitted model: a few rows, which also give its signature.
        pip_requirements: of a fitted model; mlflow finds them out if None, which takes seconds.
        check: how it is looked at before anything is written; None reads its files.
        progress: told in words what goes on.

    Raises:
        RunNotFound, NoModelInRun, ModelNotFound, UsageError, StoreReadOnly
        ModelError: also where the check found what will fail.

    >>> register(conn, best.run_id, "wine", alias="champion")            # doctest: +SKIP
    wine version 3
      model  wine
    """
    check_model_name(name, is_azure=conn.azure is not None)
    if conn.azure is not None:
        check_tags(tags or {})
    if alias is not None:
        check_alias(alias)
    say = progress or (lambda _: None)
    request = Request(
        conn, name, alias, description, dict(tags or {}), experiment_id or IMPORTED_INTO, check or Check(), say
    )
    run_id = getattr(getattr(source, "info", None), "run_id", None)
    if isinstance(run_id, str):  # mlflow's own run object
        source = run_id
    if kind != "mlflow":
        return from_files(request, source, kind)
    if isinstance(source, str) and source.startswith("azureml:"):
        return _from_azure(request, source)
    if isinstance(source, (str, Path)):
        folder = model_folder(source)
        return from_run(request, _run_model(conn, str(source))) if folder is None else from_folder(request, folder)
    return from_object(request, source, input_example=input_example, pip_requirements=pip_requirements)


def _run_model(conn: Connection, source: str) -> RunModel:
    from ...client.models import RunModel, find_model, resolve

    if source.startswith("models:/") and not is_run_model(source):
        version = resolve(conn, source)
        return RunModel(version.source, version.name, version.run_id, version.model_id)
    if not is_run_model(source):
        raise UsageError(
            f"'{source}' is neither a run id, nor runs:/RUN/model, nor a folder with an MLmodel",
            hint="%aml_register best --metric METRIC --name NAME, or a run id of %aml_runs",
        )
    return find_model(conn, source)


def _from_azure(request: Request, source: str) -> Registration:
    from ...client.models import RunModel, download_shared, find_model, job_output, run_and_path, shared_model

    conn = request.conn
    if conn.azure is None:
        raise UsageError(
            f"{source} is in Azure Machine Learning, but this is the {conn.label}", hint="%aml_track --list"
        )
    if (shared := shared_model(source)) is not None:
        with tempfile.TemporaryDirectory(prefix="mlflow-aml-shared-") as scratch:
            request.say(f"downloading {shared.name} of the registry {shared.registry}")
            tags = {**request.tags, COPIED_FROM: source}
            return from_folder(replace(request, tags=tags), download_shared(conn, shared, Path(scratch)))
    if (job := job_output(source)) is not None and job.of_run:
        return from_run(request, find_model(conn, f"runs:/{job.job}/{job.path}"))
    lineage = run_and_path(source)
    uri = job.uri if job else source
    return from_run(request, RunModel(uri, name=request.name, run_id=lineage[0] if lineage else None))
