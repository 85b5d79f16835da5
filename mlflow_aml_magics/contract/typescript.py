"""``labextension/src/contract.ts``, made from the shapes."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["typescript"]

_PRIMITIVES = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}


def _ts_type(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f"'{value}'" for value in args)
    if origin in (Union, types.UnionType):
        return " | ".join(_ts_type(arg) for arg in args)
    if origin is list:
        inner = _ts_type(args[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<{_ts_type(args[0])}, {_ts_type(args[1])}>"
    if is_typeddict(hint):
        return str(hint.__name__)
    return _PRIMITIVES[hint]


def typescript(shapes: Iterable[Any], version: int) -> str:
    """The text of ``contract.ts``: one interface a shape, its docstring as the comment."""
    lines = [
        "// Made from mlflow_aml_magics/contract/ by `python -m mlflow_aml_magics.contract`. Do not edit.",
        "",
        f"export const CONTRACT_VERSION = {version};",
    ]
    for shape in shapes:
        comment = [line.strip() for line in (shape.__doc__ or "").strip().splitlines()]
        lines += ["", "/**", *(f" * {line}".rstrip() for line in comment), " */"]
        lines.append(f"export interface {shape.__name__} {{")
        lines += [f"  {key}: {_ts_type(hint)};" for key, hint in get_type_hints(shape).items()]
        lines.append("}")
    return "\n".join(lines) + "\n"
