"""Make a version of a registered model from a run, a folder or a fitted model; the same content only once."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..render.document import Document, Facts, Note, Shown
from ..render.format import size
from .deploy import is_run_model, model_folder

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..client.models import ModelVersion, RunModel

__all__ = ["DIGEST_TAG", "Registration", "register"]

DIGEST_TAG = "aml.content_digest"
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
            with an MLmodel, or a fitted model.
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
    check_model_name(name)
    if alias is not None:
        check_alias(alias)
    say = progress or (lambda _: None)
    experiment = experiment_id or IMPORTED_INTO
    request = _Request(conn, name, alias, description, dict(tags or {}))
    run_id = getattr(getattr(source, "info", None), "run_id", None)
    if isinstance(run_id, str):  # mlflow's own run object
        source = run_id
    if isinstance(source, (str, Path)):
        folder = model_folder(source)
        if folder is not None:
            return _from_folder(request, folder, experiment, say)
        return _from_run(request, _run_model(conn, str(source)), say)
    options = {"input_example": input_example, "pip_requirements": pip_requirements}
    return _from_object(request, source, experiment, say, **options)


def check_model_name(name: str) -> None:
    """Refuse a name that cannot be used in references such as NAME@ALIAS, NAME/3, NAME:3."""
    if not re.fullmatch(r"[\w.\-](?:[\w.\- ]*[\w.\-])?", name) or name in (".", "..") or len(name) > 255:
        proper = re.sub(r"[^\w.\- ]+", "-", name).strip(" -.")
        raise UsageError(
            f"'{name}' cannot name a model: letters, digits, '-', '_', '.' and inner spaces, at most 255",
            hint=f"--name {proper}" if proper else "--name wine",
        )


def check_alias(alias: str) -> None:
    """Refuse what the registry would refuse, before anything is written."""
    if not re.fullmatch(r"[\w\-]{1,255}", alias, re.ASCII) or re.fullmatch(r"(?i)latest|v\d+", alias):
        raise UsageError(
            f"'{alias}' cannot be an alias: letters, digits, '-' and '_', and neither 'latest' nor 'v3'",
            hint="--alias champion",
        )


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


def _from_run(request: _Request, model: RunModel, say: Progress) -> Registration:
    from ..client.models import content_digest, create_version, fetch, read_model

    path = fetch(request.conn, model.uri)
    files = read_model(path)
    say(f"reading the model ({size(files.size)})")
    digest = content_digest(path)
    if there := _already(request, digest, model.uri):
        return _again(request, there)
    say(f"registering {request.name}")
    before = _holder(request)
    version = create_version(
        request.conn,
        request.name,
        model.uri,
        run_id=model.run_id,
        model_id=model.model_id,
        tags={**request.tags, DIGEST_TAG: digest},
        description=request.description,
        alias=request.alias,
    )
    return request.done(version, True, before)


def _from_folder(request: _Request, folder: Path, experiment: str, say: Progress) -> Registration:
    from ..client.models import content_digest, import_folder, read_model, remove_import

    files = read_model(folder)
    say(f"reading the model ({size(files.size)})")
    if there := _already(request, content_digest(folder)):
        return _again(request, there)
    say(f"uploading {size(files.size)}")
    model = import_folder(request.conn, folder, experiment, f"import of {folder.name}")
    try:
        return _from_run(request, model, say)
    except BaseException:
        remove_import(request.conn, model)
        raise


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


def _already(request: _Request, digest: str, uri: str | None = None) -> ModelVersion | None:
    """The version with the same content: by our tag, or made of the same logged model by other tools."""
    from ..client.models import list_versions
    from ..errors import ModelNotFound

    try:
        versions = list_versions(request.conn, request.name)
    except ModelNotFound:
        return None
    same = (v for v in versions if v.tags.get(DIGEST_TAG) == digest or (uri is not None and v.source == uri))
    return next(same, None)


def _again(request: _Request, version: ModelVersion) -> Registration:
    from ..client.models import resolve, set_alias, update

    update(request.conn, version, tags=request.tags, description=request.description)
    moved_from = set_alias(request.conn, version, request.alias) if request.alias else None
    return request.done(resolve(request.conn, version.uri), False, moved_from)


def _holder(request: _Request) -> str | None:
    """The version that has the alias until now."""
    from ..client.models import resolve
    from ..errors import ModelNotFound

    if request.alias is None:
        return None
    try:
        return resolve(request.conn, f"{request.name}@{request.alias}").version
    except ModelNotFound:
        return None
