"""Where code begins: the connection to the store or workspace that an action was done in, without credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...client.paths import redacted
from ...errors import UsageError
from .copied import Raw, call, command

if TYPE_CHECKING:
    from ...client.connection import Connection
    from ...client.workspace_ref import WorkspaceRef

__all__ = ["az", "ours", "with_mlflow", "with_sdk", "workspace_of"]


def workspace_of(conn: Connection | None) -> WorkspaceRef:
    """The workspace of Azure behind a connection.

    Raises:
        UsageError: it is none.
    """
    if conn is None or conn.azure is None:
        raise UsageError(
            "azure-ai-ml and az speak to an Azure Machine Learning workspace, and this store is none",
            hint="%aml_track --workspace NAME",
        )
    return conn.azure.ref


def ours(conn: Connection | None, *lines: str) -> str:
    """Our Python: the connection, then the lines, which call ``ws``."""
    if conn is None:
        head = "from mlflow_aml_magics.workspace.serving import Serving\n\nws = Serving()"
        return "\n".join([head, *lines]) + "\n"
    if conn.azure is not None:
        ref = conn.azure.ref
        where = call(
            "Workspace.connect",
            workspace=ref.name,
            resource_group=ref.resource_group,
            subscription=ref.subscription_id,
        )
    else:
        registry = conn.registry_uri if conn.registry_uri != conn.uri else None
        where = call("Workspace.connect", redacted(conn.uri), registry_uri=redacted(registry) if registry else None)
    return "\n".join(["from mlflow_aml_magics import Workspace", "", f"ws = {where}", *lines]) + "\n"


def with_sdk(
    conn: Connection | None, entities: Sequence[str], *lines: str, top: str = "MLClient", before: str = ""
) -> str:
    """A program of azure-ai-ml: imports, the client, then the lines, which call ``client``."""
    ref = workspace_of(conn)
    imports = [f"from azure.ai.ml import {top}"]
    if entities:
        imports.append(f"from azure.ai.ml.entities import {', '.join(sorted(entities))}")
    imports.append("from azure.identity import DefaultAzureCredential")
    made = (
        "client = MLClient(\n"
        "    DefaultAzureCredential(),\n"
        f"    {ref.subscription_id!r},\n"
        f"    {ref.resource_group!r},\n"
        f"    {ref.name!r},\n"
        ")"
    )
    return "\n".join([*([before, ""] if before else []), *imports, "", made, *lines]) + "\n"


def with_mlflow(conn: Connection, *lines: str) -> str:
    """A program of mlflow: the client, then the lines, which call ``client``."""
    registry = f", registry_uri={redacted(conn.registry_uri)!r}" if conn.registry_uri != conn.uri else ""
    made = f"client = MlflowClient({redacted(conn.uri)!r}{registry})"
    return "\n".join(["from mlflow import MlflowClient", "", made, *lines]) + "\n"


def az(conn: Connection | None, words: str, options: Mapping[str, str | bool | Raw | None]) -> str:
    """A command of az ml, with the workspace."""
    ref = workspace_of(conn)
    where = {"workspace-name": ref.name, "resource-group": ref.resource_group, "subscription": ref.subscription_id}
    return command(["az", "ml", *words.split()], {**options, **where})
