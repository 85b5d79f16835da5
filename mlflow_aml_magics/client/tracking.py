"""mlflow's process-wide tracking state: switched on for one notebook, and put back as it was found."""

from __future__ import annotations

import copy
import json
import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import mlflow
from mlflow.entities import Metric, Param
from mlflow.tracking import fluent
from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS

from . import bridge
from .alive import is_alive, process_tag
from .bridge.variable import TENANT_VARIABLE
from .cells import CellKeeper, impatient, search_all
from .cloud import VARIABLE as CLOUD_VARIABLE
from .connection import Connection, restore_environment
from .run_context import CONTEXT_VARIABLE, git_state

__all__ = ["Tracking", "cell_run", "log_assigned"]

VARIABLES = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_ALLOW_FILE_STORE",
    "MLFLOW_DISABLE_TELEMETRY",
    CLOUD_VARIABLE,
    TENANT_VARIABLE,
    CONTEXT_VARIABLE,
)


@dataclass
class Tracking:
    """Tracking that is on: mlflow's globals point at one experiment from `start` to `stop`.

    The globals belong to the process, so at most one is on: starting another ends the one before.

    Args:
        connection: the store.
        experiment_id, experiment: where runs go.
        folder: the notebook's.
        notebook: its path, when known.
        autolog, log_models: switch mlflow's autolog on, and let it keep fitted models.
        source: keep the executed cells' source with each run.
    """

    connection: Connection
    experiment_id: str
    experiment: str
    folder: Path
    notebook: Path | None
    autolog: bool
    log_models: bool
    source: bool
    session: str = field(default_factory=process_tag)
    current: ClassVar[Tracking | None] = None
    _saved: dict[str, str | None] = field(default_factory=dict, repr=False)
    _uri_before: str | None = field(default=None, repr=False)
    _experiment_before: Any = field(default=None, repr=False)
    _autolog_before: dict[str, Any] = field(default_factory=dict, repr=False)
    _cells: CellKeeper | None = field(default=None, repr=False)
    _bridged: bool = field(default=False, repr=False)

    @property
    def on(self) -> bool:
        """Whether mlflow's globals are this one's."""
        return Tracking.current is self

    def start(self) -> None:
        """Point mlflow and the environment at the experiment, and switch autolog on.

        Raises:
            StoreError: the experiment cannot be opened; everything is as it was then.
        """
        if Tracking.current is not None:
            Tracking.current.stop()
        self._saved = {name: os.environ.get(name) for name in VARIABLES}
        self._uri_before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
        self._experiment_before = fluent._active_experiment_id
        self._autolog_before = copy.deepcopy(AUTOLOGGING_INTEGRATIONS)
        Tracking.current = self
        try:
            self._point()
        except BaseException:
            self.stop()
            raise

    def _point(self) -> None:
        if self.connection.uri.startswith("file:"):
            os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        bridge.hold(self.connection)
        self._bridged = True
        if (azure := self.connection.azure) is not None:  # for the scripts that are started from here
            os.environ[CLOUD_VARIABLE] = azure.cloud or os.environ.get(CLOUD_VARIABLE, "AzureCloud")
            if azure.tenant:
                os.environ[TENANT_VARIABLE] = azure.tenant
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # in scripts it is on before the bridge is there
        mlflow.set_tracking_uri(self.connection.uri)
        if self.connection.registry_uri != self.connection.uri:
            mlflow.set_registry_uri(self.connection.registry_uri)
        with self.connection.guard("opening the experiment in"):
            mlflow.set_experiment(experiment_id=self.experiment_id)
        os.environ["MLFLOW_EXPERIMENT_NAME"] = self.experiment
        os.environ["MLFLOW_EXPERIMENT_ID"] = self.experiment_id
        os.environ[CONTEXT_VARIABLE] = self._context()
        if self.source:
            self._cells = CellKeeper(self.connection, self.experiment_id, self.session)
        if self.autolog:
            mlflow.autolog(log_input_examples=self.log_models, log_model_signatures=True, log_models=self.log_models)

    def stop(self) -> list[str]:
        """End what is open, and put the environment, the URI, the experiment and autolog back, whatever fails.

        Returns:
            The ids of runs that could not be ended, as their store does not answer.
        """
        if not self.on:
            return []
        Tracking.current = None
        left = []
        try:
            if self._cells is not None:
                self._cells.close()
            while (run := mlflow.active_run()) is not None:
                try:
                    with impatient(), self.connection.guard("ending a run of"):
                        mlflow.end_run()
                except Exception:  # noqa: BLE001  # the rest must be put back whatever a store or a login says
                    left.append(run.info.run_id)
        finally:
            self._put_back()
        return left

    def _put_back(self) -> None:
        if self.autolog:
            mlflow.autolog(disable=True)  # also for libraries that are imported later
            for name, settings in self._autolog_before.items():
                AUTOLOGGING_INTEGRATIONS[name] = settings
        mlflow.set_tracking_uri(self._uri_before)  # type: ignore[arg-type]  # None is what an unset URI is
        if self.connection.registry_uri != self.connection.uri:
            mlflow.set_registry_uri(self._saved["MLFLOW_REGISTRY_URI"] or "")
        fluent._active_experiment_id = self._experiment_before  # no public way to unset it (mlflow 3.15)
        restore_environment(self._saved)
        if self._bridged:
            bridge.release(self.connection)
            self._bridged = False

    @contextmanager
    def environment_before(self) -> Iterator[None]:
        """The environment as `start` found it, for the moment: what tracking set there is nobody's wish."""
        ours = {name: os.environ.get(name) for name in VARIABLES}
        restore_environment(self._saved)
        try:
            yield
        finally:
            restore_environment(ours)

    def own_settings(self) -> list[str]:
        """Libraries whose autolog the user had set up, which mlflow.autolog() leaves as they are."""
        before = self._autolog_before.items()
        return sorted(name for name, settings in before if name != "mlflow" and not settings.get("disable", True))

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
        """Store the executed cells with the runs that they belong to; see `CellKeeper.keep`."""
        bridge.settle()
        return self._cells.keep(cells) if self._cells is not None else []

    def end_strays(self) -> list[str]:
        """End runs of the experiment that are RUNNING although the process of this machine that started them is gone.

        Returns:
            Their names.
        """
        client, ended = self.connection.mlflow, []
        with self.connection.guard("looking for runs left open in"):
            running = "Running" if bridge.is_azureml(self.connection.uri) else "RUNNING"  # each in its own spelling
            for run in search_all(self.connection, self.experiment_id, f"attributes.status = '{running}'"):
                process = run.data.tags.get("aml.process")
                if process and not is_alive(process):
                    client.set_tag(run.info.run_id, "aml.ended", "its process was gone")
                    client.set_terminated(run.info.run_id, "KILLED")
                    ended.append(run.info.run_name or run.info.run_id)
        return ended


