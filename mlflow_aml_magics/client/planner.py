"""Which part of a query a server may answer: a filter of MLflow's that finds at least every run that the query keeps.

The whole query is evaluated on the columns afterwards, so a plan only ever decides how many runs travel. What makes a
clause unsafe, and therefore unasked:

- mlflow's parser is sqlparse with patches. Texts with quotes, backslashes or comment marks stay here, and each clause
  is read back with the installed mlflow's own parser: one that it takes for anything else stays here too.
- A number against a param is compared as text there, as numbers here.
- NaN is 0 in SQL stores: ``metrics.x != 0`` would lose it.
- ILIKE folds ASCII letters in SQLite, all of Unicode here.
- ``user`` is a tag or an attribute, whichever is there; a filter knows only one of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import SearchUtils

from ..contract import ColumnKind
from ..frames.columns import NUMBER
from ..frames.query import milliseconds
from ..frames.status import canonical_status
from ..frames.syntax import And, Column, Compare, In, IsNull, Like, Literal, Node, Not, Operator, Or, OrderTerm, Search
from .capabilities import Capabilities
from .query_tree import parts_of, required, typed

__all__ = ["Plan", "order_clauses", "plan", "presence", "presence_filters"]

MAX_CLAUSES = 20  # each is a join, and SQLite joins 64 tables at most
MAX_TEXT = 250  # characters of a value; SQLite refuses LIKE patterns beyond 50,000 bytes, Azure ML texts beyond 1,000
MAX_IDS = 100  # of run_id IN (…)
MAX_TIME = 2**53  # milliseconds; beyond, a number literal is not exact

_TYPES: dict[ColumnKind, str] = {"metric": "metric", "param": "parameter", "tag": "tag", "attribute": "attribute"}
_PREFIXES: dict[ColumnKind, str] = {
    "metric": "metrics",
    "param": "params",
    "tag": "tags",
    "attribute": "attributes",
}
_NEGATED: dict[Operator, Operator] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LOWEST = "-1.7976931348623157e308"
_TIMES = ("start_time", "end_time")


@dataclass(frozen=True)
class Plan:
    """A query, divided.

    Args:
        clauses: what the server is asked for, all of them at once.
        rest: what is to be evaluated on the columns: the whole query, or None where it keeps every run.
    """

    clauses: tuple[str, ...]
    rest: Node | None

    @property
    def pushed(self) -> str:
        """The filter string; "" asks for every run."""
        return " AND ".join(self.clauses)


def plan(node: Node, able: Capabilities) -> Plan:
    """Divide a query between the server and the columns.

    Args:
        node: the query. A name without a prefix counts as an attribute if there is one, else its part stays here.
        able: what the server can do.
    """
    rest = None if node == And(()) else node
    if not able.filters or rest is None:
        return Plan((), rest)
    writer = _Writer(able)
    asked: dict[Column, list[str]] = {}
    for part, negated in parts_of(node):
        if not isinstance(part, (And, Or, Not)):
            asked.setdefault(typed(part.column), []).extend(writer.clauses(part, negated))
    for column in sorted(required(node), key=lambda column: (str(column.kind), column.name)):
        if not asked.get(column):
            asked[column] = writer.presence(column)
    # Text first: of too many clauses, these narrow most.
    clauses = list(dict.fromkeys(clause for found in asked.values() for clause in found))[:MAX_CLAUSES]
    if _read_back(" AND ".join(clauses)) != tuple(read for clause in clauses for read in _read_back(clause)):
        clauses = clauses[:1]
    return Plan(tuple(clauses), rest)


def presence(column: Column, able: Capabilities) -> list[str]:
    """Clauses that say no more than that a run has the column."""
    return _Writer(able).presence(column)


def order_clauses(terms: Iterable[OrderTerm], able: Capabilities) -> list[str] | None:
    """The order as MLflow writes it, where the server sorts as we do: missing last, NaN before it; else None."""
    clauses: dict[tuple[ColumnKind, str], str] = {}
    for term in terms:
        column = typed(term.column)
        sorts = able.order_by_metrics if column.kind == "metric" else column.name in able.order_attributes
        if column.kind not in ("metric", "attribute") or not sorts or (column.kind, column.name) in clauses:
            return None
        for name in _names(column, able):
            clause = f"{name} {'DESC' if term.descending else 'ASC'}"
            try:
                read = SearchUtils.parse_order_by_for_search_runs(clause)
            except MlflowException:
                continue
            if tuple(read) == (_TYPES[column.kind], column.name, not term.descending):
                clauses[column.kind, column.name] = clause
                break
        else:
            return None
    return list(clauses.values())


def presence_filters(column: Column, able: Capabilities) -> list[str]:
    """Filters of which at least one finds a run, if any run has the column. Empty: there is no such filter."""
    writer = _Writer(able)
    if column.kind == "metric":  # one of the two holds for every number, for NaN and for the 0 that it is stored as
        return [*writer.clause(column, "!=", "1"), *writer.clause(column, "=", "1")]
    return writer.clause(column, "LIKE", "%") if column.kind in ("param", "tag") else []


# --- clauses -----------------------------------------------------------------------------------------------


class _Writer:
    """Writes clauses for one server. Each method returns a list: empty where there is no safe clause."""

    def __init__(self, able: Capabilities) -> None:
        self.able = able

    def clauses(self, node: Compare | Like | In | IsNull | Search, negated: bool) -> list[str]:
        """What must hold of the server's runs where ``node`` holds (or, ``negated``, where it fails)."""
        if isinstance(node, Search):
            return []  # no server searches everywhere
        column = typed(node.column)
        if isinstance(node, Compare):
            return self.compare(column, _NEGATED[node.operator] if negated else node.operator, node.value, negated)
        if isinstance(node, Like):
            return [] if node.negated != negated else self.like(column, node)
        if isinstance(node, IsNull):
            if node.negated != negated:
                return self.presence(column)
            return self.clause(column, "IS NULL", None) if column.kind == "param" and self.able.params_null else []
        if node.negated != negated:  # none of the values: each of them is unequal
            return [clause for value in node.values for clause in self.compare(column, "!=", value, True)]
        if len(node.values) == 1:
            return self.compare(column, "=", node.values[0], False)
        return self.run_ids(node.values) if column == Column("attribute", "run_id") else []

    def compare(self, column: Column, operator: Operator, literal: Literal, turned: bool) -> list[str]:
        """``turned``: the operator is the opposite of what was written, which NaN satisfies too."""
        if column.kind == "metric":
            return self.metric(column, operator, literal, turned)
        if column.kind == "attribute":
            if column.name not in self.able.attributes:
                return []
            if column.name in _TIMES:
                return self.time(column, operator, literal)
            if column.name == "status":
                return self.status(column, operator, literal)
        value = literal.value
        if column.kind is None or not isinstance(value, str) or operator not in ("=", "!="):
            return []
        if operator == "!=" and not self.able.text_not_equal:
            return []
        return self.clause(column, operator, value) if _plain(value) else []

    def metric(self, column: Column, operator: Operator, literal: Literal, turned: bool) -> list[str]:
        value = literal.value
        if isinstance(value, str):
            if not re.fullmatch(NUMBER, value, re.ASCII):
                return []
            value = float(value)
        if not self.able.metrics or not math.isfinite(value) or (operator == "!=" and value == 0):
            return []
        if turned and operator not in ("=", "!="):
            return []
        return self.clause(column, operator, repr(value).replace("e+", "e"))  # sqlparse knows no 1e+16

    def time(self, column: Column, operator: Operator, literal: Literal) -> list[str]:
        value = milliseconds(literal.value) if isinstance(literal.value, str) else literal.value
        if value is None or not abs(value) < MAX_TIME:
            return []
        if value != int(value):
            if operator in ("=", "!="):
                return []
            value = math.ceil(value) if operator in ("<", ">=") else math.floor(value)
        return self.clause(column, operator, str(int(value)))

    def status(self, column: Column, operator: Operator, literal: Literal) -> list[str]:
        status = canonical_status(literal.value) if isinstance(literal.value, str) else None
        word = self.able.statuses.get(status) if status else None
        if word is None or operator not in ("=", "!="):
            return []
        if operator == "!=" and len(self.able.statuses) < 5:  # its other states may overlap with this one
            return []
        return self.clause(column, operator, word)

    def like(self, column: Column, node: Like) -> list[str]:
        text = column.kind in ("param", "tag") or (
            column.kind == "attribute" and column.name in self.able.attributes & {"run_id", "run_name"}
        )
        if not text or self.able.like == "none" or node.matcher == "RLIKE":
            return []
        if node.matcher == "ILIKE" and not self.able.ilike:
            return []
        pattern = str(node.pattern.value)
        if self.able.like == "prefix":
            head = re.split(r"[%_\[]", pattern, maxsplit=1)[0]
            pattern = head if head == pattern else head + "%"
        if node.matcher == "ILIKE":
            # k and s have relatives beyond ASCII (the Kelvin sign, the long s) that only we take for the same letter.
            pattern = re.sub(r"[kKsS]|[^\x00-\x7f]", "_", pattern)
        if not pattern.strip("%") or not _plain(pattern):
            return []
        return self.clause(column, node.matcher, pattern)

    def run_ids(self, values: tuple[Literal, ...]) -> list[str]:
        ids = [v.value for v in values if isinstance(v.value, str) and re.fullmatch(r"[\w-]+", v.value)]
        if len(ids) < len(values) or len(ids) > MAX_IDS or "run_id" not in self.able.attributes:
            return []
        return self.clause(Column("attribute", "run_id"), "IN", ids)

    def presence(self, column: Column) -> list[str]:
        """That a run has the column."""
        if column.kind == "metric" and self.able.metrics and self.able.nan_is_zero:
            return self.clause(column, ">=", _LOWEST)
        return self.clause(column, "LIKE", "%") if column.kind in ("param", "tag") and self.able.presence else []

    def clause(self, column: Column, operator: str, value: str | list[str] | None) -> list[str]:
        """The clause in the first spelling that mlflow reads as it is meant."""
        if column.kind is None:
            return []
        if value is None:
            written = operator
        elif isinstance(value, list):
            written = f"{operator} ({', '.join(_quoted(item) for item in value)})"
        else:
            bare = column.kind == "metric" or (column.kind == "attribute" and column.name in _TIMES)
            written = f"{operator} {value if bare else _quoted(value)}"
        meant = {"type": _TYPES[column.kind], "key": column.name, "comparator": operator, "value": value}
        for name in _names(column, self.able):
            if _read_back(f"{name} {written}") == (meant,):
                return [f"{name} {written}"]
        return []


def _names(column: Column, able: Capabilities) -> Iterator[str]:
    """How the column may be written, plainest first."""
    if column.kind is None:
        return
    if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", column.name, re.ASCII):
        yield f"{_PREFIXES[column.kind]}.{column.name}"
    if able.odd_names and _plain(column.name):
        yield f"{_PREFIXES[column.kind]}.`{column.name}`"


def _plain(text: str) -> bool:
    """Whether a text survives between quotes, whichever parser and database read it."""
    if not 0 < len(text) <= MAX_TEXT or text != text.strip() or not text.isprintable():
        return False
    return not re.search(r"""['"`´\\;#]|--|/\*""", text)


def _quoted(text: str) -> str:
    return f"'{text}'"


@lru_cache(maxsize=1000)
def _read_back(text: str) -> tuple[dict[str, object], ...]:
    """What mlflow's own parser makes of a filter; nothing where it refuses."""
    try:
        return tuple(SearchUtils.parse_search_filter(text))
    except MlflowException:
        return ()
