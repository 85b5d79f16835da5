"""Our own call that deploys, with the options that were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ...errors import UsageError, nearest
from ..deploy.options import DeployOptions
from .copied import call

__all__ = ["deploy_call", "options_of"]


def deploy_call(ref: str, kind: str, name: str | None, options: DeployOptions) -> str:
    """`ws.deploy(…)` as somebody would write it who wants the same."""
    blank = DeployOptions()
    given = {f.name: getattr(options, f.name) for f in fields(options)}
    asked = {key: value for key, value in given.items() if value != getattr(blank, key)}
    plain = {key: dict(value) if isinstance(value, Mapping) else value for key, value in asked.items()}
    return call("ws.deploy", ref, to=None if kind == "local" else kind, name=name, **plain)


def options_of(args: Mapping[str, Any]) -> DeployOptions:
    """The options among the arguments; empty ones, as a form leaves them, are as if not given.

    Raises:
        UsageError: an argument that is none.
    """
    known = {field.name for field in fields(DeployOptions)}
    found = {}
    for key, value in args.items():
        if key in ("model", "to", "name"):
            continue
        if key not in known:
            raise UsageError(f"a deployment takes no '{key}'", hint=nearest(key, known))
        if value not in (None, ""):
            found[key] = value
    return DeployOptions(**found)