@contextmanager
def cell_run(connection: Connection, run_name: str | None, tags: dict[str, str], experiment_id: str) -> Iterator[str]:
    """One run around a cell: FINISHED, FAILED with its traceback, or KILLED on interrupt; nested inside an open run.

    What the body does to mlflow's stack of open runs is undone down to the run that was open before, which stays so.

    Yields:
        The run's id.
    """
    outer = mlflow.active_run()
    with connection.guard("starting a run in"):
        run = mlflow.start_run(
            run_name=run_name, tags=tags or None, nested=outer is not None, experiment_id=experiment_id
        )
    run_id, status = run.info.run_id, "FINISHED"
    try:
        yield run_id
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    except BaseException as exc:
        status = "FAILED"
        _note_failure(connection, run_id, exc)
        raise
    finally:
        while (left := mlflow.active_run()) is not None and (outer is None or left.info.run_id != outer.info.run_id):
            mlflow.end_run(status)
        if status != "FINISHED":
            connection.mlflow.set_terminated(run_id, status)  # also where the body had ended its run itself


def _note_failure(connection: Connection, run_id: str, exc: BaseException) -> None:
    """Keep the exception with the run; a store that fails meanwhile must not hide it from the user."""
    try:
        connection.mlflow.set_tag(run_id, "aml.error", f"{type(exc).__name__}: {exc}"[:500])
        connection.mlflow.log_text(run_id, "".join(traceback.format_exception(exc)), "notebook/traceback.txt")
    except Exception as failure:  # noqa: BLE001  # azureml-mlflow raises anything
        exc.__context__ = failure


def log_assigned(connection: Connection, run_id: str, params: dict[str, Any], metrics: dict[str, float]) -> None:
    """Log values to a run.

    Raises:
        StoreError: the store refuses one, such as a param that has another value already.
    """
    now = int(time.time() * 1000)
    with connection.guard(f"logging to run {run_id} in"):
        connection.mlflow.log_batch(
            run_id,
            [Metric(key, value, now, 0) for key, value in metrics.items()],
            [Param(key, str(value)) for key, value in params.items()],
        )
