"""Who changed a model version, when and why: kept on the version itself, as one tag a change.

A tag each, and no list in one tag, so that two people who comment at the same time lose nothing. Azure ML's tags hold
1,000 characters (resource-limits-capacity.md); other stores hold more.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..render.format import clean, one_line

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion

__all__ = ["PREFIX", "Change", "entry", "history_of", "is_history", "recorded"]

PREFIX = "aml.history."
VALUE = 1000  # UTF-16 units of a tag's value, as .NET counts
KEEP = 20  # changes; the oldest make room, since 50 tags fit
WHO = 120  # characters of a name


@dataclass(frozen=True)
class Change:
    """A change of a version: ``what`` is stage, alias or comment; ``before`` and ``after`` are "" for none."""

    at: datetime
    who: str
    what: str
    before: str
    after: str
    text: str

    @property
    def did(self) -> str:
        """What was changed, without the comment; "" for a comment alone."""
        if self.what == "stage":
            return f"{self.before or 'None'} → {self.after or 'None'}"
        if self.what == "alias" and self.after:
            moved = f", until then of version {self.before}" if self.before else ""
            return f"alias {self.after}{moved}"
        return f"alias {self.before} removed" if self.what == "alias" else ""

    @property
    def sentence(self) -> str:
        """What happened, without when and who."""
        return f"{self.did}: {self.text}" if self.did and self.text else self.did or self.text


def history_of(tags: Mapping[str, str]) -> tuple[Change, ...]:
    """The changes that a version's tags tell of, the newest first. What is not ours to read is left out."""
    found = ((key, _read(value)) for key, value in tags.items() if is_history(key))
    known = [(change.at, key, change) for key, change in found if change is not None]
    return tuple(change for *_, change in sorted(known, key=lambda row: row[:2], reverse=True))


def is_history(key: str) -> bool:
    """Whether a tag is one of ours about changes, and so is not shown among the others."""
    return key.startswith(PREFIX)


def entry(conn: Connection, change: tuple[str, str, str], text: str = "") -> tuple[str, str]:
    """A change as the key and the value of a tag; see `recorded`."""
    now = datetime.now(timezone.utc)
    what, before, after = change
    said = {"at": now.isoformat(timespec="milliseconds"), "who": _who(conn), "what": what, "from": before, "to": after}
    value = json.dumps({**said, "text": clean(text).strip()}, ensure_ascii=False, separators=(",", ":"))
    over = len(value.encode("utf-16-le", "surrogatepass")) // 2 - VALUE
    if over > 0:
        raise UsageError(f"the comment is {over:,} characters too long for a tag of {VALUE:,}", hint="say it shorter")
    return f"{PREFIX}{now:%Y%m%dT%H%M%S.%f}Z", value


@contextmanager
def recorded(conn: Connection, version: ModelVersion, change: tuple[str, str, str], text: str) -> Iterator[None]:
    """Keep a change with its comment. Written first, so that no change stands without it; gone if the change fails.

    Args:
        change: what, before, after, as in `Change`.
        text: the comment, "" for none.

    Raises:
        UsageError: the comment does not fit into a tag.
    """
    from ..client.models import remove_tag, update

    key, value = entry(conn, change, text)
    update(conn, version, tags={key: value})
    try:
        yield
    except BaseException:
        with suppress(Exception):  # a second failure must not hide the first
            remove_tag(conn, version, key)
        raise
    for old in sorted(filter(is_history, version.tags))[: -(KEEP - 1)]:
        remove_tag(conn, version, old)


def _read(value: str) -> Change | None:
    try:
        said = json.loads(value)
        words = [str(said[key]) for key in ("who", "what", "from", "to", "text")]
        return Change(datetime.fromisoformat(str(said["at"])).astimezone(timezone.utc), *words)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None  # a tag of somebody else's with our name


def _who(conn: Connection) -> str:
    """The login to Azure, else the user of this machine."""
    who = conn.azure.who.partition(" (tenant ")[0] if conn.azure is not None else ""
    if not who:
        with suppress(OSError, KeyError, ImportError):  # a container without a user
            who = getpass.getuser()
    return one_line(who or "somebody", WHO)
