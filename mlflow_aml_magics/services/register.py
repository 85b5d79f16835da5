"""Make a version of a registered model from a run, a folder or a fitted model; the same content only once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..render.document import Document, Facts, Note, Shown
from ..render.format import size
from .deploy import is_run_model, model_folder
from .download import copied
from .model_names import check_alias, check_model_name, check_tags

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..client.models import ModelVersion, RunModel

__all__ = ["DIGEST_TAG", "Registration", "register"]

DIGEST_TAG = "aml.content_digest"
READ_BELOW = 100 << 20  # bytes: a larger model behind a network is not downloaded to see whether it is there already
SHARED_TAG = "aml.copied_from"  # of a model that came from a registry
IMPORTED_INTO = "0"  # mlflow's default experiment, which is always there


@dataclass(frozen=True)
class Registration(Shown):
    """A version of a registered model. ``created`` is False when the same content was there before.

    ``alias`` is the one asked for; ``moved_from`` the version that had it until now.
    """

    name: str
    version: str
    created: bool
    model_version: ModelVersion
    store: str
    alias: str | None = None
    moved_from: str | None = None

    @property
    def run_id(self) -> str | None:
        """The run that made the model."""
        return self.model_version.run_id

    @property
    def uri(self) -> str:
        """models:/wine/3"""
        return self.model_version.uri

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        did = "created" if self.created else "was there already, with the same content"
        text = f"{self.name} version {self.version} {did}"
        if self.alias is None:
            return text
        moved = f", until now of version {self.moved_from}" if self.moved_from else ""
        return f"{text}; alias {self.alias}{moved}"

    @property
    def reference(self) -> str:
        """What to deploy it by: wine@champion, or wine/3."""
        return f"{self.name}@{self.alias}" if self.alias else f"{self.name}/{self.version}"

    def _document(self) -> Document:
        facts = (
            ("model", self.name),
            ("version", self.version),
            ("aliases", ", ".join(self.model_version.aliases)),
            ("source run", self.run_id or ""),
            ("store", self.store),
        )
        note = Note(self.message, "good" if self.created else "info")
        return Document(
            f"{self.name} version {self.version}",
            (Facts(tuple((k, v) for k, v in facts if v)), note, Note(f"next: %aml_deploy {self.reference}")),
        )


def register(
    conn: Connection,
    source: object,
    name: str,
    *,
    alias: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    experiment_id: str | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Registration:
    """Make ``source`` a version of the registered model ``name``, all or nothing.

    Args:
        source: a run id, mlflow's Run, runs:/…, models:/m-…, models:/wine/1 (to give it another name), a folder
            with an MLmodel, or a fitted model. On Azure Machine Learning also azureml://jobs/…/outputs/…/paths/…, a
            path on a datastore, and azureml://registries/…/models/…/versions/…, which is copied.
        name: of the registered model, which is made where it is new.
        alias: given to the version, and taken from the version that had it.
        experiment_id: where a folder or a fitted model is logged; the default experiment if None.
        input_example: of a fitted model: a few rows, which also give its signature.
        pip_requirements: of a fitted model; mlflow finds them out if None, which takes seconds.
        progress: told in words what goes on.

    Raises:
        RunNotFound, NoModelInRun, ModelNotFound, ModelError, UsageError, StoreReadOnly

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
    experiment = experiment_id or IMPORTED_INTO
    request = _Request(conn, name, alias, description, dict(tags or {}))
    run_id = getattr(getattr(source, "info", None), "run_id", None)
    if isinstance(run_id, str):  # mlflow's own run object
        source = run_id
    if isinstance(source, str) and source.startswith("azureml:"):
        return _from_azure(request, source, experiment, say)
    if isinstance(source, (str, Path)):
        folder = model_folder(source)
        if folder is not None:
            return _from_folder(request, folder, experiment, say)
        return _from_run(request, _run_model(conn, str(source)), say)
    options = {"input_example": input_example, "pip_requirements": pip_requirements}
    return _from_object(request, source, experiment, say, **options)


@dataclass(frozen=True)
class _Request:
    conn: Connection
    name: str
    alias: str | None
    description: str | None
    tags: dict[str, str]

    def done(self, version: ModelVersion, created: bool, moved_from: str | None) -> Registration:
        return Registration(self.name, version.version, created, version, self.conn.label, self.alias, moved_from)


def _run_model(conn: Connection, source: str) -> RunModel:
    from ..client.models import RunModel, find_model, resolve

    if source.startswith("models:/") and not is_run_model(source):
        version = resolve(conn, source)
        return RunModel(version.source, version.name, version.run_id, version.model_id)
    if not is_run_model(source):
        raise UsageError(
            f"'{source}' is neither a run id, nor runs:/RUN/model, nor a folder with an MLmodel",
            hint="%aml_register best --metric METRIC --name NAME, or a run id of %aml_runs",
        )
    return find_model(conn, source)


