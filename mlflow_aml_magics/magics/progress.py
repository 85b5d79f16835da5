"""One line that says what is being waited for, and is replaced by the next."""

from __future__ import annotations

import shutil
import sys
import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["clear_progress", "progress_line"]

CLEAR = "\r\x1b[2K"  # back to the line's beginning, and the line emptied
_shown: list[str] = []  # ids of the displays that the verb at work has made; "" for a terminal's line


def progress_line(shell: InteractiveShell, *, after: float = 0) -> Callable[[str], None]:
    """A function that shows a message in place of the one before; below it where the output is a file.

    Args:
        after: seconds from now in which it stays silent, for what mostly is done before.
    """
    start = time.monotonic() + after
    shown = uuid.uuid4().hex

    def show(message: str) -> None:
        if time.monotonic() < start:
            return
        if not getattr(shell, "kernel", None):
            _print(message)
            return
        from IPython.display import display

        display({"text/plain": message}, raw=True, display_id=shown, update=shown in _shown)
        if shown not in _shown:
            _shown.append(shown)

    return show


def _print(message: str) -> None:
    """Over the line before in a terminal, where it must be one line for that."""
    if not sys.stdout.isatty():
        print(message, flush=True)
        return
    line = message.splitlines()[0] if message else ""
    print(f"{CLEAR}{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
    _shown.append("")


def clear_progress() -> None:
    """Blank the lines when the verb has ended: a stored notebook does not go on waiting."""
    if "" in _shown:
        print(CLEAR, end="", flush=True)
        _shown[:] = filter(None, _shown)
    while _shown:
        from IPython.display import update_display

        update_display({"text/plain": ""}, display_id=_shown.pop(), raw=True)
