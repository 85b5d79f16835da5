"""Brings deployments up, one thread each, and keeps the containers that answer.

The steps are those of the service: the image is built, pulled, the model downloaded, the container started. Here an
image is never built, but what would keep it from being built or starting on the service does (online_failures.py).
"""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import Refusal
from .faults import Faults
from .online_container import STEPS, Container, Crashed
from .online_failures import CRASHED, failure
from .online_store import OnlineStore
from .stored import Storage
from .workspaces import Place

__all__ = ["Key", "Rollouts"]

DRAIN_SECONDS = 5.0  # that the requests of a container have, whose place another one took
Key = tuple[Place, str, str]  # workspace, endpoint, deployment
MESSAGES = {
    STEPS[1]: ("Pulling", "Start pulling container image", "Pulled", "Container image is pulled successfully"),
    STEPS[2]: ("Downloading", "Start downloading models", "Downloaded", "Models are downloaded successfully"),
}


class _Failed(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Superseded(Exception):
    """The deployment was deleted, or changed again, or the sandbox ends."""


@dataclass(frozen=True)
class _Running:
    container: Container
    cancelled: threading.Event
    thread: threading.Thread

    def give_up(self) -> None:
        self.cancelled.set()
        self.container.stop()


class Rollouts:
    """Roll-outs that run, and containers that answer.

    Args:
        folder: for the containers.
        strict: let those fail that fail on the service.
    """

    def __init__(self, folder: Path, store: OnlineStore, storage: Storage, faults: Faults, *, strict: bool) -> None:
        self._folder, self._store, self._storage, self._faults = folder, store, storage, faults
        self._strict = strict
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._serving: dict[Key, Container] = {}
        self._running: dict[Key, _Running] = {}  # the latest of each deployment

    @property
    def processes(self) -> list[int]:
        """The ids of those that score, or are about to."""
        with self._lock:
            found = {*self._serving.values(), *(running.container for running in self._running.values())}
        return [container.pid for container in found if container.pid]

    def begin(self, key: Key) -> None:
        """Roll a deployment out as its document says; what is under way for it is given up."""
        place, endpoint, name = key
        body = self._store.deployment(place, endpoint, name)
        if body is None or self._ended.is_set():
            return
        container, cancelled = self._container(key, body["generation"], body), threading.Event()
        thread = threading.Thread(target=self._roll_out, args=(key, container, cancelled), daemon=True)
        with self._lock:
            before = self._running.get(key)
            self._running[key] = _Running(container, cancelled, thread)
            thread.start()
        if before is not None and before.thread.is_alive():
            before.give_up()

    def resume(self, key: Key) -> None:
        """Go on with a roll-out that a sandbox on the same folder did not see the end of."""
        with self._lock:
            known = key in self._running
        if not known:
            self.begin(key)

    def remove(self, key: Key) -> None:
        """End a deployment's processes, and remove its folder."""
        with self._lock:
            serving, running = self._serving.pop(key, None), self._running.pop(key, None)
        if serving is not None:
            serving.stop()
        if running is not None:
            running.give_up()
            running.thread.join(10)
        shutil.rmtree(self._home(key), ignore_errors=True)

    def serving(self, key: Key, body: dict[str, Any]) -> Container | None:
        """The container that answers; it is started again where it ended. None if there never was one.

        Raises:
            Crashed: it does not start again.
        """
        if not body["serving"]:
            return None
        with self._lock:
            container = self._serving.get(key)
            if container is None:
                container = self._serving[key] = self._container(key, body["serving"], body)
        container.start(self._ended)
        return container

    def log(self, key: Key, body: dict[str, Any], container: str, tail: int | None) -> str:
        """Of the latest roll-out."""
        return self._container(key, body["generation"], body).log(container, tail)

    def stop(self) -> None:
        """Give up what is under way, end every process."""
        self._ended.set()
        with self._lock:
            serving, running = list(self._serving.values()), list(self._running.values())
        for container in serving:
            container.stop()
        for each in running:
            each.give_up()
        for each in running:
            each.thread.join(10)

    def _home(self, key: Key) -> Path:
        place, endpoint, name = key
        return self._folder / place.name / endpoint / name

    def _container(self, key: Key, generation: int, body: dict[str, Any]) -> Container:
        variables = body["properties"].get("environmentVariables") or {}
        return Container(self._home(key), generation, {str(k): str(v) for k, v in variables.items()})

    def _roll_out(self, key: Key, container: Container, cancelled: threading.Event) -> None:
        place, endpoint, name = key
        try:
            body = self._store.deployment(place, endpoint, name)
            if body is not None:
                self._prepare(key, container, cancelled, str(body["properties"]["model"]))
            self._end(key, container, cancelled, {"state": "Succeeded", "error": None})
        except _Superseded:
            container.stop()
        except _Failed as failed:
            container.stop()
            self._end(key, container, cancelled, {"state": "Failed", "error": [failed.code, str(failed)]})
        except BaseException as error:  # a deployment must not stay "Creating"; the traceback goes where threads' go
            if cancelled.is_set():
                return  # its folder is gone, or the sandbox's files are closed
            self._end(key, container, cancelled, {"state": "Failed", "error": ["InternalServerError", str(error)]})
            raise

    def _prepare(self, key: Key, container: Container, cancelled: threading.Event, model: str) -> None:
        """The four steps, in order.

        Raises:
            _Failed: on the way.
        """
        label = f"{key[1]}/{key[2]}"
        try:
            files = self._storage.save(self._storage.find(key[0], model), container.model)
        except Refusal as refusal:  # the model was deleted meanwhile
            raise _Failed("UserError", str(refusal)) from refusal
        wrong = failure(container.model) if self._strict else None
        for step in STEPS:
            container.step(step, "InProgress")
            if step in MESSAGES:
                container.event(*MESSAGES[step][:2])
            if step == STEPS[0] and wrong is not None and wrong.step == "build":
                container.tell("StorageInitializer", wrong.log)
                container.step(step, "Failed")
                raise _Failed(wrong.code, wrong.message)
            if cancelled.wait(self._faults.slow_seconds(label)):
                raise _Superseded
            if step == STEPS[2]:
                for file in files:
                    container.tell("StorageInitializer", f"Downloaded {file.relative_to(container.model)}")
            if step in MESSAGES:
                container.event(*MESSAGES[step][2:])
            if step == STEPS[3]:
                said = "the sandbox was asked to let it crash" if self._faults.crashes(label) else ""
                self._start(container, cancelled, said or (wrong.log if wrong else ""))
            container.step(step, "Succeeded")

    def _start(self, container: Container, cancelled: threading.Event, crash: str) -> None:
        container.event("Created", "Created container inference-server")
        container.event("Started", "Started container inference-server")
        try:
            if crash:
                container.tell("InferenceServer", crash)
                raise Crashed
            container.start(cancelled)
        except Crashed:
            if cancelled.is_set():
                raise _Superseded from None
            for probe in ("Liveness", "Readiness"):
                message = f"{probe} probe failed: HTTP probe failed with statuscode: 502"
                container.event(f"{probe}ProbeFailed", message, kind="Warning")
            container.event("BackOff", "Back-off restarting failed container", kind="Warning")
            raise _Failed(*CRASHED) from None
        container.event("ContainerReady", "Container is ready")

    def _end(self, key: Key, container: Container, cancelled: threading.Event, changes: dict[str, Any]) -> None:
        """Write how it ended, and let the new container answer in place of the old one."""
        place, endpoint, name = key
        with self._store.lock:
            body = None if cancelled.is_set() else self._store.deployment(place, endpoint, name)
            if body is None or body["generation"] != container.generation:
                container.stop()
                return
            before = None
            if changes["state"] == "Succeeded":
                changes["serving"] = container.generation
                with self._lock:
                    before = self._serving.get(key)
                    self._serving[key] = container
            self._store.put_deployment(place, endpoint, name, body | changes)
        if before is not None and before is not container:
            before.drain(DRAIN_SECONDS)
            before.stop()
        if changes["state"] == "Succeeded":
            for generation in range(1, container.generation):
                shutil.rmtree(self._home(key) / str(generation), ignore_errors=True)
