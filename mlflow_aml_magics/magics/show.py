"""``%aml_show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parsing import VerbParser
from .variables import named

if TYPE_CHECKING:
    import argparse

    from ..services.runs import RunCard
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_show`."""
    verb = VerbParser(
        "show",
        "One run in full: params, metrics, tags, models, artifacts.",
        examples=("%aml_show $best", "%aml_show 3f2a9c", "%aml_show bold-crane-12"),
    )
    verb.add_argument("run", help="its id, the beginning of it (6 letters or more), or its name")
    return verb


def run(session: Session, args: argparse.Namespace) -> RunCard:
    """The run."""
    return session.workspace().show(named(session, args.run))
