"""``%aml_runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .options import (
    add_cache,
    add_children,
    add_experiment,
    cache_of_args,
    children_of_args,
    query_of_args,
    scope_of_args,
)
from .parsing import VerbParser
from .progress import progress_line

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_runs`."""
    verb = VerbParser(
        "runs",
        "The runs that match, as a DataFrame like mlflow.search_runs.",
        examples=(
            "%aml_runs metrics.rmse < 60 and params.alpha != '0.1'",
            "df = %aml_runs --order-by 'metrics.rmse, start_time DESC' --limit 10",
            "%aml_runs tags.team = 'red' or run_name like 'base%' --all",
            "%aml_runs --children my-sweep --order-by metrics.rmse",
        ),
    )
    verb.query_argument()
    verb.add_argument("--order-by", "-o", metavar="KEYS", help="'metrics.rmse DESC, params.alpha'; else newest first")
    verb.add_argument("--limit", "-n", metavar="N", type=int, help="at most so many")
    add_children(verb)
    add_experiment(verb)
    add_cache(verb)
    return verb


def run(session: Session, args: argparse.Namespace) -> pd.DataFrame:
    """The DataFrame."""
    if args.limit is not None and args.limit < 1:
        raise UsageError(f"--limit {args.limit} shows nothing", hint="a number from 1")
    return session.workspace().runs(
        query_of_args(args),
        order_by=args.order_by,
        experiment=scope_of_args(args),
        children=children_of_args(session, args),
        limit=args.limit,
        cache=cache_of_args(session, args),
        progress=progress_line(session.shell, after=1),
    )
