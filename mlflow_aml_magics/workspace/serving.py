"""What is deployed: listing, asking, logs, traffic, ending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..panels.endpoints import EndpointsPanel
    from ..services.deploy import Deployment, DeploymentList
    from ..services.invoke import Invocation

__all__ = ["Serving"]


class Serving:
    """The deployments of this machine, and of the workspace where there is one.

    On its own it knows those of this machine alone, and needs no store; `Workspace` knows those of its workspace too.
    Names are "wine", "wine/blue" for one deployment of an endpoint, "online:wine" where several targets have a wine.
    """

    def _served_by(self) -> Connection | None:
        """Whose endpoints there are besides those of this machine."""
        return None

    def endpoints(self) -> DeploymentList:
        """Every deployment, running or not."""
        from ..services.deploy import deployments

        return deployments(self._served_by())

    def endpoints_panel(self, name: str | None = None, *, model: str | None = None) -> EndpointsPanel:
        """The panel of all deployments: deploy, test, traffic, logs.

        Args:
            name: the deployment to open it at; None for the list.
            model: a model to open the form of a new deployment with.
        """
        from ..panels.endpoints import EndpointsPanel

        return EndpointsPanel(self, name=name, model=model)

    def endpoint(self, name: str) -> Deployment:
        """One deployment, as it is now.

        Raises:
            DeploymentNotFound: with the nearest name.
        """
        from ..services.deploy import get

        return get(self._served_by(), name)

    def invoke(self, name: str, data: object = None, *, sample: bool = False, repeat: int = 1) -> Invocation:
        """Ask a deployment for predictions.

        Args:
            name: the deployment's.
            data: a DataFrame, rows, JSON text, or the path of a .json or .csv file.
            sample: build the request from the model's input example, else from its signature.
            repeat: ask so many times, to measure.

        Raises:
            DeploymentNotFound
            InvokeError: the request does not fit the signature (the column is named), or the model failed.
        """
        from ..services.invoke import invoke

        return invoke(self._served_by(), name, data=data, sample=sample, repeat=repeat)

    def set_traffic(
        self, endpoint: str, shares: Mapping[str, int], *, progress: Progress | None = None
    ) -> DeploymentList:
        """Share an endpoint's requests among its deployments.

        Args:
            endpoint: its name.
            shares: percent by deployment, {"blue": 90, "green": 10}; the others get none; 100 or 0 in all.

        Returns:
            The endpoint's deployments.

        Raises:
            UsageError: the shares do not sum to 100, or the endpoint has no such deployment.
        """
        from ..services.deploy import set_traffic

        return set_traffic(self._served_by(), endpoint, shares, progress)

    def roll_back(self, endpoint: str, *, progress: Progress | None = None) -> DeploymentList:
        """Give an endpoint the traffic that it had before the last change."""
        from ..services.deploy import roll_back

        return roll_back(self._served_by(), endpoint, progress)

    def logs(self, name: str, *, tail: int = 50) -> str:
        """The last lines that a deployment wrote."""
        from ..services.deploy import logs

        return logs(self._served_by(), name, tail)

    def delete(self, name: str, *, progress: Progress | None = None) -> Deployment:
        """End a deployment and forget it; an endpoint with all that is under it. Returns what it was.

        Raises:
            DeploymentNotFound: with the nearest name.
        """
        from ..services.deploy import delete

        return delete(self._served_by(), name, progress)

    def stop_all(self) -> list[str]:
        """End every deployment of this machine; returns their names. What the workspace has goes on."""
        from ..services.deploy import stop_all

        return stop_all()
