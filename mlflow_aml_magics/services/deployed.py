"""Which deployments serve a version of a registered model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .deploy import ON_AZURE, deployments

if TYPE_CHECKING:
    from ..client.connection import Connection
    from .deploy import Deployment

__all__ = ["deployed", "served_version"]

# How a deployment names its model: our own label, a registered model's URI, azure-ai-ml's short and long ids.
_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<name>.+) version (?P<version>[^\s/]+)",
        r"models:/(?P<name>[^/@]+)/(?P<version>[^/]+)",
        r"(?:azureml:)?(?P<name>[^/:@]+):(?P<version>[^/:@]+)",
        r".*/models/(?P<name>[^/]+)/versions/(?P<version>[^/]+)",
    )
)


def served_version(deployment: Deployment) -> tuple[str, str] | None:
    """Name and version of the registered model that a deployment serves; None for another kind of model."""
    for pattern in _NAMES:
        if match := pattern.fullmatch(deployment.model):
            return match["name"], match["version"]
    return None


def deployed(conn: Connection, name: str, version: str | None = None) -> tuple[tuple[Deployment, ...], tuple[str, ...]]:
    """The deployments of a model, or of one of its versions, and notes on what could not be asked.

    Of those on this machine the ones that took the model from this store. On Azure ML this costs some requests.
    """
    store = re.sub(r"//[^/@]*@", "//", conn.uri).partition("?")[0]  # as `deploy.model_to_serve` keeps it
    listed = deployments(conn)
    found = tuple(
        d
        for d in listed
        if (serves := served_version(d)) is not None
        and serves[0] == name
        and version in (None, serves[1])
        and (d.target in ON_AZURE or d.store == store)
    )
    return found, listed.notes
