"""Long-running operations of Resource Manager: accepted now, answered when the client asks again.

Headers and paths as in the recordings of azure-ai-ml's own tests: Azure-AsyncOperation (mfeOperationsStatus) tells how
far it is, Location (mfeOperationResults) has the result in the end.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .arm import HOST
from .certificates import DOMAIN
from .errors import arm
from .http import Request, Response, Routes, json_response
from .workspaces import Workspaces

__all__ = ["Operations", "Progress"]

_BASE = r"/subscriptions/(?P<sub>[^/]+)/providers/Microsoft\.MachineLearningServices/locations/(?P<region>[^/]+)"
RETRY_AFTER = 1  # seconds; without it azure-core waits 30


_ENDS = ("Succeeded", "Failed", "Canceled")


@dataclass(frozen=True)
class Progress:
    """How far an operation is: one of `_ENDS`, or any other word; its result, or what went wrong."""

    status: str
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class _Operation:
    look: Callable[[], Progress]
    started: str


class Operations:
    """…/locations/REGION/mfeOperationsStatus/ID and …/mfeOperationResults/ID."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._lock = threading.Lock()
        self._all: dict[str, _Operation] = {}

    def add_routes(self, routes: Routes) -> None:
        for host, base in ((HOST, _BASE), (rf"[a-z0-9-]+\.api\.{DOMAIN}", f"/mferp/managementfrontend{_BASE}")):
            routes.add("GET", host, f"{base}/mfeOperationsStatus/(?P<name>[^/]+)", self._status)
            routes.add("GET", host, f"{base}/mfeOperationResults/(?P<name>[^/]+)", self._result)

    def begin(self, request: Request, result: dict[str, Any] | None, *, seconds: float = 0.0) -> dict[str, str]:
        """The headers of a 202 (or a 201) whose result is there after some seconds.

        Args:
            request: what it answers; it is polled at the same host.
            result: the body in the end; None for none.
        """
        done_at = time.monotonic() + seconds
        done, waiting = Progress("Succeeded", result), Progress("InProgress")
        return self.follow(request, lambda: done if time.monotonic() >= done_at else waiting)

    def follow(self, request: Request, look: Callable[[], Progress]) -> dict[str, str]:
        """The same for work that something else does; ``look`` is asked how far it is, at each poll."""
        name = str(uuid.uuid4())
        with self._lock:
            self._all[name] = _Operation(look, _now())
        places, prefix = self._workspaces, request.path.partition("/subscriptions/")[0]
        base = (
            f"https://{request.host}{prefix}/subscriptions/{places.subscription_id}"
            f"/providers/Microsoft.MachineLearningServices/locations/{places.region}"
        )
        return {
            "Azure-AsyncOperation": f"{base}/mfeOperationsStatus/{name}?api-version=2023-04-01-preview",
            "Location": f"{base}/mfeOperationResults/{name}?api-version=2023-04-01-preview",
            "Retry-After": str(RETRY_AFTER),
        }

    def _find(self, name: str) -> _Operation:
        with self._lock:
            found = self._all.get(name)
        if found is None:
            raise arm(404, "NotFound", f"The operation {name} was not found.")
        return found

    def _status(self, request: Request, sub: str, region: str, name: str) -> Response:
        operation = self._find(name)
        progress = operation.look()
        body: dict[str, Any] = {"id": request.path, "name": name, "status": progress.status}
        body |= {"startTime": operation.started, "percentComplete": 0.0}
        if progress.status not in _ENDS:
            return json_response(body, headers={"Retry-After": str(RETRY_AFTER)})
        body |= {"endTime": _now(), "percentComplete": 100.0}
        return json_response(body | ({"error": progress.error} if progress.error else {}))

    def _result(self, request: Request, sub: str, region: str, name: str) -> Response:
        progress = self._find(name).look()
        if progress.status not in _ENDS:
            return Response(202, b"", {"Location": f"https://{request.host}{request.path}", "Retry-After": "1"})
        if progress.error:
            return json_response({"error": progress.error}, 400)
        body = json.dumps(progress.result).encode() if progress.result is not None else b""
        return Response(200, body, {"Content-Type": "application/json"})


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
