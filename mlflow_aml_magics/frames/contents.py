"""What a file is by its bytes, and how it is read so that two of a kind can be compared."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from ..contract import FileKind

__all__ = ["COLUMNS", "IMAGES", "as_lines", "as_table", "image_type", "kind_of_file"]

IMAGES = {  # by their first bytes. SVG is none of them: it can hold a script, and is shown as its text
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
COLUMNS = 200  # columns of a table that are shown
DEEPEST = 100  # levels of JSON that is written anew: each line is indented by them


def image_type(data: bytes) -> str:
    """The MIME type of an image that a browser shows without running anything, "" for all else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in IMAGES.items() if data.startswith(start)), "")


def kind_of_file(path: str, data: bytes, *, whole: bool) -> FileKind:
    """What a file is, by its first bytes and its name.

    Args:
        whole: these are all its bytes. JSON is read as such only whole.
    """
    if image_type(data):
        return "image"
    text = _text(data, whole=whole)
    if text is None:
        return "binary"
    suffix = path.rpartition(".")[2].lower()
    if suffix in ("csv", "tsv") and text.strip():
        return "csv"
    if whole and (suffix in ("json", "ipynb") or text.lstrip()[:1] in ("{", "[")) and _parsed(text) is not None:
        return "json"
    return "text"


def as_lines(data: bytes, kind: FileKind, *, whole: bool) -> list[str]:
    """The lines of a text; of JSON in one form, whatever its spaces and the order of its keys."""
    text = _text(data, whole=whole) or ""
    if kind == "json":
        text = json.dumps(_parsed(text), indent=2, sort_keys=True, ensure_ascii=False)
        text = text.encode("utf-8", "replace").decode()  # a lone surrogate, which JSON may hold, travels nowhere
    return text.splitlines()


def as_table(path: str, data: bytes, *, whole: bool) -> list[list[str]]:
    """The rows of a CSV or TSV file, its heading first; of a part of one without the last row, which may be cut."""
    text = _text(data, whole=whole) or ""
    if not whole:
        text = text.rpartition("\n")[0] or text
    sample = text[:8192]
    mark = "\t" if path.lower().endswith(".tsv") else max(",;\t|", key=sample.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    except csv.Error:  # a field above the csv module's limit, or a stray NUL
        rows = [[line] for line in text.splitlines()]
    return [row for row in rows if row]


def _text(data: bytes, *, whole: bool) -> str | None:
    """UTF-8, with or without its mark, or UTF-16 with it; None for no text. The end may be cut in a character."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        return None
    for cut in range(1 if whole else 4):
        try:
            return data[: len(data) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    # Latin-1 reads everything: of text in an older encoding few bytes are controls.
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in data)
    return data.decode("latin-1") if controls == 0 else None


def _parsed(text: str) -> Any:
    """The JSON value, or None where it is none. What is absurdly nested is none either."""
    depth = deepest = 0
    for bracket in re.findall(r"[][{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) else None
