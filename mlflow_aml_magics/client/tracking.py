"""mlflow's process-wide tracking state: switched on for one notebook, and put back as it was found."""

from __future__ import annotations

import json
import os
import socket
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import psutil
from mlflow.entities import Run, ViewType
from mlflow.tracking import fluent

from . import bridge
from .bridge.variable import TENANT_VARIABLE
from .cloud import VARIABLE as CLOUD_VARIABLE
from .connection import Connection, restore_environment
from .run_context import CONTEXT_VARIABLE, NotebookRunContext, git_state

__all__ = ["Tracking", "cell_run", "session_tag"]

VARIABLES = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_ALLOW_FILE_STORE",
    CLOUD_VARIABLE,
    TENANT_VARIABLE,
    CONTEXT_VARIABLE,
)
CELLS = "notebook/cells.py"


def session_tag(process: psutil.Process | None = None) -> str:
    """This kernel, so that another one can tell whether it still lives: host, process id, its start in s."""
    process = process or psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{int(process.create_time())}"


@dataclass
class Tracking:
    """Tracking that is on: mlflow's globals point at one experiment until `stop`.

    Args:
        connection: the store.
        experiment_id, experiment: where runs go.
        folder: the notebook's.
        notebook: its path, when known.
    """

    connection: Connection
    experiment_id: str
    experiment: str
    folder: Path
    notebook: Path | None
    autolog: bool
    log_models: bool
    source: bool
    session: str = field(default_factory=session_tag)
    _saved: dict[str, str | None] = field(default_factory=dict, repr=False)
    _uri_before: str | None = None
    _experiment_before: Any = None
    _autolog_before: bool = False
    _seen_runs: int = 0
    _open_runs: set[str] = field(default_factory=set, repr=False)
    _bridged: bool = field(default=False, repr=False)
    _since_ms: int = field(default_factory=lambda: int(time.time() * 1000))

    def start(self) -> None:
        """Point mlflow and the environment at the experiment, and switch autolog on."""
        self._saved = {name: os.environ.get(name) for name in VARIABLES}
        self._uri_before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
        self._experiment_before = fluent._active_experiment_id
        self._autolog_before = self._autolog_is_on()
        if self.connection.uri.startswith("file:"):
            os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        bridge.hold(self.connection)
        self._bridged = True
        if (azure := self.connection.azure) is not None:  # for the scripts that are started from here
            os.environ[CLOUD_VARIABLE] = azure.cloud or os.environ.get(CLOUD_VARIABLE, "AzureCloud")
            if azure.tenant:
                os.environ[TENANT_VARIABLE] = azure.tenant
        mlflow.set_tracking_uri(self.connection.uri)
        if self.connection.registry_uri != self.connection.uri:
            mlflow.set_registry_uri(self.connection.registry_uri)
        with self.connection.guard("opening the experiment in"):
            mlflow.set_experiment(experiment_id=self.experiment_id)
        # The name, too: mlflow < 2.22 sets no variable of its own, and the name reads better in `env`.
        os.environ["MLFLOW_EXPERIMENT_NAME"] = self.experiment
        os.environ["MLFLOW_EXPERIMENT_ID"] = self.experiment_id
        os.environ[CONTEXT_VARIABLE] = self._context()
        self._seen_runs = NotebookRunContext.started
        if self.autolog:
            mlflow.autolog(log_input_examples=self.log_models, log_model_signatures=True, log_models=self.log_models)

    def stop(self) -> None:
        """End what is open, and put the environment, the URI, the experiment and autolog back."""
        while mlflow.active_run() is not None:
            mlflow.end_run()
        if self.autolog and not self._autolog_before:
            mlflow.autolog(disable=True)
        mlflow.set_tracking_uri(self._uri_before)  # type: ignore[arg-type]  # None is what an unset URI is
        if self.connection.registry_uri != self.connection.uri:
            mlflow.set_registry_uri(self._saved["MLFLOW_REGISTRY_URI"] or "")
        fluent._active_experiment_id = self._experiment_before  # no public way to unset it (mlflow 3.15)
        restore_environment(self._saved)
        if self._bridged:
            bridge.release(self.connection)
            self._bridged = False

    def _autolog_is_on(self) -> bool:
        from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS

        return not AUTOLOGGING_INTEGRATIONS.get("mlflow", {}).get("disable", True)

    def _context(self) -> str:
        tags = {"aml.session": self.session}
        kernel_tags = {}
        if self.notebook:
            tags["aml.notebook"] = str(self.notebook)
            kernel_tags = {"mlflow.source.name": str(self.notebook), "mlflow.source.type": "NOTEBOOK"}
        context: dict[str, Any] = {"pid": os.getpid(), "folder": str(self.folder), "tags": tags}
        if bridge.is_azureml(self.connection.uri):
            context["bridge"] = self.connection.uri
        return json.dumps(context | {"kernel_tags": kernel_tags})

    def git(self) -> dict[str, str]:
        """The repository's state as the next run will be tagged."""
        return git_state(self.folder)

    def keep_cells(self, cells: str) -> list[str]:
        """Store the executed cells with each run of this session that started or is still open since the last call.

        Args:
            cells: the source, ready to store.

        Returns:
            The ids of the runs that were written to.
        """
        if not self.source or (NotebookRunContext.started == self._seen_runs and not self._open_runs):
            return []
        self._seen_runs = NotebookRunContext.started
        client, since = self.connection.mlflow, self._since_ms
        self._since_ms = int(time.time() * 1000)
        with self.connection.guard("keeping the cells' source in"):
            fresh = self._runs(f"tags.`aml.session` = '{self.session}' and attributes.start_time >= {since - 1000}")
            known = {run.info.run_id for run in fresh}
            runs = fresh + [client.get_run(run_id) for run_id in self._open_runs - known]
            for run in runs:
                client.log_text(run.info.run_id, cells, CELLS)
        self._open_runs = {run.info.run_id for run in runs if run.info.status == "RUNNING"}
        return [run.info.run_id for run in runs]

    def end_strays(self) -> list[str]:
        """End runs that this notebook left RUNNING in kernels which are gone.

        Returns:
            Their names.
        """
        if self.notebook is None:
            return []
        client, ended = self.connection.mlflow, []
        with self.connection.guard("looking for runs left open in"):
            quoted = str(self.notebook).replace("'", "''")
            for run in self._runs(f"tags.`aml.notebook` = '{quoted}' and attributes.status = 'RUNNING'"):
                if run.data.tags.get("aml.session") != self.session and not _is_alive(run.data.tags):
                    client.set_tag(run.info.run_id, "aml.ended", "its kernel was gone")
                    client.set_terminated(run.info.run_id, "KILLED")
                    ended.append(run.info.run_name or run.info.run_id)
        return ended

    def _runs(self, query: str) -> list[Run]:
        found: list[Run] = []
        token = None
        while True:
            page = self.connection.mlflow.search_runs(
                [self.experiment_id], query, ViewType.ACTIVE_ONLY, max_results=500, page_token=token
            )
            found += page
            token = page.token
            if not token:
                return found


