"""``%aml_invoke`` and ``%%aml_invoke``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .parsing import VerbParser, pair, unquote
from .progress import progress_line
from .text import Text
from .variables import data_named

if TYPE_CHECKING:
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_invoke`."""
    verb = VerbParser(
        "invoke",
        "Ask a deployment for predictions; shows the request, the answer and the latency. As %%aml_invoke the cell is "
        "the request's JSON. A batch endpoint scores a folder, a file or rows in a job.",
        examples=(
            "%aml_invoke wine --sample",
            "answer = %aml_invoke wine --data X_test",
            "%aml_invoke wine --data rows.csv --rows 0:100 --repeat 20",
            "%aml_invoke wine --compare blue green --data X_test",
            "%aml_invoke wine --sample --param temperature=0.2",
            "%aml_invoke wine --sample --curl",
        ),
        cell=True,
    )
    verb.add_argument("name", help="the deployment; NAME/blue is one of an endpoint")
    verb.add_argument("--sample", action="store_true", help="from the model's input example, else its signature")
    verb.add_argument(
        "--data", metavar="WHAT", help="a variable, a .csv, .json, .jsonl or .parquet file, or JSON in quotes"
    )
    verb.add_argument("--rows", type=_rows, metavar="A:B", help="of the data only rows A to B, without B; from 0 on")
    verb.add_argument(
        "--param", type=pair, action="append", default=[], metavar="K=V", help="of the model; may be repeated"
    )
    verb.add_argument("--repeat", type=int, default=1, metavar="N", help="ask N times, to measure")
    verb.add_argument(
        "--chunk", type=int, metavar="N", help="rows a request; by default at most 1,000 rows and 1 MB of them"
    )
    verb.add_argument(
        "--compare",
        nargs="+",
        metavar="NAME",
        help="send the same to two deployments, of this endpoint or any; to this one and another if one is named",
    )
    verb.add_argument("--no-wait", action="store_true", help="of a batch endpoint: do not wait for the job")
    verb.add_argument("--job", metavar="JOB", help="of a batch endpoint: the job of that name, from any session")
    verb.add_argument("--curl", action="store_true", help="the command line that does the same; nothing is sent")
    verb.add_argument("--python", action="store_true", help="the same as Python without packages")
    return verb


def run(session: Session, args: argparse.Namespace, cell: str | None) -> Any:
    """The answer, with --compare the differences of two, with --curl and --python the code."""
    if (args.data is not None) + args.sample + (cell is not None) + (args.job is not None) != 1:
        raise UsageError(
            "say what to send: --sample, --data, or JSON in a %%aml_invoke cell", hint="%aml_invoke --help"
        )
    if args.job is not None:
        return _job(session, args)
    if bool(args.compare) + args.curl + args.python > 1:
        raise UsageError("--compare, --curl and --python are three different things", hint="one of them")
    data: object = cell if args.data is None else data_named(session, args.data)
    serving, progress = session.serving(), progress_line(session.shell)
    what = {"data": data, "sample": args.sample, "params": _params(args.param), "rows": args.rows}
    if args.curl or args.python:
        return Text(serving.request_code(args.name, "python" if args.python else "curl", **what))
    what |= {"repeat": args.repeat, "chunk": args.chunk, "progress": progress}
    if args.compare:
        return serving.compare_answers(args.name, *args.compare, **what)
    return serving.score(args.name, wait=not args.no_wait, **what)


def _job(session: Session, args: argparse.Namespace) -> Any:
    """A job that was begun before, when it has ended."""
    spare = [word for word in ("rows", "param", "chunk", "compare", "curl", "python") if getattr(args, word)]
    if spare or args.repeat != 1:
        raise UsageError(f"--job only brings a job back: --{spare[0] if spare else 'repeat'} goes without it")
    job = session.serving().batch_job(args.job, endpoint=args.name)
    return job if args.no_wait or job.ended is not None else job.wait(progress_line(session.shell))


def _rows(word: str) -> slice:
    """``10:20``, ``:20``, ``10:`` as a slice, a single number as that row."""
    first, colon, last = unquote(word).partition(":")
    try:
        start, stop = (int(end) if end.strip() else None for end in (first, last))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{word}' is not A:B, as in 0:100") from None
    if not colon and start is None:
        raise argparse.ArgumentTypeError("A:B is missing, as in 0:100")
    return slice(start, stop) if colon else slice(start, (start or 0) + 1 or None)


def _params(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The parameters of the model, a value that is JSON read as such."""
    return {name: _value(text) for name, text in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
