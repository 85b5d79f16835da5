"""Online endpoints in Resource Manager: endpoints, deployments, keys, logs, traffic."""

from __future__ import annotations

from .documents import Documents
from .http import Routes
from .operations import Operations
from .workspaces import Workspaces

__all__ = ["OnlineEndpoints"]


class OnlineEndpoints:
    """To be."""

    def __init__(self, workspaces: Workspaces, documents: Documents, operations: Operations) -> None:
        self._workspaces, self._documents, self._operations = workspaces, documents, operations

    def add_routes(self, routes: Routes) -> None:
        """To be."""

    def stop(self) -> None:
        """End every process."""
