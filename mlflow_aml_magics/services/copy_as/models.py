"""Registered models as code: register, alias, stage, tags, description, archive, delete, share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .copied import Copied, Raw, call, yaml_file
from .where import az, ours, with_mlflow, with_sdk, workspace_of

if TYPE_CHECKING:
    from ...client.connection import Connection

__all__ = ["alias", "archive", "copy_to", "delete_version", "describe", "register", "share", "stage", "tags"]


def register(conn: Connection, source: str, name: str, about: Mapping[str, Any]) -> Copied:
    """A new version of a run's model, a folder's, or what a URI names.

    Args:
        about: alias, tags, description, where there are any.
    """
    given = {key: about.get(key) or None for key in ("alias", "description", "tags")}
    python = ours(conn, call("ws.register", source, name, **given))
    moved = [call("client.set_registered_model_alias", name, given["alias"], Raw("version.version"))]
    if conn.azure is None:
        uri, run_id = _uri(conn, source)
        lines = [
            "from contextlib import suppress",
            "from mlflow.exceptions import MlflowException",
            "with suppress(MlflowException):  # it may be there",
            f"    client.create_registered_model({name!r})",
            "version = " + call(
                "client.create_model_version", name, uri, run_id=run_id, tags=given["tags"],
                description=given["description"],
            ),
            *(moved if given["alias"] else []),
        ]  # fmt: skip
        return Copied(python, with_mlflow(conn, *lines))
    path = _azure_path(conn, source)
    labels = dict(given["tags"] or {})
    if given["alias"]:
        labels[f"aml.alias.{given['alias']}"] = "true"  # how aliases are kept there (client/bridge/aliases.py)
    entity = call(
        "Model", name=name, path=path, type="mlflow_model", tags=labels or None, description=given["description"]
    )
    content = {
        "name": name,
        "path": path,
        "type": "mlflow_model",
        "tags": labels,
        "description": given["description"],
    }
    return Copied(
        python,
        with_sdk(conn, ("Model",), f"version = client.models.create_or_update({entity})", "print(version.version)"),
        az(conn, "model create", {"file": "model.yml"}) + "\n",
        (("model.yml", yaml_file("model", content)),),
    )


def _uri(conn: Connection, source: str) -> tuple[str, str | None]:
    from ...client.models import find_model
    from ..deploy import is_run_model, model_folder

    if (folder := model_folder(source)) is not None:
        return folder.as_uri(), None
    if is_run_model(source):
        found = find_model(conn, source)
        return found.uri, found.run_id
    return source, None


def _azure_path(conn: Connection, source: str) -> str:
    """Where Resource Manager takes the files from; a run's with the lineage to it."""
    from ...client.models import find_model
    from ..deploy import is_run_model, model_folder

    if (folder := model_folder(source)) is not None:
        return str(folder)
    if is_run_model(source):
        found = find_model(conn, source)
        return f"azureml://jobs/{found.run_id}/outputs/artifacts/paths/{found.name}/"
    return source


def alias(conn: Connection, name: str, version: str, word: str, *, remove: bool = False) -> Copied:
    """Give an alias to a version, or take it away; the command line knows none."""
    ref = f"{name}:{version}"
    ours_does = call("ws.remove_alias" if remove else "ws.set_alias", ref, word)
    if remove:
        lines = [call("client.delete_registered_model_alias", name, word)]
    else:
        lines = [call("client.set_registered_model_alias", name, word, version)]
    if conn.azure is None:
        return Copied(ours(conn, ours_does), with_mlflow(conn, *lines))
    # The service has no aliases: they are tags of versions, which azure-ai-ml writes.
    key = f"aml.alias.{word}"
    others = [
        f"for model in client.models.list({name!r}):",
        f"    if model.tags.pop({key!r}, None):",
        "        client.models.create_or_update(model)",
    ]
    given = [
        f"model = client.models.get({name!r}, {version!r})",
        f"model.tags[{key!r}] = 'true'",
        "client.models.create_or_update(model)",
    ]
    return Copied(
        ours(conn, ours_does),
        with_sdk(conn, (), *others, *(() if remove else given)),
        "# az ml has no command for aliases\n",
    )


