"""When reading may end before the last page."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from ..frames.query import columns, evaluate
from ..frames.runtable import RunTable
from ..frames.syntax import Node
from .query_names import keys_of, widened

__all__ = ["Stop"]


@dataclass(frozen=True)
class Stop:
    """When reading may end: more runs than ``limit`` that ``node`` keeps came, in the order that was asked for."""

    node: Node
    text: str
    limit: int

    def count(self, page: RunTable) -> int:
        """How many runs of a page are kept; a column that none of them has is empty."""
        keys = frozenset(key for column in columns(self.node) for key in keys_of(column)[:1])
        kept = evaluate(self.node, widened(page.table, keys), text=self.text)
        return int(pc.sum(kept).as_py() or 0)
