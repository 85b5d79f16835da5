"""Runs as Arrow columns: what the client reads, the views show, and people filter, sort and take as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ..contract import ColumnInfo
from ..errors import RunNotFound, nearest
from . import wire
from .columns import ATTRIBUTES, as_numbers, column_infos, kind_of, type_of
from .grammar import parse_order
from .query import evaluate, parse, resolve

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunTable", "RunTableBuilder"]

# What mlflow.search_runs gives beside metrics, params and tags, in its order.
_PANDAS_ATTRIBUTES = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")


class RunTable:
    """Runs as Arrow columns.

    The columns are ``run_id, run_name, status, start_time, end_time, experiment_id, user, artifact_uri, experiment``
    (times in milliseconds, UTC), then ``metrics.<name>`` (float64), ``params.<name>`` and ``tags.<name>`` (text).
    Null is what was not logged; NaN is a value.

    Args:
        table: such columns; the attributes that are absent are filled with null.
        total: how many runs matched in the store, where more than those at hand.

    >>> runs.filter("rmse < 0.6 AND params.model = 'rf'").sort("rmse").to_pandas()  # doctest: +SKIP
    """

    table: pa.Table
    total: int

    def __init__(self, table: pa.Table, *, total: int | None = None) -> None:
        self.table = _in_order(table)
        self.total = max(total or 0, self.table.num_rows)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __contains__(self, key: object) -> bool:
        return key in self.table.column_names

    def __repr__(self) -> str:
        return f"RunTable({len(self)} of {self.total} runs, {self.table.num_columns} columns)"

    def keys(self) -> list[str]:
        """The names of all columns."""
        return list(self.table.column_names)

    def column(self, key: str) -> pa.ChunkedArray:
        """The values of one column."""
        return self.table.column(key)

    def row(self, i: int) -> dict[str, object]:
        """One run, column by column; None where nothing was logged."""
        return {key: self.table.column(key)[i].as_py() for key in self.table.column_names}

    def filter(self, query: str) -> RunTable:
        """The runs that a query keeps, in the same order.

        Raises:
            QueryError: the query does not parse, or names a column that is not there.
        """
        mask = evaluate(parse(query), self.table, text=query)
        return RunTable(self.table.filter(mask))

    def sort(self, order_by: str | Sequence[str]) -> RunTable:
        """The runs sorted by columns, such as ``"metrics.rmse ASC, start_time DESC"``; missing and NaN come last.

        Params whose values are all numbers sort as numbers. Equal runs keep their order.

        Raises:
            QueryError: the order does not parse, or names a column that is not there.
        """
        text = order_by if isinstance(order_by, str) else ", ".join(order_by)
        keys, directions = [], []
        for term in parse_order(text):
            if not len(self):
                break  # no runs have no columns: an unknown name is no mistake of the order
            keys.append(self._sortable(resolve(term.column, self.keys(), text=text)))
            directions.append("descending" if term.descending else "ascending")
        if not keys:
            return self
        names = [str(i) for i in range(len(keys))]
        order = pc.sort_indices(pa.table(keys, names=names), sort_keys=list(zip(names, directions, strict=True)))
        return RunTable(self.table.take(order), total=self.total)

    def take(self, run_ids: Sequence[str]) -> RunTable:
        """The runs of these ids, in this order.

        Raises:
            RunNotFound: an id is not among them.
        """
        ids = pa.array(list(run_ids), pa.string())
        places = pc.index_in(ids, value_set=pa.array(self.table.column("run_id").to_pylist(), pa.string()))
        if places.null_count:
            absent = ids.filter(pc.is_null(places))[0].as_py()
            close = nearest(absent, self.table.column("run_id").to_pylist())
            raise RunNotFound(
                f"no run '{absent}' among {len(self):,}", hint=f"did you mean '{close}'?" if close else None
            )
        return RunTable(self.table.take(places))

    def infos(self, metric: str | None = None) -> list[ColumnInfo]:
        """The columns that views show, in order: all that travel to the browser.

        Args:
            metric: name of the metric asked for: it always gets an axis.
        """
        return column_infos(self.table, self._shown(), metric)

    def to_ipc(self) -> bytes:
        """The columns of `infos` as one Arrow IPC stream, for the browser."""
        return wire.to_ipc(self.table, self._shown())

    def to_pandas(self) -> pd.DataFrame:
        """What ``mlflow.search_runs`` gives for the same runs: same columns, types and values."""
        import pandas as pd

        attributes = {
            key: _moments(self.table.column(key)) if key in ("start_time", "end_time") else _objects(self.table, key)
            for key in _PANDAS_ATTRIBUTES
        }
        # search_runs has no column of which no run has a value.
        keys = [key for key in self.keys() if self.table.column(key).null_count < len(self)]
        metrics = [key for key in keys if kind_of(key) == "metric"]
        texts = [key for key in keys if kind_of(key) in ("param", "tag")]
        parts = [pd.DataFrame(attributes)]
        parts += [_block(self.table, part, kind) for part, kind in ((metrics, "f8"), (texts, "O")) if part]
        # pandas 3 copies nothing until somebody writes, and does not know the keyword.
        lazily: Any = {"copy": False} if pd.__version__ < "3" else {}
        frame: pd.DataFrame = pd.concat(parts, axis=1, **lazily)
        return frame

    def _shown(self) -> list[str]:
        return [key for key in self.keys() if wire.travels(key)]

    def _sortable(self, key: str) -> pa.ChunkedArray:
        values = self.table.column(key)
        return as_numbers(values) if pa.types.is_string(values.type) and type_of(key, values) == "number" else values


def _objects(table: pa.Table, key: str) -> Any:
    values = table.column(key)
    return values.to_numpy() if len(values) else []  # of an empty list pandas makes what mlflow's frame has


def _block(table: pa.Table, keys: Sequence[str], kind: str) -> pd.DataFrame:
    """Columns of one type, in one array: pandas would copy them there one by one."""
    import numpy as np
    import pandas as pd

    values = np.empty((len(keys), table.num_rows), kind)
    for row, key in zip(values, keys, strict=True):
        row[:] = table.column(key).to_numpy()
    block: pd.DataFrame = pd.DataFrame(values.T, columns=list(keys), copy=False)
    return block


def _moments(values: pa.ChunkedArray) -> Any:
    # search_runs makes a Timestamp a run and lets pandas find the type: all None stays object.
    if values.null_count == len(values):
        return values.to_pylist()
    return pc.cast(values, pa.timestamp("ns", "UTC")).to_pandas()


def _in_order(table: pa.Table) -> pa.Table:
    """Attributes first, then metrics, params and tags by name, each of its one type."""
    rank = {"metric": 1, "param": 2, "tag": 3}
    others = sorted(
        (key for key in table.column_names if kind_of(key) != "attribute"),
        key=lambda key: (rank[kind_of(key)], key),
    )
    arrays = []
    columns = dict(
        zip(table.column_names, table.columns, strict=True)
    )  # tables of thousands of columns are slow to ask
    for key in (*ATTRIBUTES, *others):
        wanted = ATTRIBUTES.get(key) or (pa.float64() if kind_of(key) == "metric" else pa.string())
        if key not in columns:
            arrays.append(pa.chunked_array([pa.nulls(table.num_rows, wanted)]))
            continue
        values = columns[key]
        arrays.append(values if values.type == wanted else pc.cast(values, wanted))
    return pa.table(arrays, names=[*ATTRIBUTES, *others])


class RunTableBuilder:
    """Makes a RunTable of runs that come one by one; keeps columns, not rows."""

    def __init__(self) -> None:
        self._count = 0
        self._attributes: dict[str, list[object]] = {key: [] for key in ATTRIBUTES}
        self._columns: dict[str, tuple[list[int], list[Any]]] = {}

    def add(
        self,
        attributes: dict[str, object],
        metrics: dict[str, float],
        params: dict[str, str],
        tags: dict[str, str],
    ) -> None:
        """One more run.

        Args:
            attributes: by the names of RunTable; times as datetime or milliseconds since 1970, absent ones are null.
            metrics: last values.
            params, tags: as text.
        """
        for key, values in self._attributes.items():
            values.append(attributes.get(key))
        place, columns = self._count, self._columns
        for prefix, pairs in (("metrics.", metrics), ("params.", params), ("tags.", tags)):
            for name, value in pairs.items():
                key = prefix + name
                column = columns.get(key)
                if column is None:
                    column = columns[key] = ([], [])
                column[0].append(place)
                column[1].append(value)
        self._count += 1

    def build(self, total: int | None = None) -> RunTable:
        """The runs added so far, in the order they came.

        Args:
            total: how many runs matched in the store, where more.
        """
        arrays = {key: _array(values, ATTRIBUTES[key]) for key, values in self._attributes.items()}
        for key, (places, values) in self._columns.items():
            array = _array(values, pa.float64() if key.startswith("metrics.") else pa.string())
            arrays[key] = array if len(places) == self._count else _spread(array, places, self._count)
        return RunTable(pa.table(arrays), total=total)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a lone surrogate, which some stores let through, is no UTF-8
        return pa.array(
            [value if value is None else value.encode("utf-8", "replace").decode() for value in values], kind
        )


def _spread(values: pa.Array, places: list[int], count: int) -> pa.Array:
    """``values[i]`` at ``places[i]`` of ``count``, null elsewhere."""
    import numpy as np

    source = np.full(count, -1, dtype=np.int64)
    source[places] = np.arange(len(places))
    return values.take(pa.array(source, mask=source < 0))
