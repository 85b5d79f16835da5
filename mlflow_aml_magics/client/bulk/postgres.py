"""A PostgreSQL store read into columns by ``COPY``, over the store's own engine, in one consistent snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv
from sqlalchemy.exc import OperationalError

from .pivot import Long, columns_of_runs
from .schema import ATTRIBUTES, REVISIONS, TABLES

__all__ = ["can_read", "read_postgres"]

BLOCK = 1 << 24  # bytes that Arrow parses at a time; a row is smaller
BEAT = 0.1  # seconds between two words of progress
_NUMBERS = {"start_time": pa.int64(), "end_time": pa.int64()}
_METRIC = "CASE WHEN t.is_nan THEN 'NaN' ELSE t.value END"


def can_read(store: Any) -> bool:
    """Whether the driver of mlflow's engine can copy out."""
    return store.engine.dialect.driver in ("psycopg2", "psycopg")


def read_postgres(
    store: Any,
    names: Mapping[str, str],
    *,
    told: Callable[[int, float], None],
    only: Sequence[str] | None = None,
    limit: int | None = None,
    keys: Collection[str] | None = None,
) -> dict[str, Any] | None:
    """The columns of the active runs of some experiments, the newest first; None where the schema is not known.

    Args:
        store: mlflow's own.
        names: experiment ids to names.
        told: how many runs there are, and the part that is read; what it raises ends the reading.
        only: these run ids.
        limit: the newest so many.
        keys: these columns beside the attributes, such as ``metrics.rmse``; None for all.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, pyarrow.ArrowException: the database or Arrow does not take what is there.
    """
    if not names or not all(each.isdecimal() for each in names):
        return None
    wanted = f"""
        SELECT *, row_number() OVER (ORDER BY start_time DESC, run_uuid) - 1 AS place FROM runs
        WHERE lifecycle_stage = 'active' AND experiment_id IN ({", ".join(names)})
        {"" if only is None else f"AND run_uuid IN (SELECT unnest({_texts(only)}))"}
        ORDER BY place {"" if limit is None else f"LIMIT {int(limit)}"}
    """
    with store.engine.connect() as opened:
        # From the first row read to the last, the store is seen as it is now.
        connection = opened.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        try:
            versions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
            if len(versions) != 1 or versions[0] not in REVISIONS:
                return None
            for setting in ("extra_float_digits = 3", "standard_conforming_strings = on"):
                connection.exec_driver_sql(f"SET LOCAL {setting}")
            copier = _Copier(connection.connection.driver_connection, told)
            return _read(copier, wanted, names, keys)
        except connection.dialect.dbapi.Error as exc:  # COPY goes past SQLAlchemy, which would say it in its own words
            connection.invalidate()
            raise OperationalError("COPY", None, exc) from exc
        except BaseException:
            connection.invalidate()  # it may be half-way through a copy
            raise


def _read(copier: _Copier, wanted: str, names: Mapping[str, str], keys: Collection[str] | None) -> dict[str, Any]:
    kinds = {column: _NUMBERS.get(column, pa.string()) for column in ATTRIBUTES}
    runs = copier.table(f"SELECT {', '.join(ATTRIBUTES)} FROM ({wanted}) AS w ORDER BY place", kinds)
    attributes = {key: _one(runs.column(column)) for column, key in ATTRIBUTES.items()}
    copier.count = len(runs)
    longs = []
    for done, (table, prefix) in enumerate(TABLES.items()):
        copier.part = done / len(TABLES)
        kind = pa.float64() if prefix == "metrics." else pa.string()
        some = [key[len(prefix) :] for key in keys or () if key.startswith(prefix)]
        long = Long(prefix, kind)
        longs.append(long)
        if keys is not None and not some:
            continue
        rows = copier.table(
            f"""
            WITH w AS ({wanted}) SELECT w.place, t.key, {_METRIC if prefix == "metrics." else "coalesce(t.value, '')"}
            FROM {table} AS t JOIN w ON w.run_uuid = t.run_uuid
            {f"WHERE t.key IN (SELECT unnest({_texts(some)}))" if some else ""}
            """,
            {"place": pa.int32(), "key": pa.string(), "value": kind},
        )
        long.add(rows.column("place").to_numpy(), _one(rows.column("key")), _one(rows.column("value")))
    return columns_of_runs(attributes, [long.columns(copier.count) for long in longs], names, tag_names=True)


class _Copier:
    """Copies the rows of queries out, and tells of it."""

    def __init__(self, connection: Any, told: Callable[[int, float], None]) -> None:
        self._connection, self._told = connection, told
        self._beat = time.monotonic()
        self.count, self.part = 0, 0.0

    def table(self, query: str, kinds: Mapping[str, Any]) -> Any:
        """The rows as an Arrow table of these columns."""
        self._sink = pa.BufferOutputStream()
        quoted = f"COPY (SELECT * FROM ({query}) AS q) TO STDOUT (FORMAT csv, FORCE_QUOTE *, ENCODING 'UTF8')"
        with closing(self._connection.cursor()) as cursor:
            if hasattr(cursor, "copy_expert"):  # psycopg2
                cursor.copy_expert(quoted, self)
            else:
                with cursor.copy(quoted) as copy:
                    for block in copy:
                        self.write(block)
        found = self._sink.getvalue()
        if not len(found):
            return pa.schema(kinds.items()).empty_table()
        return pv.read_csv(
            pa.BufferReader(found),
            read_options=pv.ReadOptions(column_names=list(kinds), block_size=BLOCK),
            parse_options=pv.ParseOptions(newlines_in_values=True),
            convert_options=pv.ConvertOptions(
                column_types=dict(kinds), null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )

    def write(self, block: bytes) -> None:
        """A part of the rows."""
        self._sink.write(block)
        if time.monotonic() > self._beat + BEAT:
            self._told(self.count, self.part)
            self._beat = time.monotonic()


def _one(column: Any) -> Any:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _texts(values: Collection[str]) -> str:
    return "ARRAY[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]::text[]"
