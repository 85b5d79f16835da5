"""The books of the local deployments: what is kept on disk so that a later kernel finds them.

STATE/local/wine.json            the record, readable by its owner alone
STATE/local/wine.lock            while somebody deploys or deletes it
STATE/local/wine.failed.log      of the last attempt that failed
STATE/local/wine-1f3a9c5e/       one folder a process: key, log.txt, status.json, about/, perhaps model/
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

from ...errors import DeploymentError, UsageError

__all__ = [
    "Process",
    "Record",
    "all_records",
    "check_name",
    "failed_log",
    "locked",
    "new_folder",
    "read",
    "remove",
    "state_dir",
    "write",
    "write_secret",
]

LOCK_SECONDS = 15.0  # how long to wait for somebody else's deploy or delete of the same name


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
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.created) < 1.0 or self.mark in process.cmdline()
            return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # denied: the pid is somebody else's by now
            return None


@dataclass(frozen=True)
class Record:
    """What is kept of a deployment. No key: that is in ``folder``/key."""

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


def state_dir() -> Path:
    """The folder of this user's local deployments; AML_MAGICS_STATE_DIR moves it."""
    import platformdirs

    root = os.environ.get("AML_MAGICS_STATE_DIR") or platformdirs.user_state_dir("mlflow-aml-magics")
    folder = Path(root).expanduser() / "local"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def check_name(name: str) -> str:
    """The name, if it can name a deployment: it stands in file names and URLs."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", name) or name.endswith((".json", ".lock")):
        proper = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:63]
        raise UsageError(
            f"'{name}' cannot name a deployment: letters, digits, '-', '_' and '.', at most 63",
            hint=f"--name {proper}" if proper else "--name wine",
        )
    return name


def new_folder(name: str) -> Path:
    """A folder for a new process, for the owner's eyes only."""
    folder = state_dir() / f"{name}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    return folder


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner reads, from its first byte on."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def write(record: Record) -> None:
    """Enter it, in place of the record of the same name, in one move."""
    part = state_dir() / f"{record.name}.{secrets.token_hex(4)}.part"
    write_secret(part, json.dumps(asdict(record), indent=1))
    part.replace(state_dir() / f"{record.name}.json")


def read(name: str) -> Record | None:
    """The record of that name, or None."""
    path = state_dir() / f"{name}.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Record(**{**kept, "process": Process(**kept["process"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as exc:
        raise DeploymentError(
            f"the record of the deployment '{name}' cannot be read: {path}",
            hint="end its process by hand if there is one, then delete that file",
        ) from exc


def all_records() -> list[Record]:
    """All records, by name."""
    found = (read(path.stem) for path in sorted(state_dir().glob("*.json")))
    return [record for record in found if record is not None]


def remove(record: Record) -> None:
    """Strike it out and remove its files."""
    (state_dir() / f"{record.name}.json").unlink(missing_ok=True)
    failed_log(record.name).unlink(missing_ok=True)
    shutil.rmtree(record.home, ignore_errors=True)


def failed_log(name: str) -> Path:
    """Where the log of the last attempt that failed is kept."""
    return state_dir() / f"{name}.failed.log"


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Nobody else deploys or deletes that name meanwhile, in no process of this user.

    Raises:
        DeploymentError: somebody else has been at it for 15 seconds.
    """
    path = state_dir() / f"{name}.lock"
    end = time.monotonic() + LOCK_SECONDS
    while not _take(path):
        if time.monotonic() > end:
            raise DeploymentError(
                f"another session is deploying or deleting '{name}'",
                hint="wait for it, or take another --name",
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _take(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if not _holder_lives(path):
            path.unlink(missing_ok=True)
        return False
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(Process.of(os.getpid())), file)
    return True


def _holder_lives(path: Path) -> bool:
    try:
        return Process(**json.loads(path.read_text(encoding="utf-8"))).find() is not None
    except FileNotFoundError:
        return False
    except (ValueError, TypeError):  # being written just now, unless its writer died in that moment
        return time.time() - path.stat().st_mtime < LOCK_SECONDS
