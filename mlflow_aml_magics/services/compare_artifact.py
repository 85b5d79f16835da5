"""One file as several runs have it: what it is in each, the images, and what changed in text and tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from ..errors import UsageError
from ..frames.compared_files import paths_at
from ..frames.contents import COLUMNS, as_lines, as_table, image_type, kind_of_file
from ..frames.numerals import size as size_text
from ..frames.textdiff import line_diff, table_diff
from .compare import MOST
from .run_files import RunFiles, all_at_once

if TYPE_CHECKING:
    from ..client.connection import Progress
    from ..client.remote import Head
    from ..contract import ComparedArtifact, ComparedFile, DiffRow

__all__ = ["compare_artifact"]

READ = 200_000  # bytes of a text that are compared
IMAGE = 5_000_000  # bytes of an image that is shown
IMAGES = 30_000_000  # bytes of all images of one answer
ROWS = 5000  # rows of an answer
_TEXTS = ("text", "json", "csv")


def compare_artifact(
    files: RunFiles,
    run_ids: Sequence[str],
    path: str,
    *,
    step: int | None = None,
    baseline: str = "",
    chosen: str = "",
    progress: Progress | None = None,
) -> tuple[ComparedArtifact, list[bytes]]:
    """A file of each of the runs, of which at most the first 200 kB are read, or 5 MB of an image.

    Args:
        files: the artifacts of the runs' store.
        path: of a `ComparedRow`.
        step: of a series of images; None for a single file.
        baseline: the run on the left of what changed; "" is the first.
        chosen: the run on the right; "" is the first whose file is another.

    Returns:
        What crosses to the browser, and the bytes of the images.

    Raises:
        UsageError: too few or too many runs, or a baseline that is none of them.
    """
    if not 0 < len(run_ids) <= MOST or (baseline and baseline not in run_ids):
        raise UsageError(f"a file is compared between 1 to {MOST} runs", hint="name the baseline among them")
    jobs = [partial(_read, files, run_id, path, step) for run_id in run_ids]
    read = dict(zip(run_ids, all_at_once(jobs, progress, "reading files"), strict=True))
    base = baseline or run_ids[0]
    about = [_about(run_id, *read[run_id], read[base][1]) for run_id in run_ids]
    buffers = _images(about, {run_id: head for run_id, (_, head, _) in read.items()})
    other = chosen if chosen in read else _other(about, base)
    columns, rows, note = _changes(path, read[base][1], read[other][1])
    return {
        "path": path,
        "step": step,
        "chosen": other,
        "files": about,
        "columns": columns,
        "rows": rows[:ROWS],
        "note": note + (f"; the first {ROWS:,} of {len(rows):,} rows" if len(rows) > ROWS else ""),
    }, buffers


def _read(files: RunFiles, run_id: str, path: str, step: int | None) -> tuple[str, Head | None, str]:
    """Where the run has it, its beginning, and why there is none."""
    try:
        own = paths_at((file.path for file in files.listed(run_id)), path, step)
        if not own:
            return path, None, "not in this run" if step is None else f"no step {step}"
        head = files.head(run_id, own[0], READ)
        if head is not None and not head.whole and image_type(head.data) and (head.size or 0) <= IMAGE:
            head = files.head(run_id, own[0], IMAGE)
        return own[0], head, "" if head is not None else "not in this run"
    except Exception as exc:  # noqa: BLE001 -- whatever a storage raises, the other runs' files are shown
        return path, None, files.why_not(exc)


def _about(run_id: str, path: str, head: Head | None, why: str, base: Head | None) -> ComparedFile:
    file: ComparedFile = {
        "run_id": run_id,
        "kind": "missing",
        "size": None,
        "read": 0,
        "equal": None,
        "type": "",
        "buffer": -1,
        "note": why,
    }
    if head is None:
        return file
    file |= {"kind": kind_of_file(path, head.data, whole=head.whole), "size": head.size, "read": len(head.data)}
    file["equal"] = _equal(head, base)
    if file["kind"] == "binary":
        file["note"] = "binary, not shown"
    elif file["kind"] != "image" and not head.whole:
        file["note"] = f"the first {size_text(len(head.data))} of {size_text(head.size) or 'more'}"
    return file


def _equal(head: Head, base: Head | None) -> bool | None:
    if base is None:
        return False
    if head.size is not None and base.size is not None and head.size != base.size:
        return False
    if head.data != base.data:
        return False if len(head.data) == len(base.data) else None
    return True if head.whole and base.whole else None


def _images(about: Sequence[ComparedFile], heads: dict[str, Head | None]) -> list[bytes]:
    """The bytes of the images, as many as fit; each file is told which are its own."""
    buffers: list[bytes] = []
    for file in about:
        head = heads[file["run_id"]]
        if file["kind"] != "image" or head is None:
            continue
        if not head.whole:
            file["note"] = f"{size_text(head.size) or 'large'}: more than {size_text(IMAGE)} is not shown"
        elif sum(map(len, buffers)) + len(head.data) > IMAGES:
            file["note"] = f"not shown: all images together have more than {size_text(IMAGES)}"
        else:
            file["type"], file["buffer"] = image_type(head.data), len(buffers)
            buffers.append(head.data)
    return buffers


def _other(about: Sequence[ComparedFile], base: str) -> str:
    others = [file for file in about if file["run_id"] != base]
    differing = [file for file in others if file["kind"] != "missing" and file["equal"] is not True]
    there = [file for file in others if file["kind"] != "missing"]
    return next(iter([*differing, *there, *others]), about[0])["run_id"]


def _changes(path: str, old: Head | None, new: Head | None) -> tuple[list[str], list[DiffRow], str]:
    """Columns of a table, rows, and what is to be said of them; nothing for what is no text."""
    kinds = {kind_of_file(path, head.data, whole=head.whole) for head in (old, new) if head is not None}
    if not kinds or not kinds <= set(_TEXTS):
        return [], [], ""
    kind = kinds.pop() if len(kinds) == 1 else "text"
    if kind == "csv":
        tables = [as_table(path, head.data, whole=head.whole) if head else [] for head in (old, new)]
        columns, rows = table_diff(*tables)  # of whole rows: what is cut below may be what differs
        cut = [{**row, "left": row["left"][:COLUMNS], "right": row["right"][:COLUMNS]} for row in rows]
        note = f"the first {COLUMNS} of {len(columns):,} columns are shown" if len(columns) > COLUMNS else ""
        return columns[:COLUMNS], cast("list[DiffRow]", cut), note
    lines = [as_lines(head.data, kind, whole=head.whole) if head else [] for head in (old, new)]
    rows = line_diff(*lines)
    same = old is not None and new is not None and all(row["state"] == "same" for row in rows)
    if kind == "json":
        return [], rows, "keys sorted" + ("; the same value, written in another way" if same and old != new else "")
    return [], rows, ""
