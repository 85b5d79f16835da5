"""The local target: mlflow's scoring server in a process of its own, in the current environment."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import datetime, timezone
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psutil

from ...client.models import ModelFiles, is_download, read_model
from ...client.scoring import HOST, Answer, Order, Status, ping, post, read_status
from ...errors import DeploymentError
from . import records
from .records import Process, Record
from .target import Deployment, ModelToServe, State, not_deployed

if TYPE_CHECKING:
    from ...client.connection import Progress

__all__ = ["LocalTarget"]

POLL = 0.1  # seconds between two looks at a starting process
STOP_SECONDS = 10.0  # a process that has not ended by then is killed
LOG_LINES = 12  # of a failed process, shown

_children: dict[int, subprocess.Popen[str]] = {}  # ours, to be waited for when they end


class LocalTarget:
    """Serves models on 127.0.0.1, each in a process that outlives the kernel; `records` has what is kept."""

    kind = "local"

    def deploy(
        self, model: ModelToServe, name: str, *, port: int | None, timeout: float, progress: Progress
    ) -> Deployment:
        """Start a process, wait until it answers, then end its predecessor of the same name.

        Raises:
            DeploymentError: the port is taken, or the model does not load in ``timeout`` seconds. Nothing is left
                behind, and the predecessor still runs.
        """
        records.check_name(name)
        with records.locked(name):
            old = records.read(name)
            is_handover = bool(old and port and old.port == port and old.process.find())
            folder = records.new_folder(name)
            process = None
            try:
                _keep_about(model.files, folder / "about")
                order = Order(str(_lasting(model, folder)), secrets.token_urlsafe(32), port or 0, is_handover)
                records.write_secret(folder / "key", order.key)
                process = _start(folder, order, model)
                wait = partial(_wait, process, folder, name, timeout=timeout, progress=progress)
                if is_handover and old:
                    wait(goal="loaded")
                    _stop(old.process)
                status = wait(goal="ready")
                record = _record(model, name, process, status, folder)
                records.write(record)
                _adopt(process)
            except BaseException:
                if process is not None:
                    _end(process)
                _forget(name, folder, old)
                raise
            records.failed_log(name).unlink(missing_ok=True)
            if old:
                progress(f"stopping the one before it (process {old.process.pid})")
                _stop(old.process)
                shutil.rmtree(old.home, ignore_errors=True)
        return _as_deployment(record)

    def list(self) -> tuple[Deployment, ...]:
        """All of this user's local deployments, with what their processes really do."""
        return tuple(_as_deployment(record) for record in records.all_records())

    def delete(self, name: str) -> None:
        """End its process, wait for that, and remove its files.

        Raises:
            DeploymentNotFound
            DeploymentError: the process does not end.
        """
        _known(name)
        with records.locked(name):
            record = _known(name)
            _stop(record.process)
            records.remove(record)

    def logs(self, name: str, tail: int) -> str:
        """The last ``tail`` lines that its process wrote."""
        return _tail(_known(name).log, tail)

    def about(self, name: str) -> ModelFiles:
        """Signature and input example of the model that it serves."""
        return read_model(_known(name).home / "about")

    def send(self, name: str, body: str, *, timeout: float) -> Answer:
        """POST to /invocations.

        Raises:
            DeploymentError: its process has ended, or does not answer in ``timeout`` seconds.
        """
        record = _running(name)
        try:
            return post(record.port, body, key=record.key, timeout=timeout)
        except TimeoutError as exc:
            raise DeploymentError(
                f"'{name}' did not answer within {timeout:g} s",
                hint=f"%aml_deploy --logs {name}: {record.log}",
            ) from exc
        except (OSError, HTTPException) as exc:
            _running(name)  # if it has ended, that says why
            raise DeploymentError(
                f"'{name}' does not answer on port {record.port}: {exc}", hint=f"%aml_deploy --logs {name}"
            ) from exc

    def curl(self, name: str, body: str) -> str:
        """A command for a shell on this machine; the key stays in its file."""
        record = _known(name)
        key = shlex.quote(str(record.home / "key"))
        return (
            f"curl --silent --noproxy {HOST} http://{HOST}:{record.port}/invocations \\\n"
            f'  -H "Authorization: Bearer $(cat {key})" \\\n'
            f"  -H 'Content-Type: application/json' \\\n"
            f"  -d {shlex.quote(body)}"
        )


# --- processes


