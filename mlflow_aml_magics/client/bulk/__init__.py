"""Many runs at once into columns: what mlflow's own client does run by run, value by value.

Each kind of store has its file: `sqlite`, `postgres`, and `rest` for servers and Azure Machine Learning. The values are
those of ``mlflow.search_runs``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...frames.runtable import RunTable
from .pivot import RUN_NAME, USER

if TYPE_CHECKING:
    from ..connection import Connection, Progress

__all__ = ["read_all"]

PATIENCE = 0.3  # seconds without a word of progress
_TAG_OF = {"run_name": RUN_NAME, "user": USER}  # attributes that are a tag's value for some runs


def read_all(
    connection: Connection,
    names: Mapping[str, str],
    *,
    progress: Progress | None = None,
    only: Sequence[str] | None = None,
    limit: int | None = None,
    lag: float | None = None,
    keys: Collection[str] | None = None,
) -> RunTable | None:
    """The active runs of some experiments, the newest first as mlflow orders them; None where no fast way is known.

    Args:
        connection: where.
        names: of the experiments, by id.
        progress: told while reading; what it raises, such as a cancel, ends the reading at once.
        only: these run ids; those that are not there, or deleted, are left out.
        limit: the newest so many.
        keys: the columns that are wanted beside the attributes; others may come too. None for all.
        lag: seconds for which runs that have ended may lack metrics; what the store's kind has, if not given.
    """
    told = _percentages(progress)
    if keys is not None:
        keys = {*keys, *(tag for attribute, tag in _TAG_OF.items() if attribute in keys)}
    scheme = connection.uri.partition(":")[0].partition("+")[0]
    columns: dict[str, Any] | None = None
    if scheme in ("sqlite", "postgresql") and _is_plain_sql(connection):
        read = _sqlite if scheme == "sqlite" else _postgres
        columns = _or_none(partial(read, connection, names, told=told, only=only, limit=limit, keys=keys))
        if columns is not None and progress and keys is None:
            progress(f"{len(columns['run_id']):,} runs read")
    elif scheme in ("http", "https", "azureml") and _is_rest(connection):
        columns = _rest(connection, names, progress=progress, only=only, limit=limit, lag=lag)
    return None if columns is None else RunTable(pa.table(columns))


def _percentages(progress: Progress | None) -> Callable[[int, float], None]:
    start = time.monotonic()

    def told(count: int, part: float) -> None:
        if progress and time.monotonic() > start + PATIENCE:
            progress(f"{count:,} runs, {part:.0%} read")

    return told


def _is_plain_sql(connection: Connection) -> bool:
    """Whether mlflow reads all experiments of the database, with none of its workspaces in between."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    client = getattr(connection.mlflow, "_tracking_client", None)
    return type(getattr(client, "store", None)) is SqlAlchemyStore


def _sqlite(connection: Connection, names: Mapping[str, str], **which: Any) -> dict[str, Any] | None:
    from .sqlite import read_sqlite

    path = connection.local_path
    return None if path is None else read_sqlite(path, names, **which)


def _postgres(connection: Connection, names: Mapping[str, str], **which: Any) -> dict[str, Any] | None:
    from .postgres import can_read, read_postgres

    store = connection.mlflow._tracking_client.store
    return read_postgres(store, names, **which) if can_read(store) else None


def _is_rest(connection: Connection) -> bool:
    """Whether mlflow asks a server itself: neither a test's nor Databricks' own client does."""
    from mlflow.store.tracking.rest_store import RestStore

    store = getattr(getattr(connection.mlflow, "_tracking_client", None), "store", None)
    return type(store) is RestStore or (connection.azure is not None and isinstance(store, RestStore))


def _rest(
    connection: Connection,
    names: Mapping[str, str],
    *,
    progress: Progress | None,
    only: Sequence[str] | None,
    limit: int | None,
    lag: float | None,
) -> dict[str, Any]:
    from .. import capabilities
    from .late import with_latest
    from .rest import read_rest, read_some

    if only is not None:
        return read_some(connection, names, only, progress=progress)
    able = capabilities.of(connection)
    wait = able.metrics_lag if lag is None else lag
    late = (lambda page: with_latest(connection, page, wait, progress)) if wait else None
    return read_rest(connection, names, size=able.max_page, progress=progress, limit=limit, late=late)


def _or_none(read: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    """What a fast way gives; None where it fails: mlflow's own way then says what is wrong with the store, or reads."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return read()
    except (sqlite3.Error, SQLAlchemyError, pa.ArrowException):
        return None
