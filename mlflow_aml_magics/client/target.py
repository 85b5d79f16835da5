"""What the user typed, set or left out -> the store to use, and why."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UsageError
from .paths import redacted

__all__ = ["Target", "choose_registry", "choose_target", "resolve_uri"]

DATABASES = ("postgresql", "mysql", "mssql")


@dataclass(frozen=True)
class Target:
    """A tracking URI and where it came from ("MLFLOW_TRACKING_URI", "the default beside the notebook")."""

    uri: str = field(repr=False)  # it may hold a password
    why: str


def choose_target(asked: str | None, folder: Path) -> Target:
    """The store to connect to: what was asked for, else the environment, else SQLite in ``folder``.

    Args:
        asked: a URI, a path of a database file or an mlruns folder, or None.
        folder: where a relative path starts, the notebook's folder.
    """
    if asked:
        return Target(resolve_uri(asked, folder), "you named it")
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return Target(resolve_uri(uri, folder), "MLFLOW_TRACKING_URI is set")
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
