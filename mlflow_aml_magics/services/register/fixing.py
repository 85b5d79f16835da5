"""A copy of a model with what is missing in its requirements; the model itself stays as it is.

Added are the packages that Azure ML's scoring script imports, and the versions of this kernel for packages that were
named without one. For Azure ML mlflow is lowered to what that script was seen to start with, and a scikit-learn model
of the skops format, which such an mlflow cannot read, is saved again as cloudpickle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

from ...client.linked import linked_copy
from ...client.model_resave import is_skops, resave
from ...client.packages import version_of
from ..preflight.environment import Asked, Environment, from_conda, parsed, read_environment, version
from ..preflight.no_code import MONITORING, NEEDED, SERVER, is_too_new

__all__ = ["fixed_copy"]

# 1.3.0 to 1.3.4 of the server are broken, and 1.4 needs Python 3.9 (preflight/no_code.py).
WANTED = {MONITORING: ">=1.0", SERVER: ">=1.4"}
OLD_SERVER = "<1.3"
LOWERED = "<3.7"  # of mlflow, for Azure ML


def fixed_copy(folder: Path, to: Path, *, is_azure: bool) -> tuple[Path, tuple[str, ...]]:
    """Copy a model's folder with its requirements mended. Returns the copy and each change in words.

    Args:
        to: the copy; it is not made where nothing is to be changed.
        is_azure: whether what Azure ML's deployment without code needs is added.
    """
    environment = read_environment(folder)
    lowered = _to_lower(environment) if is_azure else ()
    held = {name: number for name, number in _to_hold(environment).items() if name not in lowered}
    added = _to_add(environment) if is_azure and environment.present else {}
    if not held and not added and not lowered:
        return folder, ()
    linked_copy(folder, to)
    wanted = {name: f"=={number}" for name, number in held.items()} | dict.fromkeys(lowered, LOWERED)
    for name in ("conda.yaml", "requirements.txt"):
        if (to / name).is_file():
            text = (to / name).read_text(encoding="utf-8")
            (to / name).unlink()  # it may be a link to the original
            mended = _mended_conda(text, wanted, added) if name == "conda.yaml" else _mended_lines(text, wanted, added)
            (to / name).write_text(mended, encoding="utf-8")
    changes = [f"{name}{spec} added, which Azure ML's scoring script imports" for name, spec in added.items()]
    changes += [f"{name} held at {number}, the version of this kernel" for name, number in held.items()]
    changes += [
        f"{name} lowered to {LOWERED}, as Azure ML's scoring script was not seen to start with newer ones; "
        "whether that loads this model is tried when it is deployed"
        for name in lowered
    ]
    if lowered and is_skops(to):
        resave(to)
        changes.append(f"saved again as cloudpickle, as mlflow {LOWERED} cannot read skops")
    return to, tuple(changes)


def _to_hold(environment: Environment) -> dict[str, str]:
    loose = (n for n, asked in environment.packages.items() if not asked.specifier and not asked.path)
    return {name: here for name in loose if (here := version_of(name))}


def _to_add(environment: Environment) -> dict[str, str]:
    python = version(environment.python)
    is_old = python is not None and python < Version("3.9")
    wanted = WANTED | ({SERVER: OLD_SERVER} if is_old else {})
    return {name: wanted[name] for name in NEEDED if name not in environment.packages}


def _to_lower(environment: Environment) -> tuple[str, ...]:
    found = ((name, environment.packages.get(name)) for name in ("mlflow", "mlflow-skinny"))
    return tuple(name for name, asked in found if asked is not None and is_too_new(asked))


def _mended_lines(text: str, wanted: Mapping[str, str], added: Mapping[str, str]) -> str:
    lines = [_mended(line, wanted) for line in text.splitlines()]
    return "\n".join([*lines, *(f"{name}{spec}" for name, spec in added.items())]) + "\n"


def _mended_conda(text: str, wanted: Mapping[str, str], added: Mapping[str, str]) -> str:
    conda: dict[str, Any] = yaml.safe_load(text) or {}
    entries = conda.get("dependencies")
    entries = list(entries) if isinstance(entries, list) else []
    pip = next((e["pip"] for e in entries if isinstance(e, dict) and isinstance(e.get("pip"), list)), None)
    if pip is None:
        pip = []
        entries += ([] if any(str(e).startswith("pip") for e in entries) else ["pip"]) + [{"pip": pip}]
    pip[:] = [_mended(str(line), wanted) for line in pip] + [f"{name}{spec}" for name, spec in added.items()]
    mended = [_mended_entry(e, wanted) if isinstance(e, str) else e for e in entries]
    return yaml.safe_dump(conda | {"dependencies": mended}, sort_keys=False)


def _mended_entry(entry: str, wanted: Mapping[str, str]) -> str:
    """The same of an entry of conda's own, which may begin with its channel and says numpy=1.26 for numpy==1.26."""
    channel, colons, own = entry.rpartition("::")
    asked = from_conda(own)
    mended = _mended(asked, wanted)
    return entry if mended == asked else f"{channel}{colons}{mended.replace('==', '=')}"


def _mended(own: str, wanted: Mapping[str, str]) -> str:
    """The line with what is wanted of its package; a line about anything else as it is."""
    asked: Asked | None = parsed(own)
    if asked is None or asked.path or asked.name not in wanted:
        return own
    if asked.specifier and wanted[asked.name].startswith("=="):
        return own  # another file of the model names a version
    requirement, semicolon, marker = own.partition(";")
    name = re.split(r"[\s<>=!~#]", requirement.strip(), maxsplit=1)[0]
    return f"{name}{wanted[asked.name]}" + (f" {semicolon}{marker}" if marker else "")
