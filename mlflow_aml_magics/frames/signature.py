"""What a model takes, by its MLmodel's signature: requests made up, checked, and put into any of the wire forms.

The wire forms are MLflow's ``dataframe_split`` and ``inputs`` and Azure Machine Learning's ``input_data``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import InvokeError, nearest
from .coerce import coerce_tensor, coerce_value, spelled, zero, zeros

__all__ = ["Field", "Form", "Payload", "Rows", "Signature", "Tensors", "as_body", "parse_signature", "read_body"]

Form = Literal["dataframe_split", "inputs", "input_data"]


@dataclass(frozen=True)
class Field:
    """One input, output or parameter. ``spec`` is its type as MLmodel has it; ``name`` is None where it has none."""

    name: str | None
    spec: Mapping[str, Any]
    required: bool = True

    @property
    def is_tensor(self) -> bool:
        """Whether it is an array of a given shape, not a column."""
        return self.spec.get("type") == "tensor"

    @property
    def type(self) -> str:
        """The type as people write it: double, array(string), float64 (-1, 28, 28)."""
        return spelled(self.spec)


@dataclass(frozen=True)
class Rows:
    """A table: names of columns (None where they have none) and rows of JSON values."""

    columns: tuple[str, ...] | None
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Tensors:
    """Arrays as nested lists: one, or several by name."""

    value: Any


Payload = Rows | Tensors


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...] = ()
    params: tuple[Field, ...] = ()

    def rows(self) -> list[tuple[str, str, str]]:
        """(input, output or param; name; type) for showing and for comparing."""
        told = []
        for way, fields in (("input", self.inputs), ("output", self.outputs), ("param", self.params)):
            for place, field in enumerate(fields):
                name = field.name if field.name is not None else str(place)
                told.append((way, name, field.type if field.required else f"{field.type} (optional)"))
        return told

    def sample(self, rows: int = 1) -> Payload:
        """A request that fits, of zeros and example words, where no example of the model's own is at hand.

        Raises:
            InvokeError: the signature names no inputs.
        """
        if not self.inputs:
            raise InvokeError("the model's signature names no inputs", hint="pass the data to score")
        if self.inputs[0].is_tensor:
            values = {field.name or "": zeros(field.spec, rows) for field in self.inputs}
            return Tensors(values[""] if set(values) == {""} else values)
        columns = self._names()
        row = tuple(zero(field.spec) for field in self.inputs)
        return Rows(columns, (row,) * rows)

    def fit(self, payload: Payload) -> Payload:
        """The request with its columns in the model's order and each value of the column's type.

        Columns that the model does not take are left out, as mlflow's own server does.

        Raises:
            InvokeError: a column is missing or a value does not fit, naming both.
        """
        if not self.inputs:
            return payload
        if self.inputs[0].is_tensor:
            return self._fit_tensors(payload)
        if isinstance(payload, Tensors):
            payload = _rows_of(payload.value)
        names = self._names()
        if names is None or payload.columns is None:
            return self._fit_by_place(payload, names)
        places = {name: place for place, name in enumerate(payload.columns)}
        fields = [field for field in self.inputs if field.required or field.name in places]
        for field in fields:
            if field.name not in places:
                raise _missing(str(field.name), payload.columns, names)
        rows = tuple(
            tuple(coerce_value(row[places[str(f.name)]], f.spec, _where(f, i), required=f.required) for f in fields)
            for i, row in enumerate(payload.rows)
        )
        return Rows(tuple(str(field.name) for field in fields), rows)

    def _fit_by_place(self, payload: Rows, names: tuple[str, ...] | None) -> Rows:
        for i, row in enumerate(payload.rows):
            if len(row) != len(self.inputs):
                takes = f": {', '.join(names)}" if names else ""
                raise InvokeError(f"row {i} has {len(row)} values, the model takes {len(self.inputs)}{takes}")
        rows = tuple(
            tuple(
                coerce_value(value, f.spec, _where(f, i), required=f.required)
                for value, f in zip(row, self.inputs, strict=True)
            )
            for i, row in enumerate(payload.rows)
        )
        return Rows(names, rows)

    def _fit_tensors(self, payload: Payload) -> Tensors:
        value = [list(row) for row in payload.rows] if isinstance(payload, Rows) else payload.value
        if len(self.inputs) == 1 and (self.inputs[0].name is None or not isinstance(value, Mapping)):
            field = self.inputs[0]
            fitted = coerce_tensor(value, field.spec, field.name or "the input")
            return Tensors(fitted if field.name is None else {field.name: fitted})
        names = tuple(str(field.name) for field in self.inputs)
        if not isinstance(value, Mapping):
            raise InvokeError(f"the model takes {len(names)} arrays by name: {', '.join(names)}")
        for field in self.inputs:
            if field.required and field.name not in value:
                raise _missing(str(field.name), tuple(value), names)
        return Tensors(
            {
                str(f.name): coerce_tensor(value[f.name], f.spec, f"input '{f.name}'")
                for f in self.inputs
                if f.name in value
            }
        )

    def _names(self) -> tuple[str, ...] | None:
        named = [field.name for field in self.inputs if field.name is not None]
        return tuple(named) if len(named) == len(self.inputs) else None


def _where(field: Field, row: int) -> str:
    return f"column '{field.name}', row {row}" if field.name is not None else f"row {row}"


def _missing(name: str, given: Sequence[str], taken: Sequence[str]) -> InvokeError:
    spare = [column for column in given if column not in taken]
    close = nearest(name, spare)
    hint = f"is '{close}' meant?" if close else f"the model takes: {', '.join(taken[:20])}"
    return InvokeError(f"column '{name}' is missing from the request", hint=hint)


def parse_signature(meta: Mapping[str, Any] | None) -> Signature | None:
    """The signature in an MLmodel's ``signature`` entry, its parts JSON text or already read; None without one."""
    if not meta:
        return None
    parts = {way: _read_json(meta.get(way)) for way in ("inputs", "outputs", "params")}
    fields = {way: tuple(_field(entry) for entry in entries) for way, entries in parts.items()}
    return Signature(fields["inputs"], fields["outputs"], fields["params"])


