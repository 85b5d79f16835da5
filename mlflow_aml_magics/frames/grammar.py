"""The query language's words and sentences: text to a tree, and back.

    query      := or            (nothing at all keeps every run)
    or         := and (OR and)*
    and        := not (AND not)*
    not        := NOT not | '(' or ')' | comparison
    comparison := column (= | == | != | <> | < | <= | > | >=) literal
                | column [NOT] (LIKE | ILIKE | RLIKE) text
                | column [NOT] IN '(' literal (',' literal)* ')'
                | column IS [NOT] NULL
    column     := [metrics. | params. | tags. | attributes.] name
    name       := bare | `in backticks` | "in double quotes"
    literal    := number | 'text' | "text"      (a quote inside is written twice)

``labextension/src/views/query.ts`` is its twin; both are held to ``tests/fixtures/query_cases.json``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import NoReturn

from ..contract import ColumnKind
from ..errors import QueryError

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
    "Operator",
    "Or",
    "OrderTerm",
    "columns",
    "conjuncts",
    "parse",
    "parse_order",
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


Node = And | Or | Not | Compare | Like | In | IsNull


@dataclass(frozen=True)
class OrderTerm:
    """One column to sort by."""

    column: Column
    descending: bool = False


def parse(text: str) -> Node:
    """The tree of a query.

    Raises:
        QueryError: it does not parse; ``start`` and ``end`` tell where.

    >>> parse("rmse < 0.5 AND params.model = 'rf'")  # doctest: +ELLIPSIS
    And(parts=(Compare(column=Column(kind=None, name='rmse', ...
    """
    parser = _Parser(text)
    if parser.at("end"):
        return And(())
    node = parser.either()
    if not parser.at("end"):
        parser.fail("expected AND or OR")
    return node


def parse_order(text: str | Sequence[str]) -> tuple[OrderTerm, ...]:
    """The columns of an order such as ``"metrics.rmse ASC, start_time DESC"``, or of a list of such terms.

    Raises:
        QueryError: it does not parse.
    """
    if not isinstance(text, str):
        return tuple(term for part in text for term in parse_order(part))
    parser = _Parser(text)
    terms: list[OrderTerm] = []
    while not parser.at("end"):
        column = parser.column()
        descending = parser.take("word", "DESC")
        if not descending:
            parser.take("word", "ASC")
        terms.append(OrderTerm(column, descending))
        if not parser.at("end") and not parser.take("mark", ","):
            parser.fail("expected ASC, DESC or ','")
    return tuple(terms)


def columns(node: Node) -> frozenset[Column]:
    """Every column that a query reads, as written."""
    if isinstance(node, (And, Or)):
        return frozenset[Column]().union(*(columns(part) for part in node.parts))
    return columns(node.part) if isinstance(node, Not) else frozenset((node.column,))


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The parts that must all hold: what stands between the top-level ANDs."""
    if isinstance(node, And):
        return tuple(part for inner in node.parts for part in conjuncts(inner))
    return (node,)


# --- back to text ------------------------------------------------------------------------------------------

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-/]*")
_BARE_AFTER_PREFIX = re.compile(r"[A-Za-z0-9_.\-/]+")
_KEYWORDS = {"AND", "OR", "NOT", "LIKE", "ILIKE", "RLIKE", "IN", "IS", "NULL", "ASC", "DESC"}


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
        taken = column.name.upper() in _KEYWORDS or (dot and head.lower() in PREFIXES)
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


# --- words -------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_][A-Za-z0-9_.\-/]*)
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<name>`(?:[^`]|``)+`)
  | (?P<operator><=|>=|<>|!=|==|=|<|>)
  | (?P<mark>[(),])
    """,
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            what = "this quote is never closed" if text[place] in "'\"`" else f"unexpected {text[place]!r}"
            raise QueryError(what, text=text, start=place, end=place + 1)
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found.group(), place, found.end())
        place = found.end()
    yield _Token("end", "", len(text), len(text))


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])


# --- sentences ---------------------------------------------------------------------------------------------


class _Parser:
    """Reads one sentence from the left; each method takes what it names or fails at the word in its way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.next = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def at(self, kind: str, *words: str) -> bool:
        return self.token.kind == kind and (not words or self.token.text.upper() in words)

    def take(self, kind: str, *words: str) -> bool:
        taken = self.at(kind, *words)
        self.next += taken
        return taken

    def fail(self, message: str, start: int | None = None) -> NoReturn:
        token = self.token
        hint = None
        if message == _LITERAL and token.kind == "word":
            hint = f"put quotes around it: '{token.text}'"
        start = token.start if start is None else start
        raise QueryError(message, text=self.text, start=start, end=max(token.end, start + 1), hint=hint)

    def either(self) -> Node:
        parts = [self.both()]
        while self.take("word", "OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self) -> Node:
        parts = [self.one()]
        while self.take("word", "AND"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self) -> Node:
        if self.take("word", "NOT"):
            return Not(self.one())
        if self.take("mark", "("):
            node = self.either()
            if not self.take("mark", ")"):
                self.fail("expected ')'")
            return node
        return self.comparison()

    def comparison(self) -> Node:
        column = self.column()
        if self.at("operator"):
            written = self.token.text
            self.next += 1
            return Compare(column, _OPERATORS[written], self.literal())
        if self.take("word", "IS"):
            negated = self.take("word", "NOT")
            if not self.take("word", "NULL"):
                self.fail("expected NULL")
            return IsNull(column, negated)
        negated = self.take("word", "NOT")
        if self.take("word", "IN"):
            return In(column, self.literals(), negated)
        if self.at("word", *_MATCHERS):
            matcher = _MATCHERS[self.token.text.upper()]
            self.next += 1
            if not self.at("text") and not self.at("quoted"):
                self.fail("expected a quoted text")
            return Like(column, matcher, self.literal(), negated)
        self.fail("expected LIKE, ILIKE, RLIKE or IN" if negated else "expected an operator such as = or LIKE")

    def column(self) -> Column:
        token = self.token
        if token.kind in ("name", "quoted"):
            self.next += 1
            return Column(None, _unquoted(token.text), token.start, token.end)
        if token.kind != "word" or token.text.upper() in _KEYWORDS:
            self.fail("expected a column")
        self.next += 1
        head, dot, name = token.text.partition(".")
        kind = PREFIXES.get(head.lower()) if dot else None
        if kind is None:
            return Column(None, token.text, token.start, token.end)
        end = token.end
        if not name:
            quoted = self.token
            if quoted.kind not in ("name", "quoted") or quoted.start != token.end:
                self.fail(f"expected a name after {token.text}", start=token.end)
            name, end = _unquoted(quoted.text), quoted.end
            self.next += 1
        return Column(kind, name, token.start, end)

    def literals(self) -> tuple[Literal, ...]:
        if not self.take("mark", "("):
            self.fail("expected '('")
        values = [self.literal()]
        while self.take("mark", ","):
            values.append(self.literal())
        if not self.take("mark", ")"):
            self.fail("expected ')' or ','")
        return tuple(values)

    def literal(self) -> Literal:
        token = self.token
        if token.kind == "number":
            value: float | str = float(token.text)
        elif token.kind in ("text", "quoted"):
            value = _unquoted(token.text)
        else:
            self.fail(_LITERAL)
        self.next += 1
        return Literal(value, token.start, token.end)


_LITERAL = "expected a number or a quoted text"
_MATCHERS: dict[str, Matcher] = {"LIKE": "LIKE", "ILIKE": "ILIKE", "RLIKE": "RLIKE"}
_OPERATORS: dict[str, Operator] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
