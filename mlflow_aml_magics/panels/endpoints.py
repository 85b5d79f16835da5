"""The panel of deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from ..contract import CONTRACT_VERSION
from ..contract.endpoints import EndpointsInfo
from ..render.document import Document
from .base import Panel, asset

if TYPE_CHECKING:
    from ..workspace import Serving

__all__ = ["EndpointsPanel"]


class EndpointsPanel(Panel):
    """To be."""

    _info = traitlets.Dict().tag(sync=True)

    def __init__(self, serving: Serving, *, name: str | None = None, model: str | None = None) -> None:
        self._esm, self._css = asset("endpoints.js"), asset("endpoints.css")
        self.serving = serving
        self._listed = serving.endpoints()
        conn = serving._served_by()
        info: EndpointsInfo = {"contract": CONTRACT_VERSION, "store": conn.label if conn else "this machine"}
        super().__init__(_info=info)

    def _document(self) -> Document:
        return self._listed._document()
