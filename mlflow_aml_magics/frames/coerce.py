"""One value against one type of an MLflow signature, with errors that name the place."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any

from ..errors import InvokeError

__all__ = ["coerce_column", "coerce_param", "coerce_value", "plain_value", "shown", "spelled", "zero"]

_RANGES = {"integer": 2**31, "long": 2**63}
_NEVER_MISSING = ("boolean", "integer", "long")  # what numpy has no missing value for
_FAST = {"double": float, "float": float, "string": str, "boolean": bool}  # values of just that type fit at once
_INFINITE = (math.inf, -math.inf)
_ZEROS: dict[str, Any] = {
    "boolean": False,
    "integer": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "string": "text",
    "binary": "dGV4dA==",
    "datetime": "2026-01-01T00:00:00",
    "any": "text",
}


def spelled(spec: Mapping[str, Any]) -> str:
    """A type as people write it: double, array(string), float64 (-1, 28, 28)."""
    kind = str(spec.get("type", "any"))
    if kind == "tensor":
        tensor = spec.get("tensor-spec", {})
        return f"{tensor.get('dtype', 'any')} ({', '.join(map(str, tensor.get('shape', ())))})"
    if kind == "array":
        return f"array({spelled(spec.get('items', {}))})"
    if kind == "map":
        return f"map({spelled(spec.get('values', {}))})"
    if kind == "object":
        return f"object({', '.join(f'{name}: {spelled(part)}' for name, part in _properties(spec).items())})"
    return kind


def _properties(spec: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    properties = spec.get("properties", {})
    return properties if isinstance(properties, Mapping) else {}


def zero(spec: Mapping[str, Any]) -> Any:
    """A value of that type that means nothing."""
    kind = spec.get("type", "any")
    if kind == "array":
        return [zero(spec.get("items", {}))]
    if kind == "map":
        return {"key": zero(spec.get("values", {}))}
    if kind == "object":
        return {name: zero(part) for name, part in _properties(spec).items()}
    return _ZEROS.get(str(kind), "text")


def coerce_value(value: Any, spec: Mapping[str, Any], where: str, *, required: bool = True) -> Any:
    """The value as JSON has it, if it is of that type.

    Args:
        value: from JSON, a DataFrame (numpy scalars, Timestamps) or Python.
        spec: the type as MLmodel has it.
        where: the place, for the message: "column 'age', row 3".
        required: whether it must be there.

    Raises:
        InvokeError: it is missing, or is not of that type.
    """
    value = plain_value(value)
    kind = str(spec.get("type", "any"))
    if value is None:
        if required and kind in _NEVER_MISSING:
            raise InvokeError(f"{where} is missing, and the model takes {spelled(spec)}")
        return None
    if kind == "array":
        return [coerce_value(item, spec.get("items", {}), where) for item in _expect(value, list, spec, where)]
    if kind == "map":
        pairs = _expect(value, dict, spec, where)
        return {str(key): coerce_value(item, spec.get("values", {}), where) for key, item in pairs.items()}
    if kind == "object":
        return _object(_expect(value, dict, spec, where), spec, where)
    check = _CHECKS.get(kind)
    if check is None:
        return value
    fitted = check(value)
    if fitted is None:
        raise _misfit(value, spec, where)
    return fitted


def coerce_column(values: Sequence[Any], spec: Mapping[str, Any], where: str, *, required: bool = True) -> list[Any]:
    """`coerce_value` of each value of a column; ``where`` is followed by the number of the row.

    Raises:
        InvokeError: naming the first row that does not fit.
    """
    fast = _FAST.get(str(spec.get("type")))
    fitted = []
    for i, value in enumerate(values):
        if fast is not None and type(value) is fast and value == value and value not in _INFINITE:  # noqa: PLR0124
            fitted.append(value)
        else:
            fitted.append(coerce_value(value, spec, f"{where} {i}", required=required))
    return fitted


def coerce_param(value: Any, spec: Mapping[str, Any], where: str) -> Any:
    """The value of a parameter: of the type, or a list of such where the signature gives it a shape.

    Raises:
        InvokeError: it is of another type.
    """
    value = plain_value(value)
    if spec.get("shape") is None:
        return coerce_value(value, spec, where)
    items = {**spec, "shape": None}
    if not isinstance(value, (list, tuple)):
        raise InvokeError(f"{where} is {shown(value)}, and the model takes a list of {spelled(items)}")
    return [coerce_value(item, items, f"{where}, item {i}") for i, item in enumerate(value)]


def _object(value: dict[str, Any], spec: Mapping[str, Any], where: str) -> dict[str, Any]:
    fitted = {}
    for name, part in _properties(spec).items():
        if name in value:
            fitted[name] = coerce_value(value[name], part, f"{where}, '{name}'")
        elif part.get("required", True):
            raise InvokeError(f"{where} has no '{name}', and the model takes {spelled(spec)}")
    return fitted


def _expect(value: Any, kind: type, spec: Mapping[str, Any], where: str) -> Any:
    if isinstance(value, tuple) and kind is list:
        return list(value)
    if not isinstance(value, kind):
        raise _misfit(value, spec, where)
    return value


def _misfit(value: Any, spec: Mapping[str, Any], where: str) -> InvokeError:
    return InvokeError(f"{where} is {shown(value)}, and the model takes {spelled(spec)}")


def shown(value: Any) -> str:
    """A value for a message, cut short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def plain_value(value: Any) -> Any:
    """numpy scalars and arrays, NaN and pandas' NaT as JSON's own values."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is not None and type(value).__name__ in ("NaTType", "NAType"):
        return None
    return value


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _whole(kind: str) -> Callable[[Any], int | None]:
    def check(value: Any) -> int | None:
        number = _number(value)
        if isinstance(number, float):
            number = int(number) if number.is_integer() else None
        return None if number is None or not -_RANGES[kind] <= number < _RANGES[kind] else number

    return check


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if not isinstance(value, str) or "_" in value:
        return None
    for read in (int, float):  # a CSV file has only texts; a long one is no float
        try:
            return read(value)
        except ValueError:
            pass
    return None


def _float(value: Any) -> float | None:
    number = _number(value)
    try:
        # JSON has no infinity; what a server makes of "Infinity" differs.
        return None if number is None or not math.isfinite(number) else float(number)
    except OverflowError:  # a whole number of 400 digits
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _binary(value: Any) -> str | None:
    """Base64: what it is in JSON. A server decodes what it can of other text, and says nothing of the rest."""
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if not isinstance(value, str):
        return None
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except ValueError:
        return None
    return value


def _moment(value: Any) -> str | None:
    """A time as ISO 8601 in UTC without an offset: MLflow's server refuses one with it."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
        return value if moment.tzinfo is None else _moment(moment)
    if not isinstance(value, datetime):
        return None
    naive = value if value.tzinfo is None else value.astimezone(timezone.utc).replace(tzinfo=None)
    return naive.isoformat()


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "integer": _whole("integer"),
    "long": _whole("long"),
    "float": _float,
    "double": _float,
    "string": _text,
    "binary": _binary,
    "datetime": _moment,
}
