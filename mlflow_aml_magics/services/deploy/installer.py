"""uv, or pip where it is not: run so that one hears what they do, and at the end the line that decided it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...client.packages import is_installed
from ...client.paths import redacted
from ...errors import DeploymentError

if TYPE_CHECKING:
    from ...client.connection import Progress

__all__ = ["decisive", "failed", "find_uv", "index_settings", "run"]

KEPT = 400  # lines of output, from which the decisive one is taken
END_SECONDS = 5.0


def find_uv() -> str | None:
    """The uv program: of this environment's package, else of the PATH."""
    if is_installed("uv"):
        import uv

        with contextlib.suppress(FileNotFoundError):
            return str(uv.find_uv_bin())
    return shutil.which("uv")


def run(
    command: Sequence[str], *, cwd: Path, log: Path, env: Mapping[str, str], doing: str, progress: Progress
) -> tuple[int, str]:
    """Run an installer or a build to its end, telling each second what it does. Its exit code and last output.

    Args:
        log: what it writes goes to the end of that file.
        doing: said until its output says more.
    """
    start = time.monotonic()
    tail: deque[str] = deque(maxlen=KEPT)
    now = [doing]
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        reader = threading.Thread(target=_read, args=(process.stdout, file, tail, now), daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1.0)
                    break
                progress(f"{now[0]}… {time.monotonic() - start:.0f} s")
            reader.join()
        except BaseException:
            _end(process)
            reader.join(END_SECONDS)
            raise
        finally:
            process.stdout.close()
    return process.returncode, "\n".join(tail)


def _read(pipe: IO[bytes], file: IO[bytes], tail: deque[str], now: list[str]) -> None:
    for raw in pipe:
        file.write(raw)
        file.flush()
        line = raw.decode("utf-8", "replace").rstrip()
        tail.append(line)
        if said := _doing(line):
            now[0] = said


def _doing(line: str) -> str:
    """What a line of output says that goes on; "" where it says nothing of that."""
    for pattern, say in _SAYS:
        if match := pattern.match(line.strip()):
            return say(match)
    return ""


def _installing(match: re.Match[str]) -> str:
    return f"installing {match[1]} packages"


def _listed(match: re.Match[str]) -> str:
    return f"installing {match[1].count(',') + 1} packages"


def _step(match: re.Match[str]) -> str:
    return f"building the image, step {match[1]}: {match[2][:60]}"


_SAYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Resolved (\d+) packages?\b"), _installing),  # uv
    (re.compile(r"(Downloading|Building) (\S.{0,60})"), lambda match: f"{match[1].lower()} {match[2]}"),
    (re.compile(r"Collecting (\S+)"), lambda match: f"collecting {match[1]}"),  # pip
    (re.compile(r"Installing collected packages: (.+)"), _listed),
    (re.compile(r"#\d+ \[\s*(?:\S+ )?(\d+/\d+)\] (.+)"), _step),  # docker build --progress=plain
    (re.compile(r"Step (\d+/\d+) : (.+)"), _step),  # its older builder
)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
            return


def decisive(output: str) -> str:
    """Of an installer's output what decided that it failed, on one line and without credentials.

    >>> decisive("error: No solution found\\n  cause: Because nosuch was not found, we cannot.\\n")
    'Because nosuch was not found, we cannot.'
    """
    lines = [line.rstrip() for line in redacted(output).splitlines() if line.strip()]
    causes = list(_causes(lines))
    if causes:
        return causes[0] if len(causes) == 1 else f"{causes[0]}: {causes[-1]}"
    errors = [match[1] for line in lines if (match := re.match(r"\s*(?:[Ee]rror|ERROR|×)[: ]+(.+)", line))]
    return errors[-1] if errors else (lines[-1].strip() if lines else "it said nothing")


def _causes(lines: Sequence[str]) -> Iterator[str]:
    """uv's reasons: "cause: …" and before 0.9 "Caused by: …" or "╰─▶ …", each over one line or several."""
    said: list[str] = []
    for line in [*lines, ""]:
        start = re.match(r"\s*(?:cause:|Caused by:|[├╰]─▶)\s*(.+)", line)
        goes_on = bool(said) and re.match(r"\s{4,}(?!hint:)\S", line) is not None
        if goes_on and not start:
            said.append(line.strip(" │"))
            continue
        if said:
            yield " ".join(said)
        said = [start[1]] if start else []


def index_settings() -> dict[str, str]:
    """Where pip of this environment takes packages from, as variables that uv reads: it knows no pip.conf.

    Nothing where uv is told by variables of its own.
    """
    if any(os.environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE")):
        return {}
    kept = {key: value for key, value in _pip_config().items() if value}
    found = {"UV_DEFAULT_INDEX": kept.get("index-url", ""), "UV_FIND_LINKS": kept.get("find-links", "")}
    if extra := kept.get("extra-index-url"):
        # Of several indexes pip takes the best version, whichever has it; uv by itself only the first's.
        found |= {"UV_INDEX": extra, "UV_INDEX_STRATEGY": "unsafe-best-match"}
    found["UV_FIND_LINKS"] = ",".join(found["UV_FIND_LINKS"].split())
    return {name: value for name, value in found.items() if value}


def _pip_config() -> dict[str, str]:
    if importlib.util.find_spec("pip") is None:
        return {}
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        match = re.match(r"(?::env:|global|install)\.([a-z-]+)='(.*)'$", line)
        if match and match[1] not in found:  # variables come first, and win
            found[match[1]] = match[2].replace("\\n", " ")
    return found


def failed(what: str, output: str, log: Path) -> DeploymentError:
    """The failure to raise, with the line that decided it."""
    return DeploymentError(f"{what}: {decisive(output)[:500]}", hint=f"its log is {log}")
