"""From a request to its answer: faults, token check, route, log."""

from __future__ import annotations

import json
import re
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import Dropped, Refusal, arm, empty
from .faults import Faults
from .http import Request, Response, Routes
from .identity import Identity

__all__ = ["Recorded", "Server"]

KEPT = 20_000  # requests remembered for `requests`
_OPEN = (
    "/metadata/endpoints",
    "/msi/token",
    "/discovery",
)  # answered without a bearer token, besides sign-in and blobs


@dataclass(frozen=True)
class Recorded:
    """A request that came, and how it ended (0: the connection was dropped). No header, no secret of a query."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    status: int
    seconds: float
    json: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Host and path."""
        return f"{self.host}{self.path}"


class Server:
    """Answers every request, and remembers it."""

    def __init__(self, routes: Routes, identity: Identity, faults: Faults, log: Path) -> None:
        self._routes, self._identity, self._faults = routes, identity, faults
        self._lock = threading.Lock()
        self._recorded: deque[Recorded] = deque(maxlen=KEPT)
        self._log = log.open("a", encoding="utf-8", buffering=1)

    def handle(self, request: Request) -> Response:
        """The answer; a failure of our own is 500, with its traceback in the log."""
        start = time.monotonic()
        status = 0
        try:
            response = self._answer(request)
            status = response.status
            return response
        except Refusal as refusal:
            status = refusal.status
            return Response(refusal.status, refusal.body, refusal.headers)
        except Dropped:
            raise
        except Exception:  # noqa: BLE001 - a server answers whatever fails, and says so in its log
            status = 500
            self._write(traceback.format_exc())
            return Response(500, json.dumps({"error": {"code": "SandboxFailure", "message": _last_line()}}).encode())
        finally:
            self._record(request, status, time.monotonic() - start)

    def requests(self, pattern: str = "") -> list[Recorded]:
        """The requests in whose "METHOD host/path" a regular expression is found, oldest first."""
        with self._lock:
            return [r for r in self._recorded if re.search(pattern, f"{r.method} {r.url}")]

    def close(self) -> None:
        """Close the log."""
        with self._lock:
            self._log.close()

    def _answer(self, request: Request) -> Response:
        self._faults.strike(request)
        found = self._routes.find(request)
        is_open = request.path in _OPEN or request.host.startswith("login.")
        is_open = is_open or ".blob." in request.host or ".inference.ml." in request.host  # have keys of their own
        if not is_open:
            self._identity.check(request)
        is_manager = request.host.startswith("management.")
        if is_manager and not is_open and not request.query.get("api-version"):
            raise arm(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if found is None and is_manager:
            raise arm(
                404,
                "InvalidResourceType",
                "The resource type could not be found in the namespace 'Microsoft.MachineLearningServices' for api "
                f"version '{request.query['api-version']}'.",
            )
        if found is None:
            raise empty(404)
        handler, words = found
        return handler(request, **words)

    def _record(self, request: Request, status: int, seconds: float) -> None:
        query = {k: v for k, v in request.query.items() if k != "sig"}
        # Logins, keys, and what people send to models, which is up to 10 MB each.
        is_private = "/oauth2/" in request.path or request.path.lower().endswith(("/regeneratekeys", "/score"))
        body = {} if is_private or "json" not in request.headers.get("content-type", "") else request.json()
        with self._lock:
            self._recorded.append(Recorded(request.method, request.host, request.path, query, status, seconds, body))
        clock, place = time.strftime("%H:%M:%S"), f"{request.method} {request.host}{request.path}"
        self._write(f"{clock} {status} {place} {seconds:.3f}s\n")

    def _write(self, text: str) -> None:
        with self._lock:
            if not self._log.closed:
                self._log.write(text)


def _last_line() -> str:
    return traceback.format_exc().strip().splitlines()[-1]
