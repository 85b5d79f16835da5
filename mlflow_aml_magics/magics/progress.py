"""One line that says what is being waited for, and is replaced by the next."""

from __future__ import annotations

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
    handle = None

    def show(message: str) -> None:
        nonlocal handle
        bundle = {"text/plain": message}
        if handle is None:
            handle = display(bundle, raw=True, display_id=True)
        else:
            handle.update(bundle, raw=True)

    return show
