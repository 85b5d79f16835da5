"""A deployment as the panel's table has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...contract.endpoints import DeploymentRow

if TYPE_CHECKING:
    from ...services.deploy import Deployment

__all__ = ["row_of"]

SHARING = ("online", "kubernetes")  # targets whose endpoints share requests
UNDER_ENDPOINTS = (*SHARING, "batch")


def row_of(deployment: Deployment) -> DeploymentRow:
    """The row of one deployment."""
    endpoint, _, under = deployment.name.partition("/")
    return {
        "name": deployment.name,
        "endpoint": endpoint if deployment.target in UNDER_ENDPOINTS else deployment.name,
        "deployment": under if deployment.target in UNDER_ENDPOINTS else "",
        "reference": deployment.reference,
        "target": deployment.target,
        "state": deployment.state,
        "model": deployment.model,
        "ref": deployment.ref,
        "url": deployment.url,
        "store": deployment.store,
        "started": deployment.started.isoformat() if deployment.started.timestamp() > 0 else None,
        "process": deployment.pid,
        "log": str(deployment.log or ""),
        "detail": deployment.detail,
        "traffic": deployment.traffic,
        "shares": deployment.target in SHARING,
        "machine": deployment.machine,
        "cost": deployment.cost,
        "link": deployment.link if deployment.link.startswith("https://") else "",
        "pointed": _pointed(deployment),
    }


def _pointed(deployment: Deployment) -> str:
    """Why somebody should look at it, in a few words; empty where nothing is to be said."""
    last = deployment.detail.strip().splitlines()[-1:] or [""]
    if deployment.state in ("failed", "stopped"):
        return last[0] or deployment.state
    if deployment.state == "empty":
        return last[0] or "no deployment is under it"
    if deployment.state == "running" and deployment.traffic == 0:
        return last[0] or "gets no requests of its endpoint"
    return ""
