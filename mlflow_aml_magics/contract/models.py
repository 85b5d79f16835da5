"""What the registry panel shows and asks for."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = ["SHAPES", "ModelsInfo"]


class ModelsInfo(TypedDict):
    """All that the registry panel begins with."""

    contract: int
    store: str


SHAPES: tuple[Any, ...] = (ModelsInfo,)
