"""What does a model take? Its MLmodel's signature, and requests checked against it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InvokeError, nearest
from .bodies import Chat, Form, Payload, Rows, Tensors, as_body, as_rows, read_body
from .coerce import coerce_column, coerce_param, coerce_value, spelled
from .tensors import depth, fit_tensor, rank

__all__ = ["Field", "Form", "Payload", "Rows", "Signature", "Tensors", "as_body", "parse_signature", "read_body"]


@dataclass(frozen=True)
class Field:
    """One input, output or parameter. ``spec`` is its type as MLmodel has it; ``name`` is None where it has none.

    ``default`` is a parameter's.
    """

    name: str | None
    spec: Mapping[str, Any]
    required: bool = True
    default: Any = None

    @property
    def is_tensor(self) -> bool:
        """Whether it is an array of a given shape, not a column."""
        return self.spec.get("type") == "tensor"

    @property
    def type(self) -> str:
        """The type as people write it: double, array(string), float64 (-1, 28, 28)."""
        return spelled(self.spec)


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives. What has no name is called by its place, from "0" on."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...] = ()
    params: tuple[Field, ...] = ()

    @property
    def takes_tensors(self) -> bool:
        """Whether its inputs are arrays, not columns of a table."""
        return bool(self.inputs) and self.inputs[0].is_tensor

    def rows(self) -> list[tuple[str, str, str]]:
        """(input, output or param; name; type) for showing and for comparing."""
        told = []
        for way, fields in (("input", self.inputs), ("output", self.outputs), ("param", self.params)):
            for place, field in enumerate(fields):
                name = field.name if field.name is not None else str(place)
                told.append((way, name, field.type if field.required else f"{field.type} (optional)"))
        return told

    def names(self) -> tuple[str, ...] | None:
        """The names of the inputs; None where they go by their place."""
        named = [field.name for field in self.inputs if field.name is not None]
        return tuple(named) if len(named) == len(self.inputs) else None

    def spare(self, payload: Payload) -> list[str]:
        """The columns of a request that the model does not take: `fit` leaves them out, as MLflow's server does."""
        names = self.names()
        if names is None or isinstance(payload, Chat):
            return []
        value = (payload.columns or ()) if isinstance(payload, Rows) else payload.value
        given = value if isinstance(value, (tuple, Mapping)) else ()
        return [str(name) for name in given if str(name) not in names]

    def fit(self, payload: Payload) -> Payload:
        """The request with its columns in the model's order and each value of the column's type.

        Raises:
            InvokeError: a column is missing or a value does not fit, naming both.
        """
        if isinstance(payload, Chat):
            return self._fit_chat(payload)
        if not self.inputs:
            return payload
        if self.takes_tensors:
            return self._fit_tensors(payload)
        return self._fit_rows(payload)

    def check_items(self, value: Any) -> None:
        """See that each of a list fits a signature that MLflow made from a type hint: one input without a name.

        Raises:
            InvokeError: naming the item.
        """
        if len(self.inputs) != 1 or not isinstance(value, list):
            return
        for i, item in enumerate(value):
            coerce_value(item, self.inputs[0].spec, f"item {i}", required=self.inputs[0].required)

    def fit_params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a request, each of its type.

        MLflow's server ignores names that the model does not know; a mistyped one is better refused.

        Raises:
            InvokeError: the model has no such parameter, or it is of another type.
        """
        known = {str(field.name): field for field in self.params}
        fitted = {}
        for name, value in params.items():
            if (field := known.get(str(name))) is None:
                close = nearest(str(name), known)
                takes = f"the model takes: {', '.join(known)}" if known else "log it with a signature that has params"
                raise InvokeError(
                    f"the model has no parameter '{name}'", hint=f"is '{close}' meant?" if close else takes
                )
            fitted[field.name or ""] = coerce_param(value, field.spec, f"parameter '{name}'")
        return fitted

    def _fit_chat(self, request: Chat) -> Chat:
        """What stands beside the messages, such as a temperature; the messages are checked by the model's own types."""
        known = {field.name: field for field in self.inputs if field.name != "messages"}
        return Chat(
            {
                name: coerce_value(value, known[name].spec, f"'{name}'", required=False) if name in known else value
                for name, value in request.value.items()
            }
        )

    # ---- columns

    def _fit_rows(self, payload: Payload) -> Rows:
        if len(self.inputs) == 1 and isinstance(payload, Tensors) and _is_flat(payload.value):
            payload = Rows(None, tuple((value,) for value in payload.value))  # a column, as MLflow reads it
        table = as_rows(payload)
        names = self.names()
        by_place = tuple(str(place) for place in range(len(self.inputs)))
        if names is None and table.columns is not None and set(table.columns) == set(by_place):
            order = [table.columns.index(place) for place in by_place]
            table = Rows(None, tuple(tuple(row[i] for i in order) for row in table.rows))
        if names is None or table.columns is None:
            return self._by_place(table, names)
        places = {name: place for place, name in enumerate(table.columns)}
        fields = [field for field in self.inputs if field.required or field.name in places]
        for field in fields:
            if field.name not in places:
                raise _missing(str(field.name), table.columns, names)
        columns = [_column(field, [row[places[str(field.name)]] for row in table.rows]) for field in fields]
        return Rows(tuple(str(field.name) for field in fields), tuple(zip(*columns, strict=True)))

    def _by_place(self, table: Rows, names: tuple[str, ...] | None) -> Rows:
        for i, row in enumerate(table.rows):
            if len(row) != len(self.inputs):
                takes = f": {', '.join(names)}" if names else ""
                raise InvokeError(f"row {i} has {len(row)} values, the model takes {len(self.inputs)}{takes}")
        columns = [_column(field, [row[i] for row in table.rows]) for i, field in enumerate(self.inputs)]
        return Rows(names, tuple(zip(*columns, strict=True)))

    # ---- arrays

    def _fit_tensors(self, payload: Payload) -> Tensors:
        names = self.names()
        value = _arrays(
            payload, {str(i) if f.name is None else f.name: rank(f.spec) for i, f in enumerate(self.inputs)}
        )
        if len(self.inputs) == 1 and not isinstance(value, Mapping):
            field = self.inputs[0]
            fitted = fit_tensor(value, field.spec, "the input" if field.name is None else f"input '{field.name}'")
            return Tensors(fitted if field.name is None else {field.name: fitted})
        if not isinstance(value, Mapping):
            raise InvokeError(f"the model takes {len(self.inputs)} arrays by name: {', '.join(names or ())}")
        if names is None:
            if "0" not in value:
                raise InvokeError("the model takes one array, the request holds arrays by name")
            return Tensors(fit_tensor(value["0"], self.inputs[0].spec, "the input"))
        for field in self.inputs:
            if field.required and field.name not in value:
                raise _missing(str(field.name), tuple(value), names, "input")
        given = [field for field in self.inputs if field.name in value]
        return Tensors({str(f.name): fit_tensor(value[f.name], f.spec, f"input '{f.name}'") for f in given})


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and not any(isinstance(item, (list, Mapping)) for item in value)


