"""Looking again at the runs that an explorer shows: which changed, came or went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .explore import Exploration

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..frames.runtable import RunTable

__all__ = ["Look", "look_again"]


class Look(NamedTuple):
    """What the store has now, and how that differs from before."""

    exploration: Exploration
    changed: frozenset[str]
    removed: frozenset[str]


def look_again(connection: Connection, shown: Exploration, *, progress: Callable[[str], None] | None = None) -> Look:
    """Read what can have changed since the runs of an explorer were read.

    Args:
        connection: their store.
        shown: the explorer as it is.
        progress: told what is read.

    Raises:
        StoreError: the store does not answer; ``shown`` is as good as it was.
    """
    if shown.parent is None:
        from .refresh import refresh

        changes = refresh(connection, shown.scope, shown.runs, progress=progress)
        if changes.table is shown.runs:
            return Look(shown, frozenset(), frozenset())
        changed, removed = frozenset(changes.changed_ids), frozenset(changes.removed_ids)
        return Look(shown.after(changes.table), changed, removed)
    from ..client.runs import read_runs

    table = read_runs(connection, shown.scope, parent=shown.parent, progress=progress)
    changed, removed = _differences(shown.runs, table)
    return Look(shown.after(table), changed, removed)


def _differences(before: RunTable, now: RunTable) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of runs that changed or came, and of those that went."""
    import pyarrow as pa
    import pyarrow.compute as pc

    old, new = before.column("run_id").combine_chunks(), now.column("run_id").combine_chunks()
    places = pc.index_in(new, value_set=old)
    stayed = pc.is_valid(places)
    left, right = before.table.take(places.filter(stayed)), now.table.filter(stayed)
    differs = pa.chunked_array([pa.repeat(False, len(right))], pa.bool_())
    for key in {*before.keys(), *now.keys()}:
        differs = pc.or_(differs, _unlike(*(_column(table, key) for table in (left, right))))
    changed = [*new.filter(pc.invert(stayed)).to_pylist(), *right.column("run_id").filter(differs).to_pylist()]
    removed = old.filter(pc.invert(pc.is_in(old, value_set=new))).to_pylist()
    return frozenset(map(str, changed)), frozenset(map(str, removed))


def _column(table: Any, key: str) -> Any:
    import pyarrow as pa

    return table.column(key) if key in table.column_names else pa.nulls(len(table))


def _unlike(left: Any, right: Any) -> Any:
    """Where two columns differ; null is like null, and NaN like NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(left.type) or pa.types.is_null(right.type):
        return pc.xor(pc.is_null(left), pc.is_null(right))
    unlike = pc.not_equal(left, right)
    if pa.types.is_floating(left.type):
        unlike = pc.and_(unlike, pc.invert(pc.and_(pc.is_nan(left), pc.is_nan(right))))
    return pc.fill_null(unlike, pc.xor(pc.is_null(left), pc.is_null(right)))
