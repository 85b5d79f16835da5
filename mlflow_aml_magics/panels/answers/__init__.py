"""What the explorer asks of the kernel: a topic a file, each a function from the panel to handlers by request name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .actions import action_answers

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["explorer_answers"]


def explorer_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """All handlers of the explorer."""
    return {**action_answers(panel)}
