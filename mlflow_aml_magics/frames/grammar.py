"""The query language's words and sentences: text to a tree, and back.

    query      := or            (nothing at all keeps every run)
    or         := and (OR and)*
    and        := not (AND not)*
    not        := NOT not | '(' or ')' | comparison
    comparison := column (= | == | != | <> | < | <= | > | >=) literal
                | column [NOT] (LIKE | ILIKE | RLIKE) text
                | column [NOT] IN '(' literal (',' literal)* ')'
                | column IS [NOT] NULL
                | ~ text              (each word is in the name, a param, a tag or the note, or begins the id)
    column     := [metrics. | params. | tags. | attributes.] name
    name       := bare | `in backticks` | "in double quotes"
    literal    := number | 'text' | "text"      (a quote inside is written twice)

``labextension/src/views/filter/query-syntax.ts`` is its twin; both are held to ``tests/fixtures/query_cases.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from ..errors import QueryError
from .syntax import (
    KEYWORDS,
    PREFIXES,
    And,
    Column,
    Compare,
    In,
    IsNull,
    Like,
    Literal,
    Matcher,
    Node,
    Not,
    Operator,
    Or,
    OrderTerm,
    Search,
)

__all__ = ["parse", "parse_order"]

DEPTH = 100  # brackets and NOTs inside each other; Python itself gives up at about 250 of ours


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
  | (?P<mark>[(),~])
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
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def at(self, kind: str, *words: str) -> bool:
        return self.token.kind == kind and (not words or self.token.text.upper() in words)

    def take(self, kind: str, *words: str) -> bool:
        taken = self.at(kind, *words)
        self.next += taken
        return taken

    def fail(self, message: str, start: int | None = None, hint: str | None = None) -> NoReturn:
        token = self.token
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
        self.depth += 1
        if self.depth > DEPTH:
            self.fail("nested too deeply")
        node = self.negated_or_bracketed()
        self.depth -= 1
        return node

    def negated_or_bracketed(self) -> Node:
        if self.take("word", "NOT"):
            return Not(self.one())
        if self.take("mark", "("):
            node = self.either()
            if not self.take("mark", ")"):
                self.fail("expected ')'")
            return node
        return self.comparison()

    def comparison(self) -> Node:
        if self.take("mark", "~"):
            return Search(self.text_literal())
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
            return Like(column, matcher, self.text_literal(), negated)
        if negated:
            self.fail("expected LIKE, ILIKE, RLIKE or IN")
        self.fail("expected an operator such as = or LIKE", hint="~ 'some words' looks for words in names and values")

    def column(self) -> Column:
        token = self.token
        if token.kind in ("name", "quoted"):
            self.next += 1
            return Column(None, _unquoted(token.text), token.start, token.end)
        if token.kind != "word" or token.text.upper() in KEYWORDS:
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

    def text_literal(self) -> Literal:
        if not self.at("text") and not self.at("quoted"):
            self.fail("expected a quoted text")
        return self.literal()

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
