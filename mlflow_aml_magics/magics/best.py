"""``%aml_best``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .options import (
    add_children,
    add_experiment,
    add_goal,
    children_of_args,
    goal_of_args,
    query_of_args,
    scope_of_args,
)
from .parsing import VerbParser
from .progress import progress_line

if TYPE_CHECKING:
    import argparse

    from ..services.runs import BestRun
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_best`."""
    verb = VerbParser(
        "best",
        "The best run by a metric; says why lower or higher is better. In other magics $best stands for its id.",
        examples=(
            "best = %aml_best --metric val_rmse",
            "%aml_best params.model = 'forest' --metric val_rmse --min",
        ),
    )
    verb.query_argument()
    add_goal(verb)
    add_children(verb)
    add_experiment(verb)
    return verb


def run(session: Session, args: argparse.Namespace) -> BestRun:
    """The best run."""
    return session.workspace().best(
        args.metric,
        goal=goal_of_args(args),
        query=query_of_args(args),
        experiment=scope_of_args(args),
        children=children_of_args(session, args),
        progress=progress_line(session.shell, after=1),
    )
