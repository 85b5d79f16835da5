""" "Copy as Python": the call that does what a button does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...client.paths import redacted

if TYPE_CHECKING:
    from ...workspace import Workspace

__all__ = ["python_of"]


def python_of(workspace: Workspace, args: Mapping[str, Any], *, experiments: Sequence[str] | None = None) -> str:
    """Python code for an action of the explorer, without credentials: code is pasted into chats.

    Args:
        args: as `contract.CopyArgs`.
        experiments: those that are shown; none means all, None means the workspace's own.
    """
    names = list(workspace.experiments if experiments is None else experiments)
    words = [repr(redacted(workspace.uri))]
    if names:
        words.append(f"experiment={(names[0] if len(names) == 1 else names)!r}")
    registry = workspace.connection.registry_uri
    if registry != workspace.uri:
        words.append(f"registry_uri={redacted(registry)!r}")
    head = f"from mlflow_aml_magics import Workspace\n\nws = Workspace.connect({', '.join(words)})\n"
    run, name, alias = args.get("run_id"), args.get("name") or "model", args.get("alias")
    if args["action"] == "register":
        call = f"ws.register({run!r}, {name!r}{f', alias={alias!r}' if alias else ''})"
    elif args["action"] == "deploy":
        call = f"ws.deploy('runs:/{run}', name={name!r})\nws.invoke({name!r}, sample=True)"
    else:
        call = f"ws.runs({args.get('query', '')!r})"
    return f"{head}{call}\n"
