"""Following the store, and the way from a run to the pages that the store itself has for it."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["LinkArgs", "LinkResult", "RefreshResult"]


class RefreshResult(TypedDict):
    """Answer to `refresh`: how many runs changed or came, how many went, and whether some still run.

    The runs themselves travel in `_changes`, or in `_runs` anew, before this answer does.
    """

    changed: int
    removed: int
    live: bool


class LinkArgs(TypedDict):
    """Arguments of the request named `link`."""

    run_id: str


class LinkResult(TypedDict):
    """Answer to `link`: the run's page, or, where `url` is empty, `how` to get one."""

    url: str
    how: str
