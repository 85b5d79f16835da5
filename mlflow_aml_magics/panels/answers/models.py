"""What the registry panel asks of the kernel: the list, one version, its files and lineage, and its changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...contract import CONTRACT_VERSION
from ...contract.models import (
    EditVersionResult,
    LineageResult,
    ListedVersion,
    ModelsInfo,
    RunBox,
    ThreadEntry,
    VersionFiles,
    VersionResult,
)
from ...errors import AmlMagicsError, UsageError
from ...services.model_history import Change, is_history
from ...services.model_tags import DIGEST
from ...services.models import ModelList, common_metrics
from .model_actions import model_action_answers

if TYPE_CHECKING:
    from ...client.models import ModelVersion
    from ...services.lineage import SourceRun
    from ...workspace import Workspace
    from ..base import Handler
    from ..models import ModelsPanel

__all__ = ["models_answers", "models_info"]

VERSIONS = 2000  # in the page; a thousand are some 0.4 MB
TEXT = 2000  # characters of a description in the list; the version that is opened has all of it
TAG = 300  # characters of a tag's value in the list
METRICS = 40  # of a version in the list

Say = Callable[[str], None]


def models_info(workspace: Workspace, listed: ModelList) -> ModelsInfo:
    """What the panel begins with."""
    from ...services.deploy import targets_of

    shown = listed.versions[:VERSIONS]
    metrics = common_metrics(shown)[:METRICS]
    return {
        "contract": CONTRACT_VERSION,
        "store": listed.store,
        "name": listed.name or "",
        "azure": workspace.connection.azure is not None,
        # Whole, unlike those of versions: they are edited as they are here.
        "models": [{"name": m.name, "description": m.description, "tags": dict(m.tags)} for m in listed.models],
        "versions": [_row(v, metrics) for v in shown],
        "total": len(listed.versions),
        "metrics": metrics,
        "targets": list(targets_of(workspace.connection)),
    }


def models_answers(panel: ModelsPanel) -> dict[str, Handler]:
    """All handlers of the registry panel."""
    workspace, conn = panel.workspace, panel.workspace.connection
    files: dict[str, VersionFiles] = {}  # by version: what was registered does not change

    def models(_args: Mapping[str, Any], say: Say) -> ModelsInfo:
        say("Reading the registry…")
        panel.refresh()
        return panel.info

    def version(args: Mapping[str, Any], _say: Say) -> VersionResult:
        from ...services.lineage import source_run
        from ...services.model_card import show_model

        card = show_model(conn, ref_of(args))
        found = card.model_version
        return {
            "row": _row(found, None),
            "thread": [_entry(change) for change in card.thread.changes],
            "run": _run_box(source_run(conn, found)),
            "link": card.link,
            "source": found.source,
        }

    def version_files(args: Mapping[str, Any], say: Say) -> VersionFiles:
        from ...client.models import resolve
        from ...services.model_facts import read_facts

        ref = ref_of(args)
        if ref not in files:
            say("Reading its files…")
            facts = read_facts(conn, resolve(conn, ref))
            files[ref] = {
                "flavors": list(facts.flavors),
                "mlflow": facts.mlflow,
                "size": facts.size,
                "signature": [{"way": way, "name": name, "type": kind} for way, name, kind in facts.signature],
                "environment": dict(facts.environment),
                "files": [{"path": path, "size": size} for path, size in facts.files],
            }
        return files[ref]

    def lineage(args: Mapping[str, Any], say: Say) -> LineageResult:
        say("Looking for its run, its data and its endpoints…")
        found = workspace.lineage(ref_of(args))
        return {
            "data": [
                {"name": d.name, "digest": d.digest, "context": d.context, "where": d.where}
                for d in (found.run.data if found.run else ())
            ],
            "run": _run_box(found.run),
            "version": _row(found.version, None),
            "served": [
                {"name": d.name, "target": d.target, "state": d.state, "url": d.url, "link": d.link}
                for d in found.deployments
            ],
            "notes": list(found.notes),
        }

    def edit_version(args: Mapping[str, Any], say: Say) -> EditVersionResult:
        say("Writing to the store…")
        try:
            done = _edit(workspace, args)
        finally:
            files.pop(f"{args.get('name')}:{args.get('version')}", None)  # a number may come again after a deletion
        try:
            panel.reread(str(args["name"]))
        except AmlMagicsError as exc:
            done["message"] += f"; the list is as it was: {exc.message}"
        return done

    return {
        "models": models,
        "version": version,
        "version_files": version_files,
        "lineage": lineage,
        "edit_version": edit_version,
        **model_action_answers(panel),
    }


def ref_of(args: Mapping[str, Any]) -> str:
    """The version that the arguments name."""
    name, version = str(args.get("name") or ""), str(args.get("version") or "")
    if not name or not version:
        raise UsageError("no version was named")
    return f"{name}:{version}"


def _edit(workspace: Workspace, args: Mapping[str, Any]) -> EditVersionResult:
    action, key, value = (str(args.get(name) or "") for name in ("action", "key", "value"))
    name, why, force = str(args.get("name") or ""), str(args.get("comment") or ""), bool(args.get("force"))
    if action in ("describe", "set_tag", "remove_tag", "delete") and name and not args.get("version"):
        ref = name
    else:
        ref = ref_of(args)
    if action == "stage":
        card = workspace.set_stage(ref, value, comment=why, archive_others=force)
        return {"message": card.message, "others": list(card.others)}
    words: dict[str, Callable[[], str]] = {
        "set_alias": lambda: workspace.set_alias(ref, key, comment=why).message,
        "remove_alias": lambda: workspace.remove_alias(ref, key, comment=why).message,
        "comment": lambda: workspace.comment(ref, value).message,
        "archive": lambda: workspace.archive_model(ref, comment=why).message,
        "restore": lambda: workspace.restore_model(ref, comment=why).message,
        "describe": lambda: workspace.describe_model(ref, value),
        "set_tag": lambda: workspace.tag_model(ref, key, value),
        "remove_tag": lambda: workspace.tag_model(ref, key, None),
        "delete": lambda: workspace.delete_model(ref, force=force),
    }
    if action not in words:
        raise UsageError(f"a version cannot be changed by '{action}'")
    return {"message": words[action](), "others": []}


def _row(version: ModelVersion, metrics: list[str] | None) -> ListedVersion:
    """A version; of the list with some metrics and short texts, of one that is opened with all."""
    whole = metrics is None
    tags = {key: text for key, text in version.tags.items() if not is_history(key) and key != DIGEST}
    return {
        "name": version.name,
        "version": version.version,
        "stage": version.stage,
        "studio_stage": version.studio_stage,
        "aliases": list(version.aliases),
        "run_id": version.run_id,
        "created": version.created.isoformat() if version.created else None,
        "status": version.status,
        "description": version.description if whole else version.description[:TEXT],
        "tags": tags if whole else _short(tags),
        "metrics": {
            key: value if math.isfinite(value) else None
            for key, value in version.metrics.items()
            if metrics is None or key in metrics
        },
    }


def _short(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: text[:TAG] for key, text in tags.items()}


def _entry(change: Change) -> ThreadEntry:
    return {
        "at": change.at.isoformat(),
        "who": change.who,
        "what": change.what,
        "did": change.did,
        "text": change.text,
    }


def _run_box(run: SourceRun | None) -> RunBox | None:
    if run is None:
        return None
    return {
        "run_id": run.run_id,
        "name": run.name,
        "experiment": run.experiment,
        "user": run.user,
        "commit": run.commit,
        "link": run.link,
        "gone": run.is_gone,
    }
