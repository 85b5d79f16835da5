"""Taking away and putting aside: deletion of versions and models, archiving, and words on a model as a whole."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import AccessDenied
from .registry import ModelVersion, aliases_of, list_versions, registered

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["delete_model", "delete_version", "describe_model", "put_aside", "set_model_tag"]


def delete_version(conn: Connection, version: ModelVersion) -> None:
    """Delete a version for good; the files stay with the run that logged them.

    Its aliases go too: mlflow's SQL store leaves them pointing at nothing (`delete_model_version` of 3.15).
    """
    with conn.guard(f"deleting {version.label}"):
        conn.mlflow.delete_model_version(version.name, version.version)
        for alias, holder in aliases_of(registered(conn, version.name)).items():
            if holder == version.version:
                conn.mlflow.delete_registered_model_alias(version.name, alias)


def delete_model(conn: Connection, name: str) -> bool:
    """Delete a model with all its versions.

    Returns:
        Whether its name is free again: Azure ML deletes versions only (how-to-manage-models-mlflow.md).
    """
    with conn.guard(f"deleting the model '{name}'"):
        if conn.azure is None:
            conn.mlflow.delete_registered_model(name)
            return True
        for version in list_versions(conn, name):
            conn.mlflow.delete_model_version(name, version.version)
        return False


def describe_model(conn: Connection, name: str, text: str) -> None:
    """Set the description of a model as a whole."""
    with conn.guard(f"describing the model '{name}'"):
        conn.mlflow.update_registered_model(name, text)


def set_model_tag(conn: Connection, name: str, key: str, value: str | None) -> None:
    """Set a tag of a model as a whole; None removes it."""
    with conn.guard(f"tagging the model '{name}'"):
        if value is None:
            conn.mlflow.delete_registered_model_tag(name, key)
        else:
            conn.mlflow.set_registered_model_tag(name, key, value)


def put_aside(conn: Connection, version: ModelVersion, *, archived: bool) -> bool:
    """On Azure ML, archive the version or restore it: the studio lists no archived ones.

    Returns:
        Whether it was done; elsewhere, and for a login that may only track, the stage alone says so.
    """
    if conn.azure is None or conn.azure.credential is None:
        return False
    from .azure_files import asked

    models = conn.azure.ml_client.models
    change = models.archive if archived else models.restore
    with suppress(AccessDenied):
        asked(
            conn,
            f"{'archiving' if archived else 'restoring'} {version.label}",
            lambda: change(name=version.name, version=version.version),
        )
        return True
    return False
