"""The tree of a query, and the text that it is the tree of."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal as OneOf

from ..contract import ColumnKind

__all__ = [
    "KEYWORDS",
    "KEY_PREFIX",
    "PREFIXES",
    "And",
    "Column",
    "Compare",
    "In",
    "IsNull",
    "Like",
    "Literal",
    "Matcher",
    "Node",
    "Not",
    "Operator",
    "Or",
    "OrderTerm",
    "Search",
    "columns",
    "conjuncts",
    "searches",
    "to_text",
]

Operator = OneOf["=", "!=", "<", "<=", ">", ">="]
Matcher = OneOf["LIKE", "ILIKE", "RLIKE"]

PREFIXES: dict[str, ColumnKind] = {
    "metrics": "metric",
    "metric": "metric",
    "params": "param",
    "param": "param",
    "parameters": "param",
    "parameter": "param",
    "tags": "tag",
    "tag": "tag",
    "attributes": "attribute",
    "attribute": "attribute",
    "attr": "attribute",
    "run": "attribute",
}
KEY_PREFIX: dict[ColumnKind, str] = {
    "metric": "metrics.",
    "param": "params.",
    "tag": "tags.",
    "attribute": "",
}


@dataclass(frozen=True)
class Column:
    """A column as it was written, and its place; ``kind`` is None where no prefix says it."""

    kind: ColumnKind | None
    name: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Literal:
    """A number or a text, and its place."""

    value: float | str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Compare:
    """``column operator literal``."""

    column: Column
    operator: Operator
    value: Literal


@dataclass(frozen=True)
class Like:
    """``column [NOT] LIKE text`` and its relatives."""

    column: Column
    matcher: Matcher
    pattern: Literal
    negated: bool = False


@dataclass(frozen=True)
class In:
    """``column [NOT] IN (literal, …)``."""

    column: Column
    values: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True)
class IsNull:
    """``column IS [NOT] NULL``."""

    column: Column
    negated: bool = False


@dataclass(frozen=True)
class Search:
    """``~ text``: every word of it is in the run's name, params, tags or note, or begins its id."""

    text: Literal

    @property
    def column(self) -> Column:
        """It reads many columns; the one that every run has stands for them."""
        return Column("attribute", "run_id", self.text.start, self.text.end)


@dataclass(frozen=True)
class Not:
    """``NOT part``."""

    part: Node


@dataclass(frozen=True)
class And:
    """All of the parts; of no parts: true, the empty query."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """Any of the parts."""

    parts: tuple[Node, ...]


Node = And | Or | Not | Compare | Like | In | IsNull | Search


@dataclass(frozen=True)
class OrderTerm:
    """One column to sort by."""

    column: Column
    descending: bool = False


def columns(node: Node) -> frozenset[Column]:
    """Every column that a query reads, as written."""
    if isinstance(node, (And, Or)):
        return frozenset[Column]().union(*(columns(part) for part in node.parts))
    return columns(node.part) if isinstance(node, Not) else frozenset((node.column,))


def searches(node: Node) -> bool:
    """Whether a part of it looks for words in all columns."""
    if isinstance(node, (And, Or)):
        return any(searches(part) for part in node.parts)
    return searches(node.part) if isinstance(node, Not) else isinstance(node, Search)


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The parts that must all hold: what stands between the top-level ANDs."""
    if isinstance(node, And):
        return tuple(part for inner in node.parts for part in conjuncts(inner))
    return (node,)


# --- back to text ------------------------------------------------------------------------------------------

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-/]*")
_BARE_AFTER_PREFIX = re.compile(r"[A-Za-z0-9_.\-/]+")
KEYWORDS = {"AND", "OR", "NOT", "LIKE", "ILIKE", "RLIKE", "IN", "IS", "NULL", "ASC", "DESC"}


def to_text(node: Node) -> str:
    """The query that parses to ``node``."""
    if isinstance(node, Compare):
        return f"{_name(node.column)} {node.operator} {_value(node.value)}"
    if isinstance(node, Like):
        return f"{_name(node.column)} {'NOT ' if node.negated else ''}{node.matcher} {_value(node.pattern)}"
    if isinstance(node, In):
        values = ", ".join(_value(value) for value in node.values)
        return f"{_name(node.column)} {'NOT ' if node.negated else ''}IN ({values})"
    if isinstance(node, IsNull):
        return f"{_name(node.column)} IS {'NOT ' if node.negated else ''}NULL"
    if isinstance(node, Search):
        return f"~ {_value(node.text)}"
    if isinstance(node, Not):
        return f"NOT {_inside(node.part, And, Or)}"
    if isinstance(node, And):
        return " AND ".join(_inside(part, And, Or) for part in node.parts)
    return " OR ".join(_inside(part, Or) for part in node.parts)


def _inside(node: Node, *wrapped: type) -> str:
    return f"({to_text(node)})" if isinstance(node, wrapped) else to_text(node)


def _name(column: Column) -> str:
    if column.kind is None:  # a name such as run.x or IN would be read as something else
        head, dot, _ = column.name.partition(".")
        taken = column.name.upper() in KEYWORDS or (dot and head.lower() in PREFIXES)
        prefix, bare = "", not taken and _BARE.fullmatch(column.name)
    else:
        prefix, bare = KEY_PREFIX[column.kind] or "attributes.", _BARE_AFTER_PREFIX.fullmatch(column.name)
    return prefix + (column.name if bare else "`" + column.name.replace("`", "``") + "`")


def _value(literal: Literal) -> str:
    value = literal.value
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if math.isinf(value):
        return "1e999" if value > 0 else "-1e999"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
