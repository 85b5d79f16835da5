"""``%aml_compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .options import (
    add_cache,
    add_children,
    add_experiment,
    add_goal,
    cache_of_args,
    children_of_args,
    goal_of_args,
    scope_of_args,
)
from .parsing import VerbParser
from .progress import progress_line
from .variables import named

if TYPE_CHECKING:
    import argparse

    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_compare`."""
    verb = VerbParser(
        "compare",
        "The run explorer: table and parallel coordinates of all runs. Named runs or versions side by side.",
        examples=(
            "panel = %aml_compare --metric val_rmse",
            "%aml_compare --where \"params.model = 'forest'\"",
            "%aml_compare bold-crane-12 3f2a9c",
            "%aml_compare wine:3 wine@champion           # two versions of a model, and what is likely to break",
        ),
    )
    verb.add_argument("runs", nargs="*", help="two to twenty runs: ids, beginnings of ids, or names; or two versions")
    verb.add_argument("--where", metavar="QUERY", default="", help="the filter to begin with, as in %%aml_runs")
    verb.add_argument("--view", metavar="NAME", help="a saved view; without it, as the last explorer here was left")
    verb.add_argument("--static", action="store_true", help="no live panel, only what can be kept in the notebook")
    add_goal(verb)
    add_children(verb)
    add_experiment(verb)
    add_cache(verb)
    return verb


def run(session: Session, args: argparse.Namespace) -> Any:
    """The panel, or with --static its document."""
    if args.runs and (args.where or args.children or args.view):
        raise UsageError(
            "named runs are compared as they are", hint="leave --where, --children and --view out, or the runs"
        )
    workspace = session.workspace()
    runs = [named(session, run) for run in args.runs]
    if len(runs) == 2 and workspace.are_versions(*runs):
        return workspace.compare_versions(*runs, progress=progress_line(session.shell))
    words = {
        "query": args.where,
        "metric": args.metric,
        "goal": goal_of_args(args),
        "experiment": scope_of_args(args),
        "children": children_of_args(session, args),
        "view": args.view,
        "cache": cache_of_args(session, args),
        "progress": progress_line(session.shell, after=1),
    }
    return workspace.compare(*runs, static=args.static or not _has_front_end(session), **words)


def _has_front_end(session: Session) -> bool:
    """A plain IPython terminal draws no widgets."""
    return getattr(session.shell, "kernel", None) is not None and session.settings().text("render") == "auto"
