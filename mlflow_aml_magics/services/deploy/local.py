"""The local target: mlflow's scoring server in a process of its own, in this environment or in the model's."""

from __future__ import annotations

import secrets
import shlex
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psutil

from ...client.paths import shell_path
from ...client.scoring import HOST, Answer, Order, Status, post, read_status
from ...errors import DeploymentError
from . import records
from .about import keep_about
from .environment import Environment, environment_of
from .options import DeployOptions, Ref
from .process import adopt, end, last_lines, start, stop, wait_for
from .records import Process, Record, Unreadable
from .state import check_name, locked, write_secret
from .target import Deployment, ModelToServe, State, not_deployed, servable

if TYPE_CHECKING:
    from ...client.connection import Progress
    from ...client.models import ModelFiles
    from ...frames.signature import Form

__all__ = ["LocalTarget", "make"]

LOG_LINES = 12  # of a failed process, shown
START_SECONDS = 300.0  # large models are slow to load; the progress lines show that it is alive


class LocalTarget:
    """Serves models on 127.0.0.1, each in a process that outlives the kernel; `records` has what is kept."""

    kind = "local"
    wire: Form = "dataframe_split"

    def deploy(self, model: ModelToServe, name: str, options: DeployOptions, progress: Progress) -> Deployment:
        """Start a process, wait until it answers, then end its predecessor of the same name.

        Raises:
            DeploymentError: the port is taken, the model does not load in ``timeout`` seconds, or its environment
                cannot be made. Nothing is left behind, and the predecessor still runs.
        """
        options.check("local", "port", "isolated")
        servable(model)
        port, timeout = options.port, START_SECONDS if options.timeout is None else options.timeout
        check_name(name)
        own = environment_of(model.files, progress, in_use=_environments()) if options.isolated else None
        with locked(name):
            old = records.read(name)
            is_handover = bool(old and port and old.port == port and old.process.find())
            folder = records.new_folder(name)
            process = None
            try:
                keep_about(model.files, folder / "about")
                order = Order(str(_lasting(model, folder)), secrets.token_urlsafe(32), port or 0, is_handover)
                write_secret(folder / "key", order.key)
                write_secret(folder / "header", f"Authorization: Bearer {order.key}\n")
                process = start(folder, order, model, own)
                wait = partial(wait_for, process, folder, name, timeout=timeout, progress=progress)
                if is_handover and old:
                    wait(goal="loaded")
                    stop(old.process)
                status = wait(goal="ready")
                record = _record(model, name, process, status, folder, own=own)
                records.write(record)
                adopt(process)
            except BaseException:
                if process is not None:
                    end(process)
                _forget(name, folder, old)
                raise
            records.failed_log(name).unlink(missing_ok=True)
            if old:
                progress(f"stopping the one before it (process {old.process.pid})")
                stop(old.process)
                shutil.rmtree(old.home, ignore_errors=True)
        before = old.model if old and old.model != record.model else ""
        return replace(_as_deployment(record), replaced=before)

    def list(self) -> tuple[Deployment, ...]:
        """All of this user's local deployments, with what their processes really do."""
        return tuple(_as_deployment(record) for record in records.all_records())

    def find(self, ref: Ref) -> Deployment | None:
        """The deployment of that name; no other record is read."""
        record = None if ref.deployment else records.look_up(ref.endpoint)
        return None if record is None else _as_deployment(record)

    def delete(self, ref: Ref, progress: Progress) -> tuple[str, ...]:
        """End its process, wait for that, and remove its files.

        Raises:
            DeploymentNotFound
            DeploymentError: the process does not end.
        """
        name = ref.endpoint
        _entered(name)
        with locked(name):
            record = _entered(name)
            for process in (record.process,) if isinstance(record, Record) else record.processes():
                stop(process)
            records.remove(record)
        return ()

    def logs(self, ref: Ref, tail: int) -> str:
        """The last ``tail`` lines that its process wrote."""
        return last_lines(_known(ref.endpoint).log, tail)

    def about(self, ref: Ref) -> ModelFiles:
        """Signature and input example of the model that it serves."""
        from ...client.models import read_model

        return read_model(_known(ref.endpoint).home / "about")

    def send(self, ref: Ref, body: str, *, timeout: float) -> Answer:
        """POST to /invocations.

        Raises:
            DeploymentError: its process has ended, or does not answer in ``timeout`` seconds.
        """
        name = ref.endpoint
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

    def curl(self, ref: Ref, body: str) -> str:
        """A command for a shell on this machine; curl takes the key from its file, so that `ps` never shows it."""
        record = _known(ref.endpoint)
        header = shell_path(record.home / "header")
        return (
            f"curl --silent --noproxy {HOST} http://{HOST}:{record.port}/invocations \\\n"
            f"  -H @{header} \\\n"
            f"  -H 'Content-Type: application/json' \\\n"
            f"  -d {shlex.quote(body)}"
        )


def make(_conn: object) -> LocalTarget:
    """The target of this machine, which needs no connection."""
    return LocalTarget()


def _lasting(model: ModelToServe, folder: Path) -> Path:
    """The model's files where they stay when this kernel has gone: some models read them as they go."""
    from ...client.models import is_download

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


def _environments() -> list[str]:
    """The folders of environments that deployments have."""
    return [record.environment for record in records.all_records() if isinstance(record, Record)]


def _record(
    model: ModelToServe, name: str, process: subprocess.Popen[str], status: Status, folder: Path, *,
    own: Environment | None,
) -> Record:  # fmt: skip
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
        machine=own.machine if own else "",
        environment=str(own.folder) if own else "",
    )


def _known(name: str) -> Record:
    record = records.read(name)
    return record if record is not None else _refuse(name)


def _entered(name: str) -> Record | Unreadable:
    record = records.look_up(name)
    return record if record is not None else _refuse(name)


def _refuse(name: str) -> NoReturn:
    raise not_deployed(name, [known.name for known in records.all_records()])


def _running(name: str) -> Record:
    record = _known(name)
    if record.process.find() is None:
        deployment = _as_deployment(record)
        why = f": {deployment.detail.splitlines()[-1]}" if deployment.detail else ""
        raise DeploymentError(
            f"the deployment '{name}' has {deployment.state}{why}",
            hint=f"%aml_deploy {record.ref} --name {name}{' --isolated' if record.environment else ''}",
        )
    return record


def _as_deployment(record: Record | Unreadable) -> Deployment:
    if isinstance(record, Unreadable):
        detail = "its record cannot be read"
        return Deployment(record.name, LocalTarget.kind, "failed", "", "", "", "", record.changed, detail=detail)
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
        machine=record.machine,
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
        return "failed", f"{last_lines(record.log, LOG_LINES)}\n{status.error}"
    tail = last_lines(record.log, LOG_LINES)
    return "failed", f"{tail}\nits process {record.process.pid} ended without a word: killed?".lstrip()
