"""Whether a model loads and scores its own example, tried in a process of its own: loading a model runs its code.

    python -m mlflow_aml_magics.client.model_check MODEL RESULT

is that process: it writes how far it came into the file RESULT, and ends when its standard input does, which is when
the process that started it goes away. `check_model` starts it and waits.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

__all__ = ["Checked", "Stage", "check_model", "harmless"]

POLL = 0.05  # seconds between two looks
TIMEOUT = 300.0  # seconds; as a local deployment waits
LOG = 4000  # bytes of its output, of which the end is read
# What a program needs to run at all. Anything else may be a secret: the model's code is not to see keys and tokens.
_NEEDED = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|PYTHON\w*|VIRTUAL_ENV|CONDA_\w*PREFIX\w*|(LD|DYLD)_\w+|"
    r"(OMP|MKL|OPENBLAS|NUMEXPR|VECLIB)_\w*THREADS|CUDA_\w+|NVIDIA_\w+|JAVA_HOME|SPARK_HOME|HADOOP_HOME|HF_HOME|"
    r"XDG_CACHE_HOME|SYSTEMROOT|SYSTEMDRIVE|APPDATA|LOCALAPPDATA|USERPROFILE|COMSPEC|PATHEXT|NUMBER_OF_PROCESSORS"
)

Stage = Literal["starting", "loading", "scoring", "answering", "done"]


@dataclass(frozen=True)
class Checked:
    """How far a model came. ``stage`` is where it ended, "done" where all went well.

    ``load_seconds`` is without the start of Python; ``score_ms`` of one call with the example, None where it has none;
    ``memory`` the most that the process held, in bytes; ``error`` the decisive line of a failure, ``log`` the last of
    what was written before it; ``how`` why it ended without a word: "killed" or "late".
    """

    stage: Stage = "starting"
    load_seconds: float | None = None
    score_ms: float | None = None
    memory: int = 0
    error: str = ""
    log: str = ""
    how: Literal["", "killed", "late"] = ""

    @property
    def ok(self) -> bool:
        """Whether it loaded, and scored its example where it has one."""
        return self.stage == "done"


def check_model(
    folder: Path,
    *,
    cwd: Path | None = None,
    timeout: float = TIMEOUT,
    progress: Callable[[str], None] | None = None,
) -> Checked:
    """Load the model of a folder and score its own example, in a process that sees no keys and tokens.

    Args:
        cwd: where it runs, whose modules it can import; None for an empty folder, as everywhere else.
        timeout: seconds; it is ended then.
        progress: told every second what it does.
    """
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-check-") as scratch:
        result, log = Path(scratch) / "result.json", Path(scratch) / "log.txt"
        here = Path(scratch) / "empty"
        here.mkdir()
        command = [sys.executable, "-m", __name__, str(folder.resolve()), str(result)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=cwd or here, env=harmless(os.environ), stdin=subprocess.PIPE, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            is_late, held = _waited(process, result, timeout, progress or (lambda _: None))
        finally:
            _end(process)
        found = _read(result)
        found = replace(found, memory=max(found.memory, held))
        if is_late:
            return replace(found, how="late", log=_last(log))
        if not found.ok and not found.error:
            killed = process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL) if os.name == "posix" else False
            said = f"its process ended with code {process.returncode}"
            return replace(found, how="killed" if killed else "", error="" if killed else said, log=_last(log))
        return found if found.ok else replace(found, log=_last(log))


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a program needs to run, and none that may hold a secret."""
    kept = {name: value for name, value in environment.items() if _NEEDED.fullmatch(name.upper())}
    return kept | {"PYTHONUNBUFFERED": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}


def _waited(
    process: subprocess.Popen[bytes], result: Path, timeout: float, progress: Callable[[str], None]
) -> tuple[bool, int]:
    """Whether it was late, and the most bytes it was seen to hold: who is killed for them tells no longer."""
    import psutil

    held = 0
    words = {"starting": "starting Python", "loading": "loading the model", "scoring": "scoring its example"}
    start = said = time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        if now - start > timeout:
            return True, held
        with contextlib.suppress(psutil.Error):
            held = max(held, psutil.Process(process.pid).memory_info().rss)
        if now - said >= 1:
            said = now
            doing = words.get(_read(result).stage, "scoring its example")
            progress(f"{doing} in a process of its own… {now - start:.0f} s")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL)
    return False, held


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()


def _read(result: Path) -> Checked:
    try:
        return Checked(**json.loads(result.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Checked()


def _last(log: Path) -> str:
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG))
        return file.read().decode("utf-8", "replace").strip()
    return ""


# --- in the process of its own


def main(model: str, result: Path) -> int:
    """Load, score, and write down how far that came."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    say = _Teller(result)
    try:
        _try(model, say)
    except BaseException as exc:  # noqa: BLE001 (whatever a model's code raises: the parent is told)
        traceback.print_exception(exc)
        say(error=_decisive(exc))
        return 1
    return 0


class _Teller:
    """Writes what is known so far, in one move so that no reader sees half of it."""

    def __init__(self, result: Path) -> None:
        self.path, self.known = result, Checked()

    def __call__(self, **changes: Any) -> None:
        self.known = replace(self.known, memory=_memory(), **changes)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self.known)), encoding="utf-8")
        part.replace(self.path)


def _try(folder: str, say: _Teller) -> None:
    import mlflow.pyfunc
    from mlflow.models import Model

    say(stage="loading")
    start = time.perf_counter()
    model = mlflow.pyfunc.load_model(folder)
    say(stage="scoring", load_seconds=time.perf_counter() - start)
    meta = Model.load(folder)
    if meta.saved_input_example_info is None:
        say(stage="done")
        return
    example, params = meta.load_input_example(folder), meta.load_input_example_params(folder)
    start = time.perf_counter()
    predictions = model.predict(example, params) if params else model.predict(example)
    say(stage="answering", score_ms=(time.perf_counter() - start) * 1000)
    _as_answer(predictions)
    say(stage="done")


def _as_answer(predictions: Any) -> None:
    """Written as a scoring server does, which fails for what is no JSON."""
    from mlflow.pyfunc.scoring_server import predictions_to_json

    predictions_to_json(predictions, io.StringIO())


def _decisive(exc: BaseException) -> str:
    """The line that says it. mlflow wraps some failures: what it was caused by says more."""
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return f"{type(exc).__name__}: {lines[0][:400]}" if lines else type(exc).__name__


def _memory() -> int:
    """The most bytes that this process has held."""
    if os.name != "posix":
        import psutil

        return int(psutil.Process().memory_info().rss)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _leave_with_parent() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)  # with what the model started
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
