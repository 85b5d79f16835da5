"""What the panel of deployments shows and asks for."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = ["SHAPES", "EndpointsInfo"]


class EndpointsInfo(TypedDict):
    """All that the panel of deployments begins with."""

    contract: int
    store: str


SHAPES: tuple[Any, ...] = (EndpointsInfo,)
