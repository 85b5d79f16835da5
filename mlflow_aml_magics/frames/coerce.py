"""One value against one type of an MLflow signature, with errors that name the place."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from ..errors import InvokeError

__all__ = ["coerce_tensor", "coerce_value", "spelled", "zero", "zeros"]

_RANGES = {"integer": 2**31, "long": 2**63}
_ZEROS: dict[str, Any] = {
    "boolean": False,
    "integer": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "string": "text",
    "binary": "",
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


def zeros(spec: Mapping[str, Any], rows: int) -> Any:
    """An array of that type and shape, its open first dimension ``rows`` long, other open ones 1."""
    tensor = spec.get("tensor-spec", {})
    shape = [int(size) for size in tensor.get("shape", (-1,))]
    sizes = [(rows if i == 0 else 1) if size < 0 else size for i, size in enumerate(shape)]
    value: Any = _tensor_zero(str(tensor.get("dtype", "float64")))
    for size in reversed(sizes):
        value = [value] * size
    return value


def _tensor_zero(dtype: str) -> Any:
    if dtype.startswith(("int", "uint")):
        return 0
    if dtype.startswith("bool"):
        return False
    return "text" if dtype.startswith(("str", "object", "bytes", "datetime")) else 0.0


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
    value = _plain(value)
    kind = str(spec.get("type", "any"))
    if value is None:
        if required and kind in ("boolean", "integer", "long"):  # what numpy has no missing value for
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
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
    return InvokeError(f"{where} is {shown}, and the model takes {spelled(spec)}")


def _plain(value: Any) -> Any:
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
        if number is None or not float(number).is_integer() or not -_RANGES[kind] <= number < _RANGES[kind]:
            return None
        return int(number)

    return check


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    try:  # a CSV file has only texts
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _float(value: Any) -> float | None:
    number = _number(value)
    # JSON has no infinity; what a server makes of "Infinity" differs.
    return None if number is None or not math.isfinite(number) else float(number)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _binary(value: Any) -> str | None:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else _text(value)


def _moment(value: Any) -> str | None:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if not isinstance(value, str):
        return None
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return value


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


def coerce_tensor(value: Any, spec: Mapping[str, Any], where: str) -> Any:
    """Nested lists of the tensor's shape.

    Raises:
        InvokeError: another shape.
    """
    value = _plain(value)
    tensor = spec.get("tensor-spec", {})
    shape = tuple(int(size) for size in tensor.get("shape", ()))
    actual = _shape(value, where)
    fits = len(actual) == len(shape) and all(want < 0 or want == have for want, have in zip(shape, actual, strict=True))
    if not fits:
        raise InvokeError(f"{where} has the shape {actual}, and the model takes {spelled(spec)}")
    return value


def _shape(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    inner = {_shape(item, where) for item in value}
    if len(inner) > 1:
        raise InvokeError(f"{where} is ragged: its rows have different lengths")
    return (len(value), *(inner.pop() if inner else ()))
