"""Batch scoring jobs: each a run with a child that scores, in a process of its own, files of the workspace's storage.

On the service a batch job is a pipeline with one step. Both are runs of the experiment called like the endpoint
(azureml-examples#4041), and jobs; the step's output "score" holds predictions.csv.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import children
from .batch_score import Order
from .blobs import Blobs
from .documents import Documents
from .errors import Refusal, arm
from .mlflow_plane import MlflowPlane
from .stored import Storage
from .workspaces import BLOB_CONTAINER, RUN_CONTAINER, Place

__all__ = ["FINAL", "JOB", "BatchJobs", "Scoring"]

JOB = "job"  # the kind of document, shared with `Jobs`
FINAL = ("Completed", "Failed", "Canceled")
RUN_STATUS = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED", "Running": "RUNNING"}
AT_ONCE = 2  # jobs that score; others are queued, as on a cluster
POLL = 0.1  # seconds between two looks at a process
LOG_NAMES = ("logs/azureml/executionlogs.txt", "user_logs/std_log_0.txt")  # of the job, of its step
SCORE = f"import sys; from {__package__}.batch_score import main; sys.exit(main(sys.argv[1]))"


@dataclass(frozen=True)
class Scoring:
    """What is to be scored by what: two addresses as `Storage` takes them, and the deployment's settings."""

    endpoint: str
    deployment: str
    model: str
    data: str
    display_name: str
    experiment: str
    compute: str
    mini_batch_size: int
    error_threshold: int
    output_name: str


