"""What a model's folder says of it, without its weights: the small files alone are downloaded, whatever its size."""

from __future__ import annotations

import re
import tempfile
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ModelError
from .artifacts import ModelFiles, fetch, local_path, location, open_files, read_model
from .digest import MLMODEL
from .remote import save_all

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["glance"]

SMALL = 5_000_000  # bytes; an input example may have that, and nobody minds
# MLmodel, the files and wheels of its environment, and its examples; what else is deeper is data and code.
_TELLING = re.compile(
    r"MLmodel|[^/]*(?:requirements\.txt|conda\.ya?ml|python_env\.yaml|example[^/]*\.json)|wheels/[^/]+\.whl"
)


def glance(conn: Connection, uri: str) -> ModelFiles:
    """The same as `read_model` of the downloaded model, whose large files are not fetched; read once a model.

    ``size`` is what MLmodel says where the store tells none.

    Raises:
        ModelError: there is no MLmodel.
    """
    where = location(conn, uri)  # a version that was deleted and made anew has other files
    if (known := _seen.get((conn.uri, where))) is not None:
        return known
    found = read_model(fetch(conn, where)) if local_path(where) is not None else _small_files(conn, where)
    _seen[conn.uri, where] = found
    return found


def _small_files(conn: Connection, uri: str) -> ModelFiles:
    with conn.guard(f"reading the MLmodel of {uri}"):
        remote = open_files(conn, uri)
        files = remote.files()
        wanted = [file for file in files if _TELLING.fullmatch(file.path) and (file.size or 0) <= SMALL]
        if not any(file.path == MLMODEL for file in wanted):
            raise ModelError(f"{uri} is no MLflow model: it has no file MLmodel")
        with _making:
            folder = Path(tempfile.mkdtemp(dir=_folder().name))
        save_all(remote, wanted, folder)
    read = read_model(folder)
    said = read.meta.get("model_size_bytes")
    listed = sum(file.size or 0 for file in files)
    return replace(read, size=listed or (said if isinstance(said, int) else read.size), files=len(files))


_seen: dict[tuple[str, str], ModelFiles] = {}
_making = threading.Lock()  # of two folders that threads of panels make at once, the first would go away


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """One folder for what is read, gone with the process."""
    return tempfile.TemporaryDirectory(prefix="mlflow-aml-glance-")
