"""What the user has, as JSON values: a DataFrame, records, JSON text, a file."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...errors import InvokeError

__all__ = ["read"]

PATH = 100  # characters, shown of what was taken for one


def read(data: object, upto: int | None = None) -> Any:
    """What the user has, as JSON values in one of the forms that `frames.bodies.read_body` reads.

    Args:
        data: a DataFrame, a Series, a polars or Arrow table, an array, records, rows, columns by name, JSON text, or
            the path of a .csv, .json, .jsonl or .parquet file.
        upto: no rows of a file from this one on are wanted.

    Raises:
        InvokeError: it cannot be read or sent.
    """
    if isinstance(data, Path):
        return _read_file(data, upto)
    if isinstance(data, str):
        if data.lstrip().startswith(("{", "[")):
            return _parsed(data, "the JSON")
        return _read_file(Path(data), upto)
    if hasattr(data, "to_pandas"):  # polars, pyarrow, our RunTable
        data = data.to_pandas()
    if hasattr(data, "columns") and hasattr(data, "itertuples"):
        return _frame(data)
    if hasattr(data, "to_dict"):  # a Series is one row
        data = data.to_dict()
    return _plain(data)


# --- files


def _existing(path: Path) -> Path:
    try:
        full = path.expanduser()
        if full.is_file():
            return full
    except (OSError, RuntimeError, ValueError):  # a name too long, a home of nobody: text that is no path at all
        pass
    text = str(path)
    raise InvokeError(
        f"there is no file {text if len(text) <= PATH else text[:PATH] + '…'}",
        hint=f"a {', '.join(_READERS)} file, a variable, or JSON such as '[{{\"age\": 1}}]'",
    )


def _read_file(path: Path, upto: int | None) -> Any:
    path = _existing(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InvokeError(f"{path} is none of {', '.join(_READERS)}", hint="pd.read_…(file), then pass the DataFrame")
    return reader(path, upto)


def _csv(path: Path, upto: int | None) -> Any:
    import pandas as pd

    return _frame(_guarded(path, "CSV", lambda: pd.read_csv(path, nrows=upto)))


def _parquet(path: Path, _upto: int | None) -> Any:
    import pandas as pd

    return _frame(_guarded(path, "Parquet", lambda: pd.read_parquet(path)))


def _guarded(path: Path, kind: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (ValueError, OSError) as exc:  # pandas' and pyarrow's own errors are ValueErrors
        said = next(iter(str(exc).splitlines()), type(exc).__name__)
        raise InvokeError(f"{path} cannot be read as {kind}: {said}") from exc


def _json(path: Path, _upto: int | None) -> Any:
    return _parsed(_text(path), str(path))


def _json_lines(path: Path, upto: int | None) -> Any:
    lines = [(n, line) for n, line in enumerate(_text(path).splitlines(), 1) if line.strip()]
    if not lines:
        raise InvokeError("there are no rows to score")
    return [_parsed(line, f"{path}, line {n},") for n, line in lines[:upto]]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvokeError(f"{path} cannot be read: {exc}") from exc


_READERS: dict[str, Callable[[Path, int | None], Any]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text.strip())
    except json.JSONDecodeError as exc:
        at = f"line {exc.lineno}, column {exc.colno}"
        raise InvokeError(f"{what} cannot be read: {exc.msg}, at {at}{_around(exc)}") from exc
    except (ValueError, RecursionError) as exc:  # a whole number of 5,000 digits; a list in a list in a list …
        raise InvokeError(f"{what} cannot be read: {str(exc).splitlines()[0]}") from exc


def _around(exc: json.JSONDecodeError) -> str:
    """What stands at the place, in one line."""
    found = exc.doc[exc.pos : exc.pos + 20].split("\n")[0].strip()
    return f": {found}" if found else ""


# --- values


def _frame(frame: Any) -> dict[str, Any]:
    if not len(frame):
        raise InvokeError("there are no rows to score")
    names = [str(column) for column in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise InvokeError(f"the DataFrame has two columns '{twice}'", hint="df.loc[:, ~df.columns.duplicated()]")
    columns = [_plain(frame[column].astype(object).tolist()) for column in frame.columns]
    return {"dataframe_split": {"columns": names, "data": [list(row) for row in zip(*columns, strict=True)]}}


def _plain(value: Any) -> Any:
    """The same with JSON's types alone: numpy's and pandas' scalars, times and missing values are translated."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "model_dump"):  # pydantic, of models with type hints
        return _plain(value.model_dump())
    if hasattr(value, "toarray"):  # a sparse matrix, which no scoring server takes as one
        return _plain(value.toarray())
    if hasattr(value, "tolist"):  # numpy, arrays and scalars
        return _numpy(value)
    if hasattr(value, "isoformat"):
        return None if type(value).__name__ == "NaTType" else value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        import base64

        return base64.b64encode(value).decode()  # what mlflow expects of a binary column
    if type(value).__name__ == "NAType":
        return None
    if hasattr(value, "__float__"):
        return _plain(float(value))
    raise InvokeError(f"a {type(value).__name__} cannot be sent", hint="a DataFrame, records, rows, or JSON")


def _numpy(value: Any) -> Any:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in ("i", "u", "b"):  # nothing in it can be missing
        return value.tolist()
    if kind == "M":  # of nanoseconds, tolist() makes whole numbers
        value = value.astype("datetime64[us]")
    return _plain(value.tolist())
