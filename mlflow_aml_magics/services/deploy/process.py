"""The processes of local deployments: started, waited for, ended, and what to say when they fail."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psutil

from ...client import scoring
from ...client.scoring import Order, Status, ping, read_status
from ...errors import DeploymentError
from . import records
from .environment import Environment, without_ours
from .records import Process, Record

if TYPE_CHECKING:
    from ...client.connection import Progress
    from .target import ModelToServe

__all__ = ["adopt", "end", "last_lines", "start", "stop", "wait_for"]

POLL = 0.1  # seconds between two looks at a starting process
STOP_SECONDS = 10.0  # a process that has not ended by then is killed
GROUP_SECONDS = 2.0  # the same of the processes that it started

_children: dict[int, subprocess.Popen[str]] = {}  # ours, to be waited for when they end


def start(folder: Path, order: Order, model: ModelToServe, own: Environment | None = None) -> subprocess.Popen[str]:
    """The scoring process of a folder, in the kernel's environment or in the model's own."""
    if own is None:
        command = [sys.executable, "-m", scoring.__name__, str(folder)]
    else:
        # -I: neither the script's folder nor anything of ours can be imported there.
        command = [str(own.python), "-I", "-u", str(scoring.__file__), str(folder)]
    with open(os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(model, own),
            start_new_session=True,  # neither Ctrl-C in the terminal nor the end of the kernel reaches it
            text=True,
        )
    _children[process.pid] = process
    with contextlib.suppress(BrokenPipeError):  # it ended at once: the log says why
        _stdin_of(process, json.dumps(asdict(order)) + "\n")
    return process


def _stdin_of(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def adopt(process: subprocess.Popen[str]) -> None:
    """From here on it lives without us."""
    _stdin_of(process, "keep\n")
    assert process.stdin is not None
    process.stdin.close()


def _environment(model: ModelToServe, own: Environment | None) -> dict[str, str]:
    env = dict(os.environ)
    if own is not None:
        env = without_ours()
        env["PATH"] = os.pathsep.join([str(own.python.parent), env.get("PATH", os.defpath)])
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "AML_MAGICS_CONTEXT"):
        env.pop(name, None)  # a server is no part of the run that the notebook is in
    stores = {"MLFLOW_TRACKING_URI": model.tracking_uri, "MLFLOW_REGISTRY_URI": model.registry_uri}
    for name, uri in stores.items():
        env.pop(name, None)
        if own is None or not uri.startswith("azureml:"):  # whose plugin a model's own environment need not have
            env[name] = uri
    env["PYTHONUNBUFFERED"] = "1"
    env.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a server on the loopback calls nobody
    return env


def wait_for(
    process: subprocess.Popen[str],
    folder: Path,
    name: str,
    *,
    goal: str,
    timeout: float,
    progress: Progress,
) -> Status:
    """Until the process has come as far as ``goal``, telling every second what it does."""
    start = said = time.monotonic()
    while True:
        status = read_status(folder)
        if status and status.stage == goal and (goal != "ready" or ping(status.port)):
            return status
        code = process.poll()
        if code is not None:
            _raise_failure(name, read_status(folder), code, folder)
        now = time.monotonic()
        if now - start > timeout:
            _raise_timeout(name, status, timeout, folder)
        if now - said >= 1:
            said = now
            doing = "loading the model" if status else "starting Python"
            progress(f"{doing}… {now - start:.0f} s")
        time.sleep(POLL)


def _raise_failure(name: str, status: Status | None, code: int, folder: Path) -> NoReturn:
    if status and status.reason == "port":
        holder = _holder(status.port)
        raise DeploymentError(
            f"'{name}': port {status.port} is taken{holder}", hint="another --port, or none for a free one"
        )
    if status and status.error:
        missing = "No module named" in status.error
        install = "install what the model's requirements.txt names, or %aml_deploy … --isolated"
        raise DeploymentError(
            f"'{name}': the model does not load: {status.error}",
            hint=install if missing else f"its log is {_keep_log(folder)}",
        )
    if code == -9:
        raise DeploymentError(
            f"'{name}': its process was killed while it loaded the model",
            hint="is there memory enough for it?",
        )
    last = last_lines(folder / "log.txt", 1) or "it wrote nothing"
    hint = f"its log is {_keep_log(folder)}"
    raise DeploymentError(f"'{name}': its process ended with code {code}: {last}", hint=hint)


def _raise_timeout(name: str, status: Status | None, timeout: float, folder: Path) -> NoReturn:
    doing = "loading its model" if status else "starting"
    last = last_lines(folder / "log.txt", 1)
    raise DeploymentError(
        f"'{name}' was still {doing} after {timeout:g} s" + (f"; its log ends: {last}" if last else ""),
        hint=f"give it longer with --timeout; its log is {_keep_log(folder)}",
    )


def _keep_log(folder: Path) -> Path:
    """Save the log from the removal of its folder. Returns where it is."""
    kept = records.failed_log(folder.name.rpartition("-")[0])
    with contextlib.suppress(OSError):
        shutil.copyfile(folder / "log.txt", kept)
        kept.chmod(0o600)
    return kept


def _holder(port: int) -> str:
    """Who listens there, as far as this user may know."""
    for record in records.all_records():
        if isinstance(record, Record) and record.port == port and record.process.find():
            return f" by the deployment '{record.name}'"
    with contextlib.suppress(psutil.AccessDenied, psutil.NoSuchProcess, OSError):
        for connection in psutil.net_connections("tcp"):
            is_it = connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:] == (port,)
            if is_it and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""


def end(process: subprocess.Popen[str]) -> None:
    """End a process that was never entered in the books."""
    with contextlib.suppress(OSError):
        if process.stdin:
            process.stdin.close()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _end_group(process.pid)
    _children.pop(process.pid, None)


def stop(process: Process) -> None:
    """End a deployment's process and those that it started, and see that it has ended."""
    found = process.find()
    if found is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.terminate()
            try:
                found.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                found.kill()
        with contextlib.suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
            found.wait(STOP_SECONDS)
    if process.find() is not None:
        raise DeploymentError(f"process {process.pid} does not end", hint=f"kill -9 {process.pid}")
    _end_group(process.pid, mark="" if found else process.mark)
    if child := _children.pop(process.pid, None):
        child.poll()  # takes it off the process table


def _end_group(leader: int, mark: str = "") -> None:
    """End what a process that has ended left in its group: the workers that its model started.

    Args:
        mark: end only those with this word on their command line: for a leader that ended long ago, whose number
            may have gone to somebody else.
    """
    until = time.monotonic() + GROUP_SECONDS
    for worker in _group(leader, mark):
        with contextlib.suppress(psutil.Error):
            worker.terminate()
    while (left := _group(leader, mark)) and time.monotonic() < until:
        time.sleep(POLL / 2)
    for worker in left:
        with contextlib.suppress(psutil.Error):
            worker.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)  # a signal is on its way when kill returns


def _group(leader: int, mark: str) -> list[psutil.Process]:
    if os.name != "posix":
        return []
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) != leader or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.pid == leader:
                return []  # the number is used again, so that nobody of the old group is left
            if not mark or mark in process.cmdline():
                found.append(process)
    return found


def last_lines(log: Path, lines: int) -> str:
    """The end of a log; nothing where there is none to read."""
    if lines <= 0:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 400 * lines))  # more than long lines need
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
