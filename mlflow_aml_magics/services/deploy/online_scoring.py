"""Asking an online endpoint: its address and key, and the same as a shell command."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...client.azure_endpoints import Endpoint, OnlineEndpoints
from ...client.azure_scoring import score
from ...errors import DeploymentError

if TYPE_CHECKING:
    from ...client.scoring import Answer
    from .options import Ref

__all__ = ["curl", "forget", "send"]

_doors: dict[tuple[str, str], tuple[str, str]] = {}  # scoring address and key by store and endpoint; never shown


def send(points: OnlineEndpoints, look_up: Callable[[], Endpoint], ref: Ref, body: str, *, timeout: float) -> Answer:
    """POST to the scoring address; the key is asked for once, and again when it is refused.

    Args:
        look_up: the endpoint, as it is now.
        timeout: seconds to wait for the answer.

    Raises:
        DeploymentError: nothing answers, or not in time. A refusal is an answer too.
    """

    def ask() -> Answer:
        url, key = _door(points, look_up, ref.endpoint)
        return score(url, body, key=key, deployment=ref.deployment, timeout=timeout, name=ref.name)

    answer = ask()
    if answer.status == 401:  # a token has run out, or somebody made new keys
        forget(points, ref.endpoint)
        answer = ask()
    return answer


def curl(points: OnlineEndpoints, point: Endpoint, ref: Ref, body: str) -> str:
    """A command for a shell that asks `az` for the key: it is in no history, and no list of processes shows it."""
    assert points.conn.azure is not None
    where = points.conn.azure.ref
    what = "primaryKey" if point.auth == "key" else "accessToken"
    lines = [
        f"az ml online-endpoint get-credentials --name {shlex.quote(point.name)} --query {what} -o tsv",
        f"  --subscription {where.subscription_id} --resource-group {shlex.quote(where.resource_group)}"
        f" --workspace-name {shlex.quote(where.name)}",
        "| sed 's/^/Authorization: Bearer /'",
        f"| curl --silent -H @- {shlex.quote(point.scoring_uri)}",
        "  -H 'Content-Type: application/json'",
        *([f"  -H {shlex.quote(f'azureml-model-deployment: {ref.deployment}')}"] if ref.deployment else []),
        f"  -d {shlex.quote(body)}",
    ]
    return " \\\n".join(lines)


def forget(points: OnlineEndpoints, endpoint: str) -> None:
    """Ask for its address and key anew the next time."""
    _doors.pop((points.conn.uri, endpoint), None)


def _door(points: OnlineEndpoints, look_up: Callable[[], Endpoint], endpoint: str) -> tuple[str, str]:
    known = _doors.get((points.conn.uri, endpoint))
    if known is None:
        point = look_up()
        if not point.scoring_uri:
            raise DeploymentError(f"the endpoint '{endpoint}' has no address yet ({point.state})")
        known = _doors[points.conn.uri, endpoint] = point.scoring_uri, points.key(point)
    return known
