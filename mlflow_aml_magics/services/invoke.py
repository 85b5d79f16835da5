"""Ask a deployment for predictions: the request made or checked by the model's signature, the answer as a table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from ..errors import InvokeError, UsageError
from ..render.document import Code, Document, Facts, Shown, Table
from ..render.format import number, plural
from .deploy import Ref, located

if TYPE_CHECKING:
    import pandas as pd

    from ..client.connection import Connection
    from ..client.models import ModelFiles
    from ..client.scoring import Answer

__all__ = ["Invocation", "invoke"]

ANSWER_SECONDS = 60.0  # mlflow's scoring server gives up after as long
ROWS = 20  # of the answer, shown
REQUEST_ROWS = 3  # of the request, shown
PATH = 100  # characters, shown of what was taken for one
INPUTS = 4  # columns of the request shown beside the answer


@dataclass(frozen=True)
class Invocation(Shown):
    """An answer. ``predictions`` is a DataFrame where the model gives columns, else a list, or what else it gave.

    ``body`` is what was sent; ``latencies_ms`` has one entry for each time that it was.
    """

    deployment: str
    model: str
    body: Mapping[str, Any]
    predictions: pd.DataFrame | Any
    latencies_ms: tuple[float, ...]
    _conn: Connection | None = field(default=None, repr=False, compare=False)

    @property
    def request(self) -> str:
        """What was sent as JSON to read, with the first rows of many."""
        return _shortened(self.body)[0]

    @property
    def latency_ms(self) -> float:
        """Of the first request, in milliseconds."""
        return self.latencies_ms[0]

    def curl(self) -> str:
        """The same request as a shell command; it reads the key where it is kept, and has not got it itself."""
        return located(self._conn, self.deployment)[0].curl(Ref.parse(self.deployment), json.dumps(self.body))

    def table(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """The answer as columns and rows ready to show: the first 20, beside the first columns of the request."""
        table = self._table()
        return table.columns, table.rows

    def _table(self) -> Table:
        columns, cells, total = _answer_cells(self.predictions, ROWS)
        given, inputs = _request_cells(self.body, len(cells), total)
        body = tuple((*before, *after) for before, after in zip(inputs, cells, strict=True))
        numeric = tuple(all(_is_number(row[i]) for row in body) for i in range(len(given) + len(columns)))
        return Table((*given, *columns), tuple(tuple(map(_cell, row)) for row in body), numeric, total=total)

    def _latency(self) -> str:
        first = f"{self.latency_ms:.1f} ms"
        if len(self.latencies_ms) == 1:
            return first
        rest = self.latencies_ms[1:]
        return f"first {first}, then {median(rest):.1f} ms (median of {len(rest)}), at most {max(rest):.1f} ms"

    def _document(self) -> Document:
        facts = Facts((("deployment", f"{self.deployment}, {self.model}"), ("latency", self._latency())))
        text, note = _shortened(self.body)
        request = Code(text, "json", title=f"request{note}")
        return Document(f"answer of {self.deployment}", (facts, request, self._table()))


def invoke(
    conn: Connection | None,
    name: str,
    *,
    data: object = None,
    sample: bool = False,
    repeat: int = 1,
    timeout: float = ANSWER_SECONDS,
) -> Invocation:
    """Ask a deployment for predictions.

    Args:
        name: of the deployment.
        data: a DataFrame, records, rows, columns by name, JSON text, or the path of a .json or .csv file.
        sample: take the model's own input example, or one made up from its signature.
        repeat: send the same request so many times, to measure.
        timeout: seconds to wait for each answer.

    Raises:
        DeploymentNotFound
        DeploymentError: it has ended or does not answer.
        InvokeError: the request does not fit the model's signature, or the model fails on it.

    >>> invoke(None, "wine", sample=True).predictions            # doctest: +SKIP
    [152.1, 83.7, 172.9]
    """
    if sample == (data is not None):
        raise UsageError("say what to send: either data or sample", hint="%aml_invoke NAME --sample")
    if repeat < 1:
        raise UsageError(f"{repeat} times asks nothing", hint="repeat from 1 on")
    target, deployment = located(conn, name)
    ref = Ref.parse(name)
    files = target.about(ref)
    request = _sample(name, files) if sample else _request(files, _read(data))
    body = json.dumps(request)
    answers = [target.send(ref, body, timeout=timeout) for _ in range(repeat)]
    for answer in answers:
        _check(name, answer)
    latencies = tuple(answer.milliseconds for answer in answers)
    return Invocation(name, deployment.model, request, _predictions(name, answers[0]), latencies, conn)


# --- the request


def _sample(name: str, files: ModelFiles) -> dict[str, Any]:
    from ..frames.signature import as_body, parse_signature

    example = files.serving_example if files.serving_example is not None else files.input_example
    if example is not None:
        return _request(files, example)
    signature = parse_signature(files.signature)
    if signature is None:
        raise InvokeError(
            f"the model of '{name}' has neither an input example nor a signature to make a request from",
            hint=f"%aml_invoke {name} --data ROWS, or log the model with input_example=",
        )
    return as_body(signature.fit(signature.sample()))


def _request(files: ModelFiles, data: Any) -> dict[str, Any]:
    """The data as mlflow's server takes it, checked against the signature."""
    from ..frames.signature import as_body, parse_signature, read_body

    if files.meta.get("is_signature_from_type_hint"):
        # mlflow checks these by the hint itself, which may be any type, and takes no form but this one.
        return dict(data) if isinstance(data, Mapping) and "inputs" in data else {"inputs": data}
    signature = parse_signature(files.signature)
    payload = read_body(data)
    body = as_body(signature.fit(payload) if signature else payload)
    if isinstance(data, Mapping) and isinstance(data.get("params"), Mapping):
        body["params"] = data["params"]
    return body


