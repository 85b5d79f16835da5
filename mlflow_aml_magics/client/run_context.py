"""What mlflow adds to every run that starts while ``%aml_track`` is on: which notebook, which session, which commit.

mlflow finds the class by its entry point ``mlflow.run_context_provider`` in each process, so that a script started from
the notebook is tagged too. Without the variable that ``%aml_track`` sets it does nothing.
https://mlflow.org/docs/latest/ml/plugins/#defining-a-plugin
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from mlflow.tracking.context.abstract_context import RunContextProvider

__all__ = ["CONTEXT_VARIABLE", "NotebookRunContext", "git_state", "runs_started"]

CONTEXT_VARIABLE = "AML_MAGICS_CONTEXT"
GIT_SECONDS = 5.0  # a sweep starts many runs a second: one look at the repository serves them all

_started = 0
_git_cache: tuple[float, str, dict[str, str]] | None = None


class NotebookRunContext(RunContextProvider):  # type: ignore[misc]  # mlflow's base is untyped
    """Tags from the variable that `%aml_track` set, and the repository's state now."""

    def in_context(self) -> bool:
        """Whether tracking is on."""
        return bool(os.environ.get(CONTEXT_VARIABLE))

    def tags(self) -> dict[str, str]:
        """The tags of a run that starts now."""
        global _started
        _started += 1
        context = json.loads(os.environ[CONTEXT_VARIABLE])
        tags: dict[str, str] = dict(context["tags"])
        if context["pid"] == os.getpid():
            tags |= context["kernel_tags"]
        return tags | git_state(Path(context["folder"]))


def runs_started() -> int:
    """How many runs mlflow's fluent API started in this process since it was imported."""
    return _started


def git_state(folder: Path) -> dict[str, str]:
    """The commit checked out around ``folder`` and whether files differ from it; empty outside a repository."""
    global _git_cache
    if _git_cache and _git_cache[1] == str(folder) and time.monotonic() - _git_cache[0] < GIT_SECONDS:
        return _git_cache[2]
    tags: dict[str, str] = {}
    commit = _git(folder, "rev-parse", "HEAD")
    if commit:
        tags["mlflow.source.git.commit"] = commit
        tags["aml.git.dirty"] = "true" if _git(folder, "status", "--porcelain", "--", ".") else "false"
    _git_cache = (time.monotonic(), str(folder), tags)
    return tags


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
