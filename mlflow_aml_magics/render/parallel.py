"""Parallel coordinates as script-free inline SVG: what a notebook keeps of the explorer's plot."""

from __future__ import annotations

import html
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from ..contract import ColumnInfo, Goal
from .axes import Axis, axes_of
from .axis_names import short_names
from .format import count, listed, one_line, plural
from .palette import stroke

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["LINES", "parallel_caption", "parallel_svg"]

LINES = 200  # more lines hide each other at this height, and 100 KB of output do not hold them

TOP, LEFT, RIGHT, FOOT = 34, 46, 46, 16  # pixels around the axes
LANE = 34  # height that the missing values take below them
BANDS = 16  # of the colour bar


def parallel_svg(
    runs: RunTable,
    infos: Sequence[ColumnInfo],
    *,
    color_by: str | None = None,
    goal: Goal | None = None,
    selected: Sequence[str] = (),
    width: int = 960,
    height: int = 300,
) -> str:
    """The picture, or nothing where fewer than two columns make an axis.

    Args:
        runs: those to draw; at most `LINES` of them are, the best by ``color_by``.
        infos: the columns; those with ``axis`` are drawn, params first and ``color_by`` last.
        color_by: key of the column that colours the lines, strongest at its better end.
        goal: which end is better; without one, the upper.
        selected: ids of runs to draw strong.
        width, height: of the view box, in pixels.
    """
    axes = axes_of(runs, infos, color_by)
    if len(axes) < 2 or not len(runs):
        return ""
    return _Picture(axes, color_by, goal, width, height).svg(runs.column("run_id").to_pylist(), frozenset(selected))


def parallel_caption(
    runs: RunTable, infos: Sequence[ColumnInfo], *, color_by: str | None = None, goal: Goal | None = None
) -> str:
    """What the picture does not say by itself: how many lines, what the colour is, what is missing."""
    axes = axes_of(runs, infos, color_by)
    if len(axes) < 2 or not len(runs):
        return ""
    coloured = axes[-1].info["key"] == color_by
    words = [plural(len(runs), "run")]
    if len(runs) > LINES:
        words = [f"the {'best' if coloured and goal else 'first'} {LINES} of {plural(len(runs), 'run')}"]
    if coloured:
        end, name = "low" if goal == "min" else "high", one_line(axes[-1].info["name"], 60)
        words.append(f"strongest colour: {end} {name}" + (", the better end" if goal else "") + ", by rank")
    gaps = [
        f"{count(axis.missing)} without {one_line(axis.info['name'], 40)}" for axis in reversed(axes) if axis.missing
    ]
    if gaps:
        words.append(f"on the lowest lane: {listed(gaps, 4)}")
    return "; ".join(words)