def _read(data: object) -> Any:
    """What the user has, as JSON values."""
    if isinstance(data, Path):
        return _read_file(data)
    if isinstance(data, str):
        if data.lstrip().startswith(("{", "[")):
            return _parsed(data, "the JSON")
        return _read_file(Path(data))
    if hasattr(data, "to_pandas"):  # polars, pyarrow, our RunTable
        data = data.to_pandas()
    if hasattr(data, "columns") and hasattr(data, "itertuples"):
        return _frame(data)
    if hasattr(data, "to_dict"):  # a Series is one row
        data = data.to_dict()
    return _plain(data)


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
        hint="a .json or .csv file, a variable, or JSON such as '[{\"age\": 1}]'",
    )


def _read_file(path: Path) -> Any:
    path = _existing(path)
    if path.suffix == ".csv":
        import pandas as pd

        try:
            return _frame(pd.read_csv(path))
        except (ValueError, OSError) as exc:  # pandas' own errors are ValueErrors
            said = next(iter(str(exc).splitlines()), type(exc).__name__)
            raise InvokeError(f"{path} cannot be read as CSV: {said}") from exc
    if path.suffix != ".json":
        raise InvokeError(f"{path} is neither .json nor .csv", hint="pd.read_…(file), then pass the DataFrame")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvokeError(f"{path} cannot be read: {exc}") from exc
    return _parsed(text, str(path))


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as exc:
        raise InvokeError(f"{what} cannot be read: {exc}") from exc


def _frame(frame: Any) -> dict[str, Any]:
    if not len(frame):
        raise InvokeError("there are no rows to score")
    columns = [str(column) for column in frame.columns]
    return {"dataframe_split": {"columns": columns, "data": _plain(frame.astype(object).to_numpy().tolist())}}


