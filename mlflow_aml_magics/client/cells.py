"""The executed cells' source, kept with the runs that they trained."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import fluent

from . import bridge
from .connection import Connection, restore_environment
from .run_context import NotebookRunContext

__all__ = ["CellKeeper", "impatient", "search_all"]

PATH = "notebook/cells.py"
REST_SECONDS = 60.0  # after a store failed to take the cells' source, it is left alone for so long
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}  # mlflow waits for minutes


_lock = threading.Lock()
_impatient = 0  # callers that are in a hurry now
_patience: dict[str, str | None] = {}  # the environment before the first of them


class CellKeeper:
    """Stores the source with each run of a session, from now until `close`.

    On Azure Machine Learning a file is written once (lightly-ai/lightly-train#256), so that a run gets its cells when
    it has ended, or when tracking or the process ends; elsewhere after each cell.

    Args:
        connection: the store.
        experiment_id: where the runs are.
        session: the tag by which they are found.
    """

    def __init__(self, connection: Connection, experiment_id: str, session: str) -> None:
        self._connection, self._experiment_id, self._session = connection, experiment_id, session
        self._writes_once = bridge.is_azureml(connection.uri)
        self._seen, self._since_ms = NotebookRunContext.started, int(time.time() * 1000)
        self._open: set[str] = set()  # runs whose cells may go on
        self._written: set[str] = set()
        self._cells = ""
        self._resting_until = 0.0
        if self._writes_once:
            atexit.register(self.close)  # before mlflow ends what is open: it was registered earlier

    def keep(self, cells: str) -> list[str]:
        """Store the cells with each run that this kernel started, or had open, since the last call.

        Args:
            cells: the source, ready to store.

        Returns:
            The ids of the runs that were written to.

        Raises:
            StoreError: the store failed; it is not asked again for a minute.
        """
        started, still_open, now = NotebookRunContext.started, _open_runs(), int(time.time() * 1000)
        if started == self._seen and not self._open:
            self._open, self._cells = still_open, cells  # one may have been resumed
            return []
        if time.monotonic() < self._resting_until:
            return []
        try:
            with impatient(), self._connection.guard("keeping the cells' source in"):
                ids = (self._fresh() if started != self._seen else set()) | self._open
                if self._writes_once:
                    ids -= still_open | (self._written - self._open)
                for run_id in sorted(ids):
                    self._write(run_id, cells)
        except Exception:
            self._resting_until = time.monotonic() + REST_SECONDS
            raise
        self._seen, self._since_ms, self._open, self._cells = started, now, still_open, cells
        return sorted(ids)

    def close(self) -> None:
        """Store what is left to store; a store that fails now is not asked again."""
        atexit.unregister(self.close)
        left, self._open = self._open if self._writes_once else set(), set()
        if not left:
            return
        with contextlib.suppress(Exception), impatient(), self._connection.guard("keeping the cells' source in"):
            for run_id in sorted(left):
                self._write(run_id, self._cells)

    def _fresh(self) -> set[str]:
        moment = str(self._since_ms - 1000)
        if self._writes_once:
            moment = f"'{moment}'"  # Azure ML wants attributes' values quoted, mlflow's own stores do not
        query = f"tags.aml.session = '{self._session}' and attributes.start_time >= {moment}"
        return {run.info.run_id for run in search_all(self._connection, self._experiment_id, query)}

    def _write(self, run_id: str, cells: str) -> None:
        try:
            self._connection.mlflow.log_text(run_id, cells, PATH)
        except MlflowException as exc:
            if not self._writes_once or exc.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            from .bridge.write_once import add_text

            add_text(self._connection.mlflow.get_run(run_id).info.artifact_uri, cells, PATH)  # a run that was resumed
        self._written.add(run_id)


def search_all(connection: Connection, experiment_id: str, query: str) -> list[Run]:
    """Every run of an experiment that a filter of the store's own finds."""
    found: list[Run] = []
    token = None
    while True:
        page = connection.mlflow.search_runs(
            [experiment_id], query, ViewType.ACTIVE_ONLY, max_results=500, page_token=token
        )
        found += page
        token = page.token
        if not token:
            return found


def _open_runs() -> set[str]:
    """The runs on mlflow's stack: `mlflow.active_run` tells the last one only."""
    return {run.info.run_id for run in fluent._active_run_stack.get()}


@contextmanager
def impatient() -> Iterator[None]:
    """Give up soon on a server that does not answer: these calls are ours, not the user's."""
    global _impatient  # noqa: PLW0603  # the environment is the process's: the first sets it, the last puts it back
    with _lock:
        if _impatient == 0:
            _patience.update({name: os.environ.get(name) for name in IMPATIENT})
            os.environ.update({name: value for name, value in IMPATIENT.items() if _patience[name] is None})
        _impatient += 1
    try:
        yield
    finally:
        with _lock:
            _impatient -= 1
            if _impatient == 0:
                restore_environment(_patience)
