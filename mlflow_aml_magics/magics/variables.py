"""Words that name a variable of the notebook which holds a run, a model version, a folder or a fitted model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NotFound, UsageError, nearest

if TYPE_CHECKING:
    from .session import Session

__all__ = ["data_named", "named", "no_model_here"]


def named(session: Session, word: str) -> object:
    """What the variable ``word`` holds if it is something that the magics take, else the word itself.

    A model called `wine` is not hidden by a DataFrame of that name, nor by text: that takes ``$wine``.
    """
    value = session.shell.user_ns.get(word)
    run_id = getattr(value, "run_id", None) or getattr(getattr(value, "info", None), "run_id", None)
    known = isinstance(value, Path) or isinstance(run_id, str) or (hasattr(value, "version") and hasattr(value, "name"))
    return value if known or callable(getattr(value, "predict", None)) else word


def data_named(session: Session, word: str) -> object:
    """What the variable ``word`` holds, else the word itself, which names a file or is JSON.

    Raises:
        UsageError: it can only be a variable or a file, and there is neither.
    """
    variables = session.shell.user_ns
    if word in variables or not word.isidentifier() or Path(word).exists():
        return variables.get(word, word)
    close = nearest(word, [name for name in variables if not name.startswith("_")])
    raise UsageError(
        f"there is no variable and no file '{word}'",
        hint=f"did you mean {close}?" if close else "a DataFrame, a .csv, .json, .jsonl or .parquet file, or JSON",
    )


@contextmanager
def no_model_here(session: Session, word: str) -> Iterator[None]:
    """Say of a word that names nothing in the store, but a variable here, what that variable is."""
    try:
        yield
    except NotFound as exc:
        value = session.shell.user_ns.get(word)
        if value is None or isinstance(value, (str, Path)) or named(session, word) is value:
            raise
        kind = type(value).__name__
        raise UsageError(
            f"'{word}' is a {kind} here, and a {kind} is no model",
            hint="a fitted model, a run, runs:/RUN/model, or a folder with an MLmodel",
        ) from exc
