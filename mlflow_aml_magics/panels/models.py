"""The panel of registered models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from ..contract import CONTRACT_VERSION
from ..contract.models import ModelsInfo
from ..render.document import Document
from .base import Panel, asset

if TYPE_CHECKING:
    from ..workspace import Workspace

__all__ = ["ModelsPanel"]


class ModelsPanel(Panel):
    """To be."""

    _info = traitlets.Dict().tag(sync=True)

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        self._esm, self._css = asset("models.js"), asset("models.css")
        self.workspace = workspace
        self._listed = workspace.models(name)
        info: ModelsInfo = {"contract": CONTRACT_VERSION, "store": workspace.connection.label}
        super().__init__(_info=info)

    def _document(self) -> Document:
        return self._listed._document()
