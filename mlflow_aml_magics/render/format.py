"""How numbers, times, sizes and foreign text are written, the same in every output."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime, timezone

from ..frames.numerals import delta, number, size

__all__ = [
    "clean",
    "count",
    "delta",
    "duration",
    "listed",
    "number",
    "one_line",
    "plural",
    "size",
    "timestamp",
]

# Characters that change what stands around them instead of being read: C0 and C1 controls (terminal escapes), the bidi
# overrides of CVE-2021-42574, line and paragraph separators, lone surrogates (they do not encode).
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_SPACES = re.compile(r"[ \t]+")


def count(value: int) -> str:
    """A whole number with thousands separated: 2,341."""
    return f"{value:,}"


def plural(value: int, word: str, many: str | None = None) -> str:
    """A count and its noun: "1 run", "2,341 runs"."""
    return f"{count(value)} {word if value == 1 else many or word + 's'}"


def timestamp(value: datetime | float | None) -> str:
    """A moment in UTC to the second, "2026-11-21 05:14:09"; whole numbers are milliseconds since 1970."""
    if value is None:
        return ""
    if not isinstance(value, datetime):
        try:
            value = datetime.fromtimestamp(value / 1000, tz=timezone.utc)
        except (OverflowError, OSError, ValueError):
            return str(value)
    if value.tzinfo is not None:
        value = value.astimezone(timezone.utc)
    return value.strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float | None) -> str:
    """A length of time: "37 ms", "1.2 s", "3 min 20 s", "2 h 5 min"."""
    if seconds is None or math.isnan(seconds):
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clean(text: str) -> str:
    """Foreign text with line ends unified and characters that are not read but act (escapes, bidi) made visible."""
    return _UNREADABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: object, limit: int = 200) -> str:
    """Foreign text on one line: line ends shown as ↵, and no longer than ``limit``, saying how long it was."""
    whole = str(text)
    shown = _SPACES.sub(" ", clean(whole[: 4 * limit]).strip("\n").replace("\n", " ↵ ")).strip()
    if len(shown) <= limit and len(whole) <= 4 * limit:
        return shown
    note = f"… ({count(len(whole))} characters)" if limit >= 100 else "…"
    return shown[: max(1, limit - len(note))].rstrip() + note


def listed(words: Iterable[str], limit: int = 3) -> str:
    """Some words for a sentence, the rest counted: "a, b, c and 4 more"."""
    known = list(words)
    shown = ", ".join(known[:limit])
    return f"{shown} and {count(len(known) - limit)} more" if len(known) > limit else shown
