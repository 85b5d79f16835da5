"""What a batch job is to score: found, looked at before a cluster starts for it, and sent where Azure reads it."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvokeError, nearest
from ..frames.signature import parse_signature
from ..render.format import listed, plural

if TYPE_CHECKING:
    from ..client.azure_data import Data
    from ..client.connection import Connection, Progress
    from ..client.models import ModelFiles

__all__ = ["sent"]

TABLES = (".csv", ".parquet", ".pqt")
IMAGES = (".png", ".jpg", ".jpeg", ".tiff", ".bmp", ".gif")
LOOKED_AT = 200  # files whose columns are read; the first of many tell what the others are like
_ASSET = re.compile(r"(?:azureml:)?(?P<name>[A-Za-z0-9][\w.-]*)(?::(?P<version>[\w.-]+)|@(?P<label>latest))")


def sent(conn: Connection, data: object, files: ModelFiles, progress: Progress) -> Data:
    """Where Azure reads it.

    Args:
        data: as `batch_job.score` takes it.
        files: of the model, whose signature is compared with the columns.

    Raises:
        InvokeError: nothing to score, a file of a type that Azure does not read, or a column is missing.
        NotFound: no such data asset.
    """
    from ..client.azure_data import Data, data_asset

    if hasattr(data, "to_pandas"):  # polars, pyarrow, our RunTable
        data = data.to_pandas()
    if hasattr(data, "columns") and hasattr(data, "to_csv"):
        return _frame(conn, data, files, progress)
    text = str(data).strip()
    if not isinstance(data, (str, Path)) or not text:
        raise InvokeError(
            f"a {type(data).__name__} cannot be scored by a batch endpoint",
            hint="a DataFrame, a file, a folder, azureml:NAME:VERSION or azureml://…",
        )
    if re.match(r"[a-z]+://", text):
        is_file = Path(text.partition("?")[0]).suffix.lower() in (*TABLES, *IMAGES)
        return Data(text, "uri_file" if is_file else "uri_folder", text.partition("?")[0])
    path = Path(text).expanduser()
    if path.exists():
        return _local(conn, path, files, progress)
    if match := _ASSET.fullmatch(text):
        return data_asset(conn, match["name"], match["version"])
    raise InvokeError(
        f"there is no file or folder {text[:200]}",
        hint="a file, a folder, a data asset as azureml:NAME:VERSION, or a DataFrame's name",
    )


def _frame(conn: Connection, frame: Any, files: ModelFiles, progress: Progress) -> Data:
    from ..client.azure_data import upload

    if not len(frame):
        raise InvokeError("there are no rows to score")
    _check_columns("the DataFrame", [str(column) for column in frame.columns], files)
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-batch-") as scratch:
        file = Path(scratch) / "data.csv"
        frame.to_csv(file, index=False)
        return upload(conn, [file], f"a DataFrame of {plural(len(frame), 'row')}", progress)


def _local(conn: Connection, path: Path, files: ModelFiles, progress: Progress) -> Data:
    from ..client.azure_data import upload

    inside = sorted(path.iterdir()) if path.is_dir() else [path]
    found = [file for file in inside if file.is_file() and not file.name.startswith(".")]
    folders = [each for each in inside if each.is_dir() and not each.name.startswith(".")]
    if not found:
        below = f"; its folders ({listed(f.name for f in folders)}) are not looked into" if folders else ""
        raise InvokeError(f"there is nothing to score in {path}{below}")
    if folders:
        progress(f"{path} has {plural(len(folders), 'folder')}, which Azure does not look into: left out")
    signature = parse_signature(files.signature)
    known = IMAGES if signature is not None and signature.takes_tensors else TABLES
    odd = [file.name for file in found if file.suffix.lower() not in (known if signature else (*TABLES, *IMAGES))]
    if odd:
        raise InvokeError(
            f"Azure scores {', '.join(known)} with this model; a single other file fails the job: {listed(odd)}",
            hint="DataFrame.to_csv(file, index=False) makes one; or leave them out of the folder",
        )
    for file in found[:LOOKED_AT]:
        if file.suffix.lower() in TABLES:
            _check_columns(file.name, _columns(file), files)
    return upload(conn, found, str(path), progress)


def _columns(file: Path) -> list[str]:
    """The names in its head; the rows are not read."""
    try:
        if file.suffix.lower() == ".csv":
            with file.open(encoding="utf-8-sig", newline="") as stream:
                return next(csv.reader(stream), [])
        from pyarrow import parquet

        return [str(name) for name in parquet.read_schema(file).names]
    except (OSError, ValueError, csv.Error) as exc:  # pyarrow's own errors are ValueErrors
        raise InvokeError(f"{file.name} cannot be read: {str(exc).splitlines()[0]}") from exc


def _check_columns(where: str, columns: Sequence[str], files: ModelFiles) -> None:
    signature = parse_signature(files.signature)
    if signature is None or signature.takes_tensors or signature.names() is None:
        return
    wanted = [str(column.name) for column in signature.inputs if column.required]
    missing = [name for name in wanted if name not in columns]
    if missing:
        meant = nearest(missing[0], columns)
        raise InvokeError(
            f"{where} lacks {listed(repr(name) for name in missing)}, which the model takes",
            hint=f"is its '{meant}' meant?" if meant else f"it has the columns {listed(columns, 8)}",
        )
