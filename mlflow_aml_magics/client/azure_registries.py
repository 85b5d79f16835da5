"""Registries of Azure Machine Learning, whose models several workspaces share: what is in them, and sharing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import AmlMagicsError, NotFound, UsageError

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["registry_versions", "share_version"]


def registry_versions(conn: Connection, registry: str, name: str) -> dict[str, Mapping[str, str]]:
    """The versions of a model that a registry has, with their tags; none where it has no such model.

    Raises:
        NotFound: no such registry that this login can see.
    """
    from azure.core.exceptions import ResourceNotFoundError

    from .azure_files import asked

    client = _client(conn, registry)
    try:
        found = asked(conn, f"listing {name} in the registry {registry}", lambda: list(client.models.list(name=name)))
    except AmlMagicsError as exc:
        if isinstance(exc.__cause__, ResourceNotFoundError):
            return {}  # no such model
        raise
    return {str(version.version): dict(version.tags or {}) for version in found}


def share_version(conn: Connection, name: str, version: str, *, registry: str, to: str, as_version: str) -> str:
    """Copy a workspace's version into a registry; the service does it. Returns the version there."""
    from .azure_files import asked

    assert conn.azure is not None
    models = conn.azure.ml_client.models

    def share() -> Any:
        return models.share(name, version, registry_name=registry, share_with_name=to, share_with_version=as_version)

    return str(asked(conn, f"sharing {name}:{version} with the registry {registry}", share).version)


def _client(conn: Connection, registry: str) -> Any:
    from azure.ai.ml import MLClient
    from azure.core.exceptions import ResourceNotFoundError

    from .azure_files import told

    azure = conn.azure
    if azure is None or azure.credential is None:
        raise UsageError(f"{conn.label} does not reach registries", hint="%aml_track --workspace NAME")
    with told(conn, f"looking up the registry {registry}"):
        try:
            return MLClient(azure.credential, registry_name=registry, enable_telemetry=False)
        except ResourceNotFoundError as exc:
            raise NotFound(f"no registry '{registry}'", hint="az ml registry list") from exc
