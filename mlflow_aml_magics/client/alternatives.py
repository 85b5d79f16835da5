"""Queries with OR, which no server knows: asked as several searches, each narrow, where that is possible."""

from __future__ import annotations

from ..frames.syntax import And, Compare, In, Node, Not, Or
from .capabilities import Capabilities
from .planner import plan, presence
from .query_tree import parts_of, required

__all__ = ["alternatives"]

MAX_ALTERNATIVES = 4  # searches for one query


def alternatives(node: Node, able: Capabilities) -> list[str]:
    """Filters of which at least one finds each run that a query with OR or IN keeps: servers know no OR.

    Empty where one filter narrows the query down already, or where an alternative would ask for nearly every run.
    """
    parts = list(parts_of(node))
    if _narrow(node, able):
        return []
    for place, (part, negated) in enumerate(parts):
        others = [Not(other) if turned else other for i, (other, turned) in enumerate(parts) if i != place]
        found = [_narrow(And((*others, choice)), able) for choice in _choices(part, negated)]
        if 2 <= len(found) <= MAX_ALTERNATIVES and all(found):
            return found
    return []


def _choices(part: Node, negated: bool) -> list[Node]:
    if isinstance(part, (And, Or)) and isinstance(part, And if negated else Or):
        return [Not(choice) if negated else choice for choice in part.parts]
    if isinstance(part, In) and part.negated == negated:
        return [Compare(part.column, "=", value) for value in part.values]
    return []


def _narrow(node: Node, able: Capabilities) -> str:
    """The filter for a query, where it asks for more than that a column is there; else ""."""
    found = plan(node, able)
    there = {clause for column in required(node) for clause in presence(column, able)}
    return found.pushed if set(found.clauses) - there else ""
