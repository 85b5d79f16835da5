"""Processes that end with this one, also when it is killed, and that see nothing of the user's clouds."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

__all__ = ["end", "scrubbed", "start"]

# The child's parent: ends the child when its own standard input closes, so also when this process is killed.
_WATCH = """
import os, signal, subprocess, sys, threading
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
end = lambda: (sys.stdin.buffer.read(), os.killpg(0, signal.SIGKILL))
threading.Thread(target=end, daemon=True).start()
os._exit(child.wait() & 255)  # sys.exit would wait for the thread that reads
"""
_OWN = (
    "MLFLOW_", "AZUREML_", "AZURE_", "MSI_", "IDENTITY_", "ARM_", "AWS_", "GOOGLE_", "DATABRICKS_",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
_SECRET = re.compile("SECRET|TOKEN|PASSWORD|CREDENTIAL|API_?KEY")  # of whatever else: a model may print it to its log


def scrubbed() -> dict[str, str]:
    """This process's environment without stores, clouds, logins, proxies, and what is called a secret."""
    names = [name for name in os.environ if not name.upper().startswith(_OWN) and not _SECRET.search(name.upper())]
    return {name: os.environ[name] for name in names}


def start(command: list[str], *, folder: Path, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process and the one that watches it, in a session of their own; what is known is the watcher.

    Args:
        folder: where it runs.
        log: takes what it says, after what is there.
    """
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-c", _WATCH, *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
        break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
