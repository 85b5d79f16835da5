"""The runs that were read last, on disk: one Arrow file a store and choice of experiments, mapped into memory.

Nothing here is truth: what is kept is shown only after a look at what changed since, and whatever is wrong with a file,
it is as if there were none. A file appears whole or not at all, so that two kernels may write at once; it is its user's
alone to read, and its name tells neither the store nor the login.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
import time
import urllib.parse
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs
import pyarrow as pa
from mlflow.utils.credentials import get_default_host_creds

from ..frames.runtable import RunTable
from .connection import Connection
from .paths import redacted

__all__ = ["forget", "load", "save"]

VERSION = b"1"  # of the files; another one is not read
LIMIT = 1 << 30  # bytes of all files; 100,000 runs with 50 columns are 60 MB
_NAME = re.compile(r"[0-9a-f]{32}.*\.(arrow|tmp)")  # of our files
DAYS = 60  # since a file was last used
CHECK = 4  # bytes of a check sum at the end
META = (b"mlflow_aml_magics", b"marks")


def load(connection: Connection, names: Mapping[str, str]) -> tuple[RunTable, dict[str, Any]] | None:
    """What was saved for these experiments of this store by this login, and its marks; None where nothing good is.

    Args:
        names: of the experiments, by id.
    """
    path = _file(connection, names)
    try:
        if not _is_ours(path):
            return None
        whole = pa.memory_map(str(path)).read_buffer()
        content, check = whole.slice(0, whole.size - CHECK), whole.slice(whole.size - CHECK)
        if zlib.crc32(content) != int.from_bytes(check, "big"):  # Arrow trusts what it maps
            return None
        with pa.ipc.open_file(content) as file:
            found = dict(file.schema.metadata or {})
            if found.get(META[0]) != VERSION:
                return None
            table = RunTable(file.read_all().replace_schema_metadata(None))
        os.utime(path)  # the one used longest ago goes first
        return table, json.loads(found[META[1]])
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, IndexError):
        return None


def save(connection: Connection, names: Mapping[str, str], runs: RunTable, marks: Mapping[str, Any]) -> None:
    """Keep runs with the marks of when they were read. A disk that is full or read-only is no reason to fail."""
    path = _file(connection, names)
    table = runs.table.combine_chunks()
    metadata = {META[0]: VERSION, META[1]: json.dumps(marks).encode()}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema.with_metadata(metadata)) as file:
        file.write_table(table)
    content = sink.getvalue()
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=".tmp", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as written:
                written.write(content)
                written.write(zlib.crc32(content).to_bytes(CHECK, "big"))
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
        _trim(path.parent)


def forget(connection: Connection, names: Mapping[str, str]) -> None:
    """Keep nothing of these experiments."""
    with suppress(OSError):
        _file(connection, names).unlink()


def _folder() -> Path:
    """AML_MAGICS_STATE_DIR moves it, as it does everything else of ours."""
    if moved := os.environ.get("AML_MAGICS_STATE_DIR"):
        return Path(moved).expanduser() / "cache" / "runs"
    return Path(platformdirs.user_cache_dir("mlflow-aml-magics")) / "runs"


def _file(connection: Connection, names: Mapping[str, str]) -> Path:
    key = "\n".join([redacted(connection.uri), _who(connection), *sorted(names)])
    return _folder() / f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}.arrow"


def _who(connection: Connection) -> str:
    """Who reads: another login may see other runs."""
    if connection.azure is not None:
        return str(connection.azure.who or "")
    if not connection.uri.startswith(("http://", "https://")):
        return ""
    login, written = get_default_host_creds(connection.uri), urllib.parse.urlsplit(connection.uri)
    name = login.username or (written.username if written.password else None)
    token = login.token or written.username or ""
    return name or hashlib.sha256(token.encode()).hexdigest()


def _is_ours(path: Path) -> bool:
    """Whether nobody else could have written the file, where the system knows users."""
    found = path.stat()
    return not hasattr(os, "getuid") or (
        found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _trim(folder: Path) -> None:
    """Remove what was used longest ago, and what a killed kernel left half-written."""
    now, total = time.time(), 0
    files = [(found.stat(), found) for found in folder.iterdir() if _NAME.match(found.name)]  # nobody else's
    for found, path in sorted(files, key=lambda each: -each[0].st_mtime):
        age = now - found.st_mtime
        total += found.st_size
        if total > LIMIT or age > DAYS * 86_400 or (path.suffix == ".tmp" and age > 3600):
            with suppress(OSError):
                path.unlink()
