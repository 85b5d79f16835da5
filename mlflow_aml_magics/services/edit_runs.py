"""Changing several runs at once: all, or a word about how far it got."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import AmlMagicsError, UsageError

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress

__all__ = ["EDITS", "edit_runs"]

# Of each edit: what was done, in words. `{value}` is the name or text, `{key}` the tag's name.
EDITS = {
    "rename": "renamed to '{value}'",
    "set_tag": "tag '{key}' set",
    "remove_tag": "tag '{key}' removed",
    "note": "note saved",
    "delete": "deleted",
    "restore": "restored",
}


def edit_runs(
    conn: Connection,
    action: str,
    run_ids: Sequence[str],
    *,
    key: str = "",
    value: str = "",
    progress: Progress | None = None,
) -> str:
    """Do the same to each of some runs, one after the other.

    Args:
        action: one of `EDITS`.
        run_ids: whole ids.
        key: the tag's name, where the action is about a tag.
        value: the new name, the tag's value, or the note's text ("" takes the note away).
        progress: told how many are done; may raise to stop.

    Returns:
        What was done, in words.

    Raises:
        UsageError: no such action, or a value that the store does not take.
        AmlMagicsError: a run was refused; the message says how many were done before.
    """
    from .refresh import touch

    change = _change(conn, action, key, value)
    try:
        for done, run_id in enumerate(run_ids):
            try:
                if progress and len(run_ids) > 1:
                    progress(f"{done:,} of {len(run_ids):,} runs {_word(action)}…")
                change(run_id)
            except AmlMagicsError as exc:
                if done:
                    exc.message = f"{done:,} of {len(run_ids):,} runs {_word(action)}, then: {exc.message}"
                    exc.args = (exc.message,)
                raise
    finally:
        touch(conn, run_ids)  # a server does not tell which ended runs changed
    done_what = EDITS[action].format(key=key, value=value)
    return done_what if len(run_ids) == 1 else f"{len(run_ids):,} runs: {done_what}"


def _word(action: str) -> str:
    return action + "d" if action in ("delete", "restore", "rename") else "changed"


def _change(conn: Connection, action: str, key: str, value: str) -> Callable[[str], None]:
    from ..client import run_writes

    changes: dict[str, Callable[[str], None]] = {
        "rename": lambda run_id: run_writes.rename(conn, run_id, value),
        "set_tag": lambda run_id: run_writes.set_tag(conn, run_id, key, value),
        "remove_tag": lambda run_id: run_writes.remove_tag(conn, run_id, key),
        "note": lambda run_id: run_writes.set_note(conn, run_id, value),
        "delete": lambda run_id: run_writes.delete(conn, run_id),
        "restore": lambda run_id: run_writes.restore(conn, run_id),
    }
    if action not in changes:
        raise UsageError(f"runs cannot be '{action}'", hint=f"one of {', '.join(EDITS)}")
    return changes[action]
