"""What does it mean when a deployment answers with an error? MLflow's scoring server and Azure ML's endpoints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ...errors import InvokeError
from ...render.format import one_line

if TYPE_CHECKING:
    from ...client.scoring import Answer

__all__ = ["check"]

SHOWN = 500  # characters of what it said


def check(name: str, answer: Answer) -> None:
    """See that an answer is one.

    The statuses of Azure ML are those of how-to-troubleshoot-online-endpoints ("HTTP status codes"): 401 and 403 the
    key, 404 no deployment with traffic, 408 its request timeout, 424 the model's own failure, 429 too many at once.

    Raises:
        InvokeError: the deployment refused the request, or its model failed.
    """
    if answer.status == 200:
        return
    logs = f"%aml_deploy --logs {name}"
    message, trace = _said(answer.body)
    if trace:
        raise InvokeError(f"the model of '{name}' failed: {one_line(trace.splitlines()[-1], SHOWN)}", hint=logs)
    decisive = one_line(message.rpartition("Error: ")[2], SHOWN) or f"HTTP status {answer.status}"
    who = f"'{answer.deployment}' of '{name}'" if answer.deployment and "/" not in name else f"'{name}'"
    told, hint = _MEANINGS.get(answer.status, ("{who} refused the request: {said}", logs))
    raise InvokeError(told.format(who=who, said=decisive), hint=hint.format(name=name))


_MEANINGS = {
    401: ("{who} refused its key", "deploy it again: %aml_deploy --logs {name} says more"),
    403: ("{who} refused its key: {said}", "your role must allow to score: AzureML Data Scientist does"),
    404: ("{who} has no deployment that takes the request: {said}", "%aml_endpoints, then --traffic NAME=100"),
    408: ("{who} took too long: {said}", "fewer rows in a request: --chunk 100"),
    413: ("the request is too large for {who}: {said}", "fewer rows in a request: --chunk 100"),
    424: ("the model of {who} failed: {said}", "%aml_deploy --logs {name}"),
    429: ("{who} has too many requests to answer: {said}", "try again later, or deploy it with more instances"),
    500: ("the model of {who} failed: {said}", "%aml_deploy --logs {name}"),
    502: ("{who} is not up: {said}", "%aml_deploy --logs {name}"),
    503: ("{who} is not up: {said}", "%aml_deploy --logs {name}"),
    504: ("{who} took too long: {said}", "fewer rows in a request: --chunk 100"),
}


def _said(body: str) -> tuple[str, str]:
    """The message and the stack in an error's body: MLflow's, Azure's envelope, or text."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return body.strip(), ""
    if isinstance(said, dict) and isinstance(said.get("error"), dict):
        said = said["error"]
    if not isinstance(said, dict):
        return str(said), ""
    return str(said.get("message") or said.get("detail") or ""), str(said.get("stack_trace") or "").strip()