def _read_json(part: Any) -> list[Mapping[str, Any]]:
    value = json.loads(part) if isinstance(part, str) else part
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _field(entry: Mapping[str, Any]) -> Field:
    name = entry.get("name")
    required = bool(entry.get("required", not entry.get("optional", "default" in entry)))
    spec = {key: value for key, value in entry.items() if key not in ("name", "required", "optional", "default")}
    return Field(None if name is None else str(name), spec, required)


# --- wire forms --------------------------------------------------------------------------------------------


def as_body(payload: Payload, form: Form = "dataframe_split") -> dict[str, Any]:
    """The request as the JSON object that a scoring server takes.

    Args:
        payload: the data.
        form: dataframe_split or inputs for MLflow's server, input_data for Azure ML's. Arrays have no dataframe_split:
            they become inputs.
    """
    if isinstance(payload, Tensors):
        return {"input_data" if form == "input_data" else "inputs": payload.value}
    data = [list(row) for row in payload.rows]
    if form == "inputs":
        if payload.columns is None:
            return {"inputs": data}
        return {"inputs": {name: [row[i] for row in data] for i, name in enumerate(payload.columns)}}
    if payload.columns is None:
        return {"input_data": data} if form == "input_data" else {"dataframe_split": {"data": data}}
    split: dict[str, Any] = {"columns": list(payload.columns)}
    if form == "input_data":
        split["index"] = list(range(len(data)))
    return {form: {**split, "data": data}}


def read_body(body: Any) -> Payload:
    """Data in whatever form it came: one of the wire forms, a list of records or of rows, a mapping of columns.

    Raises:
        InvokeError: none of these.
    """
    if isinstance(body, Mapping):
        for key in ("dataframe_split", "dataframe_records", "input_data", "instances", "inputs"):
            if key in body:
                return _read_part(body[key])
    return _read_part(body)


def _read_part(value: Any) -> Payload:
    if (
        isinstance(value, Mapping)
        and isinstance(value.get("data"), list)
        and set(value) <= {"columns", "index", "data"}
    ):
        columns = value.get("columns")
        return _table(None if columns is None else tuple(map(str, columns)), value["data"])
    if isinstance(value, Mapping):
        lengths = {len(column) for column in value.values() if isinstance(column, (list, tuple))}
        lists = all(isinstance(column, (list, tuple)) for column in value.values())
        if (
            lists
            and len(lengths) == 1
            and not any(isinstance(item, list) for column in value.values() for item in column)
        ):
            return Rows(tuple(map(str, value)), tuple(zip(*value.values(), strict=True)))
        if lists and value:
            return Tensors(dict(value))
        return _records([value])
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return _records(value)
    if isinstance(value, list):
        return Tensors(value)
    raise InvokeError(
        "the request is no table",
        hint='pass a DataFrame, a list of records, or {"dataframe_split": {"columns": [...], "data": [...]}}',
    )


def _records(records: Sequence[Mapping[str, Any]]) -> Rows:
    columns = tuple(dict.fromkeys(str(name) for record in records for name in record))
    return Rows(columns, tuple(tuple(record.get(name) for name in columns) for record in records))


def _table(columns: tuple[str, ...] | None, data: Sequence[Any]) -> Rows:
    rows = tuple(tuple(row) if isinstance(row, (list, tuple)) else (row,) for row in data)
    for i, row in enumerate(rows):
        if columns is not None and len(row) != len(columns):
            raise InvokeError(f"row {i} has {len(row)} values for {len(columns)} columns: {', '.join(columns[:20])}")
    return Rows(columns, rows)


def _rows_of(value: Any) -> Rows:
    """A nested list read as rows, for a model that takes columns."""
    if not isinstance(value, list):
        raise InvokeError("the model takes a table, the request holds arrays by name")
    if value and not isinstance(value[0], list):
        value = [value]  # one row
    return _table(None, value)
