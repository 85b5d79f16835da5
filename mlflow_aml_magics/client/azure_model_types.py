"""Registering through Resource Manager, which knows more types of models than MLflow does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["create_by_path"]

# azure.ai.ml.constants.AssetTypes, by our words
_TYPES = {"mlflow": "mlflow_model", "custom": "custom_model", "triton": "triton_model"}


def create_by_path(
    conn: Connection, name: str, uri: str, *, tags: Mapping[str, str], description: str | None = None, kind: str
) -> str:
    """Register a path, which keeps the lineage to the job. Returns the version.

    Args:
        uri: azureml://…, or a path of this machine, which is uploaded to the workspace's Blob storage.
        kind: "mlflow", "custom" or "triton".
    """
    from azure.ai.ml.entities import Model

    from .azure_files import asked

    assert conn.azure is not None
    model = Model(name=name, path=uri, type=_TYPES[kind], tags=dict(tags), description=description)
    models = conn.azure.ml_client.models
    return str(asked(conn, f"registering '{name}'", lambda: models.create_or_update(model)).version)
