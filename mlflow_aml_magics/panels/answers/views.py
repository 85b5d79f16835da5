"""The saved views of these experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from ...contract import SavedViews

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["view_answers"]


def view_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handlers of views, save_view and delete_view."""

    def views(_args: Mapping[str, Any], _progress: Callable[[str], None]) -> SavedViews:
        saved = panel.saved_views.all()
        return {"names": list(saved), "views": cast("dict[str, Any]", saved)}

    def save(args: Mapping[str, Any], progress: Callable[[str], None]) -> SavedViews:
        panel.saved_views.save(str(args["name"]), args["view"])
        return views(args, progress)

    def delete(args: Mapping[str, Any], progress: Callable[[str], None]) -> SavedViews:
        panel.saved_views.delete(str(args["name"]))
        return views(args, progress)

    return {"views": views, "save_view": save, "delete_view": delete}
