"""What the user typed, set or left out -> the store to use, and why."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UsageError
from .paths import redacted, short_path
from .workspace_ref import WorkspaceRef, find_config, from_environment, parse_ref, run_of_job, subscription_from

__all__ = ["Target", "choose_registry", "choose_target", "resolve_uri"]

DATABASES = ("postgresql", "mysql", "mssql")


@dataclass(frozen=True)
class Target:
    """What to connect to and where it came from ("MLFLOW_TRACKING_URI", "the default beside the notebook").

    ``uri`` is the tracking URI; "" where ``azure`` names a workspace that is yet to be asked for its own. ``run_id`` is
    the run that a job was started as: runs go there.
    """

    uri: str = field(repr=False)  # it may hold a password
    why: str
    azure: WorkspaceRef | None = None
    run_id: str = ""


def choose_target(
    asked: str | None,
    folder: Path,
    *,
    workspace: str | None = None,
    resource_group: str | None = None,
    subscription: str | None = None,
) -> Target:
    """The store to connect to.

    What was asked for > MLFLOW_TRACKING_URI > the variables of a job or compute instance > the nearest config.json >
    SQLite in ``folder``.

    Args:
        asked: a tracking URI, a path of a database file or an mlruns folder, a studio URL, an ARM id, or None.
        folder: where a relative path and the search for config.json start, the notebook's folder.
        workspace, resource_group, subscription: an Azure Machine Learning workspace by name.

    Raises:
        UsageError: what was asked for is nothing of these, or a config.json is malformed.
    """
    if workspace or resource_group or subscription:
        if asked:
            raise UsageError(f"'{asked}' and a workspace's name exclude each other", hint="one of them")
        return Target("", "you named it", _named(workspace, resource_group, subscription, folder))
    if asked:
        ref = parse_ref(asked)
        return (
            Target(ref.tracking_uri, "you named it", ref) if ref else Target(resolve_uri(asked, folder), "you named it")
        )
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        ref = parse_ref(uri)
        job = run_of_job() if ref else ""
        why = f"this is a job: its run is {job}" if job else "MLFLOW_TRACKING_URI is set"
        return Target(uri, why, ref, job) if ref else Target(resolve_uri(uri, folder), why)
    if found := from_environment():
        return Target("", f"{found[1]} is set", found[0])
    if config := find_config(folder):
        return Target("", f"named in {short_path(config[1])}", config[0])
    return Target(resolve_uri("sqlite:///mlflow.db", folder), "the default, beside the notebook")


def choose_registry(asked: str | None, folder: Path) -> str | None:
    """The model registry's URI: what was asked for, else MLFLOW_REGISTRY_URI; None where it is the tracking store.

    Args:
        asked: a URI or a path as in `choose_target`; besides, what only registries have: ``databricks-uc``, ``uc:URL``.
        folder: where a relative path starts.
    """
    uri = asked or os.environ.get("MLFLOW_REGISTRY_URI")
    if not uri:
        return None
    return uri if uri.startswith(("databricks-uc", "uc:")) else resolve_uri(uri, folder)


def _named(workspace: str | None, group: str | None, subscription: str | None, folder: Path) -> WorkspaceRef:
    """The workspace of these names; what was left out comes from where a workspace is known already."""
    config = None if workspace and group and subscription else find_config(folder)
    around = from_environment() or config
    known = around[0] if around else None
    name = workspace or (known.name if known else "")
    group = group or (known.resource_group if known else "")
    subscription = subscription or (known.subscription_id if known else "") or subscription_from()
    missing = [
        option
        for option, value in (("--workspace", name), ("--resource-group", group), ("--subscription", subscription))
        if not value
    ]
    if missing:
        raise UsageError(
            f"a workspace has three names: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            hint="%aml_track --list"
            if subscription
            else "%aml_track --list --subscription ID; az account list -o table",
        )
    return WorkspaceRef(subscription, group, name)


def resolve_uri(text: str, folder: Path) -> str:
    """An absolute tracking URI for a URI or a path.

    A folder is an old-style ``mlruns`` store, or holds one, or holds an ``mlflow.db``; a file is a SQLite store.

    Raises:
        UsageError: a scheme that mlflow knows no store for, a store in memory, or nothing that exists.
    """
    scheme, separator, rest = text.partition("://")
    if separator:
        kind = scheme.partition("+")[0]
        if kind == "sqlite":
            return _sqlite(rest.removeprefix("/"), folder)
        if scheme == "file" or kind in (*DATABASES, "http", "https", "databricks", "azureml"):
            return text
        raise UsageError(
            f"no MLflow store is known for {scheme}://", hint="%aml_track sqlite:///mlflow.db, or http://SERVER:PORT"
        )
    if text == "databricks":
        return text
    path = (folder / Path(text).expanduser()).resolve()
    if path.is_file() or path.suffix in (".db", ".sqlite", ".sqlite3"):
        return _sqlite(str(path), folder)
    if path.name == "mlruns" or _is_file_store(path):
        return path.as_uri()
    if path.is_dir():
        if (path / "mlflow.db").is_file():
            return _sqlite(str(path / "mlflow.db"), folder)
        if _is_file_store(path / "mlruns"):
            return (path / "mlruns").as_uri()
        return _sqlite(str(path / "mlflow.db"), folder)
    raise UsageError(
        f"'{redacted(text)}' is neither a tracking URI nor a folder or file that exists",
        hint="%aml_track sqlite:///mlflow.db",
    )


def _sqlite(path: str, folder: Path) -> str:
    if path in ("", ":memory:") or (path.startswith("file:") and (":memory:" in path or "mode=memory" in path)):
        raise UsageError("a store in memory ends with its connection", hint="%aml_track sqlite:///mlflow.db")
    if path.startswith("file:"):
        return f"sqlite:///{path}"  # SQLite's own URI form, with its options
    return f"sqlite:///{(folder / path).resolve()}"


def _is_file_store(path: Path) -> bool:
    return (path / "0" / "meta.yaml").is_file() or any(path.glob("*/meta.yaml")) if path.is_dir() else False
