"""What the registry panel does with whole models: check, register, share, deploy, compare, copy as code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...contract.endpoints import CheckResult, CodeResult
from ...contract.model_actions import CompareVersionsResult, DoneResult, VersionDifference

if TYPE_CHECKING:
    from ..base import Handler
    from ..models import ModelsPanel

__all__ = ["model_action_answers"]

Say = Callable[[str], None]


def model_action_answers(panel: ModelsPanel) -> dict[str, Handler]:
    """Handlers of preflight, compare_versions, register_model, share_model, deploy_version and copy_code."""
    workspace, conn = panel.workspace, panel.workspace.connection

    def preflight(args: Mapping[str, Any], say: Say) -> CheckResult:
        target = str(args.get("target") or "") or None
        found = workspace.preflight(str(args["model"]), target=target, load=bool(args.get("load")), progress=say)
        return {"findings": [{"level": f.level, "what": f.what, "fix": f.fix} for f in found.findings]}

    def compare_versions(args: Mapping[str, Any], say: Say) -> CompareVersionsResult:
        told = workspace.compare_versions(str(args["a"]), str(args["b"]), progress=say).data()
        return {
            "a": told["a"]["label"],
            "b": told["b"]["label"],
            "sections": [
                {"title": title, "same": told["same"].get(title, 0), "rows": [_line(row) for row in rows]}
                for title, rows in told["sections"].items()
            ],
            "hints": told["hints"],
            "notes": told["notes"],
        }

    def register_model(args: Mapping[str, Any], say: Say) -> DoneResult:
        done = workspace.register(
            str(args["source"]),
            str(args["name"]),
            alias=str(args.get("alias") or "") or None,
            load=True,
            force=bool(args.get("force")),
            progress=say,
        )
        panel.reread(done.name)
        return {"message": done.message, "name": f"{done.name}:{done.version}"}

    def share_model(args: Mapping[str, Any], say: Say) -> DoneResult:
        place = {key: str(args.get(key) or "") or None for key in ("registry", "workspace", "store")}
        done = workspace.share(f"{args['name']}:{args['version']}", progress=say, **place)
        return {"message": done.message, "name": done.address}

    def deploy_version(args: Mapping[str, Any], say: Say) -> DoneResult:
        target, name = str(args.get("target") or "local"), str(args.get("name") or "") or None
        done = workspace.deploy(str(args["model"]), to=target, name=name, progress=say)
        return {"message": f"{done.name} ({done.target}) is {done.state}: {done.model}", "name": done.reference}

    def copy_code(args: Mapping[str, Any], _say: Say) -> CodeResult:
        from ...services.copy_as import code_of

        return {"codes": code_of(conn, str(args.get("action")), dict(args.get("args") or {}))}

    return {
        "preflight": preflight,
        "compare_versions": compare_versions,
        "register_model": register_model,
        "share_model": share_model,
        "deploy_version": deploy_version,
        "copy_code": copy_code,
    }


def _line(row: Mapping[str, Any]) -> VersionDifference:
    return {
        "name": row["name"],
        "a": row["a"],
        "b": row["b"],
        "delta": row.get("delta") or "",
        "risk": row.get("risk") or "",
    }
