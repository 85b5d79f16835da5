"""Changes in the model registry: a new version, all or nothing; aliases, stages, tags."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException

from ..errors import ModelError, UsageError
from .azure_model_types import create_by_path
from .azure_models import is_mlflow_source
from .registry import ModelVersion, aliases_of, exists, registered, resolve

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["alias_holder", "create_version", "remove_alias", "remove_tag", "set_alias", "set_stage", "update"]

COPY_SECONDS = 300.0  # as mlflow waits


def create_version(
    conn: Connection,
    name: str,
    model_uri: str,
    *,
    run_id: str | None = None,
    model_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    alias: str | None = None,
    kind: str = "mlflow",
) -> ModelVersion:
    """Create a version of ``name``, and the registered model itself where it is new: all of it or nothing.

    Args:
        model_uri: where the files are: "models:/m-…", or the location of a folder of artifacts.
        run_id: the run that made the model; kept as its lineage.
        model_id: of the logged model, on stores that have them.
        alias: given to the version; taken from the version that had it.
        kind: "mlflow", "custom" or "triton", which Azure Machine Learning alone has as types.
    """
    client = conn.mlflow
    with conn.guard(f"registering '{name}'"):
        by_path = conn.azure is not None and (kind != "mlflow" or not is_mlflow_source(model_uri))
        ours = False if by_path else not exists(conn, name) and _create_model(client, name)
        number = holder = None
        is_given = False
        try:
            if by_path:
                number = create_by_path(conn, name, model_uri, tags=tags or {}, description=description, kind=kind)
            else:
                logged: dict[str, Any] = {"model_id": model_id} if model_id else {}  # mlflow 2 knows no such argument
                # A SQL registry looks a models:/ source up in the global store.
                with conn.as_current():
                    raw = client.create_model_version(
                        name, model_uri, run_id=run_id, tags=dict(tags or {}), description=description,
                        await_creation_for=0, **logged,
                    )  # fmt: skip
                    number = str(raw.version)
                    _await(client, name, number)
            if alias:
                holder = alias_holder(conn, name, alias)
                is_given = True
                client.set_registered_model_alias(name, alias, number)
            return resolve(conn, f"models:/{name}/{number}")
        except BaseException:
            # A second failure must not hide the first.
            with suppress(Exception):
                if is_given and alias:
                    _give_back(client, name, alias, holder)
            with suppress(Exception):
                if number is not None:
                    client.delete_model_version(name, number)
            with suppress(Exception):  # Azure ML deletes no models; one without versions is shown nowhere
                if ours and not client.search_model_versions(f"name='{name}'", max_results=1):
                    client.delete_registered_model(name)
            raise


def _await(client: Any, name: str, number: str) -> None:
    """Wait for a store that copies the files first; the others are ready at once.

    Raises:
        ModelError: the store could not copy them.
    """
    end = time.monotonic() + COPY_SECONDS
    while (version := client.get_model_version(name, number)).status == "PENDING_REGISTRATION":
        if time.monotonic() > end:
            raise ModelError(f"'{name}' version {number} is not ready after {COPY_SECONDS:.0f} s")
        time.sleep(1)
    if version.status == "FAILED_REGISTRATION":
        raise ModelError(f"the store could not take '{name}' version {number}: {version.status_message}")


def _create_model(client: Any, name: str) -> bool:
    """Make the registered model; False if somebody else was faster."""
    try:
        client.create_registered_model(name)
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return False
    return True


def _give_back(client: Any, name: str, alias: str, holder: str | None) -> None:
    """Let an alias mean what it did; mlflow's SQL store keeps one of a version that is deleted."""
    if holder is None:
        client.delete_registered_model_alias(name, alias)
    else:
        client.set_registered_model_alias(name, alias, holder)


def alias_holder(conn: Connection, name: str, alias: str) -> str | None:
    """The version that has the alias now."""
    with conn.guard(f"looking up the alias {alias} of '{name}'"):
        return aliases_of(registered(conn, name)).get(alias)


def set_alias(conn: Connection, version: ModelVersion, alias: str) -> str | None:
    """Give ``alias`` to that version. Returns the version it moved away from, or None."""
    before = alias_holder(conn, version.name, alias)
    with conn.guard(f"setting the alias {alias} of '{version.name}'"):
        if before != version.version:
            conn.mlflow.set_registered_model_alias(version.name, alias, version.version)
    return None if before == version.version else before


def remove_alias(conn: Connection, version: ModelVersion, alias: str) -> None:
    """Take ``alias`` from that version.

    Raises:
        UsageError: it is not this version's.
    """
    holder = alias_holder(conn, version.name, alias)
    with conn.guard(f"removing the alias {alias} of '{version.name}'"):
        if holder != version.version:
            has = f"it is version {holder}'s" if holder else "no version has it"
            raise UsageError(
                f"{version.name} version {version.version} has no alias '{alias}': {has}",
                hint=f"%aml_models {version.name}:{holder} --remove-alias {alias}" if holder else None,
            )
        conn.mlflow.delete_registered_model_alias(version.name, alias)


def set_stage(conn: Connection, version: ModelVersion, stage: str) -> None:
    """Move a version to one of MLflow's stages. Other versions stay where they are."""
    with conn.guard(f"moving '{version.name}' version {version.version} to {stage}"), warnings.catch_warnings():
        # Stages are deprecated since mlflow 2.9, but they are what Azure ML has, and what many stores are full of.
        warnings.simplefilter("ignore", FutureWarning)
        conn.mlflow.transition_model_version_stage(version.name, version.version, stage)


def remove_tag(conn: Connection, version: ModelVersion, key: str) -> None:
    """Take a tag from a version."""
    with conn.guard(f"describing '{version.name}' version {version.version}"):
        conn.mlflow.delete_model_version_tag(version.name, version.version, key)


def update(conn: Connection, version: ModelVersion, *, tags: Mapping[str, str], description: str | None = None) -> None:
    """Set tags and description of a version that is already there. Its other tags stay, and so does None."""
    with conn.guard(f"describing '{version.name}' version {version.version}"):
        if description is not None:
            conn.mlflow.update_model_version(version.name, version.version, description)
        for key, value in tags.items():
            conn.mlflow.set_model_version_tag(version.name, version.version, key, value)
