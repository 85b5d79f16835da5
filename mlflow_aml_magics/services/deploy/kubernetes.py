"""The kubernetes target: online endpoints on an attached Kubernetes cluster, of Arc or AKS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .online import OnlineTarget

if TYPE_CHECKING:
    from ...client.connection import Connection

__all__ = ["KubernetesTarget", "make"]


class KubernetesTarget(OnlineTarget):
    """As the online target, on a cluster of one's own: `compute` names it, its instance types are the cluster's."""

    kind = "kubernetes"
    takes = (*OnlineTarget.takes, "compute")
    machine = ""  # the cluster's own default instance type


def make(conn: Connection | None) -> KubernetesTarget:
    """The target over a connection, which must be to a workspace of Azure."""
    assert conn is not None
    return KubernetesTarget(conn)
