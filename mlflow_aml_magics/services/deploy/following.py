"""Looking after what a service makes by itself: how far it is, told as it goes, until it ends or somebody leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ...errors import DeploymentError, StoreUnreachable

if TYPE_CHECKING:
    from ...client.connection import Progress

__all__ = ["Followed", "TooLong", "elapsed", "follow", "stays"]

T = TypeVar("T")

FIRST_LOOK, LAST_LOOK = 1.0, 5.0  # seconds between two looks: soon in the beginning, gently later
GROWS = 30.0  # seconds in which the one becomes the other
TICK = 1.0  # seconds between two lines of progress
PATIENCE = 120.0  # seconds that the network may be away: the service goes on without us


class TooLong(Exception):
    """It has not ended in the time that was given to it."""


@dataclass(frozen=True)
class Followed(Generic[T]):
    """What was seen: the thing as it is, None where it is gone; ``phase`` in words; ``done`` when nothing changes."""

    now: T
    phase: str
    done: bool


def follow(look: Callable[[], Followed[T]], say: Progress, *, timeout: float, since: float | None = None) -> T:
    """Look again and again until it is done. Each second the progress has the time, and what goes on.

    Args:
        look: asks the service.
        timeout: seconds in all.
        since: when what is told began, of `time.monotonic`; now by default.

    Raises:
        TooLong
        StoreUnreachable: the service was not to be reached for two minutes.
    """
    start = time.monotonic()
    phase, reached = "", start
    while True:
        try:
            seen = look()
            phase, reached = seen.phase, time.monotonic()
            if seen.done:
                return seen.now
            shown = phase
        except StoreUnreachable:
            if time.monotonic() - reached > PATIENCE:
                raise
            shown = f"{phase}; Azure is not to be reached for now" if phase else "Azure is not to be reached for now"
        passed = time.monotonic() - start
        if passed > timeout:
            raise TooLong
        pause = min(LAST_LOOK, FIRST_LOOK + (LAST_LOOK - FIRST_LOOK) * passed / GROWS)
        _wait(pause, since or start, shown, say)


@contextmanager
def stays(doing: str, timeout: float) -> Iterator[None]:
    """Whoever leaves is told that Azure goes on.

    Args:
        doing: "wine/blue is being deleted".
        timeout: seconds that were given to it.
    """
    try:
        yield
    except KeyboardInterrupt as exc:
        raise DeploymentError(f"interrupted: {doing}, and Azure goes on with it", hint="%aml_endpoints") from exc
    except TooLong as exc:
        raise DeploymentError(f"{doing} for more than {timeout:g} s", hint="%aml_endpoints") from exc


def elapsed(seconds: float) -> str:
    """As a clock: 1:12.

    >>> elapsed(72.9)
    '1:12'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _wait(seconds: float, start: float, words: str, say: Progress) -> None:
    """Sleep in steps of a second, each with its line; an interrupt, or what a progress raises, ends it at once."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        say(f"{elapsed(time.monotonic() - start)} {words}…")
        _never.wait(min(TICK, left))


_never = threading.Event()  # its wait is a sleep that Ctrl-C ends on every system
