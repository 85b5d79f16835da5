"""Folders of files wherever a store keeps them: what is there, and a copy of it that was checked.

A hostile name does not leave the folder, a copy that is not whole is none, and what was begun is taken away again.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ..errors import StoreError

__all__ = [
    "Copied",
    "Head",
    "LocalFiles",
    "Merged",
    "Remote",
    "RemoteFile",
    "Said",
    "Saved",
    "below",
    "save_all",
]

Copied = Callable[[int, int, int], None]  # files that arrived, of how many, their bytes

CHUNK = 1 << 20  # bytes read and written at a time
AT_ONCE = 8  # files downloaded together: small ones cost a round trip each
COPIED = 50_000_000  # bytes of a file that is copied whole for a look at its beginning


@dataclass(frozen=True)
class RemoteFile:
    """A file, by its path below the folder, with slashes; ``size`` in bytes where the list tells it."""

    path: str
    size: int | None = None


@dataclass(frozen=True)
class Said:
    """What the store said of a file as it sent it; None where it said nothing."""

    size: int | None = None
    md5: bytes | None = None


@dataclass(frozen=True)
class Head:
    """The first bytes of a file; ``size`` is that of the whole file, None where nobody told."""

    data: bytes
    size: int | None

    @property
    def whole(self) -> bool:
        """Whether these are all its bytes."""
        return self.size == len(self.data)


@dataclass(frozen=True)
class Saved:
    """What `save_all` wrote; ``hashed`` of the files had a checksum of the store's own."""

    files: int
    bytes: int
    hashed: int


class Remote(ABC):
    """A folder of files, or a single one. ``stopped`` ends the copies that are under way."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    @abstractmethod
    def files(self) -> list[RemoteFile]:
        """Everything below the folder; a single file by its own name; nothing where nothing is."""

    @abstractmethod
    def save(self, file: RemoteFile, to: Path) -> Said:
        """Write one file. The folder of ``to`` is there."""

    def head(self, file: RemoteFile, limit: int) -> Head:
        """The first bytes of a file, at most ``limit``. Storage that gives no part of one is asked for the whole.

        Raises:
            StoreError: that would be a large file.
        """
        if file.size is not None and file.size > COPIED:
            raise StoreError(
                f"{file.path} has {file.size:,} bytes and comes only whole", hint="%aml_download brings it"
            )
        with tempfile.TemporaryDirectory(prefix="mlflow-aml-head-") as scratch:
            copy = Path(scratch) / "file"
            self.save(file, copy)
            return _head_of(copy, limit)

    def write(self, chunks: Any, to: Path) -> None:
        """Write what comes in parts, until somebody stops it."""
        with to.open("wb") as stream:
            for chunk in chunks:
                if self.stopped.is_set():
                    raise InterruptedError(f"the copy of {to.name} was stopped")
                stream.write(chunk)


def save_all(remote: Remote, files: Sequence[RemoteFile], target: Path, *, progress: Copied | None = None) -> Saved:
    """Copy files into ``target``, a folder that is there and empty, and look at each of them afterwards.

    Args:
        files: of `Remote.files`, all or some.
        target: where they go; the caller removes it if this raises.
        progress: told after each file how many arrived, of how many, and their bytes.

    Raises:
        StoreError: a name leads out of the folder, or a file did not arrive as the store has it.
    """
    places = _places(target, [file.path for file in files])
    arrived, hashed = 0, 0

    def fetch(file: RemoteFile) -> tuple[RemoteFile, Said]:
        places[file.path].parent.mkdir(parents=True, exist_ok=True)
        return file, remote.save(file, places[file.path])

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mlflow-aml-copy") as pool:
        try:
            for count, future in enumerate(as_completed([pool.submit(fetch, file) for file in files]), 1):
                file, said = future.result()
                arrived += _check(file, places[file.path], said)
                hashed += said.md5 is not None
                if progress:
                    progress(count, len(files), arrived)
        except BaseException:
            remote.stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    _check_all(target, places)
    return Saved(len(files), arrived, hashed)


class LocalFiles(Remote):
    """A folder or a file on this machine."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def files(self) -> list[RemoteFile]:
        """See `Remote`."""
        if self._path.is_file():
            return [RemoteFile(self._path.name, self._path.stat().st_size)]
        found = (path for path in sorted(self._path.rglob("*")) if path.is_file())
        return [RemoteFile(path.relative_to(self._path).as_posix(), path.stat().st_size) for path in found]

    def save(self, file: RemoteFile, to: Path) -> Said:
        """See `Remote`."""
        source = self._path if self._path.is_file() else self._path / file.path
        with source.open("rb") as stream:
            self.write(iter(lambda: stream.read(CHUNK), b""), to)
        return Said(source.stat().st_size)

    def head(self, file: RemoteFile, limit: int) -> Head:
        """See `Remote`."""
        return _head_of(self._path if self._path.is_file() else self._path / file.path, limit)


