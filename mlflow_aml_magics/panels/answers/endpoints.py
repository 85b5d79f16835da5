"""Looking after deployments from the panel: the list, logs, traffic, deletion, and the same as code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...contract.endpoints import CodeResult, LogsResult
from ...errors import UsageError
from .deploying import options_of

if TYPE_CHECKING:
    from ..base import Handler
    from ..endpoints import EndpointsPanel

__all__ = ["endpoint_answers"]

MOST_LINES = 2000  # of a log: more is for a file


def endpoint_answers(panel: EndpointsPanel) -> dict[str, Handler]:
    """Handlers of endpoints, delete_deployment, set_traffic, roll_back, deployment_logs and copy_code."""
    serving = panel.serving

    def endpoints(_args: Mapping[str, Any], _progress: Callable[[str], None]) -> dict[str, Any]:
        panel.refresh()
        return {}

    def delete(args: Mapping[str, Any], progress: Callable[[str], None]) -> dict[str, Any]:
        name = str(args["name"])
        try:
            serving.delete(name, progress=progress)
        finally:
            panel.refresh()  # also when it was given up half way: what is left is to be seen
        if panel.selected == name or panel.selected.startswith(f"{name}/"):
            panel.selected = ""
        return {}

    def set_traffic(args: Mapping[str, Any], progress: Callable[[str], None]) -> dict[str, Any]:
        try:
            serving.set_traffic(str(args["name"]), _shares(args.get("shares")), progress=progress)
        finally:
            panel.refresh()
        return {}

    def roll_back(args: Mapping[str, Any], progress: Callable[[str], None]) -> dict[str, Any]:
        try:
            serving.roll_back(str(args["name"]), progress=progress)
        finally:
            panel.refresh()
        return {}

    def logs(args: Mapping[str, Any], _progress: Callable[[str], None]) -> LogsResult:
        tail = max(1, min(MOST_LINES, int(args.get("tail") or 100)))
        return {"text": serving.logs(str(args["name"]), tail=tail)}

    def code(args: Mapping[str, Any], _progress: Callable[[str], None]) -> CodeResult:
        from ...services.copy_as import code_of

        action, given = str(args["action"]), dict(args.get("args") or {})
        if action == "deploy":  # a form, as the panel has it
            given = {"model": given.get("model", ""), "to": given.get("target", ""), **options_of(given)}
        conn = serving._served_by()
        codes = dict(code_of(conn, action, given))
        if action == "invoke" and given.get("body"):
            from ...services.invoke import as_code

            codes["curl"] = as_code(conn, str(given["name"]), "curl", data=given["body"])
        return {"codes": codes}

    return {
        "endpoints": endpoints,
        "delete_deployment": delete,
        "set_traffic": set_traffic,
        "roll_back": roll_back,
        "deployment_logs": logs,
        "copy_code": code,
    }


def _shares(given: object) -> dict[str, int]:
    if not isinstance(given, Mapping) or not all(isinstance(share, int) for share in given.values()):
        raise UsageError("traffic is given as percent by deployment", hint='{"blue": 90, "green": 10}')
    return {str(name): int(share) for name, share in given.items()}
