"""The books of the local deployments: what is kept on disk so that a later kernel finds them.

STATE/local/wine.json            the record, readable by its owner alone
STATE/local/wine.lock            while somebody deploys or deletes it
STATE/local/wine.failed.log      of the last attempt that failed
STATE/local/wine-1f3a9c5e/       one folder a process: key, header, log.txt, status.json, about/, perhaps model/
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

from ...client.alive import find_process
from ...errors import DeploymentError
from .state import is_name, made_state_dir, state_dir, write_secret

__all__ = [
    "Process",
    "Record",
    "Unreadable",
    "all_records",
    "failed_log",
    "look_up",
    "new_folder",
    "read",
    "remove",
    "write",
]


@dataclass(frozen=True)
class Process:
    """A process for good: a pid is used again, together with its start it is not.

    ``mark`` is a word that only its command line has: when the clock is set, its start seems another.
    """

    pid: int
    created: float
    mark: str = ""

    @classmethod
    def of(cls, pid: int, mark: str = "") -> Process:
        """The process that has that pid now."""
        return cls(pid, psutil.Process(pid).create_time(), mark)

    def find(self) -> psutil.Process | None:
        """The process if it still runs."""
        try:
            return find_process(self.pid, self.created, seconds=1.0, mark=self.mark)
        except psutil.AccessDenied:  # the pid is somebody else's by now
            return None


@dataclass(frozen=True)
class Record:
    """What is kept of a deployment. No key: that is in ``folder``/key.

    ``environment`` is the folder of the environment that it runs in, "" for the kernel's; ``machine`` says it in words.
    """

    name: str
    ref: str
    model: str
    uri: str
    run_id: str | None
    store: str
    process: Process
    port: int
    folder: str
    started: str
    machine: str = ""
    environment: str = ""

    @property
    def home(self) -> Path:
        """The folder of its process."""
        return Path(self.folder)

    @property
    def log(self) -> Path:
        """Where its process writes."""
        return self.home / "log.txt"

    @property
    def key(self) -> str:
        """The secret that a request needs."""
        return (self.home / "key").read_text(encoding="utf-8")

    @property
    def began(self) -> datetime:
        """When it was started."""
        return datetime.fromisoformat(self.started)


@dataclass(frozen=True)
class Unreadable:
    """An entry of the books that is no record: garbled, or of a version that we do not know."""

    name: str
    changed: datetime

    def processes(self) -> list[Process]:
        """The processes of that name, found by their folders, as the record does not tell."""
        found = []
        homes = {str(home) for home in _homes(self.name)}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if mark := homes.intersection(process.cmdline()):
                    found.append(Process.of(process.pid, mark.pop()))
        return found


def new_folder(name: str) -> Path:
    """A folder for a new process, for the owner's eyes only."""
    folder = made_state_dir() / f"{name}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    return folder


def write(record: Record) -> None:
    """Enter it, in place of the record of the same name, in one move."""
    folder = made_state_dir()
    part = folder / f"{record.name}.{secrets.token_hex(4)}.part"
    write_secret(part, json.dumps(asdict(record), indent=1))
    part.replace(_path(record.name))


def read(name: str) -> Record | None:
    """The record of that name, or None.

    Raises:
        DeploymentError: there is one that cannot be read.
    """
    record = look_up(name)
    if isinstance(record, Unreadable):
        raise DeploymentError(
            f"the record of the deployment '{name}' cannot be read: {_path(name)}", hint=f"%aml_deploy --delete {name}"
        )
    return record


def look_up(name: str) -> Record | Unreadable | None:
    """What the books have of that name."""
    if not is_name(name):
        return None
    path = _path(name)
    try:
        return _record(json.loads(path.read_text(encoding="utf-8")), name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Unreadable(name, _changed(path))


def _record(kept: Any, name: str) -> Record:
    """The record in a file's JSON. What a later version adds to it is left alone."""
    process = Process(**_known_fields(Process, kept["process"]))
    record = Record(**{**_known_fields(Record, kept), "process": process})
    texts = [record.name, record.ref, record.model, record.store, record.folder, process.mark]
    texts += [record.machine, record.environment]
    numbers = (process.pid, process.created, record.port)
    if not (all(isinstance(t, str) for t in texts) and all(isinstance(n, (int, float)) for n in numbers)):
        raise TypeError("a value of another type")
    if record.name != name or not 0 < process.pid < 1 << 31 or not record.began:
        raise ValueError("a value that cannot be")
    return record


def _known_fields(kind: type[Process] | type[Record], kept: Any) -> dict[str, Any]:
    return {field.name: kept[field.name] for field in fields(kind) if field.name in kept}


def _changed(path: Path) -> datetime:
    try:
        seconds = path.stat().st_mtime
    except OSError:
        seconds = 0.0
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def _path(name: str) -> Path:
    return state_dir() / f"{name}.json"


def all_records() -> list[Record | Unreadable]:
    """All that the books have, by name."""
    found = (look_up(path.stem) for path in sorted(state_dir().glob("*.json")))
    return [record for record in found if record is not None]


def remove(record: Record | Unreadable) -> None:
    """Strike it out and remove its files."""
    path = _path(record.name)
    try:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        failed_log(record.name).unlink(missing_ok=True)
    except OSError as exc:
        raise DeploymentError(f"the record of '{record.name}' cannot be removed: {exc}") from exc
    for home in [record.home] if isinstance(record, Record) else _homes(record.name):
        shutil.rmtree(home, ignore_errors=True)


def _homes(name: str) -> list[Path]:
    """The folders of the processes of that name."""
    is_home = re.compile(re.escape(name) + "-[0-9a-f]{8}").fullmatch
    return [path for path in state_dir().glob("*-????????") if is_home(path.name)]


def failed_log(name: str) -> Path:
    """Where the log of the last attempt that failed is kept."""
    return state_dir() / f"{name}.failed.log"