class Merged(Remote):
    """Several folders as one, each under a name of its own or "", and of that whole what is below ``path``."""

    def __init__(self, parts: Sequence[tuple[str, Remote]], path: str = "") -> None:
        super().__init__()
        self._parts, self._path = parts, path.strip("/")
        self._where: dict[str, tuple[Remote, RemoteFile]] = {}
        for _, part in parts:
            part.stopped = self.stopped

    def files(self) -> list[RemoteFile]:
        """See `Remote`."""
        whole = {f"{name}/{f.path}" if name else f.path: (part, f) for name, part in self._parts for f in part.files()}
        names = below(whole, self._path)
        self._where = {name: whole[full] for name, full in names.items()}
        return [RemoteFile(name, file.size) for name, (_, file) in self._where.items()]

    def save(self, file: RemoteFile, to: Path) -> Said:
        """See `Remote`."""
        part, own = self._where[file.path]
        return part.save(own, to)

    def head(self, file: RemoteFile, limit: int) -> Head:
        """See `Remote`."""
        part, own = self._where[file.path]
        return part.head(own, limit)


def below(names: Iterable[str], prefix: str) -> dict[str, str]:
    """The names below a folder, without it, and in full; of a single file its last part."""
    if not prefix:
        return {name: name for name in names}
    known = list(names)
    found = {name[len(prefix) + 1 :]: name for name in known if name.startswith(f"{prefix}/")}
    return found or {name.rpartition("/")[2]: name for name in known if name == prefix}


def _head_of(path: Path, limit: int) -> Head:
    with path.open("rb") as stream:
        data = stream.read(limit)
    return Head(data, path.stat().st_size)


def _size_and_md5(path: Path) -> tuple[int, bytes]:
    """Of a file on this machine."""
    digest = hashlib.md5(usedforsecurity=False)  # the one that Blob storage keeps
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return path.stat().st_size, digest.digest()


def _places(target: Path, paths: list[str]) -> dict[str, Path]:
    """Where each file goes. Names are the store's: none may lead out of the folder, or be both file and folder."""
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    places = {}
    for path in paths:
        parts = path.split("/")
        windows = PureWindowsPath(path)
        leads_out = any(part in ("", ".", "..") for part in parts) or "\0" in path or "\\" in path or windows.drive
        if leads_out:
            raise StoreError(f"{path!r} is no name for a file here: it may lead out of the folder; nothing was copied")
        if path in folders:
            raise StoreError(f"{path!r} is both a file and a folder there: it cannot be copied")
        places[path] = target.joinpath(*parts)
    return places


def _check(listed: RemoteFile, here: Path, said: Said) -> int:
    """The size of a file that arrived as it was sent."""
    path = listed.path
    if not here.is_file():
        raise StoreError(f"{path} did not arrive, though the store says it sent it")
    size = here.stat().st_size
    for told in (listed.size, said.size):
        if told is not None and told >= 0 and told != size:
            raise StoreError(f"{path} arrived with {size:,} bytes of {told:,}", hint="try again")
    if said.md5 is not None and _size_and_md5(here)[1] != said.md5:
        raise StoreError(f"{path} arrived with another checksum than the store has", hint="try again")
    return size


def _check_all(target: Path, places: dict[str, Path]) -> None:
    there = {path for path in target.rglob("*") if path.is_file()}
    missing = [path for path, place in places.items() if place not in there]
    if missing or len(there) != len(places):
        said = ", ".join(missing[:3]) or "two names are one on this machine's file system"
        raise StoreError(f"{len(there)} of {len(places)} files arrived: {said}")