def _start(folder: Path, order: Order, model: ModelToServe) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mlflow_aml_magics.client.scoring", str(folder)]
    with open(os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(model),
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


def _adopt(process: subprocess.Popen[str]) -> None:
    """From here on it lives without us."""
    _stdin_of(process, "keep\n")
    assert process.stdin is not None
    process.stdin.close()


def _environment(model: ModelToServe) -> dict[str, str]:
    env = dict(os.environ)
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        env.pop(name, None)  # a server is no part of the run that the notebook is in
    env |= {
        "MLFLOW_TRACKING_URI": model.tracking_uri,
        "MLFLOW_REGISTRY_URI": model.registry_uri,
        "PYTHONUNBUFFERED": "1",
    }
    env.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a server on the loopback calls nobody
    return env


def _wait(
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
        raise DeploymentError(
            f"'{name}': the model does not load: {status.error}",
            hint="install what the model's requirements.txt names" if missing else _log_hint(folder),
        )
    if code == -9:
        raise DeploymentError(
            f"'{name}': its process was killed while it loaded the model",
            hint="is there memory enough for it?",
        )
    last = _tail(folder / "log.txt", 1) or "it wrote nothing"
    raise DeploymentError(f"'{name}': its process ended with code {code}: {last}", hint=_log_hint(folder))


def _raise_timeout(name: str, status: Status | None, timeout: float, folder: Path) -> NoReturn:
    doing = "loading its model" if status else "starting"
    last = _tail(folder / "log.txt", 1)
    raise DeploymentError(
        f"'{name}' was still {doing} after {timeout:g} s" + (f"; its log ends: {last}" if last else ""),
        hint=f"give it longer with --timeout; {_log_hint(folder)}",
    )


def _log_hint(folder: Path) -> str:
    """Saves the log from the removal of its folder, and says where it is."""
    kept = records.failed_log(folder.name.rpartition("-")[0])
    with contextlib.suppress(OSError):
        shutil.copyfile(folder / "log.txt", kept)
        kept.chmod(0o600)
    return f"its log is {kept}"


def _holder(port: int) -> str:
    """Who listens there, as far as this user may know."""
    for record in records.all_records():
        if record.port == port and record.process.find():
            return f" by the deployment '{record.name}'"
    with contextlib.suppress(psutil.AccessDenied, psutil.NoSuchProcess, OSError):
        for connection in psutil.net_connections("tcp"):
            is_it = connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:] == (port,)
            if is_it and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""


def _end(process: subprocess.Popen[str]) -> None:
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
    _children.pop(process.pid, None)


def _stop(process: Process) -> None:
    """End a deployment's process and see that it has ended."""
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
    if child := _children.pop(process.pid, None):
        child.poll()  # takes it off the process table


# --- what is known of a deployment


def _lasting(model: ModelToServe, folder: Path) -> Path:
    """The model's files where they stay when this kernel has gone: some models read them as they go."""
    if not is_download(model.files.path):
        return model.files.path
    return Path(shutil.copytree(model.files.path, folder / "model"))


def _forget(name: str, folder: Path, old: Record | None) -> None:
    """Undo what a failed attempt left, and put its predecessor back in the books."""
    record = records.read(name)
    if record is not None and record.home == folder:
        if old is not None:
            records.write(old)
        else:
            records.remove(record)
    shutil.rmtree(folder, ignore_errors=True)


def _keep_about(files: ModelFiles, folder: Path) -> None:
    """MLmodel and examples beside the deployment, which may outlive the store that its model came from."""
    folder.mkdir()
    saved = files.meta.get("saved_input_example_info") or {}
    examples = (saved.get("artifact_path"), saved.get("serving_input_path"), "serving_input_example.json")
    for name in ("MLmodel", *examples):
        if name and (files.path / name).is_file():
            shutil.copyfile(files.path / name, folder / Path(name).name)


def _record(model: ModelToServe, name: str, process: subprocess.Popen[str], status: Status, folder: Path) -> Record:
    return Record(
        name=name,
        ref=model.ref,
        model=model.label,
        uri=model.uri,
        run_id=model.run_id,
        store=model.store,
        process=Process.of(process.pid, str(folder)),
        port=status.port,
        folder=str(folder),
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _known(name: str) -> Record:
    record = records.read(name)
    if record is not None:
        return record
    raise not_deployed(name, [known.name for known in records.all_records()])


def _running(name: str) -> Record:
    record = _known(name)
    if record.process.find() is None:
        deployment = _as_deployment(record)
        why = f": {deployment.detail.splitlines()[-1]}" if deployment.detail else ""
        raise DeploymentError(
            f"the deployment '{name}' has {deployment.state}{why}",
            hint=f"%aml_deploy {record.ref} --name {name}",
        )
    return record


def _as_deployment(record: Record) -> Deployment:
    state, detail = _state(record)
    return Deployment(
        name=record.name,
        target=LocalTarget.kind,
        state=state,
        model=record.model,
        ref=record.ref,
        url=f"http://{HOST}:{record.port}",
        store=record.store,
        started=record.began,
        pid=record.process.pid if state == "running" else None,
        log=record.log,
        detail=detail,
    )


def _state(record: Record) -> tuple[State, str]:
    if record.process.find() is not None:
        return "running", ""
    status = read_status(record.home)
    if status and status.stage == "stopped":
        return "stopped", ""
    if psutil.boot_time() > record.began.timestamp():
        return "stopped", "the machine was restarted"
    if status and status.stage == "failed":
        return "failed", f"{_tail(record.log, LOG_LINES)}\n{status.error}"
    tail = _tail(record.log, LOG_LINES)
    return "failed", f"{tail}\nits process {record.process.pid} ended without a word: killed?".lstrip()


def _tail(log: Path, lines: int) -> str:
    if lines <= 0 or not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 400 * lines))  # more than long lines need
        text = file.read().decode("utf-8", "replace")
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
