"""The real MLflow server behind a workspace: a process of its own, on SQLite, on a loopback port."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

from . import children
from .http import Response

__all__ = ["Backend"]

START_SECONDS = 120.0  # two busy cores need 10 to 15
# The worker without mlflow's plugins: azureml-mlflow, which a server has no use for, costs it 0.6 s and 15 MB.
_WORK = """
import importlib.metadata as metadata, runpy
own = metadata.entry_points
def without_plugins(**words):
    return metadata.EntryPoints() if str(words.get("group", "")).startswith("mlflow.") else own(**words)
metadata.entry_points = without_plugins
runpy.run_module("uvicorn", run_name="__main__", alter_sys=True)
"""


class Backend:
    """One `mlflow server`. It is started in the background; the first request waits until it answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._ready = False
        self._ended = False

    def start(self) -> None:
        """Start the process, if it was not; returns at once."""
        with self._lock:
            if self._process is not None or self._ended:
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self._port = free.getsockname()[1]
            command, private = self._command()
            environment = children.scrubbed() | private
            environment |= {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
            log = self._folder / "mlflow.log"
            log.unlink(missing_ok=True)
            self._process = children.start(command, folder=self._folder, environment=environment, log=log)

    def call(self, method: str, path: str, *, query: dict[str, str] | None = None, body: bytes = b"") -> Response:
        """Ask the server; ``path`` starts after /api/."""
        self.wait()
        target = f"/api/{path}" + (f"?{urlencode(query)}" if query else "")
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        with contextlib.closing(connection):
            connection.request(method, target, body=body or None, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            return Response(answer.status, answer.read(), {"Content-Type": "application/json"})

    def stop(self) -> None:
        """End the process and all that it started."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is not None:
            children.end(process)

    def _command(self) -> tuple[list[str], dict[str, str]]:
        """How to start MLflow's server, and with which variables.

        The worker that `mlflow server` of mlflow 3 would start is started directly: half the memory, and half the
        time. Where that worker is another (mlflow 2), the command itself.
        """
        store, root = f"sqlite:///{self._folder / 'mlflow.db'}", str(self._folder / "unused")
        where = ["--host", "127.0.0.1", "--port", str(self._port)]
        spec = importlib.util.find_spec("mlflow")  # does not import it: mlflow.server in here would hijack the store
        places = (spec.submodule_search_locations or []) if spec else []
        if any((Path(place) / "server" / "fastapi_app.py").is_file() for place in places):
            variables = {"_MLFLOW_SERVER_FILE_STORE": store, "_MLFLOW_SERVER_ARTIFACT_ROOT": root}
            options = ["--log-level", "warning", "mlflow.server.fastapi_app:app"]
            worker = [sys.executable, "-c", _WORK, *where, *options]
            return worker, {**variables, "_MLFLOW_SGI_NAME": "uvicorn"}
        options = ["--workers", "1", "--backend-store-uri", store, "--default-artifact-root", root]
        return [sys.executable, "-m", "mlflow", "server", *where, *options, "--no-serve-artifacts"], {}

    @property
    def pid(self) -> int | None:
        """Of the process, once started."""
        return self._process.pid if self._process else None

    def wait(self) -> None:
        """Until it answers."""
        self.start()
        end = time.monotonic() + START_SECONDS
        while not self._ready:
            process = self._process
            if process is None or process.poll() is not None or time.monotonic() > end:
                log = self._folder / "mlflow.log"
                tail = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
                raise RuntimeError(f"the MLflow server of the sandbox did not start; see {log}\n{tail}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
                with contextlib.closing(connection):
                    connection.request("GET", "/health")
                    self._ready = connection.getresponse().status == 200
            if not self._ready:
                time.sleep(0.1)
