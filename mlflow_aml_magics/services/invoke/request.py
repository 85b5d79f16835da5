"""What is sent: the data made or checked by the model's signature, in either wire form, whole or in parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import InvokeError
from ...frames.bodies import (
    CHAT_KEYS,
    Chat,
    Form,
    Payload,
    Rows,
    Tensors,
    as_body,
    as_rows,
    count_rows,
    is_split,
    read_body,
    unwrapped,
)
from ...frames.coerce import zero
from ...frames.samples import made_up, unseen
from ...frames.signature import Signature, parse_signature

if TYPE_CHECKING:
    from ...client.models import ModelFiles

__all__ = ["Request", "example_of", "from_data", "from_model", "signature_of"]

NAMED = 5  # columns that are left out, named in a note
BLANKED = "infinite values of the input example are left blank: JSON has no word for them"


@dataclass(frozen=True)
class Request:
    """A request that fits the model as far as its signature tells.

    ``source`` says what it was made from; ``notes`` what to know of it. ``divisible``: its rows may be sent apart.
    ``azure`` is the payload for Azure ML's script where that takes another. ``first`` is the number of its first row,
    where it is a part of a longer one.
    """

    payload: Payload
    params: Mapping[str, Any]
    source: str
    notes: tuple[str, ...] = ()
    divisible: bool = False
    azure: Payload | None = None
    first: int = 0

    def body(self, form: Form) -> dict[str, Any]:
        """The JSON object that a server of that wire form takes."""
        payload = self.payload if self.azure is None or form != "input_data" else self.azure
        return as_body(payload, form, self.params)

    @property
    def rows(self) -> int:
        """How many rows it has; 1 for what has none."""
        return count_rows(self.payload)

    def columns(self) -> dict[str, list[Any]]:
        """The values of a table by column, which is called by its place where it has no name; nothing of others."""
        if not isinstance(self.payload, Rows) or not self.payload.rows:
            return {}
        names = self.payload.columns or tuple(map(str, range(len(self.payload.rows[0]))))
        return {name: [row[i] for row in self.payload.rows] for i, name in enumerate(names)}

    def part(self, start: int, stop: int | None) -> Request:
        """The rows from ``start`` up to ``stop``, which is left out; whole where it is not divisible."""
        if not self.divisible or (start == 0 and (stop is None or stop >= self.rows)):
            return self
        rows = slice(start, stop)
        azure = None if self.azure is None else _cut(self.azure, rows)
        return replace(self, payload=_cut(self.payload, rows), azure=azure, first=self.first + start)


def _cut(payload: Payload, rows: slice) -> Payload:
    if isinstance(payload, Rows):
        return Rows(payload.columns, payload.rows[rows])
    if isinstance(payload, Chat):
        return payload
    value = payload.value
    return Tensors({name: part[rows] for name, part in value.items()} if isinstance(value, dict) else value[rows])


def signature_of(files: ModelFiles) -> Signature | None:
    """What the model takes, if it says so."""
    return parse_signature(files.signature)


def from_data(
    files: ModelFiles, data: Any, *, params: Mapping[str, Any] | None = None, source: str = "data"
) -> Request:
    """The data as the model takes it, checked against its signature.

    Args:
        files: of the model.
        data: JSON values, in any of the forms; ``params`` may stand beside them.
        params: of the model; they win over those in the data.

    Raises:
        InvokeError: it does not fit, naming the column and the row.
    """
    signature = signature_of(files)
    beside = (data.get("params") or {}) if isinstance(data, Mapping) and unwrapped(data) is not None else {}
    if not isinstance(beside, Mapping):
        raise InvokeError("the request's params are no object", hint='{"inputs": …, "params": {"NAME": VALUE}}')
    wanted = {**beside, **(params or {})}
    payload, azure = _payloads(files, signature, data)
    notes = []
    if isinstance(payload, Chat):  # there they stand beside the messages: temperature, max_tokens
        payload, wanted = Chat({**payload.value, **wanted}), {}
        payload = payload if signature is None else signature.fit(payload)
    elif signature is not None:
        wanted = signature.fit_params(wanted)
        if spare := signature.spare(read_body(data)):
            more = f" and {len(spare) - NAMED} more" if len(spare) > NAMED else ""
            notes.append(f"the model takes no {', '.join(spare[:NAMED])}{more}: left out")
    elif wanted:
        notes.append("the model has no signature: its server ignores the parameters")
    if source == "data" and (example := example_of(files)) is not None:
        notes += unseen(payload, read_body(example))
    if count_rows(payload) == 0:
        raise InvokeError("there are no rows to score")
    return Request(payload, wanted, source, tuple(notes), _is_divisible(payload, signature), azure)


def _is_divisible(payload: Payload, signature: Signature | None) -> bool:
    """Whether it has rows: those of a table, of a list, of arrays whose first dimension is open and equally long."""
    if not isinstance(payload, Tensors):
        return isinstance(payload, Rows)
    if signature is not None and signature.takes_tensors:
        shapes = [field.spec.get("tensor-spec", {}).get("shape") or [1] for field in signature.inputs]
        return all(shape[0] == -1 for shape in shapes) and count_rows(payload) > 1
    return isinstance(payload.value, list)


def _payloads(files: ModelFiles, signature: Signature | None, data: Any) -> tuple[Payload, Payload | None]:
    """What MLflow's server is sent, and what Azure ML's script takes instead, if that is something else."""
    if files.meta.get("is_signature_from_type_hint"):
        return _hinted(signature, data), None
    payload = read_body(data)
    fitted = payload if signature is None else signature.fit(payload)
    kept = _as_it_is(files, signature, data)
    if kept is not None and not isinstance(fitted, Chat):
        return kept, fitted if isinstance(fitted, Rows) and signature is not None else None
    # Of texts without a name the script makes a table, but for transformers, whose pipelines take a list.
    is_texts = isinstance(fitted, Rows) and fitted.columns is None and "transformers" in files.flavors
    return fitted, Tensors([row[0] for row in fitted.rows]) if isinstance(fitted, Rows) and is_texts else None


def _hinted(signature: Signature | None, data: Any) -> Payload:
    """For a model whose ``predict`` has a type hint: a list of what the hint says, which is what MLflow checks."""
    if isinstance(data, Mapping) and isinstance(read_body(data), Chat):
        return read_body(data)
    value = unwrapped(data)
    if value is None:
        value = data
    if is_split(value):
        table = read_body(data)
        assert isinstance(table, Rows)
        names = table.columns or ()
        is_one = len(names) == 1 and signature is not None and signature.inputs[0].spec.get("type") != "object"
        value = [row[0] if is_one else dict(zip(names, row, strict=True)) for row in table.rows]
    if signature is not None:
        signature.check_items(value)
    return Tensors(value)


def _as_it_is(files: ModelFiles, signature: Signature | None, data: Any) -> Tensors | None:
    """The value itself where the model takes a dict or a list, not a DataFrame; its input example tells.

    MLflow hands the value of ``inputs`` to such a model as it is, and would make a DataFrame of the other forms.
    """
    value, takes_objects = unwrapped(data), _saved(files).get("type") == "json_object"
    if isinstance(data, Mapping) and data.keys() & {"dataframe_split", "dataframe_records", "instances"}:
        return None
    if is_split(data if value is None else value):
        # Azure ML's form has no word for a dict: it comes as a table, and is one again for MLflow's server.
        is_azure = value is not None and takes_objects
        return _objects(files, as_rows(read_body(data))) if is_azure else None
    if signature is None:
        return Tensors(value) if value is not None else Tensors(data) if takes_objects else None
    if not takes_objects or signature.takes_tensors or not signature.inputs:
        return None
    return Tensors(data if value is None else value)


def _objects(files: ModelFiles, table: Rows) -> Tensors | None:
    """A table as the dicts that the model was logged with: one, or a list of them."""
    example, names = unwrapped(example_of(files)), table.columns or ()
    dicts = [dict(zip(names, row, strict=True)) for row in table.rows]
    if isinstance(example, Mapping) and len(dicts) == 1:
        return Tensors(dicts[0])
    is_list = isinstance(example, list) and bool(example) and isinstance(example[0], Mapping)
    return Tensors(dicts) if is_list else None


def _saved(files: ModelFiles) -> Mapping[str, Any]:
    return files.meta.get("saved_input_example_info") or {}


def example_of(files: ModelFiles) -> Any:
    """The model's input example, as the body of a request if it has that; None without one that can be sent.

    Infinite values are left blank: JSON has no word for them, and a form has none either.
    """
    return _finite(_example(files))


def _example(files: ModelFiles) -> Any:
    if files.serving_example is not None:
        return files.serving_example
    return None if str(_saved(files).get("type")).startswith("sparse") else files.input_example


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def _is_finite(value: Any) -> bool:
    if isinstance(value, (Mapping, list, tuple)):
        return all(map(_is_finite, value.values() if isinstance(value, Mapping) else value))
    return not (isinstance(value, float) and math.isinf(value))


def from_model(files: ModelFiles, name: str, params: Mapping[str, Any] | None = None) -> Request:
    """A request that the model should accept: its input example, else one made up from its signature.

    Args:
        files: of the model.
        name: of the deployment, for the message.
        params: of the model, in place of those of its example.

    Raises:
        InvokeError: it has neither.
    """
    example = example_of(files)
    if example is not None:
        if isinstance(example, Mapping) and unwrapped(example) is None and example.keys() & set(CHAT_KEYS):
            return Request(Chat({**example, **(params or {})}), {}, "input example")
        request = from_data(files, example, params=params, source="input example")
        is_whole = _is_finite(_example(files))
        return request if is_whole else replace(request, notes=(*request.notes, BLANKED))
    signature = signature_of(files)
    if signature is None or not signature.inputs:
        what = "nor a signature" if signature is None else "nor inputs in its signature"
        raise InvokeError(
            f"the model of '{name}' has neither an input example {what} to make a request from",
            hint=f"%aml_invoke {name} --data ROWS, or log the model with input_example=",
        )
    if files.meta.get("is_signature_from_type_hint"):
        payload: Payload = Tensors([zero(signature.inputs[0].spec)])
    else:
        payload = signature.fit(made_up(signature))
    is_divisible = _is_divisible(payload, signature)
    return Request(payload, signature.fit_params(params or {}), "signature", divisible=is_divisible)
