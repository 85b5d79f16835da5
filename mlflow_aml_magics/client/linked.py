"""A copy of a folder that shares the bytes of its files with the original where the disk lets it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["linked_copy"]


def linked_copy(folder: Path, to: Path, *, ignore: Callable[[str, list[str]], Iterable[str]] | None = None) -> None:
    """Copy a folder by hard links. To change a file of the copy, unlink it first: it may be the original's.

    Args:
        to: the copy; not there yet.
        ignore: as of `shutil.copytree`.
    """
    shutil.copytree(folder, to, copy_function=_link_or_copy, ignore=ignore)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(os.path.realpath(source), target)  # a link to a symbolic link would lead nowhere from the copy
    except OSError:
        shutil.copy2(source, target)
