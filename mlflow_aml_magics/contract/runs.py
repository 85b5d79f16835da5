"""The runs of the explorer, and what is to be known beside them."""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = [
    "ColumnInfo",
    "ColumnKind",
    "ColumnType",
    "ExplorerInfo",
    "Goal",
]

ColumnKind = Literal["attribute", "param", "metric", "tag"]
ColumnType = Literal["number", "text", "time"]
Goal = Literal["min", "max"]


class ColumnInfo(TypedDict):
    """One column of the run table. `key` is the name in the Arrow stream and in queries.

    `varies`: it has several values among the runs that have it. `axis`: it is one of the plot's first axes.
    """

    key: str
    kind: ColumnKind
    name: str
    type: ColumnType
    varies: bool
    missing: int
    axis: bool


class ExplorerInfo(TypedDict):
    """What the explorer needs to know beside the runs themselves.

    `total` is how many runs matched in the store; `loaded` of them are here: those of the stream `_runs` but for the
    `removed` ids, and those of the stream `_changes` in place of or beside them. `changed`: those of the
    last refresh, none where they are many. `live`: some still run.
    """

    contract: int
    title: str
    store: str
    total: int
    loaded: int
    columns: list[ColumnInfo]
    metric: str | None
    goal: Goal | None
    why_goal: str
    models: list[str]
    removed: list[str]
    changed: list[str]
    live: bool
