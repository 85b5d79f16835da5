"""The panel of deployments: what is deployed where, deploying, trying, traffic, logs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import traitlets

from ..contract import CONTRACT_VERSION
from ..contract.endpoints import EndpointsInfo
from ..render.document import Document
from ..services.deploy import KINDS, ON_AZURE, Deployment, DeploymentList, Ref
from .answers.deploying import Work, deploying_answers
from .answers.deployment_rows import row_of
from .answers.endpoints import endpoint_answers
from .answers.trying import trying_answers
from .base import Panel, asset

if TYPE_CHECKING:
    from ..workspace import Serving, Workspace

__all__ = ["EndpointsPanel"]

TABS = ("test", "traffic", "logs", "details", "new")


class EndpointsPanel(Panel):
    """Every deployment of every target, in the cell; a sequence of `Deployment` besides.

    `selected` is the chosen one, "online:wine/blue", or an endpoint, "online:wine"; empty for none. `tab` is what is
    shown of it: "test", "traffic", "logs", "details"; "new" is the form of a new deployment.

        >>> panel = ws.endpoints_panel()                  # doctest: +SKIP
        >>> panel.refresh()                               # doctest: +SKIP
        >>> [d.name for d in panel if d.state != "running"]   # doctest: +SKIP
    """

    _info = traitlets.Dict().tag(sync=True)
    _work = traitlets.Dict(help="the deployment being made, as contract.DeployWork").tag(sync=True)
    selected = traitlets.Unicode("", help="reference of the chosen deployment").tag(sync=True)
    tab = traitlets.Enum(TABS, default_value="test", help="what is shown of it").tag(sync=True)

    def __init__(self, serving: Serving, *, name: str | None = None, model: str | None = None) -> None:
        """A panel of what is deployed.

        Args:
            name: the deployment to open it at.
            model: open the form of a new deployment with this model, "" for any; without a store there is none.

        Raises:
            DeploymentNotFound: no deployment has that name.
        """
        self._esm, self._css = asset("endpoints.js"), asset("endpoints.css")
        self.serving = serving
        self._listed = serving.endpoints()
        self._lock = threading.Lock()
        self._model = model or ""
        info = self._as_info()
        tab = "new" if model is not None and info["targets"] else "test"
        super().__init__(selected=self._chosen(name), tab=tab, _info=dict(info))
        work = Work(self)
        self._handlers |= endpoint_answers(self) | deploying_answers(self, work) | trying_answers(self)

    def _chosen(self, name: str | None) -> str:
        """The reference of what is named."""
        if name is None:
            return ""
        found, ref = self.serving.endpoint(name), Ref.parse(name)
        return str(Ref(ref.endpoint, ref.deployment, found.target))

    @property
    def workspace(self) -> Workspace | None:
        """Whose models can be deployed; None where nothing is tracked."""
        return None if self.serving._served_by() is None else cast("Workspace", self.serving)

    @property
    def deployments(self) -> DeploymentList:
        """The deployments, as they were when last looked at."""
        return self._listed

    def __len__(self) -> int:
        return len(self._listed)

    def __iter__(self) -> Iterator[Deployment]:
        return iter(self._listed)

    def __getitem__(self, index: int) -> Deployment:
        return self._listed[index]

    def refresh(self) -> DeploymentList:
        """Look again at what is deployed."""
        with self._lock:
            self._listed = self.serving.endpoints()
            self._info = dict(self._as_info())
            return self._listed

    def _as_info(self) -> EndpointsInfo:
        conn = self.serving._served_by()
        on_azure = conn is not None and conn.azure is not None
        return {
            "contract": CONTRACT_VERSION,
            "store": conn.label if conn else "this machine; no store is tracked",
            "targets": [kind for kind in KINDS if on_azure or kind not in ON_AZURE] if conn else [],
            "model": self._model,
            "rows": [row_of(deployment) for deployment in self._listed],
            "notes": list(self._listed.notes),
        }

    def _document(self) -> Document:
        return self._listed._document()
