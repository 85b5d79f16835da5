"""``%aml_models``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .parsing import VerbParser, pair
from .text import Text

if TYPE_CHECKING:
    import argparse

    from ..workspace import Workspace
    from .session import Session

__all__ = ["parser", "run"]

# Each is a change of its own; those of the second line may be made of a whole model too.
ON_A_VERSION = ("stage", "alias", "remove_alias", "archive", "restore", "history", "lineage")
ON_EITHER = ("description", "tag", "remove_tag", "delete")


def parser() -> VerbParser:
    """The words of `%aml_models`."""
    verb = VerbParser(
        "models",
        "The panel of registered models: versions, discussion, lineage, comparison; and changes of a version.",
        examples=(
            "%aml_models",
            "%aml_models wine --static",
            "%aml_models wine:3                     # opens there; who changed it, and why",
            '%aml_models wine:3 --stage Production --comment "won the blind tasting"',
            "%aml_models wine:3 --alias champion",
            "%aml_models wine:3 --lineage           # data, run, model, endpoints",
        ),
    )
    add = verb.add_argument
    add("name", nargs="?", help="a model, or one version: wine:3, wine@champion; none is all models")
    add("--stage", metavar="STAGE", help="move the version to None, Staging, Production or Archived")
    add("--archive-others", action="store_true", help="with --stage: archive the other versions in that stage")
    add("--alias", "-a", help="give the version an alias, and take it from the one that had it")
    add("--remove-alias", metavar="ALIAS", help="take an alias from the version")
    add("--comment", "-c", metavar="TEXT", help="why; kept on the version, with your name and the time")
    add("--description", metavar="TEXT", help='what it is; of a version, or of the model; "" takes it away')
    add(
        "--tag",
        metavar="K=V",
        type=pair,
        action="append",
        help="set a tag of the version or model; may be repeated",
    )
    add("--remove-tag", metavar="KEY", help="remove a tag")
    add("--archive", action="store_true", help="put the version aside; --restore takes that back")
    add("--restore", action="store_true", help="take the version out of the archive")
    add("--delete", action="store_true", help="delete the version, or the model; refused while something needs it")
    add("--force", action="store_true", help="with --delete: all the same")
    add("--history", action="store_true", help="what was said and done about the version, the oldest first")
    add("--lineage", action="store_true", help="the data, the run, the model, its endpoints")
    add("--static", action="store_true", help="no panel, but the table that it leaves in the notebook")
    return verb


def run(session: Session, args: argparse.Namespace) -> Any:
    """The panel, in a terminal its table; of a change what it led to."""
    workspace = session.workspace()
    changes = [option for option in (*ON_A_VERSION, *ON_EITHER) if getattr(args, option) not in (None, False)]
    is_version = re.search("[:@/]", args.name or "") is not None
    silent = [option for option in changes if option in (*ON_EITHER, "history", "lineage")]
    if silent and args.comment is not None:
        raise UsageError(
            f"--{silent[0].replace('_', '-')} keeps no comment",
            hint=f'%aml_models {args.name or "wine:1"} --comment "…" alone',
        )
    if args.archive_others and not args.stage:
        raise UsageError("--archive-others goes with --stage", hint="--stage Production --archive-others")
    if len(changes) > 1:
        named = ", ".join(f"--{option.replace('_', '-')}" for option in changes)
        raise UsageError(f"one change at a time: {named}")
    if not args.name and changes:
        raise UsageError("which model is meant?", hint="%aml_models wine:1 …, or wine@ALIAS")
    if not is_version and (args.comment is not None or any(option in ON_A_VERSION for option in changes)):
        name = args.name or "wine"
        raise UsageError("which version is to be changed?", hint=f"%aml_models {name}:1 …, or {name}@ALIAS")
    if changes:
        return _changed(workspace, changes[0], args)
    if args.comment is not None:
        return workspace.comment(args.name, args.comment)
    if not args.static and _has_front_end(session):
        return workspace.models_panel(args.name)
    return workspace.model(args.name) if is_version else workspace.models(args.name)


def _changed(workspace: Workspace, change: str, args: argparse.Namespace) -> Any:
    name, why = args.name, args.comment or ""
    if change == "stage":
        return workspace.set_stage(name, args.stage, comment=why, archive_others=args.archive_others)
    if change == "alias":
        return workspace.set_alias(name, args.alias, comment=why)
    if change == "remove_alias":
        return workspace.remove_alias(name, args.remove_alias, comment=why)
    if change == "archive":
        return workspace.archive_model(name, comment=why)
    if change == "restore":
        return workspace.restore_model(name, comment=why)
    if change == "history":
        return workspace.model(name).thread
    if change == "lineage":
        return workspace.lineage(name)
    if change == "description":
        return Text(workspace.describe_model(name, args.description))
    if change == "tag":
        return Text("\n".join(workspace.tag_model(name, key, value) for key, value in args.tag))
    if change == "remove_tag":
        return Text(workspace.tag_model(name, args.remove_tag, None))
    return Text(workspace.delete_model(name, force=args.force))


def _has_front_end(session: Session) -> bool:
    """A plain IPython terminal draws no widgets."""
    return getattr(session.shell, "kernel", None) is not None and session.settings().text("render") == "auto"
