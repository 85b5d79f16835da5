"""``%aml_register``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .options import add_experiment, add_goal, goal_of_args, scope_of_args
from .parsing import VerbParser, pair
from .progress import progress_line
from .variables import named, no_model_here

if TYPE_CHECKING:
    import argparse

    from ..services.preflight import Preflight
    from ..services.register import Registration
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_register`."""
    verb = VerbParser(
        "register",
        "Check a model and make it a version of a registered model. The same content is not registered twice.",
        examples=(
            "%aml_register best --metric val_rmse --name wine --alias champion",
            "%aml_register $best --name wine",
            "%aml_register ./exported_model --name wine",
            "%aml_register model --name wine      # a fitted model of the notebook",
            "%aml_register best --name wine --fix # a copy with what is missing in its requirements",
            "%aml_register best --name wine --check",
            "%aml_register weights.pt --name wine-net --type custom",
        ),
    )
    verb.add_argument(
        "source", help="'best', a run, runs:/…, a folder with an MLmodel file, or a variable that holds any of them"
    )
    verb.add_argument("--name", help="the registered model; only --check needs none")
    verb.add_argument("--type", metavar="TYPE", default="mlflow", help="mlflow; custom for any files; triton")
    verb.add_argument("--alias", "-a", help="an alias for the version, such as champion")
    verb.add_argument("--description", metavar="TEXT", help="kept on the version")
    verb.add_argument("--tag", metavar="K=V", type=pair, action="append", default=[], help="may be repeated")
    verb.add_argument("--check", action="store_true", help="only check it, and register nothing")
    verb.add_argument("--no-load", action="store_true", help="check its files, but do not load it, which takes seconds")
    verb.add_argument("--fix", action="store_true", help="register a copy with what is missing in its requirements")
    verb.add_argument("--force", "-f", action="store_true", help="register it although the check finds what will fail")
    add_goal(verb)
    add_experiment(verb)
    return verb


def run(session: Session, args: argparse.Namespace) -> Registration | Preflight:
    """The version; with --check what was found."""
    if not args.check and not args.name:
        raise UsageError("%aml_register: --name is missing", hint="--name NAME; --check needs none")
    if args.check and (args.fix or args.type != "mlflow"):
        raise UsageError("--check looks at an MLflow model as it is", hint="leave --check out, or --fix and --type")
    workspace = session.workspace()
    source = named(session, args.source)
    if args.source == "best" and (args.metric or source == "best"):
        source = workspace.best(args.metric, goal=goal_of_args(args), experiment=scope_of_args(args))
    progress = progress_line(session.shell)
    with no_model_here(session, args.source):
        if args.check:
            return workspace.preflight(source, load=not args.no_load, progress=progress)
        return workspace.register(
            source,
            args.name,
            kind=args.type,
            alias=args.alias,
            description=args.description,
            tags=dict(args.tag),
            load=not args.no_load,
            fix=args.fix,
            force=args.force,
            progress=progress,
        )
