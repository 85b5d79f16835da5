"""``%aml_endpoints``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .parsing import VerbParser
from .progress import progress_line
from .text import Text

if TYPE_CHECKING:
    import argparse

    from ..services.deploy import Deployment
    from .session import Session

__all__ = ["deleted", "parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_endpoints`."""
    verb = VerbParser(
        "endpoints",
        "Every deployment of this machine and of the workspace: state, traffic, model, cost; try them, read logs.",
        examples=(
            "%aml_endpoints",
            "%aml_endpoints wine/blue               # opened at one",
            "%aml_endpoints wine/blue --logs",
            "%aml_endpoints wine --delete",
        ),
    )
    verb.add_argument("name", nargs="?", help="a deployment: wine, wine/blue, online:wine; none lists all")
    verb.add_argument("--logs", action="store_true", help="the last lines of its log")
    verb.add_argument("--delete", action="store_true", help="end it; of an endpoint all that is under it")
    verb.add_argument("--static", action="store_true", help="a table, no live panel")
    return verb


def run(session: Session, args: argparse.Namespace) -> Any:
    """The panel, or what was asked of one deployment."""
    serving = session.serving()
    if (args.logs or args.delete) and not args.name:
        raise UsageError("which deployment?", hint="%aml_endpoints NAME --logs; %aml_endpoints lists them")
    if args.logs:
        return Text(serving.logs(args.name))
    if args.delete:
        return deleted(args.name, serving.delete(args.name, progress=progress_line(session.shell)))
    if args.static:
        return serving.endpoint(args.name) if args.name else serving.endpoints()
    return serving.endpoints_panel(args.name)


def deleted(name: str, was: Deployment) -> Text:
    """What is gone: of an endpoint with all that was under it."""
    under = f", with {', '.join(was.under)}" if was.under else ""
    return Text(f"{name} is deleted from the target {was.target}{under}")
