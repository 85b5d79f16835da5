"""Runs of equal params as groups: how many, and the mean and the spread of each metric over their seeds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ..contract import ColumnKind
from ..errors import UsageError
from .columns import kind_of
from .query import Column, resolve
from .syntax import KEY_PREFIX

if TYPE_CHECKING:
    from .runtable import RunTable

__all__ = ["group_runs", "is_seed", "keys_of", "params_but_seeds"]

# Params in which repeats of one and the same thing differ.
_SEED = re.compile(
    r"(^|_)(seed|random_?state|rng|fold|repeat|repetition|replicate|rep)_?(id|idx|index|no|nr|num|\d+)?$"
)


def is_seed(param: str) -> bool:
    """Whether a param's name says that it only tells repeats apart.

    >>> is_seed("model__random_state"), is_seed("dataSeed"), is_seed("seed_length_m"), is_seed("n_fold")
    (True, True, False, False)
    """
    words = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", param).lower())
    return bool(_SEED.search(words)) and not re.search(r"(^|_)(n|num|number|count|total)_", words)


def params_but_seeds(runs: RunTable) -> list[str]:
    """The keys of the params that say what was tried: all that vary but those that only tell repeats apart."""
    return [
        info["key"] for info in runs.infos() if info["kind"] == "param" and info["varies"] and not is_seed(info["name"])
    ]


def keys_of(runs: RunTable, names: Sequence[str], kind: ColumnKind | None = None) -> list[str]:
    """The columns that people mean: ``params.alpha``, or ``alpha``, where a param or one of ``kind`` goes first.

    Raises:
        QueryError: there is none; the nearest is named.
    """
    known = runs.keys()
    found = []
    for name in names:
        full = KEY_PREFIX[kind or "param"] + name
        found.append(
            name
            if name in known
            else full
            if full in known
            else resolve(Column(kind, name, 0, len(name)), known, text=name)
        )
    return found


def group_runs(runs: RunTable, by: Sequence[str], *, metrics: Sequence[str] | None = None) -> pa.Table:
    """The groups of runs that have equal values in some columns, in the order in which they first come.

    Args:
        by: columns, as in `keys_of`; runs without a value there are a group too.
        metrics: names; None takes all.

    Returns:
        The columns of ``by``, ``runs`` (how many), and for each metric ``<key>.mean``, ``.std`` (of a sample: over n-1,
        null for one run), ``.min``, ``.max`` and ``.count`` (how many have it). NaN counts as no value.

    Raises:
        QueryError: no column has such a name.
        UsageError: ``by`` is empty.
    """
    keys = keys_of(runs, by)
    if not keys:
        raise UsageError("by which params are the runs to be grouped?", hint='groups(by=["params.alpha"])')
    every = [key for key in runs.table.column_names if kind_of(key) == "metric"]
    wanted = every if metrics is None else keys_of(runs, metrics, "metric")
    data: dict[str, Any] = {str(i): runs.column(key) for i, key in enumerate(keys)}
    data["row"] = pa.array(range(len(runs)), pa.int64())
    for i, key in enumerate(wanted):
        values = runs.column(key)
        data[f"m{i}"] = pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    aggregates: list[Any] = [("row", "count"), ("row", "min")]
    spread = pc.VarianceOptions(ddof=1, min_count=2)
    for i in range(len(wanted)):
        aggregates += [(f"m{i}", "mean"), (f"m{i}", "stddev", spread), (f"m{i}", "min"), (f"m{i}", "max")]
        aggregates.append((f"m{i}", "count"))
    found = pa.table(data).group_by([str(i) for i in range(len(keys))]).aggregate(aggregates).sort_by("row_min")
    columns = {key: found.column(str(i)) for i, key in enumerate(keys)}
    columns["runs"] = found.column("row_count")
    for i, key in enumerate(wanted):
        for word in ("mean", "stddev", "min", "max", "count"):
            columns[f"{key}.{word.removesuffix('dev')}"] = found.column(f"m{i}_{word}")
    return pa.table(columns)
