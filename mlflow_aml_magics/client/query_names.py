"""What the names of a query may mean, and tables that have a column for each of them."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from ..frames.columns import ATTRIBUTES, kind_of
from ..frames.runtable import RunTable
from ..frames.syntax import KEY_PREFIX, And, Column, Node, Not, Or, Search

__all__ = ["BLANK", "keys_of", "widened", "with_kind", "with_kinds"]


def keys_of(column: Column) -> tuple[str, ...]:
    """The columns of a run table that a column of a query may mean."""
    if column.kind is not None:
        return (KEY_PREFIX[column.kind] + column.name,)
    if column.name in ATTRIBUTES:
        return (column.name,)
    return tuple(KEY_PREFIX[kind] + column.name for kind in ("metric", "param", "tag"))


def widened(table: pa.Table, keys: frozenset[str]) -> pa.Table:
    """With an empty column for each key that is not there."""
    for key in sorted(keys.difference(table.column_names)):
        if kind_of(key) != "attribute":
            table = table.append_column(
                key, pa.nulls(table.num_rows, pa.float64() if kind_of(key) == "metric" else pa.string())
            )
    return table


def with_kind(column: Column, known: frozenset[str]) -> Column:
    """With its kind, where exactly one is known to be meant."""
    keys = keys_of(column)
    found = [key for key in keys if key in known] if len(keys) > 1 else []
    return replace(column, kind=kind_of(found[0])) if len(found) == 1 else column


def with_kinds(node: Node, known: frozenset[str]) -> Node:
    """The query, each of its columns as `with_kind` has it."""
    if isinstance(node, (And, Or)):
        return replace(node, parts=tuple(with_kinds(part, known) for part in node.parts))
    if isinstance(node, Not):
        return Not(with_kinds(node.part, known))
    if isinstance(node, Search):
        return node
    return replace(node, column=with_kind(node.column, known))


BLANK = RunTable(pa.table({"run_id": pa.nulls(1, pa.string())}))  # one run that has nothing: good for trying literals
