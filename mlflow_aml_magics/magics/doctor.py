"""``%aml_doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parsing import VerbParser

if TYPE_CHECKING:
    import argparse

    from ..services.doctor import Diagnosis
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_doctor`."""
    verb = VerbParser(
        "doctor",
        "Look at packages, front end, login, workspace and bridge: what is wrong, and the command that mends it. "
        "Nothing of it is secret: paste it into an issue.",
        examples=("%aml_doctor", "%aml_doctor --offline"),
    )
    verb.add_argument("--offline", action="store_true", help="connect to nothing")
    return verb


def run(session: Session, args: argparse.Namespace) -> Diagnosis:
    """The diagnosis."""
    from ..services.doctor import diagnose

    if session.sandbox is not None:
        session.sandbox.check()
    opened = session.opened()
    return diagnose(session.folder, connection=opened.connection if opened else None, offline=args.offline)
