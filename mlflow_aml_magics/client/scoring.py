"""A model served over HTTP on the loopback: the process that serves it, and the calls that others make to it.

    python -m mlflow_aml_magics.client.scoring FOLDER
    /of/the/model/bin/python -I scoring.py FOLDER

is that process: the second in an environment that has mlflow but not us, so that this file imports nothing of ours.
Its standard input says what to do, so that no key is on a command line: first one line of JSON (`Order`), then the line
"keep" once the deployment is entered in the books. If its parent goes away before that, it removes FOLDER and ends:
nobody would know of it. What it does stands in FOLDER/status.json (`Status`).
"""

from __future__ import annotations

import contextlib
import hmac
import http.client
import inspect
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

__all__ = ["HOST", "Answer", "Order", "Status", "ping", "post", "read_status"]

HOST = "127.0.0.1"
OPEN_PATHS = ("/ping", "/health")  # tell nothing but that the process is up
HANDOVER_SECONDS = 20.0  # how long a replacement waits for its predecessor to leave the port
GRACE_SECONDS = 5  # for requests under way when the deployment ends

Stage = Literal["starting", "loading", "loaded", "ready", "failed", "stopped"]


@dataclass(frozen=True)
class Order:
    """What to serve. ``port`` 0 takes a free one; ``handover`` waits till a predecessor has left it."""

    model: str
    key: str = field(repr=False)
    port: int = 0
    handover: bool = False


@dataclass(frozen=True)
class Status:
    """How far the process is; ``reason`` is "port" or "model" when it failed, ``error`` the decisive line."""

    stage: Stage
    pid: int
    port: int = 0
    reason: str = ""
    error: str = ""


@dataclass(frozen=True)
class Answer:
    """What the server said, in how many milliseconds; and which deployment of an endpoint said it, if told."""

    status: int
    body: str
    milliseconds: float
    deployment: str = ""


def read_status(folder: Path) -> Status | None:
    """The last status that the process wrote, or None before the first and where it cannot be read."""
    try:
        return Status(**json.loads((folder / "status.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


# --- calling


def ping(port: int, *, timeout: float = 2.0) -> bool:
    """Whether a scoring server answers on that port."""
    try:
        return _call(port, "GET", "/ping", timeout=timeout).status == 200
    except (OSError, http.client.HTTPException):
        return False


def post(port: int, body: str, *, key: str | None, timeout: float) -> Answer:
    """Send a scoring request; ``key`` is None for a server that asks for none.

    Raises:
        OSError, http.client.HTTPException: nothing answers, or not in ``timeout`` seconds.
    """
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return _call(port, "POST", "/invocations", body.encode(), headers=headers, timeout=timeout)


def _call(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    headers: dict[str, str] | None = None,
    timeout: float,
) -> Answer:
    # http.client, not requests: it asks no HTTP_PROXY for the way to our own machine.
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        start = time.perf_counter()
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        return Answer(response.status, text, (time.perf_counter() - start) * 1000)
    finally:
        connection.close()


# --- serving


def main(folder: Path) -> int:
    """Load the model, serve it until told to stop. Returns the exit code."""
    order = Order(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_leave_with_parent, args=(folder,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say = _Teller(folder, order.port)
    sock = None
    try:
        if not order.handover:
            sock = _bind(order.port)
        say("loading", port=sock.getsockname()[1] if sock else None)
        app = _load(order.model)
        if sock is None:
            say("loaded")
            sock = _bind_when_free(order.port)
        say("ready", port=sock.getsockname()[1])
        _run(app, sock, order.key)
        say("stopped")
        return 0
    except SystemExit:
        say("stopped")
        return 0
    except _PortTaken as exc:
        return _failed(say, "port", exc)
    except BaseException as exc:  # noqa: BLE001 (whatever a model's code raises: the parent is told)
        return _failed(say, "model", exc)


class _PortTaken(Exception):
    """The port could not be had."""


class _Teller:
    """Writes status.json, in one move so that no reader sees half of it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.path = folder / "status.json"
        self.port = port

    def __call__(self, stage: Stage, *, port: int | None = None, reason: str = "", error: str = "") -> None:
        self.port = port or self.port
        status = Status(stage, os.getpid(), self.port, reason, error)
        with contextlib.suppress(FileNotFoundError):  # the deployment was deleted and its folder with it
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps(asdict(status)), encoding="utf-8")
            part.replace(self.path)


def _failed(say: _Teller, reason: str, exc: BaseException) -> int:
    traceback.print_exception(exc)
    first = next((line for line in str(exc).splitlines() if line.strip()), "")
    say("failed", reason=reason, error=f"{type(exc).__name__}: {first}" if first else type(exc).__name__)
    return 1


def _leave_with_parent(folder: Path) -> None:
    if sys.stdin.readline().strip() != "keep":
        shutil.rmtree(folder, ignore_errors=True)
        if os.name == "posix" and os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)  # with what the model started
        os._exit(1)


def _bind(port: int) -> socket.socket:
    """A listening socket: from here on the port is ours, though nothing answers before the model is there."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # its last connections may still be closing; on Windows it is theft
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen(128)
    except OSError as exc:
        sock.close()
        raise _PortTaken(str(exc)) from exc
    return sock


def _bind_when_free(port: int) -> socket.socket:
    end = time.monotonic() + HANDOVER_SECONDS
    while True:
        try:
            return _bind(port)
        except _PortTaken:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _load(model: str) -> Any:
    """mlflow's own scoring application around the loaded model."""
    import mlflow.pyfunc
    from mlflow.pyfunc import scoring_server

    return scoring_server.init(mlflow.pyfunc.load_model(model))


def _run(app: Any, sock: socket.socket, key: str) -> None:
    if not inspect.iscoroutinefunction(type(app).__call__):  # before mlflow 3 the server is Flask's
        from werkzeug.serving import make_server

        make_server(HOST, 0, _GuardedWsgi(app, key), threaded=True, fd=sock.fileno()).serve_forever()
        return
    import uvicorn

    config = uvicorn.Config(_Guarded(app, key), timeout_graceful_shutdown=GRACE_SECONDS)
    uvicorn.Server(config).run(sockets=[sock])


def _may_enter(path: str, authorization: str, key: str) -> bool:
    return path in OPEN_PATHS or hmac.compare_digest(authorization.encode(), f"Bearer {key}".encode())


_REFUSED = json.dumps({"error_code": "UNAUTHENTICATED", "message": "no key, or a wrong one"})


class _Guarded:
    """The application behind its key: other users reach the loopback too, and so do pages in a browser."""

    def __init__(self, app: Any, key: str) -> None:
        self.app = app
        self.key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        if scope["type"] == "http" and _may_enter(scope["path"], given, self.key):
            await self.app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": _REFUSED.encode()})


class _GuardedWsgi:
    """The same for the server of mlflow 2."""

    def __init__(self, app: Any, key: str) -> None:
        self.app = app
        self.key = key

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _may_enter(environ["PATH_INFO"], environ.get("HTTP_AUTHORIZATION", ""), self.key):
            answer: Iterable[bytes] = self.app(environ, start_response)
            return answer
        start_response("401 UNAUTHORIZED", [("Content-Type", "application/json")])
        return [_REFUSED.encode()]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
