"""Changing the traffic of an online endpoint, such that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import DeploymentError
from .traffic import BEFORE, worded

if TYPE_CHECKING:
    from ...client.azure_endpoints import Endpoint
    from .online_watch import Watch

__all__ = ["shift"]

TAG = 256  # characters of a tag's text that Azure takes


def shift(watch: Watch, point: Endpoint, shares: Mapping[str, int], *, remember: bool = True) -> None:
    """Set the traffic of an endpoint, and remember in its tags what it was. Nothing is done where it is so already.

    Args:
        remember: False forgets it: what had the traffic is about to be deleted.

    Raises:
        DeploymentError: Azure refuses.
        TooLong, StoreUnreachable: as of `follow`.
    """
    wanted = {name: share for name, share in shares.items() if share}
    before = {name: share for name, share in point.traffic.items() if share}
    if wanted == before:
        return
    words = f"the traffic of {point.name}: {worded(wanted)}"
    watch.say(words)
    memory = worded(before)
    # Shares that do not fit are forgotten: going back would otherwise lead to those before them.
    tags = {BEFORE: memory if remember and len(memory) <= TAG else ""} if before else {}
    operation = watch.points.change(point.name, traffic=wanted, tags=tags).operation
    outcome = watch.endpoint(point.name, operation, words)
    if not outcome.good:
        raise DeploymentError(
            f"the traffic of '{point.name}' is not changed: {outcome.why or outcome.state}",
            hint=f"%aml_endpoints {point.name}",
        )
