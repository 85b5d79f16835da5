"""What goes wrong on request: slow answers, refusals, dropped connections, expired tokens, metrics that lag."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .errors import Dropped, Refusal, arm, mlflow
from .http import Request

__all__ = ["KINDS", "Fault", "Faults"]

# latency: `seconds` before each answer · throttle: 429 with Retry-After: `retry_after` · error: 500 · drop: no answer
# expired_token: tokens issued up to now are refused · lag: search_runs leaves out metrics younger than `seconds`
# slow_deploy: each phase of an online deployment takes `seconds` longer · fail_deploy: its container crashes; for both
# `path` is searched in "ENDPOINT/DEPLOYMENT"
KINDS = ("latency", "throttle", "error", "drop", "expired_token", "lag", "slow_deploy", "fail_deploy")
_NO_REQUESTS = ("lag", "slow_deploy", "fail_deploy")  # what is done to something else than requests


@dataclass
class Fault:
    """One fault in force.

    Args:
        kind: one of `KINDS`.
        path: regular expression that is searched in "METHOD host/path"; "" for all but sign-in.
        times: after how many requests it ends by itself; None for never.
        seconds: of latency, lag or slow_deploy.
        retry_after: seconds, of throttle.
    """

    kind: str
    path: str = ""
    times: int | None = None
    seconds: float = 1.0
    retry_after: float = 1.0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}: one of {', '.join(KINDS)}")
        re.compile(self.path)


class Faults:
    """The faults in force; safe to use from several threads."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._active: list[Fault] = []
        self.tokens_valid_from = 0.0  # epoch seconds; tokens issued earlier count as expired

    def start(self, fault: Fault) -> Fault:
        """Put a fault in force until `stop`, or until its `times` are used up."""
        if fault.kind == "expired_token":
            self.tokens_valid_from = time.time()
            return fault
        with self._lock:
            self._active.append(fault)
        return fault

    def stop(self, fault: Fault | None = None) -> None:
        """End one fault, or all. Tokens that were refused are as good as before."""
        if fault is None or fault.kind == "expired_token":
            self.tokens_valid_from = 0.0
        with self._lock:
            self._active = [f for f in self._active if fault is not None and f is not fault]

    @contextmanager
    def during(self, fault: Fault) -> Iterator[Fault]:
        """In force as long as the block runs."""
        self.start(fault)
        try:
            yield fault
        finally:
            self.stop(fault)

    def strike(self, request: Request) -> None:
        """Do to this request what is due."""
        for fault in self._due(request):
            if fault.kind == "latency":
                time.sleep(fault.seconds)
            elif fault.kind == "drop":
                raise Dropped
            elif fault.kind in ("throttle", "error"):
                raise self._refusal(fault, request)

    def lag_seconds(self) -> float:
        """How old a metric must be before search_runs shows it."""
        with self._lock:
            return max((f.seconds for f in self._active if f.kind == "lag"), default=0.0)

    def slow_seconds(self, deployment: str) -> float:
        """How much longer each phase of "ENDPOINT/DEPLOYMENT" takes."""
        with self._lock:
            slow = [f for f in self._active if f.kind == "slow_deploy" and re.search(f.path, deployment)]
        return max((fault.seconds for fault in slow), default=0.0)

    def crashes(self, deployment: str) -> bool:
        """Whether the container of "ENDPOINT/DEPLOYMENT" is to crash; counts as a hit."""
        with self._lock:
            for fault in self._active:
                spent = fault.times is not None and fault.hits >= fault.times
                if fault.kind == "fail_deploy" and not spent and re.search(fault.path, deployment):
                    fault.hits += 1
                    return True
        return False

    def _due(self, request: Request) -> list[Fault]:
        place = f"{request.method} {request.host}{request.path}"
        due = []
        with self._lock:
            for fault in self._active:
                spent = fault.times is not None and fault.hits >= fault.times
                sign_in = not fault.path and ("/msi/token" in place or "/oauth2/" in place or "/metadata/" in place)
                if fault.kind not in _NO_REQUESTS and not spent and not sign_in and re.search(fault.path, place):
                    fault.hits += 1
                    due.append(fault)
        return due

    def _refusal(self, fault: Fault, request: Request) -> Refusal:
        throttled = fault.kind == "throttle"
        status = 429 if throttled else 500
        headers = {"Retry-After": f"{fault.retry_after:g}"} if throttled else {}
        message = "Too many requests; retry later." if throttled else "An internal error occurred."
        if ".inference.ml." in request.host:  # no envelope: what asks there is a user's program
            return Refusal(status, message.encode(), {"Content-Type": "text/plain", **headers})
        if request.path.startswith("/mlflow/"):
            word = "TooManyRequests" if throttled else "ServiceError"
            error_code = "REQUEST_LIMIT_EXCEEDED" if throttled else "INTERNAL_ERROR"
            return mlflow(status, message, code=word, error_code=error_code, region=self._region, headers=headers)
        return arm(status, "TooManyRequests" if throttled else "InternalServerError", message, headers=headers)
