""" "Copy as Python": the call that does what a button does, or gives the rows as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...client.paths import redacted

if TYPE_CHECKING:
    from ...workspace import Workspace

__all__ = ["python_of"]

# What a DataFrame of runs calls the attributes that are columns of the explorer under another name.
_IN_PANDAS = {"run_name": "tags.mlflow.runName", "user": "tags.mlflow.user"}
_IN_NO_FRAME = ("experiment",)


def python_of(
    workspace: Workspace,
    args: Mapping[str, Any],
    *,
    experiments: Sequence[str] | None = None,
    parent: str | None = None,
) -> str:
    """Python code for an action of the explorer, without credentials: code is pasted into chats.

    Args:
        args: as `contract.CopyArgs`; for rows ``query`` alone is enough.
        experiments: those that are shown; none means all, None means the workspace's own.
        parent: the run whose children are shown, if they are.
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
        call = f"ws.deploy({f'runs:/{run}'!r}, name={name!r})\nws.invoke({name!r}, sample=True)"
    else:
        call = _rows(args, parent)
    return f"{head}{call}\n"


def _rows(args: Mapping[str, Any], parent: str | None) -> str:
    """The ticked runs, else those that the filter lets through, in the order of the table, with its columns."""
    ticked, columns = list(args.get("run_ids") or ()), _columns(args.get("columns") or ())
    children = [f"children={parent!r}"] if parent else []
    if ticked:
        ids = "".join(f"    {run_id!r},\n" for run_id in ticked)
        call = f"ids = [\n{ids}]\nruns = ws.run_table({', '.join(children)}).take(ids).to_pandas()"
    else:
        words = [repr(str(args.get("query") or "")), *children]
        if order := [_term(term) for term in args.get("sort") or ()]:
            words.insert(1, f"order_by={(order[0] if len(order) == 1 else order)!r}")
        call = f"runs = ws.runs({', '.join(words)})"
    if columns:
        call += f"\nruns = runs.reindex(columns={columns!r})"
    return f"{call}\nruns"


def _term(term: Mapping[str, Any]) -> str:
    """One column of an order, its name in backticks: it may have any character."""
    prefix, dot, name = str(term["key"]).partition(".")
    quoted = (name if dot else prefix).replace("`", "``")
    return f"{prefix + '.' if dot else ''}`{quoted}`{' DESC' if term['descending'] else ''}"


def _columns(keys: Sequence[str]) -> list[str]:
    wanted = [_IN_PANDAS.get(key, key) for key in keys if key not in _IN_NO_FRAME]
    return ["run_id", *(key for key in wanted if key != "run_id")] if wanted else []
