"""Names of axes, as short as they can be told apart; the same as in the live panel (views/parallel/names.ts)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ..contract import ColumnInfo

__all__ = ["short_names"]

SHARING = 3  # fewer names than this share nothing worth leaving out
SHORTEST = 8  # characters of a beginning worth leaving out: "training_", not "val_"
_TOKEN = re.compile(r"[^_./\- ]*[_./\- ]+")


def short_names(infos: Sequence[ColumnInfo]) -> dict[str, str]:
    """The names by key; a beginning that at least three of a kind share, such as "training_", is written as "…"."""
    shared = Counter((info["kind"], start) for info in infos for start in _beginnings(info["name"]))
    names = {}
    for info in infos:
        left = [
            start
            for start in _beginnings(info["name"])
            if len(start) >= SHORTEST and shared[info["kind"], start] >= SHARING
        ]
        names[info["key"]] = f"…{info['name'][len(left[-1]) :]}" if left else info["name"]
    return names


def _beginnings(name: str) -> list[str]:
    """ "a_", "a_b_" of "a_b_c", shortest first."""
    ends = [token.end() for token in _TOKEN.finditer(name)]
    return [name[:end] for end in ends if end < len(name)]
