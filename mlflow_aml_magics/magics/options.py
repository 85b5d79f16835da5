"""Options that several verbs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..errors import UsageError
from .parsing import VerbParser
from .variables import named

if TYPE_CHECKING:
    import argparse

    from .session import Session

__all__ = [
    "add_cache",
    "add_children",
    "add_experiment",
    "add_goal",
    "cache_of_args",
    "children_of_args",
    "goal_of_args",
    "query_of_args",
    "scope_of_args",
]


def add_experiment(verb: VerbParser) -> None:
    """Which experiments."""
    verb.add_argument("--experiment", "-e", metavar="NAME", action="append", help="an experiment; may be repeated")
    verb.add_argument("--all", action="store_true", help="every experiment")


def add_cache(verb: VerbParser) -> None:
    """Whether runs are taken from disk."""
    verb.add_argument("--no-cache", action="store_true", help="read every run anew, and keep none on disk")


def cache_of_args(session: Session, args: argparse.Namespace) -> bool:
    """Whether runs may be taken from disk, and kept there."""
    return not args.no_cache and session.settings().flag("cache")


def add_children(verb: VerbParser) -> None:
    """Whose children."""
    verb.add_argument("--children", metavar="RUN", help="only the children of this run, such as a sweep's")


def children_of_args(session: Session, args: argparse.Namespace) -> object:
    """The parent asked for: a variable's run, an id or a name; None for no parent."""
    return named(session, args.children) if args.children else None


def scope_of_args(args: argparse.Namespace) -> Any:
    """The experiments asked for: names, () for every one, None for the session's own."""
    return () if args.all else args.experiment


def query_of_args(args: argparse.Namespace) -> str:
    """The query as typed; quotes around the whole of it are taken off, as people are used to put them."""
    words = args.query
    if len(words) == 1 and len(words[0]) > 1 and words[0][0] == words[0][-1] and words[0][0] in "\"'":
        return str(words[0][1:-1])
    return " ".join(words)


def add_goal(verb: VerbParser) -> None:
    """Which metric, and which direction is better."""
    verb.add_argument("--metric", "-m", metavar="NAME", help="what to judge by; else the experiment's primary metric")
    verb.add_argument("--max", action="store_true", help="higher is better")
    verb.add_argument("--min", action="store_true", help="lower is better; else the sweep or the name says")


def goal_of_args(args: argparse.Namespace) -> Literal["min", "max"] | None:
    """The direction asked for."""
    if args.max and args.min:
        raise UsageError("--max and --min exclude each other")
    return "max" if args.max else "min" if args.min else None