def stage(conn: Connection, name: str, version: str, word: str) -> Copied:
    """Move a version to a stage, which is MLflow's word."""
    moved = call("client.transition_model_version_stage", name, version, word)
    return Copied(
        ours(conn, call("ws.set_stage", f"{name}:{version}", word)),
        with_mlflow(conn, moved),
        "# az ml has no command for the stages of MLflow\n" if conn.azure else "",
    )


def tags(conn: Connection, name: str, version: str, found: Mapping[str, str]) -> Copied:
    """Set tags of a version; the others stay."""
    lines = [call("client.set_model_version_tag", name, version, key, text) for key, text in found.items()]
    python = ours(conn, *(call("ws.tag_model", f"{name}:{version}", key, text) for key, text in found.items()))
    if conn.azure is None:
        return Copied(python, with_mlflow(conn, *lines))
    sdk = [
        f"model = client.models.get({name!r}, {version!r})",
        f"model.tags.update({dict(found)!r})",
        "client.models.create_or_update(model)",
    ]
    return Copied(
        python, with_sdk(conn, (), *sdk), _set(conn, name, version, {f"tags.{k}": v for k, v in found.items()})
    )


def describe(conn: Connection, name: str, version: str, text: str) -> Copied:
    """Another description of a version."""
    python = ours(conn, call("ws.describe_model", f"{name}:{version}", text))
    if conn.azure is None:
        return Copied(python, with_mlflow(conn, call("client.update_model_version", name, version, text)))
    sdk = [
        f"model = client.models.get({name!r}, {version!r})",
        f"model.description = {text!r}",
        "client.models.create_or_update(model)",
    ]
    return Copied(python, with_sdk(conn, (), *sdk), _set(conn, name, version, {"description": text}))


def _set(conn: Connection, name: str, version: str, values: Mapping[str, str]) -> str:
    """`--set a=b`, one each; a key with a dot of its own would mean another place, and has no command."""
    can = {k: v for k, v in values.items() if re.fullmatch(r"(tags\.)?[A-Za-z0-9_-]+", k)}
    lines = [
        az(conn, "model update", {"name": name, "version": version, "set": f"{key}={text}"})
        for key, text in can.items()
    ]
    if len(can) < len(values):
        lines.append("# az ml cannot set a tag whose name has a dot, or another sign")
    return "\n".join([*lines, ""])


def archive(conn: Connection, name: str, version: str) -> Copied:
    """Put a version away; on Azure out of the studio's list."""
    python = ours(conn, call("ws.archive_model", f"{name}:{version}"))
    if conn.azure is None:
        return Copied(
            python, with_mlflow(conn, call("client.transition_model_version_stage", name, version, "Archived"))
        )
    return Copied(
        python,
        with_sdk(conn, (), call("client.models.archive", name=name, version=version)),
        az(conn, "model archive", {"name": name, "version": version}) + "\n",
    )


def delete_version(conn: Connection, name: str, version: str) -> Copied:
    """Delete a version for good, which MLflow alone can."""
    return Copied(
        ours(conn, call("ws.delete_model", f"{name}:{version}")),
        with_mlflow(conn, call("client.delete_model_version", name, version)),
        "# az ml has no command that deletes a version; `az ml model archive` hides it\n" if conn.azure else "",
    )


def share(conn: Connection, name: str, version: str, *, registry: str, as_name: str, as_version: str) -> Copied:
    """Copy a version of the workspace into a registry, where other workspaces find it."""
    workspace_of(conn)
    given = {"registry_name": registry, "share_with_name": as_name, "share_with_version": as_version}
    options = {
        "name": name,
        "version": version,
        "registry-name": registry,
        "share-with-name": as_name,
        "share-with-version": as_version,
    }
    other = as_name if as_name != name else None
    return Copied(
        ours(conn, call("ws.share", f"{name}:{version}", registry=registry, name=other)),
        with_sdk(conn, (), call("client.models.share", name=name, version=version, **given)),
        az(conn, "model share", options) + "\n",
    )


def copy_to(conn: Connection, name: str, version: str, to: Mapping[str, Any]) -> Copied:
    """Copy a version to another workspace or store, for which there is no command of Azure's."""
    given = {key: to.get(key) or None for key in ("workspace", "resource_group", "subscription", "store", "alias")}
    return Copied(ours(conn, call("ws.share", f"{name}:{version}", **given)))
