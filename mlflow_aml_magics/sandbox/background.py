"""A sandbox in a process of its own: started, found again, ended; it may end with the processes that hold it.

Each has a name and a folder of that name, for the user's eyes only, in AML_MAGICS_STATE_DIR or the user's state folder:
`state.json` (who it is, and its environment with the secret), `log.txt`, and `holders`, a file for each process that it
lives as long as. One without holders lives until it is stopped. POSIX only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

__all__ = ["Running", "SandboxError", "end_all", "everything", "find", "serve", "start", "stop", "until_signal"]

READY_SECONDS = 120.0  # a busy machine; a quiet one needs 3 to 7
STOP_SECONDS = 20.0
LOCK_SECONDS = 150.0  # another process is starting it
CLOCK_SECONDS = 30  # when the clock is set, a process seems to have started at another time
HOLD_SECONDS = 1.0  # between two looks at the holders


class SandboxError(Exception):
    """It cannot be started, found or stopped: why, in words."""


@dataclass(frozen=True)
class Running:
    """A sandbox that runs. Its `env` holds the secret of its login, and is in no repr.

    ``pid`` and ``created`` (seconds since 1970) are its process; ``folder`` holds its data, ``kept`` after its end.
    """

    name: str
    pid: int
    created: float
    folder: str
    kept: bool
    workspaces: list[str]
    env: dict[str, str] = field(repr=False)
    held: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return _is_alive(self.pid, self.created)

    def memory(self) -> int:
        """Bytes of memory that it and the processes it started have (resident set, shared pages counted in each)."""
        total = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            for each in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    total += each.memory_info().rss
        return total


def start(
    name: str = "default", *, keep: str | Path | None = None, lenient: bool = False, closed: bool = False,
    holder: int | None = None,
) -> tuple[Running, bool]:  # fmt: skip
    """The sandbox of that name: the one that runs, else a new one, which answers when this returns.

    Args:
        name: letters, digits, ``-``, ``_`` and ``.``.
        keep: where its data is and stays; None is a temporary folder.
        lenient, closed: as in `Sandbox`; only for a new one.
        holder: the id of a process; when all holders are gone the sandbox ends.

    Returns:
        The sandbox, and whether it is new.

    Raises:
        SandboxError: it does not start; its log's last line is told.
    """
    home = _home(name)
    with _locked(home):
        found = _read(home)
        if holder is not None and (found is None or found.held):
            _hold(home, holder)
        if found is not None:
            return found, False
        command = [sys.executable, "-m", __package__, "serve", "--state", name]
        command += ["--keep", str(Path(keep).resolve())] if keep else []
        command += [*(["--lenient"] if lenient else []), *(["--closed"] if closed else [])]
        with open(os.open(home / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=_environment()
            )
        return _wait(home, process), True


def stop(name: str) -> bool:
    """End it and its processes, and remove its data unless kept. Whether there was one."""
    home = _home(name)
    with _locked(home):
        found = _read(home)
        if found is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(found.pid)
            end_all([process, *process.children(recursive=True)], first=[process])
        _read(home)  # clears away what a killed one left
    return True


def find(name: str = "default") -> Running | None:
    """The sandbox of that name, if it runs."""
    return _load(_home(name))


def everything() -> list[Running]:
    """All that run, by name."""
    return [found for path in sorted(_root().glob("*/state.json")) if (found := _load(path.parent))]


def serve(name: str, *, keep: str | None, lenient: bool, closed: bool, ended: threading.Event) -> None:
    """Be the process of the sandbox of that name until `ended`, or until its holders are gone."""
    from . import Sandbox

    home = _home(name)
    held = any((home / "holders").glob("*"))
    with Sandbox(keep, keep=keep is not None, strict=not lenient, closed_off=closed) as box:
        box.wait()
        me = psutil.Process()
        running = Running(
            name, me.pid, me.create_time(), str(box.folder), keep is not None, box.workspaces, box.env, held
        )
        _write(home / "state.json", json.dumps(asdict(running)))
        while not ended.wait(HOLD_SECONDS):
            if held and not _is_held(home):
                with contextlib.suppress(SandboxError), _locked(home):
                    if not _is_held(home):  # nobody came while we waited for the lock; from here on nobody can
                        _remove(home)
                        box.stop()
                        return
        _remove(home)


def _wait(home: Path, process: subprocess.Popen[bytes]) -> Running:
    end = time.monotonic() + READY_SECONDS
    while (code := process.poll()) is None and time.monotonic() < end:
        if (found := _load(home)) is not None and found.pid == process.pid:
            threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie when it ends before us
            return found
        time.sleep(0.05)
    process.kill()
    process.wait()
    lines = (home / "log.txt").read_text("utf-8", "replace").strip().splitlines()
    why = f"it ended with code {code}" if code is not None else f"it did not answer within {READY_SECONDS:g} s"
    raise SandboxError(f"the sandbox did not start: {why}: {lines[-1] if lines else 'it said nothing'}")


def _environment() -> dict[str, str]:
    """Ours, without another sandbox's: its proxy and its certificates end with it."""
    environment = dict(os.environ)
    for running in everything():
        for variable, value in running.env.items():
            if environment.get(variable) == value:
                del environment[variable]
    return environment


def _root() -> Path:
    import platformdirs

    state = os.environ.get("AML_MAGICS_STATE_DIR") or platformdirs.user_state_dir("mlflow-aml-magics")
    return Path(state).expanduser() / "sandbox"


def _home(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", name):
        raise SandboxError(f"'{name}' cannot name a sandbox: letters, digits, '-', '_' and '.', at most 63")
    return _root() / name


def _load(home: Path) -> Running | None:
    """What the state file says, if it is true."""
    try:
        kept: Any = json.loads((home / "state.json").read_text("utf-8"))
        found = Running(**kept)
    except (OSError, ValueError, TypeError):
        return None
    return found if found.is_alive else None


def _read(home: Path) -> Running | None:
    """The same; with the lock held, what a killed one left is cleared away."""
    found = _load(home)
    if found is None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads((home / "state.json").read_text("utf-8"))
            folder = Path(kept["folder"])
            if not kept["kept"] and folder.parent == Path(tempfile.gettempdir()).resolve():
                shutil.rmtree(folder, ignore_errors=True)
        _remove(home)
        shutil.rmtree(home / "holders", ignore_errors=True)
    return found


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def _remove(home: Path) -> None:
    (home / "state.json").unlink(missing_ok=True)


def _hold(home: Path, pid: int) -> None:
    (home / "holders").mkdir(mode=0o700, exist_ok=True)
    (home / "holders" / f"{pid}-{psutil.Process(pid).create_time():.0f}").touch()


def _is_held(home: Path) -> bool:
    words = (path.name.partition("-") for path in (home / "holders").glob("*-*"))
    return any(_is_alive(int(pid), float(created)) for pid, _, created in words)


def _is_alive(pid: int, created: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - created) <= CLOCK_SECONDS and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Nobody else starts or stops the sandbox of that name meanwhile. The system takes the lock from who dies."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SandboxError(f"cannot keep the sandbox's state in {home}: {error.strerror}") from error
    try:
        end = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise SandboxError(f"another process is starting or stopping the sandbox '{home.name}'") from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def end_all(processes: list[psutil.Process], *, first: list[psutil.Process]) -> None:
    """Ask some processes to end, and kill what has not ended, of all of them, after a while."""
    for each in first:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.terminate()
    _, left = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for each in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)


def until_signal() -> threading.Event:
    """An event that SIGINT and SIGTERM set, in place of ending the process."""
    ended = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: ended.set())
    return ended
