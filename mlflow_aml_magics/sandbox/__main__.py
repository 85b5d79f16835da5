"""``python -m mlflow_aml_magics.sandbox``: a sandbox in the foreground, or around one command.

python -m mlflow_aml_magics.sandbox                       # prints the environment, runs until Ctrl-C
python -m mlflow_aml_magics.sandbox run -- python train.py
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import threading

from . import Sandbox


def main(words: list[str] | None = None) -> int:
    """Run what the words say; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mlflow_aml_magics.sandbox", description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="where the data goes; a temporary folder by default")
    parser.add_argument("--keep", action="store_true", help="leave the data when it ends")
    parser.add_argument("--lenient", action="store_true", help="let through what the real service refuses")
    parser.add_argument("--closed", action="store_true", help="refuse connections to other hosts")
    parser.add_argument("--print-env", action="store_true", help="print the export lines only, no explanation")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="run -- COMMAND", help="a command to run in it")
    args = parser.parse_args(words)
    command = args.command[1:] if args.command[:1] == ["run"] else args.command
    command = command[1:] if command[:1] == ["--"] else command

    ended = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: ended.set())
    with Sandbox(args.folder, keep=args.keep, strict=not args.lenient, closed_off=args.closed) as box:
        if command:
            return _run(box, command, ended)
        if not args.print_env:
            _say(f"# workspaces {', '.join(box.workspaces)} in {box.folder}")
            _say("# paste into the shell that is to see them; Ctrl-C ends the sandbox")
        for name, value in box.env.items():
            _say(f"export {name}={shlex.quote(value)}")
        ended.wait()
    return 0


def _run(box: Sandbox, command: list[str], ended: threading.Event) -> int:
    try:
        process = subprocess.Popen(command, env={**os.environ, **box.env})
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201 - a program talks
        return 127
    while True:
        try:
            return process.wait(0.2)
        except subprocess.TimeoutExpired:
            if ended.is_set():
                process.terminate()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
