"""What the explorer and the side-by-side panel leave in a notebook where they cannot live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..contract import ColumnInfo, ComparedRow, ComparedSection, ComparisonInfo, ExplorerInfo, Goal
from .document import Block, Code, Document, Facts, Figure, Note, Table, Tone
from .format import count, listed, number, one_line, plural, timestamp
from .parallel import parallel_caption, parallel_svg

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["BUDGET", "comparison_document", "explorer_document"]

BUDGET = 100_000  # bytes of HTML: what a saved notebook may grow by for one panel
ROWS = 50
COLUMNS = 12
LINES = 60  # lines of a section of a comparison that differ; an environment may list hundreds


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
    return _within_budget(lambda rows: _explorer(runs, info, query, (metric, goal), rows), ROWS)


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


# --- side by side ------------------------------------------------------------------------------------------


def comparison_document(info: ComparisonInfo) -> Document:
    """What differs between the runs, section by section; what is the same folded away."""
    return _within_budget(lambda lines: _comparison(info, lines), LINES)


def _comparison(info: ComparisonInfo, lines: int) -> Document:
    runs = info["runs"]
    names = [run["name"] for run in runs]
    heads = [
        f"{one_line(run['name'], 40)} ({run['run_id'][:8]})"
        if names.count(run["name"]) > 1
        else one_line(run["name"], 60)
        for run in runs
    ]
    about = Table(
        ("", *heads),
        (
            ("id", *(run["run_id"] for run in runs)),
            ("status", *(run["status"] for run in runs)),
            ("started (UTC)", *((run["started"] or "")[:16].replace("T", " ") for run in runs)),
        ),
    )
    blocks: list[Block] = [about]
    for section in info["sections"]:
        blocks += _section(section, heads, lines)
    return Document(
        " against ".join(heads) if len(heads) == 2 else plural(len(heads), "run") + " side by side",
        tuple(blocks),
    )


def _section(section: ComparedSection, heads: Sequence[str], lines: int) -> list[Block]:
    differing = [row for row in section["rows"] if row["differs"]]
    same = [row for row in section["rows"] if not row["differs"]]
    with_delta = any(row["delta"] for row in differing)
    blocks: list[Block] = []
    if differing:
        shown = differing[:lines]
        rows = tuple(_compared(row, with_delta) for row in shown)
        plain: tuple[Tone | None, ...] = (None,) * (len(heads) + 1)
        tones = tuple((*plain, _TONES.get(row["tone"])) for row in shown) if with_delta else ()
        columns = ("", *heads, "difference") if with_delta else ("", *heads)
        numeric = (False, *([with_delta] * (len(columns) - 1)))
        blocks.append(Table(columns, rows, numeric, len(differing), section["title"], tones))
    if same:
        title = f"{section['title']}: {'' if differing else 'all '}{count(len(same))} the same"
        text = "\n".join(f"{one_line(row['key'])} = {one_line(row['values'][0])}" for row in same[:lines])
        more = f"\n… and {count(len(same) - lines)} more" if len(same) > lines else ""
        blocks.append(Code(text + more, title=title))
    return blocks


_TONES: dict[str, Tone] = {"better": "good", "worse": "bad"}


def _compared(row: ComparedRow, with_delta: bool) -> tuple[str, ...]:
    cells = (row["key"], *("—" if value is None else value for value in row["values"]))
    if not with_delta:
        return cells
    word = f" {row['tone']}" if row["tone"] in _TONES else ""  # not by colour alone
    return (*cells, row["delta"] + word)


def _within_budget(make: Callable[[int], Document], rows: int) -> Document:
    document = make(rows)
    while rows > 5 and len(document.html().encode()) > BUDGET:
        rows //= 2
        document = make(rows)
    return document
