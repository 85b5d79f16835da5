"""A service as Azure Machine Learning's is known to be: mlflow's own server behind a path, an allow-list and limits."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SCOPE = "/subscriptions/sub-1/resourceGroups/rg-1/providers/Microsoft.MachineLearningServices/workspaces/ws-1"
ALLOWED = re.compile(r"/api/2\.0/mlflow/(runs|experiments|metrics|registered-models|model-versions)/[a-z-]+$")
MISSING = re.compile(r"/registered-models/alias$|/runs/outputs$")


@dataclass
class Service:
    """The running service: what was asked of it, and how often it says 429."""

    port: int
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    busy: int = 0

    @property
    def tracking_uri(self) -> str:
        return f"azureml://127.0.0.1:{self.port}/mlflow/v2.0{SCOPE}"

    def calls(self, path: str) -> list[dict[str, Any]]:
        return [body for asked, body in self.asked if asked.endswith(path)]


def refusal(path: str, body: dict[str, Any]) -> str | None:
    """Why the service refuses a request with 400: the limits of issues and documentation."""
    if len(body.get("metrics", [])) > 250:
        return "MetricV2Dto.Value/Count, Limit=250"
    if any(len(tag["value"]) > 1000 for tag in [*body.get("tags", []), body] if isinstance(tag.get("value"), str)):
        return "Tag value is longer than 1000 characters"
    if "metrics/get-history" in path and int(body.get("max_results", 0)) >= 1000:
        return "MaxResults must be less than 1000"
    if "prompt" in str(body.get("filter", "")):
        return "Currently unsupported filter string format (we currently do not support OR)"
    if "runs/search" in path and int(body.get("max_results", 0)) >= 1000:
        return "MaxResults must be less than 1000"
    return None


def handler_for(service: Service, backend: int) -> type[BaseHTTPRequestHandler]:
    params: dict[str, set[str]] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def refuse(self, text: str) -> None:
            body = {"error_code": "INVALID_PARAMETER_VALUE", "message": text}
            self.answer(400, json.dumps(body).encode(), {"Content-Type": "application/json"})

        def handle_request(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            path = path.removeprefix(f"/mlflow/v2.0{SCOPE}")
            body = json.loads(data) if data else dict(urllib.parse.parse_qsl(query))
            service.asked.append((path, body))
            if service.busy and "log-batch" in path:
                service.busy -= 1
                return self.answer(429, b"", {"Retry-After": "1"})
            if not ALLOWED.search(path) or MISSING.search(path):
                return self.answer(404, b"")
            if why := refusal(path, body):
                return self.refuse(why)
            if "runs/log-" in path and (new := [p["key"] for p in body.get("params", [])]):
                held = params.setdefault(body["run_id"], set())
                if len(held | set(new)) > 200:
                    return self.refuse("FieldName=Parameters, Limit=200")
                held |= set(new)
            url = f"http://127.0.0.1:{backend}{path}" + (f"?{query}" if query else "")
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(url, data or None, headers, method=self.command)
            try:
                with urllib.request.urlopen(request, timeout=60) as got:
                    self.answer(got.status, got.read(), {"Content-Type": "application/json"})
            except urllib.error.HTTPError as exc:
                self.answer(exc.code, exc.read(), {"Content-Type": "application/json"})
            return None

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_request

    return Handler


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def _service(tmp_path_factory: pytest.TempPathFactory, _schema: Path) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    shutil.copy(_schema, folder / "mlflow.db")
    backend = free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--port", str(backend), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--no-serve-artifacts",
        "--default-artifact-root", f"azureml://127.0.0.1/mlflow/v2.0{SCOPE}/experiments",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true",
    }
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{backend}/health", timeout=2).close()
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "server.log").read_text()) from None
            time.sleep(0.2)
    service = Service(0)
    front = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(service, backend))
    service.port = front.server_address[1]
    threading.Thread(target=front.serve_forever, daemon=True).start()
    yield service
    front.shutdown()
    process.terminate()
    process.wait(60)  # a busy machine


@pytest.fixture
def service(_service: Service) -> Service:
    """The service, with nothing asked of it yet."""
    _service.asked.clear()
    _service.busy = 0
    return _service
