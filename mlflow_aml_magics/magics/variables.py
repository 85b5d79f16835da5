"""Words that name a variable of the notebook which holds a run, a model version, a folder or a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session

__all__ = ["named"]


def named(session: Session, word: str) -> object:
    """What the variable ``word`` holds if it is something that the magics take, else the word itself.

    A model called `wine` is not hidden by a DataFrame of that name, nor by text: that takes ``$wine``.
    """
    value = session.shell.user_ns.get(word)
    run_id = getattr(value, "run_id", None) or getattr(getattr(value, "info", None), "run_id", None)
    known = isinstance(value, Path) or isinstance(run_id, str) or (hasattr(value, "version") and hasattr(value, "name"))
    return value if known or callable(getattr(value, "predict", None)) else word
