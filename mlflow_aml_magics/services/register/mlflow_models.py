"""The ways from a run, a folder or a fitted model to a version of the type MLflow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...render.format import size
from ..download import copied
from ..model_tags import FIXED
from .fixing import fixed_copy
from .request import Request, same_content, same_source

if TYPE_CHECKING:
    from ...client.models import ModelFiles, RunModel
    from ..preflight import Preflight
    from .registration import Registration

__all__ = ["READ_BELOW", "from_folder", "from_object", "from_run"]

READ_BELOW = 100 << 20  # bytes: a larger model behind a network is not downloaded to see whether it is there already


def from_run(request: Request, model: RunModel) -> Registration:
    """Register a model that a run has, or that lies where a version can be made of it."""
    from ...client.models import content_digest, read_model

    versions = request.versions()
    if not request.check.fix and (there := same_source(versions, model)):
        return request.again(there)
    folder = _downloaded(request, model)
    if folder is None:
        check = _checked_by_small_files(request, model)
        return request.create(model, versions, digest=None, check=check)
    files = read_model(folder)
    request.say(f"reading the model ({size(files.size)})")
    with _mended(request, folder) as (copy, changes):
        digest = content_digest(copy)
        if there := same_content(versions, digest) or (None if changes else same_source(versions, model)):
            return request.again(there)
        check = request.checked(read_model(copy))
        if not changes:
            return request.create(model, versions, digest=digest, check=check)
        request.say(f"uploading the copy ({size(files.size)})")
        upload = _logged_beside(request, model, copy)
        return _create_from(request, upload, digest, check, changes)


def from_folder(request: Request, folder: Path) -> Registration:
    """Register a folder of this machine, which a run of its own brings to the store."""
    from ...client.models import content_digest, import_folder, read_model, remove_import

    files = read_model(folder)
    request.say(f"reading the model ({size(files.size)})")
    with _mended(request, folder) as (copy, changes):
        digest = content_digest(copy)
        if there := same_content(request.versions(), digest):
            return request.again(there)
        check = request.checked(read_model(copy))
        request.say(f"uploading {size(files.size)}")
        model = import_folder(request.conn, copy, request.experiment, f"import of {folder.name}")
        return _create_from(
            request, _Upload(model, partial(remove_import, request.conn, model)), digest, check, changes
        )


def from_object(
    request: Request, model: object, *, input_example: Any, pip_requirements: Sequence[str] | None
) -> Registration:
    """Register a fitted model: as autolog has logged it, else saved anew."""
    from ...client.models import logged_by_autolog, save_object

    kind = type(model).__name__
    request.say(f"looking whether a run has this {kind}")
    if (logged := logged_by_autolog(request.conn, model)) is not None:
        return from_run(request, logged)
    request.say(f"saving the {kind} and finding out what it requires")
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-save-") as scratch:
        folder = save_object(
            model, Path(scratch) / kind, input_example=input_example, pip_requirements=pip_requirements
        )
        return from_folder(request, folder)


@dataclass(frozen=True)
class _Upload:
    """A model that was brought into the store for this, and how it is taken back."""

    model: RunModel
    undo: Callable[[], None]


def _create_from(
    request: Request, upload: _Upload, digest: str | None, check: Preflight | None, changes: tuple[str, ...]
) -> Registration:
    """Make a version of what was uploaded for it; the upload is taken back where that fails or was not needed."""
    model = upload.model
    tags = {FIXED: "; ".join(changes)[:1000]} if changes else {}
    try:
        versions = request.versions()
        if there := same_source(versions, model) or same_content(versions, digest):
            known = request.again(there)  # somebody was faster
            if not _is_used(request, model.uri):
                upload.undo()
            return known
        return request.create(model, versions, digest=digest, check=check, fixed=changes, tags=tags)
    except BaseException:
        if not _is_used(request, model.uri):
            upload.undo()
        raise


def _logged_beside(request: Request, model: RunModel, folder: Path) -> _Upload:
    """The copy in the run that made the model, where there is one; else in a run of its own."""
    from ...client.models import import_folder, log_beside, remove_beside, remove_import

    conn = request.conn
    if model.run_id is None:
        made = import_folder(conn, folder, request.experiment, f"fixed {model.name}")
        return _Upload(made, partial(remove_import, conn, made))
    made = log_beside(conn, folder, model.run_id, name=f"{model.name.rpartition('/')[2] or 'model'}-fixed")
    return _Upload(made, partial(remove_beside, conn, made))


@contextmanager
def _mended(request: Request, folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The folder itself and no changes, or with ``fix`` a copy and what was changed in it."""
    if not request.check.fix:
        yield folder, ()
        return
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-fix-") as scratch:
        copy, changes = fixed_copy(folder, Path(scratch) / folder.name, is_azure=request.conn.azure is not None)
        yield (copy, changes) if changes else (folder, ())


def _downloaded(request: Request, model: RunModel) -> Path | None:
    """The model's folder on this machine; None for a large one behind a network."""
    from ...client.models import fetch, local_path, location, model_size

    conn, say = request.conn, request.say
    if local_path(location(conn, model.uri)) is None and not request.check.fix:
        there = model_size(conn, model.uri)  # an MLmodel is there: what has none is refused before anything is made
        if there is not None and there > READ_BELOW:
            say(f"{size(there)} are not downloaded to compare them, nor to load them")
            return None
    return fetch(conn, model.uri, progress=lambda *far: say(f"reading the model: {copied(*far)}"))


def _checked_by_small_files(request: Request, model: RunModel) -> Preflight | None:
    """The check of a model that is not downloaded whole."""
    from ...client.models import model_size, open_files, read_model, save_all

    if not request.check.read:
        return None
    conn = request.conn
    with conn.guard(f"reading {model.uri}"), tempfile.TemporaryDirectory(prefix="mlflow-aml-look-") as scratch:
        remote = open_files(conn, model.uri)
        listed = remote.files()
        small = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")
        save_all(remote, [file for file in listed if file.path in small or file.path.endswith(".json")], Path(scratch))
        files: ModelFiles = read_model(Path(scratch))
        whole = replace(files, size=model_size(conn, model.uri) or files.size, files=len(listed))
        return request.checked(whole, is_whole=False)


def _is_used(request: Request, uri: str) -> bool:
    """Whether a version has these files after all: an answer may have been lost on its way. In doubt, it has."""
    from ...client.models import location

    try:
        return any(version.source in (uri, location(request.conn, uri)) for version in request.versions())
    except Exception:  # noqa: BLE001
        return True
