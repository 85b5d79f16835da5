"""What the explorer asks of the kernel: a topic a file, each a function from the panel to handlers by request name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .actions import action_answers
from .charts import chart_answers
from .compare import compare_answers
from .edits import edit_answers
from .export import export_answers
from .history import history_answers
from .link import link_answers
from .refresh import refresh_answers
from .views import view_answers

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["explorer_answers"]

TOPICS = (
    action_answers,
    chart_answers,
    compare_answers,
    edit_answers,
    export_answers,
    history_answers,
    link_answers,
    refresh_answers,
    view_answers,
)


def explorer_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """All handlers of the explorer."""
    return {name: handler for topic in TOPICS for name, handler in topic(panel).items()}
