"""Following what Azure makes of a batch endpoint or a deployment, and which deployment has an endpoint's jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from ...client.azure_batch import BatchEndpoint, BatchEndpoints, BatchServed
from ...client.azure_rest import ENDS, FORGOTTEN, ended
from ...errors import DeploymentError, UsageError
from .following import Followed, follow
from .traffic import BEFORE

if TYPE_CHECKING:
    from ...client.connection import Progress

__all__ = ["default_of", "make_default", "settled"]

T = TypeVar("T", BatchEndpoint, BatchServed)


def default_of(endpoint: str, shares: Mapping[str, int]) -> str:
    """The deployment that gets everything.

    Raises:
        UsageError: several get something.
    """
    given = [name for name, share in shares.items() if share]
    if len(given) != 1 or shares[given[0]] != 100:
        raise UsageError(
            f"every job of the batch endpoint '{endpoint}' goes to one deployment, its default",
            hint=f"--traffic {given[0] if given else 'NAME'}=100; a job of its own: ENDPOINT/DEPLOYMENT",
        )
    return given[0]


def make_default(
    points: BatchEndpoints, point: BatchEndpoint, name: str, say: Progress, *, timeout: float
) -> BatchEndpoint:
    """Let an endpoint's jobs go to a deployment, and remember in its tags where they went."""
    if point.default == name:
        return point
    words = f"the default of {point.name}: {name}"
    say(words)
    tags = {BEFORE: f"{point.default}=100"} if point.default else {}
    operation = points.change(point.name, default=name, tags=tags).operation
    return settled(
        points, lambda: points.get(point.name), say, operation=operation, words=words,
        what=f"the default of '{point.name}'", timeout=timeout,
    )  # fmt: skip


def settled(
    points: BatchEndpoints,
    look_up: Callable[[], T | None],
    say: Progress,
    *,
    operation: str,
    words: str,
    what: str,
    timeout: float,
) -> T:
    """Wait until nothing changes about an endpoint or a deployment. Returns it.

    Args:
        operation: what began the change; "" for one that somebody else began.
        words: what goes on.
        what: the thing, for messages.

    Raises:
        DeploymentError: it failed, with what the service says.
        TooLong, StoreUnreachable: as of `follow`.
    """

    def look() -> Followed[tuple[str, str]]:
        status, why = ended(points.conn, operation) if operation else (FORGOTTEN, "")
        if status in ENDS:
            return Followed((status, why), "", done=True)
        there = look_up()
        state = there.state if there is not None else "Deleted"
        done = status == FORGOTTEN and (there is None or state in ENDS)
        return Followed((state, ""), f"{words} ({state.lower()})", done=done)

    state, why = follow(look, say, timeout=timeout)
    found = look_up()
    if state != "Succeeded" or found is None:
        raise DeploymentError(f"{what} is not made: {why or state.lower()}", hint="%aml_endpoints tells what is left")
    return found
