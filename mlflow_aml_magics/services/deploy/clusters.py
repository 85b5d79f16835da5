"""Which attached Kubernetes cluster a new endpoint goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...client.azure_batch import BatchEndpoints
from ...errors import UsageError, nearest

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress

__all__ = ["kubernetes_cluster"]

ATTACH = "az ml compute attach --type Kubernetes --name k8s --resource-id ID, then --compute k8s; or --to online"


def kubernetes_cluster(conn: Connection, wanted: str | None, say: Progress) -> str:
    """The cluster that is asked for, else the only one that is attached.

    Raises:
        UsageError: there is none of that name and kind, or several to choose from.
    """
    computes = BatchEndpoints(conn).computes()
    names = [each.name for each in computes if each.kind == "kubernetes"]
    listed = f"attached: {', '.join(names)}" if names else "none is attached"
    if wanted:
        if found := next((name for name in names if name.lower() == wanted.lower()), None):
            return found
        other = next((each.kind for each in computes if each.name.lower() == wanted.lower()), "")
        what = f"'{wanted}' is no Kubernetes cluster but {other}" if other else f"no Kubernetes cluster '{wanted}'"
        one = nearest(wanted, names) or (names[0] if names else "")
        raise UsageError(f"{what}; {listed}", hint=f"--compute {one}" if one else ATTACH)
    if len(names) == 1:
        say(f"on {names[0]}, the only Kubernetes cluster there is")
        return names[0]
    raise UsageError(
        f"a new endpoint needs a Kubernetes cluster; {listed}", hint=f"--compute {names[0]}" if names else ATTACH
    )
