"""One roll-out of a deployment as the service tells of it: steps, events, logs, and the process that scores."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from . import children
from .http import Response

__all__ = ["STEPS", "Container", "Crashed"]

START_SECONDS = 300.0  # a busy machine; a quiet one needs 3 to 5, which is importing mlflow
# What `az ml online-deployment get-logs` shows first (Get-AzMLWorkspaceOnlineDeploymentLog of azure-powershell).
STEPS = ("SystemSetup", "UserContainerImagePull", "ModelDownload", "UserContainerStart")
# Runs a file without its folder on sys.path: what lies beside score.py has names of the standard library.
_RUN = "import runpy, sys; sys.path.remove(''); del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
LOGS = {"StorageInitializer": "storage-initializer.txt", "InferenceServer": "inference-server.txt"}


class Crashed(Exception):
    """The process ended before it answered; its log says why."""


class Container:
    """A folder with the model and the logs, and a process, from `start` to `stop`.

    Args:
        home: of the deployment; the folder is in there, and is named after the generation.
        variables: of the process's environment.
    """

    def __init__(self, home: Path, generation: int, variables: dict[str, str]) -> None:
        self.generation, self._variables = generation, variables
        self.folder = home / str(generation)
        self.model = self.folder / "model"
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._secret = secrets.token_hex(16)
        self._port = 0
        self._asked = 0  # requests that wait for their answers
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def step(self, name: str, state: str) -> None:
        """Note how far a step is: Waiting, InProgress, Succeeded or Failed."""
        with self._lock:
            steps = self._steps() | {name: state}
            part = self.folder / "steps.json.part"
            part.write_text(json.dumps(steps), "utf-8")
            part.replace(self.folder / "steps.json")

    def event(self, name: str, message: str, *, kind: str = "Normal") -> None:
        """Note an event of the container, as its log tells them."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        self._append("events.txt", f"Kind: Pod, Name: {name}, Type: {kind}, Time: {now}, Message: {message}")

    def tell(self, container: str, text: str) -> None:
        """Write to the log of one of `LOGS`."""
        self._append(LOGS[container], text)

    def log(self, container: str, tail: int | None) -> str:
        """What getLogs answers.

        Args:
            container: one of `LOGS`.
            tail: how many of the last lines of the container's own log.
        """
        with self._lock:
            steps = [f"{name}: {state}" for name, state in self._steps().items()]
        events, lines = self._lines("events.txt"), self._lines(LOGS[container])
        lines = lines[-tail:] if tail else lines
        parts = ["Instance status:", *steps, "", "Container events:", *events, "", "Container logs:", *lines]
        return "\n".join(parts) + "\n"

    def start(self, ended: threading.Event) -> None:
        """Start the process, and wait until it has loaded the model and answers. Nothing if it runs.

        Args:
            ended: stop waiting when it is set.

        Raises:
            Crashed: it ended, or `ended` was set.
        """
        with self._starting:
            if self._process is not None and self._process.poll() is None:
                return
            port, log = self.folder / "port", self.folder / LOGS["InferenceServer"]
            port.unlink(missing_ok=True)
            environment = {
                **children.scrubbed(), **self._variables, "SCORE_SECRET": self._secret,
                "AZUREML_MODEL_DIR": str(self.model), "MLFLOW_DISABLE_TELEMETRY": "true",
            }  # fmt: skip
            program = str(Path(__file__).with_name("score.py"))
            command = [sys.executable, "-c", _RUN, program, str(self.model), str(port)]
            self._process = children.start(command, folder=self.folder, environment=environment, log=log)
            end = time.monotonic() + START_SECONDS
            while not port.exists():
                if self._process.poll() is not None or ended.wait(0.05) or time.monotonic() > end:
                    children.end(self._process)
                    raise Crashed
            self._port = int(port.read_text())

    def ask(self, method: str, path: str, body: bytes, seconds: float) -> Response:
        """One request to the process.

        Raises:
            TimeoutError: it took longer.
            ConnectionError: the process is gone.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        headers = {"x-score-secret": self._secret, "Content-Type": "application/json"}
        with contextlib.closing(connection), self._waiting():
            try:
                connection.request(method, path, body=body, headers=headers)
                answer = connection.getresponse()
                kind = answer.getheader("Content-Type") or "text/plain"
                return Response(answer.status, answer.read(), {"Content-Type": kind})
            except http.client.HTTPException as error:
                raise ConnectionError(str(error)) from error

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        with self._lock:
            self._asked += 1
        try:
            yield
        finally:
            with self._lock:
                self._asked -= 1

    def drain(self, seconds: float) -> None:
        """Wait, no longer than that, until what was asked is answered: another container gets what comes from now."""
        end = time.monotonic() + seconds
        while self._asked and time.monotonic() < end:
            time.sleep(0.02)

    def stop(self) -> None:
        """End the process."""
        process = self._process
        if process is not None:
            children.end(process)

    def _steps(self) -> dict[str, str]:
        found: dict[str, str] = dict.fromkeys(STEPS, "Waiting")
        with contextlib.suppress(FileNotFoundError):
            found |= json.loads((self.folder / "steps.json").read_text("utf-8"))
        return found

    def _append(self, name: str, text: str) -> None:
        with self._lock, (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def _lines(self, name: str) -> list[str]:
        try:
            return (self.folder / name).read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []
