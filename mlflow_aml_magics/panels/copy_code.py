""" "Copy as Python": the call that does what a button does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..workspace import Workspace

__all__ = ["python_of"]


def python_of(workspace: Workspace, args: Mapping[str, Any]) -> str:
    """Python code for an action of the explorer.

    Args:
        args: as `contract.CopyArgs`.
    """
    experiments = list(workspace.experiments)
    named = experiments[0] if len(experiments) == 1 else experiments
    about = f", experiment={named!r}" if named else ""
    head = f"from mlflow_aml_magics import Workspace\n\nws = Workspace.connect({_safe(workspace.uri)!r}{about})\n"
    run, name, alias = args.get("run_id"), args.get("name") or "model", args.get("alias")
    if args["action"] == "register":
        call = f"ws.register({run!r}, {name!r}{f', alias={alias!r}' if alias else ''})"
    elif args["action"] == "deploy":
        call = f"ws.deploy('runs:/{run}', name={name!r})\nws.invoke({name!r}, sample=True)"
    else:
        call = f"ws.runs({args.get('query', '')!r})"
    return f"{head}{call}\n"


def _safe(uri: str) -> str:
    """The URI without a password in it: code is pasted into chats."""
    scheme, separator, rest = uri.partition("://")
    user, at, host = rest.rpartition("@")
    if separator and at and ":" in user:
        return f"{scheme}://{user.partition(':')[0]}:PASSWORD@{host}"
    return uri
