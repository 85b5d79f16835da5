"""``python -m mlflow_aml_magics.sandbox``: a local Azure ML workspace around a command, in the background, or here.

python -m mlflow_aml_magics.sandbox run -- python train.py     # ends with the command, and with its exit code
python -m mlflow_aml_magics.sandbox start                      # in the background
eval "$(python -m mlflow_aml_magics.sandbox env)"              # this shell's programs see it
python -m mlflow_aml_magics.sandbox stop
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import psutil

from . import Sandbox, SandboxError, background
from .background import Running

STOPPED = 3  # exit code of status: none runs


DEFAULT = "default"


def main(words: list[str] | None = None) -> int:
    """Do what the words say; the exit code."""
    words = sys.argv[1:] if words is None else words
    own, mark, command = words, "", list[str]()
    if "--" in words:
        at = words.index("--")
        own, mark, command = words[:at], "--", words[at + 1 :]
    args = _parser().parse_args(own)
    if mark and args.verb != "run":
        _say(f"{args.verb} takes no command", to=sys.stderr)
        return 2
    args.command = command
    try:
        return int(_VERBS[args.verb](args))
    except (SandboxError, FileExistsError, ModuleNotFoundError) as error:
        _say(str(error), to=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlflow_aml_magics.sandbox",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = verbs.add_parser("run", help="start one, run a command in it, end it", usage="%(prog)s [options] -- COMMAND")
    start = verbs.add_parser("start", help="start one in the background")
    serve = verbs.add_parser("serve", help="run one in the foreground, until Ctrl-C")
    stop = verbs.add_parser("stop", help="end one, and all its processes")
    status = verbs.add_parser("status", help="those that run; tells no secret")
    env = verbs.add_parser("env", help="export lines of what the Azure SDKs need to see it")
    for verb in (run, start, serve):
        verb.add_argument("--keep", metavar="DIR", help="its data is there, and stays; else a temporary folder")
        verb.add_argument("--lenient", action="store_true", help="let through what the real service refuses")
        verb.add_argument("--closed", action="store_true", help="refuse connections to other hosts")
    for verb in (run, start):
        verb.add_argument("--config", action="store_true", help="write a config.json here, for MLClient.from_config")
    for verb in (start, stop, status, env):
        verb.add_argument("--name", help="which one, if there are several")
    serve.add_argument("--state", help=argparse.SUPPRESS)  # what start calls it
    return parser


def _run(args: argparse.Namespace) -> int:
    if not args.command:
        _say("run what? run -- COMMAND …", to=sys.stderr)
        return 2
    ended = background.until_signal()
    with (
        Sandbox(args.keep, keep=bool(args.keep), strict=not args.lenient, closed_off=args.closed) as box,
        _config(box.env, wanted=args.config),
    ):
        return _wait_for(args.command, {**os.environ, **box.env}, ended)


def _wait_for(command: list[str], environment: dict[str, str], ended: threading.Event) -> int:
    try:
        process = subprocess.Popen(command, env=environment)
    except OSError as error:
        _say(f"cannot run {command[0]}: {error.strerror}", to=sys.stderr)
        return 127
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(0.2)
            return code if code >= 0 else 128 - code  # as a shell tells of a signal
        if ended.is_set():
            children = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            background.end_all(children, first=children)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(background.STOP_SECONDS)
            process.kill()  # nothing, where it has ended


def _start(args: argparse.Namespace) -> int:
    name = args.name or DEFAULT
    running, is_new = background.start(name, keep=args.keep, lenient=args.lenient, closed=args.closed)
    _say(f"{'started' if is_new else 'runs already'}: {_card(running)}")
    if args.config:
        _say(f"wrote {_write_config(running.env)}")
    option = f" --name {name}" if args.name else ""
    _say(f'eval "$(python -m mlflow_aml_magics.sandbox env{option})"   # for the programs of this shell')
    return 0


def _serve(args: argparse.Namespace) -> int:
    ended = background.until_signal()
    if args.state:
        background.serve(args.state, keep=args.keep, lenient=args.lenient, closed=args.closed, ended=ended)
        return 0
    with Sandbox(args.keep, keep=bool(args.keep), strict=not args.lenient, closed_off=args.closed) as box:
        _say(f"# workspaces {', '.join(box.workspaces)} in {box.folder}")
        _say("# paste into the shell that is to see them; Ctrl-C ends the sandbox")
        _export(box.env)
        ended.wait()
    return 0


def _stop(args: argparse.Namespace) -> int:
    name = args.name or _only().name
    if not background.stop(name):
        _say(f"no sandbox '{name}' runs", to=sys.stderr)
        return 1
    _say(f"stopped {name}")
    if "ARM_CLOUD_METADATA_URL" in os.environ:
        names = "REQUESTS_CA_BUNDLE SSL_CERT_FILE CURL_CA_BUNDLE HTTPS_PROXY https_proxy ARM_CLOUD_METADATA_URL"
        _say(f"this shell still has its environment: close it, or unset {names} AZUREML_CURRENT_CLOUD")
    return 0


def _status(args: argparse.Namespace) -> int:
    found = [each for each in background.everything() if args.name in (None, each.name)]
    for each in found:
        _say(_card(each))
    if not found:
        _say("none runs")
    return 0 if found else STOPPED


def _env(args: argparse.Namespace) -> int:
    running = background.find(args.name) if args.name else _only()
    if running is None:
        raise SandboxError(f"no sandbox '{args.name}' runs")
    _export(running.env)
    return 0


_VERBS = {"run": _run, "start": _start, "serve": _serve, "stop": _stop, "status": _status, "env": _env}


def _only() -> Running:
    """The one that is meant without a name: ``default``, else the only one that was started here, not by a notebook."""
    found = background.everything()
    started = [each for each in found if not each.held]
    meant = [each for each in started if each.name == DEFAULT] or started
    if len(meant) != 1:
        names = ", ".join(each.name for each in found)
        raise SandboxError(f"which one: --name {names}?" if found else "no sandbox runs: start one with start")
    return meant[0]


def _card(running: Running) -> str:
    stays = "kept" if running.kept else "removed at its end"
    until = "its notebooks end" if running.held else "it is stopped"
    return (
        f"{running.name}: workspaces {', '.join(running.workspaces)}; data in {running.folder}, {stays}; "
        f"process {running.pid}, {running.memory() / 2**20:.0f} MB, until {until}"
    )


def _export(env: Mapping[str, str]) -> None:
    for name, value in env.items():
        _say(f"export {name}={shlex.quote(value)}")


@contextlib.contextmanager
def _config(env: Mapping[str, str], *, wanted: bool) -> Iterator[None]:
    """With a config.json in the working folder, which goes again."""
    if not wanted:
        yield
        return
    path = _write_config(env)
    _say(f"wrote {path}", to=sys.stderr)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _write_config(env: Mapping[str, str]) -> Path:
    """The file that azure-ai-ml's `MLClient.from_config` finds from here and from the folders below.

    Raises:
        FileExistsError: there is one already; it stays as it is.
    """
    path = Path.cwd() / "config.json"
    names = {
        "subscription_id": env["AZURE_SUBSCRIPTION_ID"],
        "resource_group": env["AZURE_RESOURCE_GROUP"],
        "workspace_name": env["AZUREML_WORKSPACE_NAME"],
    }
    if path.exists():
        if path.read_text("utf-8") == json.dumps(names, indent=2):
            return path
        raise FileExistsError(f"{path} is there already and stays as it is; without --config, or in another folder")
    path.write_text(json.dumps(names, indent=2), "utf-8")
    return path


def _say(line: str, *, to: TextIO | None = None) -> None:
    print(line, file=to or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
