"""The panel of registered models: versions, discussion, lineage, comparison, and what can be done with a version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import traitlets

from ..contract.models import ModelsInfo
from ..render.document import Document
from .answers.models import models_answers, models_info
from .base import Panel, asset

if TYPE_CHECKING:
    from ..client.models import ModelVersion
    from ..services.models import ModelList
    from ..workspace import Workspace

__all__ = ["ModelsPanel"]


class ModelsPanel(Panel):
    """The registry in the cell, and as a list of its versions in Python.

    `selected` ("wine:3", "wine" for none of its versions, "" for nothing), `search` and `tab` follow the panel and may
    be set.

        >>> panel = ws.models_panel("wine")                 # doctest: +SKIP
        >>> panel[0].metrics, panel.selected                # doctest: +SKIP
    """

    _info = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode(help="the model or the version that is shown").tag(sync=True)
    search = traitlets.Unicode(help="the text in the search box").tag(sync=True)
    tab = traitlets.Enum(("overview", "discussion", "lineage", "compare", "files"), "overview").tag(sync=True)

    def __init__(self, workspace: Workspace, at: str | None = None) -> None:
        """The panel of a model, or of all.

        Args:
            at: "wine" for that model alone; "wine:3", "wine@champion" for its versions, opened at that one.

        Raises:
            ModelNotFound: with what there is.
        """
        self._esm, self._css = asset("models.js"), asset("models.css")
        self.workspace = workspace
        selected = at or ""
        if re.search("[:@/]", selected):
            from ..client.models import resolve

            found = resolve(workspace.connection, selected)
            at, selected = found.name, found.label
        self._listed = workspace.models(at)
        super().__init__(_info=models_info(workspace, self._listed), selected=selected)
        self._handlers |= models_answers(self)

    # ---- the versions, as a list

    @property
    def versions(self) -> tuple[ModelVersion, ...]:
        """By model, the newest first, as they were read last."""
        return self._listed.versions

    def __iter__(self) -> Iterator[ModelVersion]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def __getitem__(self, index: int) -> ModelVersion:
        return self._listed[index]

    @property
    def info(self) -> ModelsInfo:
        """What the panel shows before it asks."""
        return cast(ModelsInfo, self._info)

    def refresh(self) -> None:
        """Read the registry anew."""
        self.keep(self.workspace.models(self._listed.name))

    def reread(self, name: str) -> None:
        """Read one model anew. The metrics of versions that were here stay: a run that has ended does not change."""
        from ..services.models import list_again

        self.keep(list_again(self.workspace.connection, self._listed, name))

    def keep(self, listed: ModelList) -> None:
        """Show these versions."""
        self._listed = listed
        self._info = dict(models_info(self.workspace, listed))

    def _document(self) -> Document:
        return self._listed._document()