def _plain(value: Any) -> Any:
    """The same with JSON's types alone: numpy's and pandas' scalars, times and missing values are translated."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy, arrays and scalars
        return _plain(value.tolist())
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if hasattr(value, "isoformat"):
        return None if type(value).__name__ == "NaTType" else value.isoformat()
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode()  # what mlflow expects of a binary column
    if type(value).__name__ == "NAType":
        return None
    if hasattr(value, "__float__"):
        return float(value)
    raise InvokeError(f"a {type(value).__name__} cannot be sent", hint="a DataFrame, records, rows, or JSON")


# --- the answer


def _check(name: str, answer: Answer) -> None:
    if answer.status == 200:
        return
    hint = f"%aml_deploy --logs {name}"
    if answer.status == 401:
        raise InvokeError(f"'{name}' refused its key", hint=f"deploy it again: {hint} says more")
    try:
        said = json.loads(answer.body)
        message, trace = str(said.get("message", "")), str(said.get("stack_trace", ""))
    except (ValueError, AttributeError):
        message, trace = answer.body[:300], ""
    if trace.strip():
        raise InvokeError(f"the model of '{name}' failed: {trace.strip().splitlines()[-1]}", hint=hint)
    decisive = message.rpartition("Error: ")[2].strip() or f"HTTP status {answer.status}"
    if answer.status == 504:
        raise InvokeError(f"'{name}' took too long: {decisive}", hint="fewer rows in a request")
    raise InvokeError(f"'{name}' refused the request: {decisive}", hint=hint)


def _predictions(name: str, answer: Answer) -> Any:
    try:
        said = json.loads(answer.body)
    except ValueError as exc:
        raise InvokeError(f"'{name}' answered what is no JSON: {answer.body[:100]!r}") from exc
    value = said.get("predictions", said) if isinstance(said, dict) else said
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        import pandas as pd

        return pd.DataFrame(value)
    return value


# --- showing


def _answer_cells(predictions: Any, rows: int) -> tuple[tuple[str, ...], list[tuple[Any, ...]], int]:
    if hasattr(predictions, "columns"):
        columns = tuple(str(column) for column in predictions.columns)
        return columns, [tuple(row) for row in predictions.head(rows).to_numpy().tolist()], len(predictions)
    if isinstance(predictions, list):
        return ("prediction",), [(item,) for item in predictions[:rows]], len(predictions)
    return ("prediction",), [(predictions,)], 1


def _request_cells(
    request: Mapping[str, Any], shown: int, total: int
) -> tuple[tuple[str, ...], Sequence[tuple[Any, ...]]]:
    """The first columns of the request, where its rows are those of the answer."""
    split = request.get("dataframe_split")
    rows = split.get("data", []) if isinstance(split, Mapping) else []
    if not isinstance(split, Mapping) or len(rows) != total or not split.get("columns"):
        return (), [()] * shown
    return tuple(split["columns"][:INPUTS]), [tuple(row[:INPUTS]) for row in rows[:shown]]


def _shortened(request: Mapping[str, Any]) -> tuple[str, str]:
    """The request as JSON text, a row on a line, of long ones only the beginning; and what to say of that."""
    split, inputs = request.get("dataframe_split"), request.get("inputs")
    rows = split.get("data") if isinstance(split, Mapping) else inputs
    if not isinstance(rows, list):
        return json.dumps(request, indent=1), ""
    cut = [*map(json.dumps, rows[:REQUEST_ROWS]), *(["…"] if len(rows) > REQUEST_ROWS else [])]
    note = f", {REQUEST_ROWS} of {plural(len(rows), 'row')}" if len(rows) > REQUEST_ROWS else ""
    lines = ",\n    ".join(cut)
    text = f"[\n    {lines}\n  ]"
    if not isinstance(split, Mapping):
        return f'{{"inputs": {text}}}', note
    columns = f'"columns": {json.dumps(split["columns"])},\n  ' if split.get("columns") else ""
    return f'{{"dataframe_split": {{\n  {columns}"data": {text}}}}}', note


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if _is_number(value):
        return number(value)
    return value if isinstance(value, str) else json.dumps(value)
