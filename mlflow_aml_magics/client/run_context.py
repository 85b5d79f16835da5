"""What mlflow adds to every run that starts while ``%aml_track`` is on: which notebook, which session, which commit.

mlflow finds the classes by their entry points ``mlflow.run_context_provider`` and ``mlflow.request_header_provider`` in
each process, so that a script started from the notebook is tagged too, and on Azure Machine Learning gets the bridge.
Without the variable that ``%aml_track`` sets they do nothing.
https://mlflow.org/docs/latest/ml/plugins/#defining-a-plugin
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from mlflow.tracking.context.abstract_context import RunContextProvider
from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider

from .alive import process_tag

__all__ = ["CONTEXT_VARIABLE", "NotebookRunContext", "ScriptBridge", "git_state"]

CONTEXT_VARIABLE = "AML_MAGICS_CONTEXT"
GIT_SECONDS = 5.0  # a sweep starts many runs a second: one look at the repository serves them all


class NotebookRunContext(RunContextProvider):
    """Tags from the variable that `%aml_track` set, and the repository's state now.

    ``started`` counts the runs that mlflow's fluent API started in this process.
    """

    started: ClassVar[int] = 0

    def in_context(self) -> bool:
        """Whether tracking is on. mlflow asks before it starts a run: a script gets the bridge here."""
        if not os.environ.get(CONTEXT_VARIABLE):
            return False
        _bridge_script()
        return True

    def tags(self) -> dict[str, str]:
        """The tags of a run that starts now."""
        type(self).started += 1
        context = json.loads(os.environ[CONTEXT_VARIABLE])
        tags: dict[str, str] = {**context["tags"], "aml.process": process_tag()}
        if context["pid"] == os.getpid():
            tags |= context["kernel_tags"]
        return tags | git_state(Path(context["folder"]))


class ScriptBridge(RequestHeaderProvider):
    """Puts the bridge into a script that has mlflow's client only and starts no run by the fluent API.

    mlflow asks for headers before each request, so that all but the script's very first call has the bridge.
    """

    def in_context(self) -> bool:
        """Whether it has headers to add: it never has."""
        if os.environ.get(CONTEXT_VARIABLE):
            _bridge_script()
        return False

    def request_headers(self) -> dict[str, str]:
        """None."""
        return {}


_looked = threading.Event()


def _bridge_script() -> None:
    """Put the bridge in for the life of this process, if it is a script that was started from a notebook."""
    if _looked.is_set():
        return
    context = json.loads(os.environ[CONTEXT_VARIABLE])
    if not context.get("bridge") or context["pid"] == os.getpid():
        return
    _looked.set()  # before the bridge's own requests ask again
    from . import bridge
    from .connection import Connection

    bridge.hold(Connection(context["bridge"]))


def git_state(folder: Path) -> dict[str, str]:
    """The commit checked out around ``folder`` and whether files differ from it; empty outside a repository."""
    return _git_state(folder, int(time.monotonic() / GIT_SECONDS))


@lru_cache(maxsize=1)
def _git_state(folder: Path, _moment: int) -> dict[str, str]:
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    dirty = "true" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "false"
    return {"mlflow.source.git.commit": commit, "aml.git.dirty": dirty}


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
