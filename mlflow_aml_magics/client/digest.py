"""What makes two model folders the same model: a digest that time, place and run do not change."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

__all__ = ["MLMODEL", "content_digest", "data_digest", "file_digests", "model_files"]

MLMODEL = "MLmodel"
# What a log or a move of the same model changes: which run, when, where, how mlflow counted its bytes.
VOLATILE = {
    "artifact_path",
    "model_id",
    "model_size_bytes",
    "model_uuid",
    "prompts",
    "run_id",
    "utc_time_created",
}
# Written beside the model by a download or by a look at it; no part of it.
NOT_CONTENT = {"registered_model_meta", "__pycache__", ".DS_Store", ".ipynb_checkpoints"}
CHUNK = 1 << 20  # bytes hashed at a time


def content_digest(path: Path) -> str:
    """SHA-256 of what the model in that folder is: the same wherever it lies and whichever run logged it.

    A zip (torch) counts by its members, since it keeps the time when it was written; a skops file by its
    schema without the memory addresses. A model may be a single file.
    """
    return _digest(path.parent, [path]) if path.is_file() else _digest(path, model_files(path))


def file_digests(path: Path) -> dict[str, str]:
    """SHA-256 of each of the model's files by its path, as `content_digest` counts them."""
    return dict(_digests(path, model_files(path)))


def data_digest(path: Path, data: str) -> str:
    """SHA-256 of the model's own data alone, the file or folder ``data`` in ``path``."""
    inside = path / data
    return _digest(inside, model_files(inside)) if inside.is_dir() else _digest(inside.parent, [inside])


def model_files(path: Path) -> Iterator[Path]:
    """All files of the model, in an order that is the same everywhere."""
    for file in sorted(path.rglob("*")):
        if file.is_file() and not NOT_CONTENT.intersection(file.relative_to(path).parts):
            yield file


def _digest(root: Path, files: Iterator[Path] | list[Path]) -> str:
    total = hashlib.sha256()
    for name, digest in _digests(root, files):
        total.update(f"{name}\0{digest}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _digests(root: Path, files: Iterator[Path] | list[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        name = file.relative_to(root).as_posix()
        yield name, _meta_digest(file) if name == MLMODEL else _file_digest(file)


def _meta_digest(file: Path) -> str:
    try:
        meta = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError):  # a file of that name in what is no MLflow model
        meta = None
    if not isinstance(meta, dict):
        return _file_digest(file)
    return _json_digest({key: value for key, value in meta.items() if key not in VOLATILE})


def _file_digest(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            return _zip_digest(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):  # no zip that we can read
        with file.open("rb") as stream:
            return _stream_digest(stream)


def _zip_digest(archive: zipfile.ZipFile) -> str:
    members = {}
    for member in archive.infolist():
        with archive.open(member) as stream:
            members[member.filename] = _stream_digest(stream)
    if "schema.json" in members:
        try:
            schema = json.loads(archive.read("schema.json"))
        except ValueError:  # somebody else's
            schema = None
        if isinstance(schema, dict) and "__loader__" in schema:
            return _json_digest(_without_addresses(schema, members, {}))
    return _json_digest(members)


def _without_addresses(node: Any, members: dict[str, str], seen: dict[int, int]) -> Any:
    """A skops schema with objects numbered in order of appearance and data files named by their content.

    skops identifies objects by ``id()`` and names arrays after it; a JSON value's is that of a temporary.
    """
    if isinstance(node, list):
        return [_without_addresses(item, members, seen) for item in node]
    if isinstance(node, dict):
        is_value = node.get("__loader__") == "JsonNode"
        return {
            key: _without_addresses(value, members, seen)
            if key != "__id__"
            else (0 if is_value else seen.setdefault(value, len(seen)))
            for key, value in node.items()
        }
    return members.get(node, node) if isinstance(node, str) else node


def _stream_digest(stream: Any) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _json_digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
