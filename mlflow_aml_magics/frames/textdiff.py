"""What changed between two texts, line by line, or between two tables, cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from ..contract import DiffRow, DiffState

__all__ = ["diff_rows", "line_diff", "table_diff"]

Cells = tuple[str, ...]

MANY = 3000  # rows on both sides above which only rare ones are anchors: difflib's work grows with equal pairs
RARE = 8  # times that such a row may be there


def line_diff(old: Sequence[str], new: Sequence[str], *, widest: int = 2000) -> list[DiffRow]:
    """Both texts side by side, a row for each pair of lines.

    Args:
        widest: characters of a line that are kept; they are compared in full.
    """
    return diff_rows([[line] for line in old], [[line] for line in new], widest=widest)


def table_diff(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> tuple[list[str], list[DiffRow]]:
    """Two tables with a heading each, side by side: the columns of both, then the rows in them.

    A column that one of them lacks is empty there. Columns of one name go by their order.
    """
    heads = [_told_apart(table[0]) if table else [] for table in (old, new)]
    columns = list(dict.fromkeys([*heads[0], *heads[1]]))
    bodies = []
    for head, table in zip(heads, (old, new), strict=True):
        places = [head.index(name) if name in head else -1 for name in columns]
        bodies.append([[row[at] if 0 <= at < len(row) else "" for at in places] for row in table[1:]])
    return columns, diff_rows(*bodies)


def diff_rows(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]], *, widest: int = 2000) -> list[DiffRow]:
    """Rows of cells side by side. Rows that stand in each other's place are one changed row."""
    found: list[DiffRow] = []

    def add(state: DiffState, left: Sequence[str], right: Sequence[str]) -> None:
        found.append({"state": state, "left": _cut(left, widest), "right": _cut(right, widest)})

    for tag, i, j, k, m in _opcodes([tuple(row) for row in old], [tuple(row) for row in new]):
        if tag == "equal":
            for row in old[i:j]:
                add("same", row, ())
            continue
        both = min(j - i, m - k)
        for left, right in zip(old[i : i + both], new[k : k + both], strict=True):
            add("changed", left, right)
        for left in old[i + both : j]:
            add("removed", left, ())
        for right in new[k + both : m]:
            add("added", (), right)
    return found


def _opcodes(old: Sequence[Cells], new: Sequence[Cells]) -> list[tuple[str, int, int, int, int]]:
    """As difflib's, with the same beginning and end taken off first: it is quadratic in the rest."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    times = Counter(right) if len(left) + len(right) > MANY else Counter()
    matcher = SequenceMatcher(lambda row: times[row] > RARE, left, right, autojunk=False)
    middle = [(tag, i + start, j + start, k + start, m + start) for tag, i, j, k, m in matcher.get_opcodes()]
    first = [("equal", 0, start, 0, start)] if start else []
    last = [("equal", len(old) - end, len(old), len(new) - end, len(new))] if end else []
    return [*first, *middle, *last]


def _cut(cells: Sequence[str], widest: int) -> list[str]:
    return [cell if len(cell) <= widest else f"{cell[:widest]}… ({len(cell):,} characters)" for cell in cells]


def _told_apart(names: Sequence[str]) -> list[str]:
    """Each name once: the second "a" is "a (2)"."""
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told
