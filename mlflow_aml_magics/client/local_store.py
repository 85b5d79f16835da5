"""The files of a store on this machine: where they are, and whether they are MLflow's."""

from __future__ import annotations

import sqlite3
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path

from ..errors import StoreCorrupt
from .paths import short_path

__all__ = ["check_sqlite", "local_path", "sqlite_file"]


def check_sqlite(uri: str) -> None:
    """Look into a database without writing: mlflow would lay its 60 tables into any other application's.

    Raises:
        StoreCorrupt: it has tables, but not mlflow's.
    """
    path = local_path(uri)
    if path is None or not path.is_file() or not path.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro", uri=True)) as database:
            names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.OperationalError:
        return  # locked, or not to be read: mlflow's own words say which
    # alembic_version alone proves nothing: other applications keep their schema's version in a table of that name.
    if names - {"alembic_version"} and "experiments" not in names:
        raise StoreCorrupt(
            f"{short_path(path)} is a SQLite database, but no MLflow store",
            hint="%aml_track sqlite:///mlflow.db, or another file that is not there yet",
        )


def local_path(uri: str) -> Path | None:
    """The SQLite file or the mlruns folder of a tracking URI; None for anything behind a network."""
    scheme, _, rest = uri.partition("://")
    if scheme == "sqlite":
        return sqlite_file(rest)
    if scheme == "file":
        return Path(urllib.request.url2pathname(rest))
    return None


def sqlite_file(rest: str) -> Path:
    """The file of ``sqlite:///PATH`` or ``sqlite:///file:PATH?OPTIONS``."""
    return Path(rest.removeprefix("/").removeprefix("file:").partition("?")[0])
