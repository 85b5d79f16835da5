"""Where this machine's deployments are kept: the folders, what may stand in a file's name, locks, secret files.

STATE/local, STATE/docker     the books of the targets of those names (`records`, `docker_books`)
STATE/environments            environments of isolated deployments (`environment`)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from ...errors import DeploymentError, UsageError

__all__ = ["check_name", "is_name", "locked", "made_state_dir", "state_dir", "write_secret"]

LOCK_SECONDS = 15.0  # how long to wait for somebody else's deploy or delete of the same name


def state_dir(kind: str = "local") -> Path:
    """A folder of this user's state, which may not be there; AML_MAGICS_STATE_DIR moves it."""
    import platformdirs

    root = os.environ.get("AML_MAGICS_STATE_DIR") or platformdirs.user_state_dir("mlflow-aml-magics")
    try:
        return Path(root).expanduser() / kind
    except RuntimeError as exc:  # ~nobody
        raise _no_folder(root, exc) from exc


def made_state_dir(kind: str = "local") -> Path:
    """The same folder, for the owner's eyes only.

    Raises:
        DeploymentError: it cannot be made, or not be written to.
    """
    folder = state_dir(kind)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise _no_folder(folder.parent, exc) from exc
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _no_folder(folder, "it is not writable")
    return folder


def _no_folder(root: str | Path, why: object) -> DeploymentError:
    return DeploymentError(
        f"cannot keep deployments in {root}: {why}", hint="set AML_MAGICS_STATE_DIR to a folder that you can write"
    )


def is_name(name: str) -> bool:
    """Whether a deployment of this machine can be called so."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", name) is not None and not name.endswith((".json", ".lock"))


def check_name(name: str) -> str:
    """The name, if it can name a deployment: it stands in file names and URLs."""
    if not is_name(name):
        proper = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:63]
        raise UsageError(
            f"'{name}' cannot name a deployment: letters, digits, '-', '_' and '.', at most 63",
            hint=f"--name {proper}" if proper else "--name wine",
        )
    return name


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner reads, from its first byte on."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


@contextlib.contextmanager
def locked(name: str, kind: str = "local", *, seconds: float | None = None, doing: str = "") -> Iterator[None]:
    """Nobody else has that name of that folder meanwhile, in no process of this user.

    Args:
        seconds: how long to wait for somebody else; None is `LOCK_SECONDS`.
        doing: what somebody else does then, for the message.

    Raises:
        DeploymentError: somebody else has been at it that long.
    """
    path = made_state_dir(kind) / f"{name}.lock"
    end = time.monotonic() + (LOCK_SECONDS if seconds is None else seconds)
    while (descriptor := _take(path)) is None:
        if time.monotonic() > end:
            raise DeploymentError(
                f"another session is {doing or f'deploying or deleting {name!r}'}",
                hint="wait for it" if doing else "wait for it, or take another --name",
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # before the lock goes: whoever waits for this file sees that it is gone
        os.close(descriptor)


def _take(path: Path) -> int | None:
    """The locked file's descriptor, or None. The system takes the lock from a process that dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