class BatchJobs:
    """All batch jobs of the sandbox."""

    def __init__(
        self, documents: Documents, blobs: Blobs, *, storage: Storage, plane: MlflowPlane, folder: Path
    ) -> None:
        self._documents, self._blobs, self._storage, self._plane = documents, blobs, storage, plane
        self._folder = folder
        self._slots = threading.Semaphore(AT_ONCE)
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def settle(self, places: Iterable[Place]) -> None:
        """What a sandbox that was killed left undone has failed; its runs stay as they are."""
        for place in places:
            for name, body in self._documents.list(JOB, place.key):
                if body.get("scoring") and body["status"] not in FINAL:
                    end = {"status": "Failed", "error": "The sandbox was killed.", "updated": time.time()}
                    self._documents.put(JOB, place.key, name, {**body, **end})

    def start(self, place: Place, scoring: Scoring) -> str:
        """Begin a job. Returns its name.

        Raises:
            Refusal: the model or the data is not there.
        """
        for uri in (scoring.model, scoring.data):
            if not self._storage.names(self._storage.find(place, uri)):
                raise arm(400, "UserError", f"There are no files at {uri}.")
        experiment = self._experiment(place, scoring.experiment)
        job = self._run(place, experiment, scoring.display_name, {})
        step = self._run(place, experiment, "batchscoring", {"mlflow.parentRunId": job})
        made = {"scoring": asdict(scoring), "status": "Preparing", "created": time.time(), "updated": time.time()}
        self._documents.put(JOB, place.key, job, {**made, "step": step})
        self._documents.put(JOB, place.key, step, {**made, "parent": job})
        thread = threading.Thread(target=self._work, args=(place, job, step, scoring), name=f"batch {job}", daemon=True)
        with self._documents.lock:
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()
        return job

    def cancel(self, place: Place, name: str) -> None:
        """Let a job end soon; one that has ended stays as it is."""
        with self._documents.lock:
            body = self._documents.get(JOB, place.key, name)
            if body and body.get("scoring") and body["status"] not in FINAL:
                self._set(place, body.get("parent") or name, status="CancelRequested")

    def stop(self) -> None:
        """End every process; what ran has failed."""
        self._ended.set()
        for thread in self._threads:
            thread.join(20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def logs(self, place: Place, name: str) -> dict[str, str]:
        """The logs of a job or its step: name -> a URL with which it can be read."""
        found = {}
        for path in LOG_NAMES:
            blob = f"ExperimentRun/dcid.{name}/{path}"
            if self._blobs.path(place.account, RUN_CONTAINER, blob):
                found[path] = self._blobs.url(place.account, RUN_CONTAINER, blob, permissions="r")
        return found

    def _experiment(self, place: Place, name: str) -> str:
        try:
            return str(self._plane.ask(place, "experiments/create", {"name": name})["experiment_id"])
        except Refusal:  # it is there
            found = self._plane.experiment_by_name(place, name)
            if found is None:
                raise
            return found

    def _run(self, place: Place, experiment: str, name: str, tags: dict[str, str]) -> str:
        given = [{"key": key, "value": value} for key, value in tags.items()]
        body = {"experiment_id": experiment, "run_name": name, "start_time": int(time.time() * 1000), "tags": given}
        run_id = str(self._plane.ask(place, "runs/create", body)["run"]["info"]["run_id"])
        self._plane.ask(place, "runs/update", {"run_id": run_id, "status": "SCHEDULED"})
        return run_id

    def _work(self, place: Place, job: str, step: str, scoring: Scoring) -> None:
        folder = self._folder / job
        try:
            self._set(place, job, step, status="Queued")
            with self._slot(place, job):
                self._score(place, job, step, scoring, folder)
            status, message = "Completed", ""
        except _Ended as ended:
            status, message = ended.status, ended.message
        except Exception as exc:  # noqa: BLE001 - a job fails, whatever it fails of, and says so
            status, message = "Failed", f"{type(exc).__name__}: {exc}"
        with contextlib.suppress(OSError):
            self._publish(place, job, step, folder, message)
        self._set(place, job, step, status=status, error=message)
        shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _slot(self, place: Place, job: str) -> Any:
        while not self._slots.acquire(timeout=POLL):
            self._look(place, job)
        try:
            yield
        finally:
            self._slots.release()

    def _score(self, place: Place, job: str, step: str, scoring: Scoring, folder: Path) -> None:
        model = self._storage.save(self._storage.find(place, scoring.model), folder / "model")
        home = next((file.parent for file in model if file.name == "MLmodel"), folder / "model")
        data = folder / "data"
        files = [str(f) for f in self._storage.save(self._storage.find(place, scoring.data), data) if f.parent == data]
        if not files:  # nested folders are not explored
            raise _Ended("Failed", "There are no files at the top of the input folder.")
        order = Order(str(home), files, scoring.mini_batch_size, scoring.error_threshold)
        (folder / "order.json").write_text(json.dumps(asdict(order)), encoding="utf-8")
        command = [sys.executable, "-c", SCORE, str(folder)]
        environment = children.scrubbed() | {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONUNBUFFERED": "1"}
        process = children.start(command, folder=folder, environment=environment, log=folder / "log.txt")
        try:
            self._follow(place, job, step, folder, process)
        finally:
            children.end(process)
        if process.returncode != 0:
            lines = (folder / "log.txt").read_text("utf-8", "replace").strip().splitlines()
            raise _Ended("Failed", lines[-1] if lines else f"the process ended with code {process.returncode}")
        output = f"azureml/{step}/score/{scoring.output_name}"
        self._blobs.put(place.account, BLOB_CONTAINER, output, (folder / "scored.csv").read_bytes())

    def _follow(self, place: Place, job: str, step: str, folder: Path, process: subprocess.Popen[bytes]) -> None:
        runs = False
        while process.poll() is None:
            self._look(place, job)
            if not runs and (folder / "phase").exists():
                runs = True
                self._set(place, job, step, status="Running")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(POLL)

    def _look(self, place: Place, job: str) -> None:
        if self._ended.is_set():
            raise _Ended("Failed", "The sandbox was stopped.")
        body = self._documents.get(JOB, place.key, job)
        if body is not None and body["status"] == "CancelRequested":
            raise _Ended("Canceled", "")

    def _set(self, place: Place, *names: str, status: str, error: str = "") -> None:
        """A new status of job and step, of their runs too; a cancel that was asked for is not lost."""
        for name in names:
            with self._documents.lock:
                body = self._documents.get(JOB, place.key, name)
                if body is None or (body["status"] == "CancelRequested" and status not in FINAL):
                    continue
                self._documents.put(
                    JOB, place.key, name, {**body, "status": status, "error": error, "updated": time.time()}
                )
            if status in RUN_STATUS:
                update = {"run_id": name, "status": RUN_STATUS[status]}
                end = {"end_time": int(time.time() * 1000)} if status in FINAL else {}
                with contextlib.suppress(Refusal):  # somebody deleted the run
                    self._plane.ask(place, "runs/update", {**update, **end})

    def _publish(self, place: Place, job: str, step: str, folder: Path, message: str) -> None:
        """The log among the artifacts of both runs, where people and `jobs.stream` look for it."""
        log = folder / "log.txt"
        text = log.read_text("utf-8", "replace") if log.exists() else ""
        if message and message not in text:
            text += f"ERROR:azureml:{message}\n"
        for run_id, name in zip((job, step), LOG_NAMES, strict=True):
            self._blobs.put(place.account, RUN_CONTAINER, f"ExperimentRun/dcid.{run_id}/{name}", text.encode())


class _Ended(Exception):
    """A job does not go on: how it ended, and why."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
