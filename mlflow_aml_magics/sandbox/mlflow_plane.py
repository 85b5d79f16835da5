"""The MLflow endpoints of a workspace for runs and experiments: a real MLflow server behind the limits of the service.

Only the v2 REST surface, as azureml-mlflow speaks it. What is not in `_ALLOWED` answers 404 with an empty body, as
logged models do on the service (azure-sdk-for-python#44896).
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

from . import filters, limits
from .backend import Backend
from .certificates import DOMAIN
from .durations import by_duration, wants_duration
from .errors import Refusal, empty, mlflow
from .faults import Faults
from .http import Request, Response, Routes, json_response
from .workspaces import SCOPE, Place, Workspaces

__all__ = ["MlflowPlane"]

_ALLOWED = {
    "experiments/create": "POST",
    "experiments/get": "GET",
    "experiments/get-by-name": "GET",
    "experiments/search": "GET POST",
    "experiments/list": "GET",
    "experiments/delete": "POST",
    "experiments/restore": "POST",
    "experiments/set-experiment-tag": "POST",
    "runs/create": "POST",
    "runs/get": "GET",
    "runs/update": "POST",
    "runs/delete": "POST",
    "runs/restore": "POST",
    "runs/search": "POST",
    "runs/log-metric": "POST",
    "runs/log-parameter": "POST",
    "runs/log-batch": "POST",
    "runs/log-model": "POST",
    "runs/log-inputs": "POST",
    "runs/set-tag": "POST",
    "runs/delete-tag": "POST",
    "metrics/get-history": "GET",
}
_WRITES = ("runs/log-metric", "runs/log-parameter", "runs/log-batch", "runs/set-tag")


class MlflowPlane:
    """Routes below /mlflow/v1.0 and /mlflow/v2.0, but for the registry's."""

    def __init__(self, workspaces: Workspaces, backends: dict[str, Backend], faults: Faults, *, strict: bool) -> None:
        self._workspaces, self._backends, self._faults, self._strict = workspaces, backends, faults, strict
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], float] = {}  # (run id, metric) -> when it came (monotonic seconds)

    def add_routes(self, routes: Routes) -> None:
        host = rf"[a-z0-9-]+\.api\.{DOMAIN}"
        base = f"/mlflow/v[12].0{SCOPE}/workspaces/(?P<ws>[^/]+)/api/2.0"
        routes.add("POST", host, f"{base}/preview/mlflow/runs/log-batch-async", self._log_async)
        routes.add("GET POST", host, f"{base}/preview/mlflow/runs/get-run-data-status", self._async_status)
        routes.add("POST", host, f"{base}/mlflow/experiments/update", self._rename)
        routes.add("GET POST PATCH DELETE", host, f"{base}/mlflow/traces.*", self._traces)
        routes.add("GET POST PATCH DELETE", host, f"{base}/mlflow/(?P<verb>.+)", self._forward)

    def run(self, place: Place, run_id: str) -> dict[str, Any] | None:
        """A run as the server knows it, or None."""
        answer = self._backends[place.name].call("GET", "2.0/mlflow/runs/get", query={"run_id": run_id})
        found: dict[str, Any] | None = json.loads(answer.body)["run"] if answer.status == 200 else None
        return found

    def experiment(self, place: Place, experiment_id: str) -> str:
        """An experiment's name."""
        query = {"experiment_id": experiment_id}
        answer = self._backends[place.name].call("GET", "2.0/mlflow/experiments/get", query=query)
        return str(json.loads(answer.body)["experiment"]["name"]) if answer.status == 200 else ""

    def experiment_by_name(self, place: Place, name: str) -> str | None:
        """An experiment's id, or None."""
        query = {"experiment_name": name}
        answer = self._backends[place.name].call("GET", "2.0/mlflow/experiments/get-by-name", query=query)
        return str(json.loads(answer.body)["experiment"]["experiment_id"]) if answer.status == 200 else None

    def ask(self, place: Place, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the service does by itself, past the limits: POST to the workspace's MLflow server.

        Raises:
            Refusal: what the server refuses.
        """
        return self._call(place, "POST", f"2.0/mlflow/{verb}", {}, body)

    def _forward(self, request: Request, sub: str, rg: str, ws: str, verb: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        if request.method not in _ALLOWED.get(verb, "").split():
            raise empty(404)
        body, query = request.json(), dict(request.query)
        if self._strict:
            body, query = self._limited(place, verb, body, query)
        if verb == "runs/search" and wants_duration(body.get("order_by") or []):
            answer = by_duration(body, lambda asked: self._call(place, "POST", "2.0/mlflow/runs/search", {}, asked))
        else:
            answer = self._call(place, request.method, f"2.0/mlflow/{verb}", query, body)
        if verb in _WRITES:
            self._remember(body)
        return self._as_service(place, verb, answer)

    def _call(
        self, place: Place, method: str, path: str, query: dict[str, str], body: dict[str, Any]
    ) -> dict[str, Any]:
        data = json.dumps(body).encode() if method == "POST" else b""
        answer = self._backends[place.name].call(method, path, query=query, body=data)
        if answer.status >= 400:
            raise _translated(place, answer)
        found: dict[str, Any] = json.loads(answer.body or b"{}")
        return found

    def _limited(
        self, place: Place, verb: str, body: dict[str, Any], query: dict[str, str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        if verb in _WRITES or verb == "runs/create":
            known = self.run(place, str(body.get("run_id", ""))) if verb != "runs/create" else None
            limits.check_write(verb, body, known or {}, place.region)
        elif verb == "runs/search":
            filter_string = filters.check_runs(str(body.get("filter", "")))
            order_by = filters.check_order([str(clause) for clause in body.get("order_by") or []])
            page = min(int(body.get("max_results") or limits.PAGE), limits.PAGE)
            body = {**body, "filter": filter_string, "order_by": order_by, "max_results": page}
        elif verb == "metrics/get-history":
            page = limits.history_page(query.get("max_results"), place.region)
            query = {**query, "max_results": str(page)}
        return body, query

    def _as_service(self, place: Place, verb: str, answer: dict[str, Any]) -> Response:
        runs = [*answer.get("runs", []), *([answer["run"]] if "run" in answer else [])]
        for run in runs:
            run["info"]["artifact_uri"] = place.run_uri(run["info"]["experiment_id"], run["info"]["run_id"])
        if "run_info" in answer:
            info = answer["run_info"]
            info["artifact_uri"] = place.run_uri(info["experiment_id"], info["run_id"])
        for experiment in [*answer.get("experiments", []), *([answer["experiment"]] if "experiment" in answer else [])]:
            experiment["artifact_location"] = ""
        if verb == "runs/search":
            self._hide_recent(runs)
        return json_response(answer)

    def _remember(self, body: dict[str, Any]) -> None:
        run_id, now = str(body.get("run_id", "")), time.monotonic()
        metrics = [*body.get("metrics", []), *([body] if "timestamp" in body else [])]
        with self._lock:
            for metric in metrics:
                self._seen[run_id, str(metric.get("key"))] = now

    def _hide_recent(self, runs: list[dict[str, Any]]) -> None:
        """Metrics are eventually consistent: search may miss what get_run has (azure-sdk-for-python#39198)."""
        lag = self._faults.lag_seconds()
        if not lag:
            return
        after = time.monotonic() - lag
        for run in runs:
            run_id, data = run["info"]["run_id"], run.get("data", {})
            kept = [m for m in data.get("metrics", []) if self._seen.get((run_id, m["key"]), 0.0) < after]
            data["metrics"] = kept

    def _log_async(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        """The service's own endpoint of log_metric(synchronous=False); here it is done when it answers."""
        self._forward(request, sub, rg, ws, "runs/log-batch")
        has_metrics = bool(request.json().get("metrics"))
        return json_response({"batch_tracking_id": uuid.uuid4().hex if has_metrics else ""})

    def _async_status(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        self._workspaces.find(sub, rg, ws)
        return json_response({"is_complete": True})

    def _rename(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        if self._strict:
            raise mlflow(400, "Renaming an experiment is not supported.", region=place.region)
        return json_response(self._call(place, "POST", "2.0/mlflow/experiments/update", {}, request.json()))

    def _traces(self, request: Request, sub: str, rg: str, ws: str) -> Response:
        """Tracing is not supported (azure-sdk-for-python#40261)."""
        place = self._workspaces.find(sub, rg, ws)
        message = "Tracing is not supported in Azure Machine Learning."
        raise mlflow(403, message, code="Forbidden", error_code="PERMISSION_DENIED", region=place.region)


def _translated(place: Place, answer: Response) -> Refusal:
    """A refusal of the MLflow server, in the service's envelope."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = {}
    error_code = str(found.get("error_code", "INTERNAL_ERROR"))
    message = str(found.get("message", "The request is invalid."))
    return mlflow(answer.status, message, error_code=error_code, region=place.region)