def _column(field: Field, values: list[Any]) -> list[Any]:
    where = f"column '{field.name}', row" if field.name is not None else "row"
    return coerce_column(values, field.spec, where, required=field.required)


def _arrays(payload: Payload, ranks: Mapping[str, int]) -> Any:
    """One nested list, or several by name, for a model that takes arrays of these numbers of dimensions."""
    if not isinstance(payload, Rows):
        return payload.value
    if payload.columns is None or not set(payload.columns) & set(ranks):
        return [list(row) for row in payload.rows]  # a table of numbers is an array of two dimensions
    columns = zip(*payload.rows, strict=True) if payload.rows else ((),) * len(payload.columns)
    named = {name: list(column) for name, column in zip(payload.columns, columns, strict=True)}
    if len(payload.rows) == 1:  # of a single record the values are the arrays, unless they are rows of them
        named = {name: column[0] if depth(column[0]) == ranks.get(name) else column for name, column in named.items()}
    return named


def _missing(name: str, given: Sequence[str], taken: Sequence[str], what: str = "column") -> InvokeError:
    spare = [column for column in given if column not in taken]
    close = nearest(name, spare)
    hint = f"is '{close}' meant?" if close else f"the model takes: {', '.join(taken[:20])}"
    return InvokeError(f"{what} '{name}' is missing from the request", hint=hint)


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
    return Field(None if name is None else str(name), spec, required, entry.get("default"))
