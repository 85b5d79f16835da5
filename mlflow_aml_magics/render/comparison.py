"""What runs side by side leave in a notebook where the panel cannot live."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import ComparedRow, ComparedSection, ComparisonInfo
from .document import Block, Code, Document, Note, Table, Tone
from .explorer import within_budget
from .format import count, one_line, plural

__all__ = ["comparison_document"]

LINES = 60  # lines of a section that differ; an environment may list hundreds
_TONES: dict[str, Tone] = {"better": "good", "worse": "bad"}


def comparison_document(info: ComparisonInfo) -> Document:
    """What differs between the runs, section by section, metrics with their difference from the baseline.

    What is the same is folded away. Of two runs the difference has a column of its own.
    """
    return within_budget(lambda lines: _comparison(info, lines), LINES)


def _comparison(info: ComparisonInfo, lines: int) -> Document:
    runs = info["runs"]
    names = [run["name"] for run in runs]
    heads = [
        f"{one_line(run['name'], 40)} ({run['run_id'][:8]})"
        if names.count(run["name"]) > 1
        else one_line(run["name"], 60)
        for run in runs
    ]
    marks = tuple("baseline" if run["run_id"] == info["baseline"] else "" for run in runs)
    about = Table(
        ("", *heads),
        (
            ("id", *(run["run_id"] for run in runs)),
            ("status", *(f"{run['status']}{', deleted' if run['deleted'] else ''}" for run in runs)),
            ("started (UTC)", *((run["started"] or "")[:16].replace("T", " ") for run in runs)),
            *([("", *marks)] if len(runs) > 2 or marks[0] == "" else []),
        ),
    )
    blocks: list[Block] = [about, *(Note(note, "warn") for note in info["notes"])]
    for section in info["sections"]:
        blocks += _section(section, heads, lines, _said_at(info["metrics_at"]))
    return Document(
        " against ".join(heads) if len(heads) == 2 else plural(len(heads), "run") + " side by side",
        tuple(blocks),
    )


def _said_at(metrics_at: str) -> str:
    """Which value of the metrics, where it is not the last."""
    word, _, step = metrics_at.partition(":")
    return {"last": "", "min": " (lowest)", "max": " (highest)"}.get(word, f" (step {step})")


def _section(section: ComparedSection, heads: Sequence[str], lines: int, at: str) -> list[Block]:
    title = section["title"] + (at if section["title"] == "Metrics" else "")
    differing = [row for row in section["rows"] if row["differs"]]
    same = [row for row in section["rows"] if not row["differs"]]
    blocks: list[Block] = []
    if differing:
        blocks.append(_table(differing[:lines], heads, title, len(differing)))
    if same:
        word = "the same, or not compared" if any(row["note"] for row in same) else "the same"
        said = f"{title}: {'' if differing else 'all '}{count(len(same))} {word}"
        text = "\n".join(_same(row) for row in same[:lines])
        more = f"\n… and {count(len(same) - lines)} more" if len(same) > lines else ""
        blocks.append(Code(text + more, title=said))
    return blocks


def _same(row: ComparedRow) -> str:
    note = f" ({row['note']})" if row["note"] else ""
    return f"{one_line(row['key'])} = {one_line(row['values'][0] or '—')}{note}"


def _table(rows: Sequence[ComparedRow], heads: Sequence[str], title: str, total: int) -> Table:
    measured = any(row["deltas"] for row in rows)
    if measured and len(heads) == 2:
        return _of_two(rows, heads, title, total)
    cells = tuple(
        (
            one_line(row["key"]) + (f" ({row['note']})" if row["note"] else ""),
            *(_cell(row, place) for place in range(len(heads))),
        )
        for row in rows
    )
    tones = tuple((None, *(_TONES.get(tone) for tone in row["tones"])) for row in rows)
    return Table(("", *heads), cells, (False, *[measured] * len(heads)), total, title, tones if measured else ())


def _of_two(rows: Sequence[ComparedRow], heads: Sequence[str], title: str, total: int) -> Table:
    """Two runs: the difference stands in a column of its own."""
    cells, tones = [], []
    for row in rows:
        place = next((i for i, change in enumerate(row["deltas"]) if change), None)
        change, tone = ("", "none") if place is None else (row["deltas"][place], row["tones"][place])
        values = ["—" if value is None else value for value in row["values"]]
        cells.append((row["key"], *values, change + _word(tone)))
        tones.append((None, None, None, _TONES.get(tone)))
    return Table(("", *heads, "difference"), tuple(cells), (False, True, True, True), total, title, tuple(tones))


def _cell(row: ComparedRow, place: int) -> str:
    value = row["values"][place]
    change = row["deltas"][place] if row["deltas"] else ""
    if value is None or not change:
        return "—" if value is None else value
    return f"{value} · {change}{_word(row['tones'][place])}"


def _word(tone: str) -> str:
    return f" {tone}" if tone in _TONES else ""  # not by colour alone
