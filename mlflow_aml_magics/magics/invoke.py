"""``%aml_invoke`` and ``%%aml_invoke``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .parsing import VerbParser
from .text import Text

if TYPE_CHECKING:
    import argparse

    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_invoke`."""
    verb = VerbParser(
        "invoke",
        "Ask a deployment for predictions; shows the request, the answer and the latency. As %%aml_invoke the cell is "
        "the request's JSON.",
        examples=(
            "%aml_invoke wine --sample",
            "answer = %aml_invoke wine --data X_test",
            "%aml_invoke wine --data rows.csv --repeat 20",
            "%aml_invoke wine --sample --curl",
        ),
        cell=True,
    )
    verb.add_argument("name", help="the deployment")
    verb.add_argument("--sample", action="store_true", help="from the model's input example, else its signature")
    verb.add_argument("--data", metavar="WHAT", help="a variable, a .json or .csv file, or JSON in quotes")
    verb.add_argument("--repeat", type=int, default=1, metavar="N", help="ask N times, to measure")
    verb.add_argument("--curl", action="store_true", help="the command line that does the same")
    return verb


def run(session: Session, args: argparse.Namespace, cell: str | None) -> Any:
    """The answer, or with --curl the command."""
    if (args.data is not None) + args.sample + (cell is not None) != 1:
        raise UsageError(
            "say what to send: --sample, --data, or JSON in a %%aml_invoke cell", hint="%aml_invoke --help"
        )
    if args.repeat < 1:
        raise UsageError(f"--repeat {args.repeat} asks nothing", hint="a number from 1")
    data: object = cell
    if args.data is not None:
        data = session.shell.user_ns.get(args.data, args.data)
    answer = session.serving().invoke(args.name, data, sample=args.sample, repeat=args.repeat)
    return Text(answer.curl()) if args.curl else answer
