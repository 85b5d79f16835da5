"""The parts of a document. Their texts may be anything: each form that shows them makes them harmless."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .format import clean, count

__all__ = ["CELL", "CODE", "FACT", "GLYPH", "Block", "Code", "Facts", "Figure", "Link", "Note", "Table", "Tone"]

Tone = Literal["info", "good", "warn", "bad"]

CELL = 80  # characters of a table cell; a longer one would push the other columns off the page
FACT = 400  # characters of a value in a list of facts
CODE = 20_000  # characters of a code block: five of them still fit the 100 KB budget of a static output
# Said before a note: its tone must not rest on colour alone.
GLYPH: dict[Tone, str] = {"info": "", "good": "✓ ", "warn": "⚠ ", "bad": "✗ "}


@dataclass(frozen=True)
class Facts:
    """A list of labelled values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table of ready-made text. ``numeric`` columns are set right; ``total`` says how many rows there are in all."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...] = ()
    total: int | None = None
    title: str = ""
    tones: tuple[tuple[Tone | None, ...], ...] = ()  # of each cell, where one is to stand out

    def is_numeric(self, column: int) -> bool:
        """Whether that column is set right."""
        return column < len(self.numeric) and self.numeric[column]

    def tone(self, row: int, column: int) -> Tone | None:
        """How that cell stands out, if it does."""
        return self.tones[row][column] if row < len(self.tones) and column < len(self.tones[row]) else None

    def shortened(self) -> str:
        """ "showing 50 of 2,341", or nothing when all rows are there."""
        if self.total is None or self.total <= len(self.rows):
            return ""
        return f"showing {count(len(self.rows))} of {count(self.total)}"


@dataclass(frozen=True)
class Code:
    """Text kept as it is. With a title it starts folded."""

    text: str
    language: str = ""
    title: str = ""

    def shown(self) -> str:
        """The text without characters that act, cut where it is absurdly long, which is said."""
        text = clean(self.text).rstrip("\n")
        if len(text) <= CODE:
            return text
        return f"{text[:CODE]}\n… ({count(CODE)} of {count(len(text))} characters)"


@dataclass(frozen=True)
class Note:
    """A sentence, with a tone."""

    text: str
    tone: Tone = "info"


@dataclass(frozen=True)
class Figure:
    """A picture that we drew: ``svg`` is safe markup. The caption must be enough where pictures are dropped."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Link:
    """A link. Only http and https are followed; anything else is shown as text."""

    text: str
    url: str

    def target(self) -> str | None:
        """The address, if it is one that a browser may follow."""
        url = self.url.strip()
        safe = re.match(r"https?://[^\s<>\"'`\\]+$", url, re.IGNORECASE) and clean(url) == url
        return url if safe else None


Block = Facts | Table | Code | Note | Figure | Link
