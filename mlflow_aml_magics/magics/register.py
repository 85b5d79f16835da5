"""``%aml_register``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .options import add_experiment, add_goal, goal_of_args, scope_of_args
from .parsing import VerbParser, pair
from .progress import progress_line
from .variables import named

if TYPE_CHECKING:
    import argparse

    from ..services.register import Registration
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_register`."""
    verb = VerbParser(
        "register",
        "Make a version of a registered model. The same content is not registered twice.",
        examples=(
            "%aml_register best --metric val_rmse --name wine --alias champion",
            "%aml_register $best --name wine",
            "%aml_register ./exported_model --name wine",
            "%aml_register model --name wine      # a fitted model of the notebook",
        ),
    )
    verb.add_argument(
        "source", help="'best', a run, runs:/…, a folder with an MLmodel file, or a variable that holds any of them"
    )
    verb.add_argument("--name", required=True, help="the registered model")
    verb.add_argument("--alias", "-a", help="an alias for the version, such as champion")
    verb.add_argument("--description", metavar="TEXT", help="kept on the version")
    verb.add_argument("--tag", metavar="K=V", type=pair, action="append", default=[], help="may be repeated")
    add_goal(verb)
    add_experiment(verb)
    return verb


def run(session: Session, args: argparse.Namespace) -> Registration:
    """The version."""
    workspace = session.workspace()
    source = named(session, args.source)
    if args.source == "best" and (args.metric or source == "best"):
        source = workspace.best(args.metric, goal=goal_of_args(args), experiment=scope_of_args(args))
    return workspace.register(
        source,
        args.name,
        alias=args.alias,
        description=args.description,
        tags=dict(args.tag),
        progress=progress_line(session.shell),
    )
