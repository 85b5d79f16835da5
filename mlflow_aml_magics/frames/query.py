"""Which runs a query keeps: the tree of `grammar` evaluated on Arrow columns, a column at a time.

Logic is SQL's: a comparison with a missing value is unknown, NOT unknown is unknown, only truth is kept. NaN is
a value and compares as IEEE 754 says: false, except ``!=``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from functools import reduce
from typing import Any, NoReturn, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from ..contract import ColumnKind
from ..errors import QueryError, nearest
from .columns import NUMBER, as_numbers, kind_of
from .grammar import parse, parse_order
from .status import STATUSES, canonical_status, nearest_status
from .syntax import (
    KEY_PREFIX,
    And,
    Column,
    Compare,
    In,
    IsNull,
    Like,
    Literal,
    Node,
    Not,
    Operator,
    Or,
    OrderTerm,
    Search,
    columns,
    conjuncts,
    to_text,
)

__all__ = [
    "And",
    "Column",
    "Compare",
    "In",
    "IsNull",
    "Like",
    "Literal",
    "Node",
    "Not",
    "Or",
    "OrderTerm",
    "Search",
    "columns",
    "conjuncts",
    "evaluate",
    "milliseconds",
    "parse",
    "parse_order",
    "resolve",
    "to_text",
]

Array: TypeAlias = Any  # pyarrow has no stubs: a pyarrow.Array or ChunkedArray

_COMPARE: dict[Operator, Callable[[Array, Any], Array]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
ID_START = 6  # characters of a run's id that name it
_NOUN = {"metric": "metric", "param": "parameter", "tag": "tag", "attribute": "attribute"}


def evaluate(node: Node, table: pa.Table, *, text: str = "") -> pa.ChunkedArray:
    """True, False or null (unknown) for each run of ``table``, whose columns are those of a RunTable.

    Args:
        node: from `parse`.
        table: the runs.
        text: the query as typed, for the message of an error.

    Raises:
        QueryError: a column that is not there or not unique, or a literal that does not fit its column.
    """
    if isinstance(node, And):
        everything = pa.chunked_array([pa.repeat(True, table.num_rows)], pa.bool_())
        return reduce(pc.and_kleene, (evaluate(part, table, text=text) for part in node.parts), everything)
    if isinstance(node, Or):
        return reduce(pc.or_kleene, (evaluate(part, table, text=text) for part in node.parts))
    if isinstance(node, Not):
        return pc.invert(evaluate(node.part, table, text=text))
    if isinstance(node, Search):
        return _search(str(node.text.value), table)
    try:
        key = resolve(node.column, table.column_names, text=text)
    except QueryError:
        if table.num_rows:
            raise
        return pa.chunked_array([], pa.bool_())  # no runs have no columns: that is no mistake of the query
    return _Leaf(key, table.column(key), node.column, text).test(node)


def resolve(column: Column, keys: Iterable[str], *, text: str = "") -> str:
    """The one of ``keys`` that a column of a query means.

    A name without prefix is an attribute if there is one of that name, else the one metric, parameter or tag.

    Raises:
        QueryError: no key, or more than one.
    """
    known = list(keys)
    kinds: tuple[ColumnKind, ...] = (column.kind,) if column.kind else ("attribute", "metric", "param", "tag")
    found = [key for kind in kinds if (key := KEY_PREFIX[kind] + column.name) in known and kind_of(key) == kind]
    if len(found) == 1 or (found and found[0] == column.name):
        return found[0]
    if found:
        raise QueryError(
            f"{column.name!r} could be {' or '.join(found)}",
            text=text,
            start=column.start,
            end=column.end,
            hint=f"write {found[0]}",
        )
    names = {key.removeprefix(KEY_PREFIX[kind]): key for kind in kinds for key in known if kind_of(key) == kind}
    likely = nearest(column.name, names) or {name.lower(): name for name in names}.get(column.name.lower())
    noun = _NOUN[column.kind] if column.kind else "metric, parameter, tag or attribute"
    raise QueryError(
        f"no {noun} is called {column.name!r}",
        text=text,
        start=column.start,
        end=column.end,
        hint=_suggestion(likely, names),
    )


def _search(text: str, table: pa.Table) -> pa.ChunkedArray:
    """Runs in which every word is found, in whichever of their texts, whatever its case. Never unknown."""
    found = pa.chunked_array([pa.repeat(True, table.num_rows)], pa.bool_())
    for word in re.split("[ \t\r\n]+", text):
        if not word:
            continue
        pattern = "".join(f"\\x{{{ord(char):x}}}" for char in word)
        has = pa.scalar(False)
        for key in table.column_names:
            start = "^" if key == "run_id" else ""  # of an id the beginning: any digit is somewhere in most of them
            if _searched(key) and (not start or len(word) >= ID_START):
                hits = pc.match_substring_regex(table.column(key), start + pattern, ignore_case=True)
                has = pc.or_kleene(has, hits)
        found = pc.and_(found, pc.fill_null(has, False))
    return found


def _searched(key: str) -> bool:
    """People's own texts: what mlflow writes into tags, such as paths that all runs share, would find too much."""
    kind = kind_of(key)
    if kind == "tag":
        return key == "tags.mlflow.note.content" or not key.startswith("tags.mlflow.")
    return kind == "param" or key in ("run_id", "run_name")


