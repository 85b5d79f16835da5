"""One line that says what is being waited for, and is replaced by the next."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["progress_line"]


def progress_line(shell: InteractiveShell) -> Callable[[str], None]:
    """A function that shows a message in place of the one before; in a terminal, below it."""
    from IPython.display import display

    if not getattr(shell, "kernel", None):
        return lambda message: print(message, flush=True)
    shown = uuid.uuid4().hex
    updates = itertools.count()

    def show(message: str) -> None:
        display({"text/plain": message}, raw=True, display_id=shown, update=next(updates) > 0)

    return show
