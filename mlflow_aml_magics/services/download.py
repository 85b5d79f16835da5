"""Bring a model or artifacts to this machine: whole and looked at, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.paths import short_path
from ..errors import ModelNotFound, NotFound, UsageError
from ..render.document import Document, Facts, Note, Shown
from ..render.format import plural, size

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..client.models import Saved

__all__ = ["Download", "copied", "download"]


@dataclass(frozen=True)
class Download(Shown):
    """Files that are on this machine now. ``path`` is the folder, or the file where one was asked for.

    ``hashed`` of the files had a checksum of the store's own, and were compared with it; all were by size.
    """

    path: Path
    what: str
    files: int
    bytes: int
    hashed: int
    store: str

    def __fspath__(self) -> str:
        return str(self.path)

    def _document(self) -> Document:
        by = f"size, {self.hashed:,} by checksum too" if self.hashed else "size"
        facts = (
            ("what", self.what),
            ("folder" if self.path.is_dir() else "file", short_path(self.path)),
            ("checked", f"{plural(self.files, 'file')} by {by}"),
            ("from", self.store),
        )
        title = f"downloaded {plural(self.files, 'file')}, {size(self.bytes)}"
        blocks: tuple[Facts | Note, ...] = (Facts(facts),)
        if (self.path / "MLmodel").is_file():
            blocks += (Note(f"next: %aml_deploy {short_path(self.path)}"),)
        return Document(title, blocks)


def download(
    conn: Connection, what: str, to: Path | None = None, *, force: bool = False, progress: Progress | None = None
) -> Download:
    """Copy a model or artifacts into a folder that was not there, or was empty.

    Args:
        what: wine@champion, wine:3, wine; runs:/ID or runs:/ID/path; models:/m-…;
            azureml://jobs/NAME/outputs/OUTPUT/paths/PATH; azureml://registries/R/models/M/versions/V.
        to: the folder; None makes one here, called like what is in it.
        force: replace a folder that holds something; it stays until the new one is whole.
        progress: told how far it is.

    Raises:
        ModelNotFound, RunNotFound, NotFound: no such thing, or nothing in it.
        UsageError: the folder holds something.
        StoreError: a file did not arrive as the store has it; nothing is left behind.
    """
    say = progress or (lambda _: None)
    uri, label, name = _named(conn, what)
    target = Path(os.path.abspath((to or Path(name)).expanduser()))
    _free(target, force=force)
    say(f"looking up {label}")
    with _beside(target) as scratch:
        fresh = scratch / "new"
        fresh.mkdir()
        saved, single = _fetch(conn, uri, label, fresh, say)
        _replace(fresh, target, scratch / "old", force=force)
    path = target / single if single else target
    return Download(path, label, saved.files, saved.bytes, saved.hashed, conn.label)


def copied(files: int, total: int, arrived: int) -> str:
    """How far a copy is: "3 of 7 files, 1.2 MB"."""
    return f"{files:,} of {plural(total, 'file')}, {size(arrived)}"


def _named(conn: Connection, what: str) -> tuple[str, str, str]:
    """Address, label, and the name of a folder for it."""
    from ..client.models import job_output, resolve, shared_model

    if what.startswith("azureml:") and conn.azure is None:
        raise UsageError(f"{what} is in Azure Machine Learning, but this is the {conn.label}", hint="%aml_track --list")
    if (shared := shared_model(what)) is not None:
        return what, what, _folder_name(shared.name, shared.version)
    if (job := job_output(what)) is not None:
        return what, what, _folder_name(job.job, job.path or job.output)
    if what.startswith("runs:/"):
        run_id, _, path = what.removeprefix("runs:/").strip("/").partition("/")
        return f"runs:/{run_id}/{path}".rstrip("/"), what, _folder_name(run_id, path)
    if what.startswith("azureml:") or re.fullmatch(r"models:/m-[^/@]+/?", what):
        return what, what, _folder_name(what.rstrip("/").rpartition("/")[2])
    version = resolve(conn, what)
    return version.uri, f"{version.name} version {version.version}", _folder_name(version.name, version.version)


def _folder_name(*parts: str) -> str:
    words = (re.sub(r"[^A-Za-z0-9_.-]+", "-", part).strip("-.") for part in parts)
    return "-".join(word for word in words if word)[:120] or "download"


def _free(target: Path, *, force: bool) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UsageError(f"{short_path(target)} is there already, and is no folder", hint="--to another_folder")
    if target.is_dir() and any(target.iterdir()) and not force:
        raise UsageError(
            f"the folder {short_path(target)} holds something already",
            hint="--to another_folder, or --force to replace it",
        )
    if force and target.is_dir() and (target == Path.cwd() or target in Path.cwd().parents or target == Path.home()):
        raise UsageError(f"{short_path(target)} is the folder you work in: it is not replaced", hint="--to a_folder")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A hidden folder next to it, on the same disk; gone afterwards, as are folders made for it if nothing came."""
    made = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
            yield Path(scratch)
    except BaseException:
        for parent in made:
            with suppress(OSError):  # somebody else's files are in it by now
                parent.rmdir()
        raise


def _fetch(conn: Connection, uri: str, label: str, to: Path, say: Progress) -> tuple[Saved, str]:
    """What was written, and the file's name where it is a single one."""
    from ..client.models import LocalFiles, download_shared, open_files, open_run, save_all, shared_model

    def show(*far: int) -> None:
        say(f"downloading {label}: {copied(*far)}")

    if (shared := shared_model(uri)) is not None:
        with tempfile.TemporaryDirectory(prefix="mlflow-aml-shared-") as scratch:
            folder = download_shared(conn, shared, Path(scratch))
            return save_all(LocalFiles(folder), LocalFiles(folder).files(), to, progress=show), ""
    with conn.guard(f"downloading {label}"):
        run_id, _, path = uri.removeprefix("runs:/").partition("/")
        remote = open_run(conn, run_id, path) if uri.startswith("runs:/") else open_files(conn, uri)
        files = remote.files()
        if not files:
            kind = ModelNotFound if uri.startswith("models:") else NotFound
            raise kind(f"there is nothing at {label}", hint="%aml_show RUN lists what a run has")
        saved = save_all(remote, files, to, progress=show)
    single = files[0].path if len(files) == 1 and uri.rstrip("/").endswith(f"/{files[0].path}") else ""
    return saved, single


def _replace(fresh: Path, target: Path, old: Path, *, force: bool) -> None:
    """Put the whole folder in its place in one step; what was there goes only when that worked."""
    if target.exists():
        _free(target, force=force)  # it may have been filled meanwhile
        target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        if old.exists():
            shutil.move(old, target)
        raise