def _suggestion(likely: str | None, names: dict[str, str]) -> str | None:
    if likely:
        return names[likely]
    shown = [names[name] for name in sorted(names) if not names[name].startswith("tags.mlflow.")]
    return f"one of {', '.join(shown[:8])}{', …' if len(shown) > 8 else ''}" if shown else None


class _Leaf:
    """One comparison: a column, its values, and where it stands in the query."""

    def __init__(self, key: str, values: Array, column: Column, text: str) -> None:
        self.key, self.values, self.column, self.text = key, values, column, text
        self.is_time = pa.types.is_timestamp(values.type)
        self.is_number = pa.types.is_floating(values.type) or pa.types.is_integer(values.type)
        if key == "status":
            self.values = _canonical(values)

    def test(self, node: Compare | Like | In | IsNull) -> Array:
        if isinstance(node, Compare):
            return self.compare(node.operator, node.value)
        if isinstance(node, IsNull):
            # NaN is a value: only what was never logged is null.
            return pc.is_valid(self.values) if node.negated else pc.is_null(self.values)
        found = (
            self.like(node)
            if isinstance(node, Like)
            else reduce(pc.or_kleene, (self.compare("=", value) for value in node.values))
        )
        return pc.invert(found) if node.negated else found

    def compare(self, operator: Operator, literal: Literal) -> Array:
        left, right = self.values, literal.value
        if self.is_number:
            right = self.number(literal)
        elif self.is_time:
            left = pc.cast(left, pa.int64())
            right = self.milliseconds(literal)
        elif not isinstance(right, str):
            left = as_numbers(left)
        elif self.key == "status":
            right = self.status(literal)
        return _COMPARE[operator](left, pa.scalar(right))

    def number(self, literal: Literal) -> float:
        if isinstance(literal.value, str) and not re.fullmatch(NUMBER, literal.value, re.ASCII):
            self.fail(f"{self.key} is a number, and {literal.value!r} is no number", literal)
        return float(literal.value)

    def milliseconds(self, literal: Literal) -> float:
        if not isinstance(literal.value, str):
            return literal.value
        moment = milliseconds(literal.value)
        if moment is None:
            hint = "write 2026-11-21, 2026-11-21 14:30 or 2026-11-21T14:30:00+01:00; UTC without a zone"
            self.fail(f"{self.key} is a time, and {literal.value!r} is no time", literal, hint)
        return moment

    def status(self, literal: Literal) -> str:
        word = str(literal.value)
        status = canonical_status(word)
        if status is None:
            self.fail(
                f"there is no run status {word!r}",
                literal,
                nearest_status(word) or f"one of {', '.join(dict.fromkeys(STATUSES.values()))}",
            )
        return status

    def like(self, node: Like) -> Array:
        if self.is_number or self.is_time:
            what = "a number" if self.is_number else "a time"
            hint = f"compare it with < or >=, or ask {self.column.name} IS NOT NULL"
            self.fail(f"{self.key} is {what}, {node.matcher} is for text", self.column, hint)
        pattern = str(node.pattern.value)
        if node.matcher == "RLIKE":
            try:
                return pc.match_substring_regex(self.values, pattern)
            except pa.ArrowInvalid as error:
                reason = str(error).partition(": ")[2]
                self.fail(f"{pattern!r} is no regular expression: {reason}", node.pattern)
        return pc.match_substring_regex(self.values, _like(pattern), ignore_case=node.matcher == "ILIKE")

    def fail(self, message: str, place: Literal | Column, hint: str | None = None) -> NoReturn:
        raise QueryError(message, text=self.text, start=place.start, end=place.end, hint=hint)


def _like(pattern: str) -> str:
    """LIKE as a regular expression; `match_like` takes backslashes for escapes, and in some patterns only."""
    wild = {"%": ".*", "_": "."}
    return "(?s)^" + "".join(wild.get(char) or f"\\x{{{ord(char):x}}}" for char in pattern) + "$"


def _canonical(values: Array) -> Array:
    """Statuses in MLflow's dialect; a handful of distinct words, whatever the number of runs."""
    distinct = pc.unique(values).to_pylist()
    for word in distinct:
        status = canonical_status(word) if word is not None else None
        if status is not None and status != word:
            values = pc.if_else(pc.equal(values, word), status, values)
    return values


_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d{2}):?(\d{2})?)?)?",
    re.ASCII | re.IGNORECASE,
)


def milliseconds(text: str) -> int | None:
    """ISO 8601 as milliseconds since 1970 (UTC without a zone, midnight without a time), else None."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups(default="0")
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=timezone.utc)
    except ValueError:
        return None
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    moment += offset if sign == "-" else -offset
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (moment - epoch) // timedelta(milliseconds=1) + int(fraction.ljust(3, "0")[:3])
