"""Does an array fit a tensor of an MLflow signature? Nested lists, their shape and the type of their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import InvokeError
from .coerce import plain_value, shown, spelled

__all__ = ["depth", "fit_tensor", "rank", "zeros"]

OPEN = 1  # what an open dimension becomes in a request that is made up


def rank(spec: Mapping[str, Any]) -> int:
    """The number of dimensions that a signature gives a tensor."""
    return len(_shape_of(spec))


def depth(value: Any) -> int:
    """The number of dimensions of a nested list, judged by its first elements."""
    found = 0
    while isinstance(value, (list, tuple)):
        found += 1
        value = value[0] if value else None
    return found


def zeros(spec: Mapping[str, Any], rows: int) -> Any:
    """An array of that type and shape, its open first dimension ``rows`` long, other open ones 1."""
    sizes = [(rows if i == 0 else OPEN) if size < 0 else size for i, size in enumerate(_shape_of(spec))]

    def filled(left: list[int]) -> Any:
        return [filled(left[1:]) for _ in range(left[0])] if left else _zero(_dtype(spec))

    return filled(sizes)


def fit_tensor(value: Any, spec: Mapping[str, Any], where: str) -> Any:
    """Nested lists of the tensor's shape, of its numbers.

    Raises:
        InvokeError: another shape, ragged, or an element of another type, naming its place.
    """
    import numpy as np

    value = plain_value(value)
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError) as exc:
        raise InvokeError(f"{where} is ragged: its rows have different lengths") from exc
    wanted, have = _shape_of(spec), array.shape
    if len(have) != len(wanted) or any(want not in (-1, size) for want, size in zip(wanted, have, strict=True)):
        size = ", ".join(map(str, have)) if have else "none: it is a single value"
        raise InvokeError(f"{where} has the shape ({size}), and the model takes {spelled(spec)}")
    if not _is_surely(array.dtype.kind, _dtype(spec)):
        for place, element in _elements(value):
            if not _fits(element, _dtype(spec)):
                at = f"{where} at {list(place)}" if place else where
                raise InvokeError(f"{at} is {shown(element)}, and the model takes {spelled(spec)}")
    return value


def _shape_of(spec: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(size) for size in spec.get("tensor-spec", {}).get("shape", (-1,)))


def _dtype(spec: Mapping[str, Any]) -> str:
    return str(spec.get("tensor-spec", {}).get("dtype", "float64"))


def _zero(dtype: str) -> Any:
    if dtype.startswith(("int", "uint")):
        return 0
    if dtype.startswith("bool"):
        return False
    if dtype.startswith("datetime"):
        return "2026-01-01T00:00:00"
    return "text" if dtype.startswith(("str", "object", "bytes", "<U", "|S")) else 0.0


def _is_surely(kind: str, dtype: str) -> bool:
    """Whether all elements of an array that numpy read as ``kind`` fit, so that none need be looked at."""
    return (dtype.startswith("float") and kind in "iuf") or (dtype.startswith("str") and kind == "U")


def _fits(element: Any, dtype: str) -> bool:
    is_number = isinstance(element, (int, float)) and not isinstance(element, bool)
    if dtype.startswith("float"):
        return is_number or element is None  # None: not a number, which JSON has no word for
    if dtype.startswith(("int", "uint")):
        return is_number and float(element).is_integer() and _in_range(int(element), dtype)
    if dtype.startswith("bool"):
        return isinstance(element, bool)
    return not is_number if dtype.startswith(("str", "datetime")) else True


def _in_range(value: int, dtype: str) -> bool:
    import numpy as np

    try:
        limits = np.iinfo(dtype)
    except (TypeError, ValueError):
        return True
    return bool(limits.min <= value <= limits.max)


def _elements(value: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    if isinstance(value, (list, tuple)):
        for i, part in enumerate(value):
            yield from _elements(part, (*place, i))
    else:
        yield place, value
