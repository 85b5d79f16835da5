"""What the explorer leaves in a notebook where it cannot live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..contract import ColumnInfo, ExplorerInfo, Goal
from .document import Block, Document, Facts, Figure, Note, Table
from .format import count, listed, number, one_line, plural, timestamp
from .parallel import parallel_caption, parallel_svg

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["BUDGET", "explorer_document", "within_budget"]

BUDGET = 100_000  # bytes of HTML: what a saved notebook may grow by for one panel
ROWS = 50
COLUMNS = 12


def explorer_document(
    runs: RunTable, info: ExplorerInfo, query: str = "", metric: str | None = None, goal: Goal | None = None
) -> Document:
    """The plot of the runs and a table of the best of them.

    Args:
        runs: those that the filter lets through.
        info: what the panel shows beside them; its counts are of all runs.
        query: the filter.
        metric: name of the metric to sort and colour by.
        goal: which way it gets better.
    """
    return within_budget(lambda rows: _explorer(runs, info, query, (metric, goal), rows), ROWS)


def _explorer(
    runs: RunTable, info: ExplorerInfo, query: str, by: tuple[str | None, Goal | None], rows: int
) -> Document:
    metric, goal = by
    key = f"metrics.{metric}" if metric and f"metrics.{metric}" in runs else None
    blocks: list[Block] = [Facts(tuple(_facts(info, query, metric if key else None, goal)))]
    svg = parallel_svg(runs, info["columns"], color_by=key, goal=goal)
    if svg:
        caption = parallel_caption(runs, info["columns"], color_by=key, goal=goal)
        blocks.append(Figure(svg, caption))
    if len(runs):
        blocks += _run_table(runs, info["columns"], key, goal, rows)
    else:
        blocks.append(Note("no run fits the filter" if query else "there are no runs yet", "info"))
    blocks += _caveats(runs, info, metric, key)
    return Document(f"{info['title']}: {_how_many(len(runs), info)}", tuple(blocks))


def _how_many(shown: int, info: ExplorerInfo) -> str:
    if shown == info["total"]:
        return plural(shown, "run")
    return f"{count(shown)} of {plural(info['total'], 'run')}"


def _facts(info: ExplorerInfo, query: str, metric: str | None, goal: Goal | None) -> list[tuple[str, str]]:
    facts = [("store", info["store"])]
    if query:
        facts.append(("filter", query))
    if metric:
        why = f" ({info['why_goal']})" if info["why_goal"] and metric == info["metric"] else ""
        better = {"min": ", lower is better", "max": ", higher is better"}[goal] if goal else ""
        facts.append(("metric", f"{metric}{'' if f'{better} ' in why else better}{'' if 'is better' in why else why}"))
    return facts


def _caveats(runs: RunTable, info: ExplorerInfo, metric: str | None, key: str | None) -> list[Block]:
    blocks: list[Block] = []
    if metric and key is None and len(runs):
        blocks.append(Note(f"none of these runs has a metric {metric}", "warn"))
    if key and (missing := runs.column(key).null_count):
        blocks.append(Note(f"{plural(missing, 'run')} without {metric}, shown last", "info"))
    if info["loaded"] < info["total"]:
        blocks.append(Note(f"{count(info['loaded'])} of {plural(info['total'], 'run')} were read", "warn"))
    return blocks


def _run_table(
    runs: RunTable, infos: Sequence[ColumnInfo], key: str | None, goal: Goal | None, rows: int
) -> list[Block]:
    if key:
        name = key.removeprefix("metrics.").replace("`", "``")
        runs = runs.sort(f"metrics.`{name}` {'DESC' if goal == 'max' else 'ASC'}") if goal else runs
    shown, left_out = _columns(runs, infos, key)
    best = [runs.row(i) for i in range(min(rows, len(runs)))]
    cells = tuple(tuple(_cell(info, row[info["key"]]) for info in shown) for row in best)
    heads = tuple(_HEADS.get(info["key"], info["name"]) for info in shown)
    blocks: list[Block] = [Table(heads, cells, tuple(info["type"] == "number" for info in shown), total=len(runs))]
    if left_out:
        names = listed((one_line(info["name"], 40) for info in left_out), 8)
        blocks.append(Note(f"columns left out here: {names}", "info"))
    return blocks


_HEADS = {"run_name": "run", "start_time": "started (UTC)"}


def _columns(runs: RunTable, infos: Sequence[ColumnInfo], key: str | None) -> tuple[list[ColumnInfo], list[ColumnInfo]]:
    """The run's name, the metric asked for, its status where that varies, when it started, then params and metrics."""
    known = {info["key"]: info for info in infos if info["key"] in runs and _present(runs, info["key"])}
    head = [known[name] for name in ("run_name", key) if name in known]
    if "status" in known and known["status"]["varies"]:
        head.append(known["status"])
    varying = [
        info
        for kind in ("param", "metric")
        for info in known.values()
        if info["kind"] == kind and info["varies"] and info["key"] != key
    ]
    tail = [known["start_time"]] if "start_time" in known else []
    room = COLUMNS - len(head) - len(tail)
    return [*head, *varying[:room], *tail], varying[room:]


def _present(runs: RunTable, key: str) -> bool:
    return int(runs.column(key).null_count) < len(runs)


def _cell(info: ColumnInfo, value: object) -> str:
    if value is None:
        return ""
    if info["type"] == "time":
        return timestamp(value)[:16]  # type: ignore[arg-type]
    if isinstance(value, float):
        return number(value)
    text = str(value)
    return number(float(text)) if info["type"] == "number" and len(text) > 6 else text


def within_budget(make: Callable[[int], Document], rows: int) -> Document:
    """A document with as many rows as fit the budget, at most ``rows``, which ``make`` is told."""
    document = make(rows)
    while rows > 5 and len(document.html().encode()) > BUDGET:
        rows //= 2
        document = make(rows)
    return document
