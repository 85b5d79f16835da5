"""Where else a run can be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...contract import LinkResult

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["link_answers"]


def link_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handler of link."""

    def link(args: Mapping[str, Any], _progress: Callable[[str], None]) -> LinkResult:
        from ...services.run_pages import run_page

        return run_page(panel.workspace.connection, str(args["run_id"]))

    return {"link": link}
