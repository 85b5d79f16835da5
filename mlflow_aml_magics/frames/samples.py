"""What may a request look like? One made up from a signature, and the fields of a form that fills one in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..errors import InvokeError
from .bodies import Payload, Rows, Tensors
from .coerce import zero
from .signature import Field, Signature
from .tensors import zeros

__all__ = ["CHOICES", "FormField", "made_up", "param_fields", "request_fields", "unseen"]

CHOICES = 50  # different texts of a column above which it is no category but text

Kind = Literal["number", "integer", "boolean", "text", "datetime", "json"]
_KINDS: dict[str, Kind] = {
    "double": "number",
    "float": "number",
    "integer": "integer",
    "long": "integer",
    "boolean": "boolean",
    "string": "text",
    "binary": "text",
    "datetime": "datetime",
}


@dataclass(frozen=True)
class FormField:
    """An input or parameter as a field of a form.

    ``kind`` says which control, ``type`` is the signature's own word, ``value`` what the request has in its first row,
    as JSON. ``choices`` are the texts, ``minimum`` and ``maximum`` the numbers that the input example holds: a hint, no
    limit.
    """

    name: str
    kind: Kind
    type: str
    required: bool
    value: Any
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**asdict(self), "choices": list(self.choices)}


def made_up(signature: Signature, rows: int = 1) -> Payload:
    """A request that fits, of zeros and example words, where no example of the model's own is at hand.

    Raises:
        InvokeError: the signature names no inputs.
    """
    if not signature.inputs:
        raise InvokeError("the model's signature names no inputs", hint="pass the data to score")
    if signature.takes_tensors:
        values = {field.name or "": zeros(field.spec, rows) for field in signature.inputs}
        return Tensors(values[""] if set(values) == {""} else values)
    row = tuple(zero(field.spec) for field in signature.inputs)
    return Rows(signature.names(), (row,) * rows)


def request_fields(signature: Signature | None, payload: Payload, example: Payload) -> tuple[FormField, ...]:
    """The fields for a request: from the signature, else from what the request itself holds.

    Args:
        signature: the model's, or None.
        payload: the request; its first row fills the fields.
        example: the model's input example, whose values are offered; else the request again.
    """
    values, seen = _columns(payload), _columns(example)
    if signature is not None and signature.inputs:
        fields = {str(i) if f.name is None else f.name: f for i, f in enumerate(signature.inputs)}
    else:
        fields = {name: Field(name, {"type": _type_of(column)}) for name, column in values.items()}
    return tuple(_form_field(n, f, values.get(n, ()), seen.get(n, ())) for n, f in fields.items())


def param_fields(signature: Signature | None, params: Mapping[str, Any]) -> tuple[FormField, ...]:
    """The fields for the parameters of a model, filled with those of the request, else with their defaults."""
    found = []
    for field in signature.params if signature else ():
        name = str(field.name)
        kind = _KINDS.get(str(field.spec.get("type")), "json") if field.spec.get("shape") is None else "json"
        told = field.type if field.spec.get("shape") is None else f"array({field.type})"
        found.append(FormField(name, kind, told, field.required, params.get(name, field.default)))
    return tuple(found)


def unseen(payload: Payload, example: Payload) -> list[str]:
    """Texts in a request that its column does not have in the input example, where that repeats its own: a category.

    They are told, not refused: an example need not hold every category.
    """
    told = []
    seen = _columns(example)
    for name, column in _columns(payload).items():
        words = [word for word in seen.get(name, ()) if isinstance(word, str)]
        if not _is_category(words):
            continue
        known = dict.fromkeys(words)
        new = next((word for word in column if isinstance(word, str) and word not in known), None)
        if new is not None:
            told.append(f"column '{name}' has '{new}', which the input example has not: {', '.join(known)}")
    return told


def _is_category(words: Sequence[str]) -> bool:
    return 0 < len(set(words)) < len(words) and len(set(words)) <= CHOICES


def _form_field(name: str, field: Field, values: Sequence[Any], seen: Sequence[Any]) -> FormField:
    value = values[0] if values else None
    kind: Kind = "json" if field.is_tensor else _KINDS.get(str(field.spec.get("type")), "json")
    texts = dict.fromkeys(word for word in seen if isinstance(word, str)) if kind == "text" else {}
    numbers = _numbers(seen) if kind in ("number", "integer") else []
    return FormField(
        name=name,
        kind=kind,
        type=field.type,
        required=field.required,
        value=value,
        choices=tuple(texts) if 1 < len(texts) <= CHOICES else (),
        minimum=min(numbers) if len(set(numbers)) > 1 else None,
        maximum=max(numbers) if len(set(numbers)) > 1 else None,
    )


def _numbers(values: Iterable[Any]) -> list[float]:
    return [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]


def _columns(payload: Payload) -> dict[str, Sequence[Any]]:
    """Values by column. An array is one value: its field is the whole of it."""
    if isinstance(payload, Rows):
        width = len(payload.rows[0]) if payload.rows else 0
        names = payload.columns or tuple(map(str, range(width)))
        return {name: [row[i] for row in payload.rows] for i, name in enumerate(names)}
    if isinstance(payload.value, Mapping):
        return {str(name): [value] for name, value in payload.value.items()}
    return {"0": [payload.value]}


def _type_of(column: Sequence[Any]) -> str:
    """The type of values without a signature, by those that are there."""
    kinds = {type(value) for value in column if value is not None}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "long"
    if kinds and kinds <= {int, float}:
        return "double"
    return "string" if kinds == {str} else "any"
