"""How a panel of runs shows them: traits that follow the panel, kept as they were left, saved by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from ..errors import UsageError
from ..services.views import Views, checked_view
from .base import Panel

if TYPE_CHECKING:
    from ..services.explore import Exploration

__all__ = ["KeptView", "as_traits"]

# Keys of a view that have a trait of their own; all others are in the trait `view`.
OWN_TRAITS = ("query", "columns", "axes", "color")


class KeptView(Panel):
    """The view of an explorer: what it shows and how. A subclass sets `exploration` and `saved_views`."""

    exploration: Exploration
    saved_views: Views

    query = traitlets.Unicode(help="the filter in force").tag(sync=True)
    selected_run_ids = traitlets.List(traitlets.Unicode(), help="the ticked runs").tag(sync=True)
    columns = traitlets.List(traitlets.Unicode(), help="table columns; none: those that vary").tag(sync=True)
    axes = traitlets.List(traitlets.Unicode(), help="axes of the plot; none: those that vary").tag(sync=True)
    color = traitlets.Unicode(help="the column that colours the lines").tag(sync=True)
    view = traitlets.Dict(help="how the runs are shown").tag(sync=True)

    @traitlets.validate("query")
    def _query_fits(self, proposal: dict[str, Any]) -> str:
        """A query that does not parse is refused where it is set, in Python as in the panel."""
        text = str(proposal["value"])
        if text:
            self.exploration.shown(text)
        return text

    @traitlets.validate("view")
    def _view_fits(self, proposal: dict[str, Any]) -> dict[str, Any]:
        """What no view is made of would break the panel in the browser."""
        return checked_view(proposal["value"])

    def views(self) -> list[str]:
        """The names of the saved views of these experiments."""
        return list(self.saved_views.all())

    def save_view(self, name: str) -> None:
        """Keep how the runs are shown now (filter, columns, sort, axes, charts …) under a name.

        Raises:
            UsageError: it cannot be a name, or there is no place to write.
        """
        self.saved_views.save(name, self.whole_view())

    def delete_view(self, name: str) -> None:
        """Forget a saved view.

        Raises:
            NotFound: with the nearest name.
        """
        self.saved_views.delete(name)

    def load_view(self, view: str | Mapping[str, Any]) -> None:
        """Show the runs as a view says; what it lacks goes back to its default.

        Args:
            view: the name of a saved one, or what `view_json` gave, here or elsewhere.

        Raises:
            NotFound: no saved view has that name; the nearest is named.
            UsageError, QueryError: it is no view, or its filter does not fit these runs.
        """
        wanted = checked_view(self._meant(view) if isinstance(view, str) else view)
        query = str(wanted.get("query") or "")
        if query:
            self.exploration.shown(query)  # before anything is changed
        with self.hold_sync():
            for name, value in as_traits(wanted).items():
                setattr(self, name, value)

    def view_json(self) -> str:
        """How the runs are shown now, as text for `load_view`: to keep in a notebook or to send to somebody."""
        return json.dumps(self.whole_view(), indent=1)

    def _meant(self, text: str) -> Any:
        if not text.lstrip().startswith("{"):
            return self.saved_views.load(text)
        try:
            return json.loads(text)
        except ValueError as exc:
            raise UsageError(f"the view is no JSON: {exc}", hint="take one from panel.view_json()") from exc

    def whole_view(self) -> dict[str, Any]:
        """How the runs are shown now, as `contract.View`; what is absent is at its default."""
        return {**self.view, **{name: getattr(self, name) for name in OWN_TRAITS}}

    def _keep_as_left(self) -> None:
        """From now on the next explorer of these experiments opens as this one is left."""
        self.observe(lambda _change: self.saved_views.keep(self.whole_view()), names=[*OWN_TRAITS, "view"])


def as_traits(view: Mapping[str, Any]) -> dict[str, Any]:
    """A view as the traits that hold it."""
    rest = {key: value for key, value in view.items() if key not in OWN_TRAITS}
    return {
        "query": view.get("query", ""),
        "columns": view.get("columns", []),
        "axes": view.get("axes", []),
        "color": view.get("color", ""),
        "view": rest,
    }
