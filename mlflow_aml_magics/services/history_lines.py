"""Whose histories a figure draws: the same runs, in the same order, as the chart in the panel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..frames.runtable import RunTable
    from ..plots.history import Member
    from .figures import Seen

__all__ = ["lines_of"]

LINES = 10  # where nothing says how many
MOST_RUNS = 200  # whose histories are read for one figure


def lines_of(seen: Seen, key: str, options: Mapping[str, Any]) -> tuple[list[Member], str]:
    """The lines of a history, and what is left out in words.

    Ticked runs, else the best; each alone or, where the panel groups, those of equal params together.

    Args:
        key: of the metric.
        options: of the chart: ``runs``, how many lines; ``group``, a column, "none", or nothing for the panel's own.
    """
    import pyarrow.compute as pc

    from ..frames.groups import keys_of
    from ..plots.history import Member

    have = seen.runs
    if key in have:
        have = have.take(have.column("run_id").filter(pc.is_valid(have.column(key))).to_pylist())
    ids, names = have.column("run_id").to_pylist(), have.column("run_name").to_pylist()
    places = {run_id: place for place, run_id in enumerate(ids)}
    ticked = [places[run_id] for run_id in seen.ticked if run_id in places]
    merit = _merits(seen, have)
    pool = ticked or sorted(range(len(ids)), key=lambda place: merit[place])
    chosen = options.get("group") or ""
    by = [] if chosen == "none" else keys_of(have, [chosen] if chosen else list(seen.view.get("group_by") or ()))
    wanted = max(1, min(MOST_RUNS, int(options.get("runs") or LINES)))
    if not by:
        drawn = pool[: MOST_RUNS if ticked else wanted]
        said = "" if len(drawn) == len(pool) else f"the {len(drawn)} best of {len(pool):,} runs"
        return [Member(names[place] or ids[place][:8], (ids[place],)) for place in drawn], said
    columns = [have.column(column).to_pylist() for column in by]
    groups: dict[tuple[object, ...], list[int]] = {}
    for place in pool:
        groups.setdefault(tuple(column[place] for column in columns), []).append(place)

    def mean(group: list[int]) -> float:
        known = [merit[place] for place in group if math.isfinite(merit[place])]
        return sum(known) / len(known) if known else math.inf

    best = sorted(groups.items(), key=lambda each: mean(each[1]))[:wanted]
    members = [
        Member(
            ", ".join(f"{column.partition('.')[2]} {value}" for column, value in zip(by, values, strict=True)),
            tuple(ids[place] for place in group[:MOST_RUNS]),
        )
        for values, group in best
    ]
    return members, "" if len(best) == len(groups) else f"the {len(best)} best of {len(groups):,} groups"


def _merits(seen: Seen, runs: RunTable) -> list[float]:
    """A number of each run that is the lower the better it is by the metric asked for."""
    key, goal = f"metrics.{seen.info['metric']}", seen.info["goal"]
    if key not in runs or goal is None:
        return [0.0] * len(runs)
    sign = 1 if goal == "min" else -1
    values = runs.column(key).to_pylist()
    return [math.inf if value is None or math.isnan(value) else sign * value for value in values]
