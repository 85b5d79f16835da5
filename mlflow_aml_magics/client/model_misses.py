"""What to say of a model, a version or an alias that is not there: the nearest one, or how to make it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..errors import ModelNotFound, nearest

__all__ = ["no_alias", "no_model", "no_version"]


def no_model(name: str, names: Sequence[str], where: str) -> ModelNotFound:
    """No model has that name; ``names`` are those that there are."""
    meant = nearest(name, names)
    message = f"no registered model '{name}' in {where}"
    if meant:
        return ModelNotFound(message, hint=f"did you mean '{meant}'? %aml_models lists all")
    if not names:
        return ModelNotFound(
            f"{message}: none is registered yet", hint=f"%aml_register best --metric METRIC --name {name}"
        )
    return ModelNotFound(f"{message}; there are {_some(names)}", hint="%aml_models")


def no_alias(name: str, alias: str, aliases: Mapping[str, str]) -> ModelNotFound:
    """The model has no such alias; ``aliases`` are its own."""
    meant = nearest(alias, aliases)
    message = f"the model '{name}' has no alias '{alias}'"
    if meant:
        return ModelNotFound(message, hint=f"did you mean {name}@{meant}?")
    if aliases:
        return ModelNotFound(f"{message}; it has {_some(aliases)}", hint=f"{name}@{next(iter(aliases))}")
    return ModelNotFound(f"{message}, nor any other", hint=f"{name}:1 for a version, {name} for the newest")


def no_version(name: str, number: str, versions: Sequence[str], aliases: Mapping[str, str]) -> ModelNotFound:
    """The model has no such version; ``versions`` are its own, the newest first."""
    if number in aliases:
        hint = f"{name}@{number}: '{number}' is an alias"
    elif versions:
        hint = f"{name}:{versions[0]}, or {name} for the newest"
    else:
        hint = f"%aml_register RUN --name {name}"
    there = f"it has {_some(versions)}" if versions else "it has none yet"
    return ModelNotFound(f"the model '{name}' has no version {number}; {there}", hint=hint)


def _some(words: Iterable[str], limit: int = 8) -> str:
    known = list(words)
    return ", ".join(known[:limit]) + (f" and {len(known) - limit} more" if len(known) > limit else "")