# --- drawing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Picture:
    """Where things go: axes at equal distances, the lane of missing values below them."""

    axes: Sequence[Axis]
    color_by: str | None
    goal: Goal | None
    width: int
    height: int

    def svg(self, run_ids: Sequence[str], selected: frozenset[str]) -> str:
        names = ", ".join(one_line(axis.info["name"], 40) for axis in self.axes)
        label = f"Parallel coordinates of {plural(len(run_ids), 'run')} over {names}"
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" role="img" aria-label="{_esc(label)}" fill="none" font-size="11">'
        ]
        parts += self.lines(run_ids, selected)
        for place in range(len(self.axes)):
            parts += self.axis(place)
        return "\n".join([*parts, "</svg>"])

    @cached_property
    def coloured(self) -> Axis | None:
        """The axis that colours the lines; it is the last."""
        return self.axes[-1] if self.axes[-1].info["key"] == self.color_by else None

    @cached_property
    def names(self) -> dict[str, str]:
        return short_names([axis.info for axis in self.axes])

    @cached_property
    def step(self) -> float:
        return (self.width - LEFT - RIGHT) / (len(self.axes) - 1)

    @cached_property
    def bottom(self) -> int:
        return self.height - FOOT - (LANE if any(axis.missing for axis in self.axes) else 0)

    @property
    def lane(self) -> int:
        return self.height - FOOT - 6

    def x(self, place: int) -> float:
        return round(LEFT + place * self.step, 1)

    def y(self, value: float | None) -> float:
        return self.lane if value is None else round(self.bottom - value * (self.bottom - TOP), 1)

    @cached_property
    def ranked(self) -> list[float]:
        """The places on the axis that colours, in order. Colour goes by rank: one outlier must not take it all."""
        return sorted(place for place in self.coloured.places if place is not None) if self.coloured else []

    def merit(self, place: float | None) -> float:
        """The share of runs that a place on the axis that colours beats, from 0 to 1; below 0 where nothing tells."""
        if place is None or self.coloured is None:
            return -1.0
        beaten = (bisect_left(self.ranked, place) + bisect_right(self.ranked, place) - 1) / 2
        share = min(1.0, max(0.0, beaten / max(1, len(self.ranked) - 1)))
        return 1 - share if self.goal == "min" else share

    def merit_of(self, row: int) -> float:
        return self.merit(self.coloured.places[row] if self.coloured else None)

    def lines(self, run_ids: Sequence[str], selected: frozenset[str]) -> list[str]:
        rows = self.drawn(run_ids, selected)
        picked = {row for row in rows if run_ids[row] in selected}
        parts = []
        if any(axis.missing for axis in self.axes):
            parts.append(
                f'<path d="M{self.x(0):g} {self.lane}H{self.x(len(self.axes) - 1):g}" stroke="currentColor" '
                'stroke-opacity=".3" stroke-dasharray="2 4"/>'
            )
        # Many lines are drawn faint, so that their density shows.
        opacity = 0.9 if len(rows) <= 30 else 0.7 if len(rows) <= 100 else 0.5
        parts.append(f'<g stroke-linejoin="round" stroke-width="1.3" stroke-opacity="{opacity}">')
        for paint, group in groupby(rows, key=lambda row: self.paint(row, strong=row in picked)):
            parts.append(f"<g {paint}>")
            for row in group:
                points = " ".join(f"{self.x(i):g},{self.y(axis.places[row]):g}" for i, axis in enumerate(self.axes))
                parts.append(f'<polyline points="{points}"/>')
            parts.append("</g>")
        return [*parts, "</g>"]

    def paint(self, row: int, *, strong: bool) -> str:
        """The attributes of a line: by merit, faint where the column that colours has no value."""
        merit = self.merit_of(row) if self.coloured else 0.25
        if strong:
            return f'{stroke(merit)} stroke-width="2.6" stroke-opacity="1"'
        return stroke(merit) + ("" if merit >= 0 else ' stroke-opacity=".3"')

    def drawn(self, run_ids: Sequence[str], selected: frozenset[str]) -> list[int]:
        """The rows to draw, the worst first so that the best lie on top, the selected on top of all."""
        picked = [row for row, run_id in enumerate(run_ids) if run_id in selected]
        others = [row for row, run_id in enumerate(run_ids) if run_id not in selected]
        if self.coloured:
            others.sort(key=self.merit_of, reverse=True)
        return [*reversed(others[: max(0, LINES - len(picked))]), *picked]

    def axis(self, place: int) -> list[str]:
        axis, x = self.axes[place], self.x(place)
        room = max(4, int(min(self.step, 160) / 6.4))  # characters between two axes, at 6.4 pixels each
        log = " (log)" if axis.logarithmic else ""
        name, short = (one_line(text, 400) + log for text in (axis.info["name"], self.names[axis.info["key"]]))
        short = _short(name if len(name) <= room else short, room)
        full = f"<title>{_esc(name)}</title>" if short != name else ""
        bold = ' font-weight="600"' if axis is self.coloured else ""
        head = f"{_esc(short)}{full}"
        parts = [
            f'<text x="{x:g}" y="13" text-anchor="middle" fill="currentColor"{bold}>{head}</text>',
            f'<path d="M{x:g} {TOP}V{self.bottom}" stroke="currentColor" stroke-opacity=".5"/>',
        ]
        if axis is self.coloured:
            parts += self.colour_bar(x)
        parts += [self.tick(x, at, _short(text, room)) for at, text in axis.ticks]
        if axis.missing:
            label = f"{count(axis.missing)} missing"
            parts.append(_faint(x, self.height - 3, label, 'font-size="10" text-anchor="middle"'))
        return parts

    def tick(self, x: float, at: float, text: str) -> str:
        if at == 1:
            return _faint(x, TOP - 6, text, 'text-anchor="middle"')
        if at == 0:
            return _faint(x, self.bottom + 12, text, 'text-anchor="middle"')
        last = x > self.width - RIGHT - 1
        return _faint(x + (-6 if last else 6), self.y(at) + 4, text, 'text-anchor="end"' if last else "")

    def colour_bar(self, x: float) -> list[str]:
        edges = [self.y(i / BANDS) for i in range(BANDS + 1)]
        merits = [self.merit((i + 0.5) / BANDS) for i in range(BANDS)]
        return [
            f'<path d="M{x:g} {edges[i]:g}V{edges[i + 1]:g}" {stroke(merits[i])} stroke-width="5"/>'
            for i in range(BANDS)
        ]


def _faint(x: float, y: float, text: str, more: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="currentColor" fill-opacity=".75" {more}>{_esc(text)}</text>'


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"


def _esc(text: str) -> str:
    return html.escape(text, quote=True)
