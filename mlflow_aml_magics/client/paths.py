"""Paths as people read them."""

from __future__ import annotations

import shlex
from pathlib import Path

__all__ = ["shell_path", "short_path"]


def short_path(path: Path | None) -> str:
    """A path as its reader says it: "this folder", what is below it, or from the home folder on.

    Outputs are shared with their notebooks: names of users and machines stay out of them where they can.
    """
    if path is None:
        return ""
    here = Path.cwd()
    if path == here:
        return "this folder"
    if here in path.parents:
        return str(path.relative_to(here))
    home = Path.home()
    return f"~/{path.relative_to(home)}" if home in path.parents else str(path)


def shell_path(path: Path) -> str:
    """A path as a word of a shell command, from the home folder on where it is in there."""
    home = Path.home()
    return f"~/{shlex.quote(str(path.relative_to(home)))}" if home in path.parents else shlex.quote(str(path))
