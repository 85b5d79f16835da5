"""``%aml_deploy``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .parsing import VerbParser
from .progress import progress_line
from .text import Text
from .variables import named

if TYPE_CHECKING:
    import argparse

    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_deploy`."""
    verb = VerbParser(
        "deploy",
        "Serve a model in a process of its own on this machine. It survives the cell and the kernel.",
        examples=(
            "%aml_deploy wine@champion --to local",
            "%aml_deploy wine:3 --name wine-test --port 5002",
            "%aml_deploy --logs wine",
            "%aml_deploy --delete wine",
            "%aml_deploy --stop-all",
        ),
    )
    verb.add_argument("model", nargs="?", help="wine@champion, wine:3, wine, runs:/…, a run, or a folder")
    verb.add_argument("--to", default="local", metavar="TARGET", help="where: local")
    verb.add_argument("--name", help="the deployment's name; else the model's")
    verb.add_argument("--port", type=int, metavar="N", help="on the loopback address; else a free one")
    verb.add_argument("--timeout", type=float, default=300, metavar="S", help="seconds until it must answer")
    verb.add_argument("--logs", metavar="NAME", help="the last lines of a deployment's log")
    verb.add_argument("--delete", metavar="NAME", help="stop a deployment and forget it")
    verb.add_argument("--stop-all", action="store_true", help="stop every local deployment")
    return verb


def run(session: Session, args: argparse.Namespace) -> Any:
    """Serve, or manage what is served."""
    from ..workspace import Workspace

    asked = [bool(args.model), bool(args.logs), bool(args.delete), bool(args.stop_all)]
    if sum(asked) != 1:
        raise UsageError("name one model, or one of --logs, --delete, --stop-all", hint="%aml_deploy --help")
    if args.logs:
        return Text(Workspace.logs(args.logs))
    if args.delete:
        Workspace.delete(args.delete)
        return Text(f"{args.delete} is stopped and deleted")
    if args.stop_all:
        return Text(f"stopped: {', '.join(Workspace.stop_all()) or 'nothing, as nothing was running'}")
    return session.workspace().deploy(
        named(session, args.model),
        to=args.to,
        name=args.name,
        port=args.port,
        timeout=args.timeout,
        progress=progress_line(session.shell),
    )
