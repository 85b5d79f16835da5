"""What forms does a scoring request come in? Each is read into one shape, and written from it.

The wire forms are MLflow's ``dataframe_split`` and ``inputs`` and Azure Machine Learning's ``input_data``. Models of
chat, completion and embedding tasks take a fourth from MLflow's server: the value itself, in no wrapper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import InvokeError

__all__ = [
    "CHAT_KEYS",
    "Chat",
    "Form",
    "Payload",
    "Rows",
    "Tensors",
    "as_body",
    "as_rows",
    "count_rows",
    "is_chat",
    "is_split",
    "read_body",
    "unwrapped",
]

Form = Literal["dataframe_split", "inputs", "input_data"]
WRAPPERS = ("dataframe_split", "dataframe_records", "input_data", "instances", "inputs")
BESIDE = {"params", "signature_name"}  # what may stand beside a wrapper
CHAT_KEYS = ("messages", "prompt", "input")  # mlflow.pyfunc.utils.serving_data_parser


@dataclass(frozen=True)
class Rows:
    """A table: names of columns (None where they have none) and rows of JSON values."""

    columns: tuple[str, ...] | None
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Tensors:
    """Arrays as nested lists, one or several by name; or any other value that goes as it is."""

    value: Any


@dataclass(frozen=True)
class Chat:
    """A request of MLflow's chat, completion or embedding models: ``{"messages": [...]}``."""

    value: Mapping[str, Any]


Payload = Rows | Tensors | Chat


def as_body(
    payload: Payload, form: Form = "dataframe_split", params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The request as the JSON object that a scoring server takes.

    Args:
        payload: the data.
        form: dataframe_split or inputs for MLflow's server, input_data for Azure ML's. Arrays have no dataframe_split:
            they become inputs.
        params: of the model, beside the data; Azure ML's script takes them as MLflow's server does
            (mlflow_score_script.py of Azure/azureml-assets).
    """
    body = _body(payload, form)
    if not params:
        return body
    if isinstance(payload, Chat) and form != "input_data":
        return {**body, **params}
    return {**body, "params": dict(params)}


def _body(payload: Payload, form: Form) -> dict[str, Any]:
    if isinstance(payload, Chat):
        return {"input_data": dict(payload.value)} if form == "input_data" else dict(payload.value)
    if isinstance(payload, Tensors):
        return {"input_data" if form == "input_data" else "inputs": payload.value}
    data = [list(row) for row in payload.rows]
    if form == "inputs":
        if payload.columns is None:
            return {"inputs": data}
        return {"inputs": {name: [row[i] for row in data] for i, name in enumerate(payload.columns)}}
    if form == "input_data":  # which Azure ML's script takes for a table only with all three
        width = len(data[0]) if data else 0
        columns = list(range(width)) if payload.columns is None else list(payload.columns)
        return {form: {"columns": columns, "index": list(range(len(data))), "data": data}}
    return {form: {"data": data} if payload.columns is None else {"columns": list(payload.columns), "data": data}}


def read_body(body: Any) -> Payload:
    """Data in whatever form it came: one of the wire forms, a list of records or of rows, a mapping of columns.

    Raises:
        InvokeError: none of these.
    """
    if is_chat(body):
        return Chat(body)
    value = unwrapped(body)
    return _read_part(body if value is None else value)


def unwrapped(body: Any) -> Any:
    """What is in a wire form's wrapper; None of what has none. A record may have a column called `inputs`."""
    if isinstance(body, Mapping):
        for key in WRAPPERS:
            if key in body and body.keys() - {key} <= BESIDE:
                return body[key]
    return None


def is_split(value: Any) -> bool:
    """Whether a value is a table as pandas splits one: columns, index and data."""
    is_one = isinstance(value, Mapping) and value.keys() <= {"columns", "index", "data"}
    return is_one and isinstance(value.get("data"), list)


def is_chat(body: Any) -> bool:
    """Whether MLflow's server would take a request for one of chat: it has messages, and no wrapper."""
    messages = body.get("messages") if isinstance(body, Mapping) else None
    return isinstance(messages, list) and bool(messages) and all(isinstance(one, Mapping) for one in messages)


def _read_part(value: Any) -> Payload:
    if isinstance(value, Mapping):
        if is_split(value):
            columns = value.get("columns")
            return _table(None if columns is None else tuple(map(str, columns)), value["data"])
        if value and all(isinstance(column, (list, tuple)) for column in value.values()):
            is_flat = not any(isinstance(item, list) for column in value.values() for item in column)
            return _columns(value) if is_flat and _same_length(value) else Tensors(dict(value))
        return _records([value])
    if isinstance(value, list):
        return _records(value) if value and all(isinstance(item, Mapping) for item in value) else Tensors(value)
    raise InvokeError(
        "the request is no table",
        hint='pass a DataFrame, a list of records, or {"dataframe_split": {"columns": [...], "data": [...]}}',
    )


def as_rows(payload: Payload) -> Rows:
    """The payload as a table, for a model that takes columns: nested lists are rows, lists by name are columns.

    Raises:
        InvokeError: it is none.
    """
    if isinstance(payload, Rows):
        return payload
    value = payload.value
    if isinstance(value, list):
        return _table(None, value if not value or isinstance(value[0], list) else [value])
    if not isinstance(value, Mapping):
        raise InvokeError("the model takes a table, the request is a single value")
    if all(isinstance(column, list) for column in value.values()):
        if _same_length(value):
            return _columns(value)
        lengths = ", ".join(f"'{name}' has {len(column)}" for name, column in list(value.items())[:8])
        raise InvokeError(f"the columns of the request have different lengths: {lengths}")
    return _records([value])


def count_rows(payload: Payload) -> int:
    """How many rows a payload has; arrays by name that differ in length, and single values, are one."""
    if isinstance(payload, Rows):
        return len(payload.rows)
    value = payload.value
    if isinstance(value, list):
        return len(value)
    if isinstance(payload, Tensors) and isinstance(value, Mapping) and value:
        lists = [part for part in value.values() if isinstance(part, list)]
        return len(lists[0]) if len(lists) == len(value) and _same_length(value) else 1
    return 1


def _same_length(columns: Mapping[str, Any]) -> bool:
    return len({len(column) for column in columns.values()}) == 1


def _columns(columns: Mapping[str, Any]) -> Rows:
    return Rows(tuple(map(str, columns)), tuple(zip(*columns.values(), strict=True)))


def _records(records: Sequence[Mapping[str, Any]]) -> Rows:
    columns = tuple(dict.fromkeys(str(name) for record in records for name in record))
    return Rows(columns, tuple(tuple(record.get(name) for name in columns) for record in records))


def _table(columns: tuple[str, ...] | None, data: Sequence[Any]) -> Rows:
    rows = tuple(tuple(row) if isinstance(row, (list, tuple)) else (row,) for row in data)
    for i, row in enumerate(rows):
        if columns is not None and len(row) != len(columns):
            raise InvokeError(f"row {i} has {len(row)} values for {len(columns)} columns: {', '.join(columns[:20])}")
    return Rows(columns, rows)
