"""Changing runs from the table, and taking them away as a file."""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = ["EditAction", "EditArgs", "EditResult", "ExportArgs", "ExportResult"]

EditAction = Literal["rename", "set_tag", "remove_tag", "note", "delete", "restore"]


class EditArgs(TypedDict):
    """Arguments of the request named `edit_run`.

    `key` is a tag's. `value` is the new name, the tag's value, or the note, of which "" takes it away. The other
    actions need neither.
    """

    action: EditAction
    run_ids: list[str]
    key: str
    value: str


class EditResult(TypedDict):
    """Answer to `edit_run`: what was done, in words. The changed runs come by themselves."""

    message: str


class ExportArgs(TypedDict):
    """Arguments of the request named `export`: these runs in this order, None is all; of the columns, by key."""

    format: Literal["parquet"]
    run_ids: list[str] | None
    columns: list[str]


class ExportResult(TypedDict):
    """Answer to `export`; the file is its one buffer."""

    rows: int