def _is_alive(tags: dict[str, str]) -> bool:
    host, _, rest = tags.get("aml.session", "").partition(":")
    pid, _, started = rest.partition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return True  # another machine's kernel: not ours to judge
    try:
        return int(psutil.Process(int(pid)).create_time()) == int(started)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def cell_run(run_name: str | None, tags: dict[str, str]) -> Iterator[str]:
    """One run around a cell: FINISHED, FAILED with its traceback, or KILLED on interrupt; nested inside an open run.

    Yields:
        The run's id.
    """
    run = mlflow.start_run(run_name=run_name, tags=tags or None, nested=mlflow.active_run() is not None)
    status = "FINISHED"
    try:
        yield run.info.run_id
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    except BaseException as exc:
        status = "FAILED"
        mlflow.set_tag("aml.error", f"{type(exc).__name__}: {exc}"[:500])
        mlflow.log_text("".join(traceback.format_exception(exc)), "notebook/traceback.txt")
        raise
    finally:
        current = mlflow.active_run()
        while current is not None and current.info.run_id != run.info.run_id:
            mlflow.end_run(status)  # a run that the cell opened and left
            current = mlflow.active_run()
        mlflow.end_run(status)


def log_assigned(params: dict[str, Any], metrics: dict[str, float]) -> None:
    """Log values to the active run."""
    if params:
        mlflow.log_params(params)
    if metrics:
        mlflow.log_metrics(metrics)
