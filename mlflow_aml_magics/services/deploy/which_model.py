"""Which model a reference means, and how its deployment is called by default."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ModelError, UsageError
from ..download import copied
from ..model_tags import TYPE
from .target import ModelToServe

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles

__all__ = ["is_run_model", "model_folder", "model_to_serve"]


def model_to_serve(conn: Connection, ref: str | Path, say: Progress) -> tuple[ModelToServe, str]:
    """The model, and the name that its deployment gets by default. Its files are fetched when they are needed."""
    from ...client.models import fetch, find_model, read_model, resolve
    from ...client.paths import short_path

    def show(*far: int) -> None:
        say(f"downloading {ref}: {copied(*far)}")

    def fetched(uri: str) -> ModelFiles:
        return read_model(fetch(conn, uri, progress=show))

    run_id: str | None
    version = None
    if (folder := model_folder(ref)) is not None:
        files = read_model(folder)
        get_files = lambda: files  # noqa: E731
        label, run_id = f"folder {short_path(folder)}", files.meta.get("run_id")
        uri, name = folder.as_uri(), folder.name
    elif is_run_model(str(ref)):
        found = find_model(conn, str(ref))
        get_files = partial(fetched, found.uri)
        uri, run_id = found.uri, found.run_id
        label = f"{found.name} of run {run_id}" if run_id else found.uri
        name = f"run-{run_id[:8]}" if run_id else found.uri.removeprefix("models:/")[:10]
    else:
        version = resolve(conn, str(ref))
        if kind := version.tags.get(TYPE):
            raise ModelError(
                f"{version.name} version {version.version} is a {kind} model: to serve it takes a scoring script",
                hint=f"%aml_download {version.name}:{version.version} brings its files",
            )
        get_files = partial(fetched, version.uri)
        label, name = f"{version.name} version {version.version}", version.name
        uri, run_id = version.uri, version.run_id
    store = re.sub(r"//[^/@]*@", "//", conn.uri).partition("?")[0]  # it is kept: without what may be a password
    model = ModelToServe(str(ref), label, uri, get_files, run_id, conn.uri, conn.registry_uri, store, version)
    return model, re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "model"


def model_folder(ref: object) -> Path | None:
    """The folder that a reference names: a Path, or text that is one, which starts as no model's name does."""
    if isinstance(ref, Path):
        return ref.expanduser().resolve()
    text = str(ref)
    if text.startswith("file:"):
        from ...client.models import local_path

        return local_path(text)
    looks_like_one = text.startswith((".", "/", "~")) or "\\" in text
    try:
        path = Path(text).expanduser()
        return path.resolve() if looks_like_one or (path / "MLmodel").is_file() else None
    except (OSError, RuntimeError, ValueError) as exc:  # a name too long, a home of nobody
        if not looks_like_one:
            return None
        raise UsageError(f"'{text[:100]}' is no path: {exc}") from exc


def is_run_model(ref: str) -> bool:
    """Whether a reference means a model that a run holds, not a registered one."""
    return re.fullmatch(r"runs:/.*|models:/m-[^/@]+/?|[0-9a-f]{32}", ref) is not None
