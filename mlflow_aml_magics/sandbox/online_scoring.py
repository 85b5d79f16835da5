"""Where online endpoints are asked to score: https://NAME.REGION.inference.ml.…/score, with a key or a token.

Statuses as in the section on HTTP status codes of how-to-troubleshoot-online-endpoints.md: 401 without the key, 404 if
no deployment has traffic, 408 if it takes too long, 413 for more than 10 MB, 429 for more at once than twice what the
instances take, 424 for whatever the container answers but 200 (its status is in ms-azureml-model-error-statuscode).
"""

from __future__ import annotations

import hmac
import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .certificates import DOMAIN
from .errors import Refusal
from .http import Request, Response, Routes
from .identity import Identity
from .online_container import Crashed
from .online_rollouts import Key, Rollouts
from .online_rules import MAX_TIMEOUT, seconds_of
from .online_store import OnlineStore, request_settings
from .workspaces import Place, Workspaces

__all__ = ["Scoring", "token_audience"]

MAX_BODY = 10 * 10**6  # bytes (how-to-manage-quotas.md)
DEPLOYMENT = "azureml-model-deployment"  # header: which one is to answer, and which one did
ENTRA = "https://ml.azure.com"  # what tokens of endpoints with AADToken are for


def token_audience(place: Place, endpoint: str) -> str:
    """What an Azure ML token of an endpoint is for: nothing else takes it."""
    return f"{place.arm_id}/onlineEndpoints/{endpoint}"


class Scoring:
    """Routes of the scoring hosts.

    Args:
        strict: refuse requests that wait too long, or are too many at once.
    """

    def __init__(
        self, workspaces: Workspaces, store: OnlineStore, rollouts: Rollouts, identity: Identity, *, strict: bool
    ) -> None:
        self._workspaces, self._store, self._rollouts, self._identity = workspaces, store, rollouts, identity
        self._strict = strict
        self._lock = threading.Lock()
        self._pending: Counter[Key] = Counter()

    def add_routes(self, routes: Routes) -> None:
        host = rf"[a-z0-9-]+\.[a-z0-9-]+\.inference\.ml\.{DOMAIN}"
        routes.add("POST", host, "/score", self._answer)
        routes.add("GET", host, "/swagger.json", self._answer)
        routes.add("GET", host, "/", self._answer)

    def _answer(self, request: Request) -> Response:
        place, endpoint, body = self._endpoint(request)
        self._allow(request, place, endpoint, body)
        if len(request.body) > MAX_BODY:
            raise _refusal(413, "Payload too large")
        if mirrored := self._mirrored(body):
            arguments = (request, place, endpoint, mirrored)
            threading.Thread(target=self._send_copy, args=arguments, daemon=True).start()
        return self._ask(request, place, endpoint, self._chosen(request, place, endpoint, body))

    def _endpoint(self, request: Request) -> tuple[Place, str, dict[str, Any]]:
        wanted = request.host.partition(".")[0].lower()
        for place in self._workspaces.all.values():
            for name, body in self._store.endpoints(place):
                if name.lower() == wanted:
                    return place, name, body
        raise _refusal(404, "Not found")

    def _allow(self, request: Request, place: Place, endpoint: str, body: dict[str, Any]) -> None:
        """The words are those that people are told with keys; that tokens have the like is a guess."""
        words = request.headers.get("authorization", "").split()
        if len(words) != 2 or words[0].lower() != "bearer":
            raise _refusal(401, "key_auth_bad_header_forbidden")
        mode, given = body["properties"]["authMode"], words[1]
        if mode == "Key":
            fits = any(hmac.compare_digest(given.encode(), key.encode()) for key in body["keys"])
        else:
            fits = self._identity.audience(given) == (ENTRA if mode == "AADToken" else token_audience(place, endpoint))
        if not fits:
            raise _refusal(401, "key_auth_access_denied" if mode == "Key" else "token_auth_access_denied")

    def _chosen(self, request: Request, place: Place, endpoint: str, body: dict[str, Any]) -> str:
        """The deployment that the header names, else one by the traffic's percents."""
        if named := request.headers.get(DEPLOYMENT):
            if self._store.deployment(place, endpoint, named) is None:
                raise _refusal(404, f"The deployment '{named}' was not found.")
            return named
        traffic = {name: percent for name, percent in (body["properties"].get("traffic") or {}).items() if percent}
        if not traffic:
            raise _refusal(404, "The endpoint does not have any valid deployment with positive weight.")
        chosen: str = random.choices(list(traffic), list(traffic.values()))[0]
        return chosen

    def _mirrored(self, body: dict[str, Any]) -> str:
        for name, percent in (body["properties"].get("mirrorTraffic") or {}).items():
            if random.uniform(0, 100) < percent:
                return str(name)
        return ""

    def _send_copy(self, request: Request, place: Place, endpoint: str, name: str) -> None:
        """A mirrored request's answer is thrown away, also if it is a refusal."""
        try:
            self._ask(request, place, endpoint, name)
        except Refusal:
            return

    def _ask(self, request: Request, place: Place, endpoint: str, name: str) -> Response:
        body = self._store.deployment(place, endpoint, name)
        headers = {DEPLOYMENT: name, "x-ms-request-id": str(uuid.uuid4())}
        try:
            container = self._rollouts.serving((place, endpoint, name), body) if body else None
        except Crashed:
            container = None
        if container is None or body is None:
            raise _refusal(424, "", headers | {"ms-azureml-model-error-reason": "model_not_ready"})
        try:
            with self._counted((place, endpoint, name), body):
                seconds = seconds_of(request_settings(body)["requestTimeout"]) if self._strict else MAX_TIMEOUT
                answer = container.ask(request.method, request.path, request.body, seconds)
        except TimeoutError:
            raise _refusal(408, "upstream request timeout", headers) from None
        except ConnectionError:
            raise _refusal(502, "upstream connect error or disconnect/reset before headers", headers) from None
        if answer.status != 200:
            headers |= {"ms-azureml-model-error-reason": "model_error"}
            headers |= {"ms-azureml-model-error-statuscode": str(answer.status)}
            return Response(424, answer.body, {**answer.headers, **headers})
        return Response(200, answer.body, {**answer.headers, **headers})

    @contextmanager
    def _counted(self, key: Key, body: dict[str, Any]) -> Iterator[None]:
        most = 2 * int(request_settings(body)["maxConcurrentRequestsPerInstance"]) * int(body["sku"]["capacity"])
        with self._lock:
            if self._strict and self._pending[key] >= most:
                raise _refusal(429, "", {"ms-azureml-model-error-reason": "too_many_pending_request"})
            self._pending[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._pending[key] -= 1


def _refusal(status: int, words: str, headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(status, words.encode(), {"Content-Type": "text/plain", **(headers or {})})
