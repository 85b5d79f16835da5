"""``%aml_models``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import UsageError
from .parsing import VerbParser

if TYPE_CHECKING:
    import argparse

    from ..services.models import ModelCard, ModelList
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_models`."""
    verb = VerbParser(
        "models",
        "Registered models and their versions, with stages, aliases, source runs and metrics; changes of a version.",
        examples=(
            "%aml_models",
            "%aml_models wine",
            "%aml_models wine:3                     # one version, and who changed it",
            '%aml_models wine:3 --stage Production --comment "won the blind tasting"',
            "%aml_models wine:3 --alias champion",
        ),
    )
    verb.add_argument("name", nargs="?", help="a model, or one version: wine:3, wine@champion; none is all models")
    verb.add_argument("--stage", metavar="STAGE", help="move the version to None, Staging, Production or Archived")
    verb.add_argument("--alias", "-a", help="give the version an alias, and take it from the one that had it")
    verb.add_argument("--remove-alias", metavar="ALIAS", help="take an alias from the version")
    verb.add_argument("--comment", "-c", metavar="TEXT", help="why; kept on the version, with your name and the time")
    return verb


def run(session: Session, args: argparse.Namespace) -> ModelList | ModelCard:
    """The versions, or the one that was named."""
    workspace = session.workspace()
    changes = [option for option in (args.stage, args.alias, args.remove_alias) if option is not None]
    is_version = re.search("[:@/]", args.name or "") is not None
    if len(changes) > 1:
        raise UsageError("one change at a time: --stage, --alias or --remove-alias")
    if (changes or args.comment is not None) and not is_version:
        name = args.name or "wine"
        raise UsageError("which version is to be changed?", hint=f"%aml_models {name}:1 …, or {name}@ALIAS")
    if args.stage is not None:
        return workspace.set_stage(args.name, args.stage, comment=args.comment or "")
    if args.alias is not None:
        return workspace.set_alias(args.name, args.alias, comment=args.comment or "")
    if args.remove_alias is not None:
        return workspace.remove_alias(args.name, args.remove_alias, comment=args.comment or "")
    if args.comment is not None:
        return workspace.comment(args.name, args.comment)
    return workspace.model(args.name) if is_version else workspace.models(args.name)
