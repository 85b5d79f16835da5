"""What must be so where a query is true: the parts that must hold, the columns that must be there."""

from __future__ import annotations

from collections.abc import Iterator

from ..frames.columns import ATTRIBUTES
from ..frames.syntax import And, Column, IsNull, Node, Not, Or

__all__ = ["parts_of", "required", "typed"]


def typed(column: Column) -> Column:
    """With the kind that its name alone tells: attributes need no prefix."""
    if column.kind is None and column.name in ATTRIBUTES:
        return Column("attribute", column.name, column.start, column.end)
    return column


def parts_of(node: Node, negated: bool = False) -> Iterator[tuple[Node, bool]]:
    """The parts that must all hold, each with whether it must hold or fail. NOT moves inward by De Morgan's laws."""
    if isinstance(node, Not):
        yield from parts_of(node.part, not negated)
    elif isinstance(node, Or if negated else And):
        for part in node.parts:
            yield from parts_of(part, negated)
    else:
        yield node, negated


def required(node: Node, negated: bool = False) -> frozenset[Column]:
    """The columns without a value in which the query cannot be true: comparing what is missing is never true."""
    if isinstance(node, Not):
        return required(node.part, not negated)
    if isinstance(node, (And, Or)):
        sets = [required(part, negated) for part in node.parts]
        if not sets:
            return frozenset()
        return frozenset.union(*sets) if isinstance(node, Or if negated else And) else frozenset.intersection(*sets)
    if isinstance(node, IsNull) and node.negated == negated:
        return frozenset()
    return frozenset((typed(node.column),))