def _from_azure(request: _Request, source: str, experiment: str, say: Progress) -> Registration:
    from ..client.models import RunModel, download_shared, find_model, job_output, run_and_path, shared_model

    conn = request.conn
    if conn.azure is None:
        raise UsageError(
            f"{source} is in Azure Machine Learning, but this is the {conn.label}", hint="%aml_track --list"
        )
    if (shared := shared_model(source)) is not None:
        with tempfile.TemporaryDirectory(prefix="mlflow-aml-shared-") as scratch:
            say(f"downloading {shared.name} of the registry {shared.registry}")
            tags = {**request.tags, SHARED_TAG: source}
            return _from_folder(
                replace(request, tags=tags), download_shared(conn, shared, Path(scratch)), experiment, say
            )
    if (job := job_output(source)) is not None and job.of_run:
        return _from_run(request, find_model(conn, f"runs:/{job.job}/{job.path}"), say)
    lineage = run_and_path(source)
    uri = job.uri if job else source
    return _from_run(request, RunModel(uri, name=request.name, run_id=lineage[0] if lineage else None), say)


def _from_run(request: _Request, model: RunModel, say: Progress, *, digest: str | None = None) -> Registration:
    from ..client.models import create_version

    versions = _versions(request)
    if there := _same_source(versions, model):
        return _again(request, there)
    digest = digest or _digest(request.conn, model, say)
    if there := _same_content(versions, digest):
        return _again(request, there)
    say(f"registering {request.name}")
    version = create_version(
        request.conn,
        request.name,
        model.uri,
        run_id=model.run_id,
        model_id=model.model_id,
        tags={**request.tags, DIGEST_TAG: digest} if digest else request.tags,
        description=request.description,
        alias=request.alias,
    )
    held = next((v.version for v in versions if request.alias in v.aliases), None)
    return request.done(version, True, held)


def _digest(conn: Connection, model: RunModel, say: Progress) -> str | None:
    """Of the model's content; None for a large one that only a download would tell of."""
    from ..client.models import content_digest, fetch, local_path, location, model_size, read_model

    if local_path(location(conn, model.uri)) is None:
        there = model_size(conn, model.uri)  # an MLmodel is there: what has none is refused before anything is made
        if there is not None and there > READ_BELOW:
            say(f"{size(there)} are not downloaded to compare them")
            return None
    path = fetch(conn, model.uri, progress=lambda *far: say(f"reading the model: {copied(*far)}"))
    say(f"reading the model ({size(read_model(path).size)})")
    return content_digest(path)


def _from_folder(request: _Request, folder: Path, experiment: str, say: Progress) -> Registration:
    from ..client.models import content_digest, import_folder, read_model, remove_import

    files = read_model(folder)
    say(f"reading the model ({size(files.size)})")
    digest = content_digest(folder)
    if there := _same_content(_versions(request), digest):
        return _again(request, there)
    say(f"uploading {size(files.size)}")
    model = import_folder(request.conn, folder, experiment, f"import of {folder.name}")
    try:
        return _from_run(request, model, say, digest=digest)
    except BaseException:
        if not _is_used(request, model.uri):
            remove_import(request.conn, model)
        raise


def _is_used(request: _Request, uri: str) -> bool:
    """Whether a version has these files after all: an answer may have been lost on its way. In doubt, it has."""
    from ..client.models import location

    try:
        return any(version.source in (uri, location(request.conn, uri)) for version in _versions(request))
    except Exception:  # noqa: BLE001
        return True


def _from_object(
    request: _Request,
    model: object,
    experiment: str,
    say: Progress,
    *,
    input_example: Any,
    pip_requirements: Sequence[str] | None,
) -> Registration:
    from ..client.models import logged_by_autolog, save_object

    kind = type(model).__name__
    say(f"looking whether a run has this {kind}")
    if (logged := logged_by_autolog(request.conn, model)) is not None:
        return _from_run(request, logged, say)
    say(f"saving the {kind} and finding out what it requires")
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-save-") as scratch:
        folder = save_object(
            model, Path(scratch) / kind, input_example=input_example, pip_requirements=pip_requirements
        )
        return _from_folder(request, folder, experiment, say)


def _versions(request: _Request) -> list[ModelVersion]:
    """Those that the registered model has; none where it is new."""
    from ..client.models import list_versions
    from ..errors import ModelNotFound

    try:
        return list_versions(request.conn, request.name)
    except ModelNotFound:
        return []


def _same_source(versions: Sequence[ModelVersion], model: RunModel) -> ModelVersion | None:
    """The version that was made of the same files, by whatever tool: nothing needs to be read for that."""
    from ..client.models import run_and_path

    of_run = run_and_path(model.uri)
    same = (v for v in versions if v.source == model.uri or (of_run and run_and_path(v.source) == of_run))
    return next(same, None)


def _same_content(versions: Sequence[ModelVersion], digest: str | None) -> ModelVersion | None:
    return next((v for v in versions if digest and v.tags.get(DIGEST_TAG) == digest), None)


def _again(request: _Request, version: ModelVersion) -> Registration:
    from ..client.models import resolve, set_alias, update

    update(request.conn, version, tags=request.tags, description=request.description)
    moved_from = set_alias(request.conn, version, request.alias) if request.alias else None
    return request.done(resolve(request.conn, version.uri), False, moved_from)
