"""What differs between two versions of a model, line by line, and which of it is likely to break those who call it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.version import InvalidVersion, Version

from .signature import Field, Signature

__all__ = ["Change", "Line", "changed_lines", "environment_lines", "signature_lines"]

Change = Literal["added", "removed", "changed"]

# Each type with those whose values it takes as well when they come as JSON; anything else is refused (mlflow's schema
# enforcement, and frames/coerce.py for ours).
_TAKES: dict[str, set[str]] = {
    "integer": {"boolean"},
    "long": {"boolean", "integer"},
    "float": {"boolean", "integer", "long", "double"},
    "double": {"boolean", "integer", "long", "float"},
}
# Packages whose major version decides how a pickled model behaves.
_FRAMEWORKS = {
    "catboost", "keras", "lightgbm", "numpy", "onnx", "onnxruntime", "pandas", "prophet", "pyspark", "scikit-learn",
    "scipy", "sentence-transformers", "spacy", "statsmodels", "tensorflow", "torch", "transformers", "xgboost",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One thing that differs: as it is in the one version and in the other, "" where that has none of it.

    ``risk`` says what is likely to break when the second takes the place of the first; "" for nothing.
    """

    name: str
    a: str
    b: str
    change: Change
    risk: str = ""


def changed_lines(a: Mapping[str, str], b: Mapping[str, str]) -> tuple[Line, ...]:
    """The entries that are not the same in both, in the order of their names."""
    return tuple(
        Line(name, a.get(name, ""), b.get(name, ""), _change(name in a, name in b))
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name)
    )


def signature_lines(a: Signature | None, b: Signature | None) -> tuple[Line, ...]:
    """Inputs, outputs and params that are not the same: "input alcohol", "output 0", "param temperature"."""
    if a is None or b is None:
        if a is None and b is None:
            return ()
        told = "" if a else "requests that were taken as they are may be refused now"
        return (Line("signature", "there" if a else "", "there" if b else "", _change(bool(a), bool(b)), told),)
    lines: list[Line] = []
    for way in ("input", "output", "param"):
        lines += _fields(way, _by_name(a, way), _by_name(b, way))
    return tuple(lines)


def environment_lines(a: Mapping[str, str], b: Mapping[str, str]) -> tuple[Line, ...]:
    """Packages, and "python", that are asked for differently; the values are versions, or "" for any."""
    lines = []
    for name in sorted(a.keys() | b.keys()):
        before, after = a.get(name), b.get(name)
        if before == after:
            continue
        change = _change(name in a, name in b)
        risk = _package_risk(name, before or "", after or "") if change == "changed" else ""
        lines.append(Line(name, _said(before), _said(after), change, risk))
    return tuple(lines)


def _said(wanted: str | None) -> str:
    return "" if wanted is None else wanted or "any"


def _change(in_a: bool, in_b: bool) -> Change:
    return "changed" if in_a and in_b else "removed" if in_a else "added"


def _by_name(signature: Signature, way: str) -> dict[str, Field]:
    fields: Sequence[Field] = getattr(signature, f"{way}s")
    return {field.name if field.name is not None else str(place): field for place, field in enumerate(fields)}


def _fields(way: str, a: Mapping[str, Field], b: Mapping[str, Field]) -> Iterable[Line]:
    for name in [*a, *(name for name in b if name not in a)]:
        before, after = a.get(name), b.get(name)
        told = _spelled(before), _spelled(after)
        if told[0] != told[1]:
            risk = _risk(way, name, before, after)
            yield Line(f"{way} {name}", *told, _change(before is not None, after is not None), risk)


def _spelled(field: Field | None) -> str:
    if field is None:
        return ""
    return field.type if field.required else f"{field.type} (optional)"


def _risk(way: str, name: str, before: Field | None, after: Field | None) -> str:
    if way == "output":
        return f"whoever reads the output {name} finds {_spelled(after) or 'none'}"
    if way == "param":
        return "" if before is None else f"requests with the param {name} may be refused" if after is None else ""
    if after is None:
        return f"requests still send {name}: by name it is left out, by place they no longer fit"
    if before is None:
        return f"requests lack {name}, which is required now" if after.required else ""
    if after.type != before.type and before.type not in _TAKES.get(after.type, set()):
        return f"{name} was {before.type} and is {after.type} now: values that fitted may be refused"
    return f"{name} is required now" if after.required and not before.required else ""


def _package_risk(name: str, before: str, after: str) -> str:
    old, new = _version(before), _version(after)
    if old is None or new is None:
        return ""
    if name == "python" and old.release[:2] != new.release[:2]:
        return f"Python {old} became {new}: what is pickled with the one may not load with the other"
    if name in ("mlflow", "mlflow-skinny") and old.major != new.major:
        return f"mlflow {old.major} became {new.major}: scoring servers and clients of the old one may not fit"
    if name in _FRAMEWORKS and _epoch(old) != _epoch(new):
        return f"{name} {old} became {new}, another major version"
    return ""


def _epoch(version: Version) -> tuple[int, ...]:
    """What a package changes when it breaks something: the first number, before 1.0 the second."""
    return (version.major,) if version.major else (0, version.minor)


def _version(text: str) -> Version | None:
    try:
        return Version(text.lstrip("=").strip())
    except InvalidVersion:
        return None
