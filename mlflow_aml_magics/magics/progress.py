"""One line that says what is being waited for, and is replaced by the next."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["clear_progress", "progress_line"]

_shown: list[str] = []  # ids of the displays that the verb at work has made


def progress_line(shell: InteractiveShell, *, after: float = 0) -> Callable[[str], None]:
    """A function that shows a message in place of the one before; in a terminal, below it.

    Args:
        after: seconds from now in which it stays silent, for what mostly is done before.
    """
    start = time.monotonic() + after
    shown = uuid.uuid4().hex

    def show(message: str) -> None:
        if time.monotonic() < start:
            return
        if not getattr(shell, "kernel", None):
            print(message, flush=True)
            return
        from IPython.display import display

        display({"text/plain": message}, raw=True, display_id=shown, update=shown in _shown)
        if shown not in _shown:
            _shown.append(shown)

    return show


def clear_progress() -> None:
    """Blank the lines when the verb has ended: a stored notebook does not go on waiting."""
    while _shown:
        from IPython.display import update_display

        update_display({"text/plain": ""}, display_id=_shown.pop(), raw=True)
