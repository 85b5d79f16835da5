"""``python -m mlflow_aml_magics env``: scripts started in a terminal are tracked to the same place as a notebook's.

eval "$(python -m mlflow_aml_magics env)"          # the words are those of %aml_track
python train.py
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from .errors import AmlMagicsError

__all__ = ["main"]


def main(words: list[str] | None = None) -> int:
    """Do what the words say; the exit code."""
    args = _parser().parse_args(words)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # the shell evaluates all that is said there
            lines = [SHELLS[args.shell](name, value) for name, value in _environment(args).items()]
    except AmlMagicsError as error:
        _say(*error._render_traceback_(), to=sys.stderr)
        return 1
    _say(*lines, to=sys.stdout)
    return 0


def _parser() -> argparse.ArgumentParser:
    from .magics.track import add_store_words

    parser = argparse.ArgumentParser(
        prog="python -m mlflow_aml_magics",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    env = verbs.add_parser("env", help="lines that a shell evaluates, so that its scripts are tracked")
    add_store_words(env)
    env.add_argument("--shell", choices=list(SHELLS), default="sh", help="whose syntax; bash and zsh read sh")
    return parser


def _environment(args: argparse.Namespace) -> Mapping[str, str]:
    from .config import load_settings
    from .magics.track import open_store
    from .services.track import script_environment

    folder = Path.cwd()
    settings = load_settings(folder)
    workspace = open_store(args, settings, folder)
    experiment = (
        args.experiment
        or settings.text("experiment")
        or os.environ.get("MLFLOW_EXPERIMENT_NAME")
        or folder.name
        or "root"
    )
    found = script_environment(workspace.connection, experiment=experiment, folder=folder)
    _say(f"# {workspace.connection.label} ({workspace.why}), experiment {experiment}", to=sys.stderr)
    return found


def _say(*lines: str, to: TextIO) -> None:
    to.writelines(f"{line}\n" for line in lines)
    to.flush()


def _fish(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _powershell(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


# name of the shell -> how it sets a variable
SHELLS: dict[str, Callable[[str, str], str]] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": lambda name, value: f"set -gx {name} {_fish(value)}",
    "powershell": lambda name, value: f"$env:{name} = {_powershell(value)}",
}


if __name__ == "__main__":
    sys.exit(main())
