"""``%aml_models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parsing import VerbParser

if TYPE_CHECKING:
    import argparse

    from ..services.models import ModelList
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_models`."""
    verb = VerbParser(
        "models",
        "Registered models and their versions, with aliases, source runs and metrics.",
        examples=("%aml_models", "%aml_models wine"),
    )
    verb.add_argument("name", nargs="?", help="one model; none is all")
    return verb


def run(session: Session, args: argparse.Namespace) -> ModelList:
    """The versions."""
    return session.workspace().models(args.name)
