"""What the process that loads a model says, as findings."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...render.format import duration, size
from .findings import Finding

if TYPE_CHECKING:
    from ...client.connection import Progress
    from ...client.model_check import Checked
    from ...client.models import ModelFiles

__all__ = ["try_out"]


def try_out(files: ModelFiles, *, target: str | None, progress: Progress) -> tuple[Checked, tuple[Finding, ...]]:
    """Load the model and score its own example, in a process of its own.

    It runs in an empty folder, as it will anywhere else: a module of the notebook's folder is not there. Only a local
    deployment has that folder.
    """
    from ...client.model_check import check_model

    progress("loading the model in a process of its own")
    cwd = Path.cwd() if target == "local" else None
    checked = check_model(files.path, cwd=cwd, progress=progress)
    return checked, tuple(_findings(checked, files))


def _findings(checked: Checked, files: ModelFiles) -> Iterator[Finding]:
    if checked.load_seconds is not None:
        needs = f", {size(checked.memory)} of memory" if checked.memory else ""
        yield Finding("good", f"loads in {duration(checked.load_seconds)}{needs}")
    if checked.ok:
        if checked.score_ms is not None:
            yield Finding("good", f"scores its input example in {duration(checked.score_ms / 1000)}")
        return
    doing = {
        "starting": "its process does not start",
        "loading": "it does not load",
        "scoring": "it does not score its own input example",
        "answering": "its answer cannot be written as JSON",
    }[checked.stage]
    if checked.how == "killed":
        yield Finding(
            "bad",
            f"{doing}: its process was killed at {size(checked.memory)} of memory, with a model of {size(files.size)}",
            "is there memory enough? free some, or a machine with more",
        )
    elif checked.how == "late":
        yield Finding("bad", f"{doing}: it was still at it when its time was up", "--no-load leaves that out")
    else:
        yield Finding("bad", f"{doing}: {checked.error}", _mending(checked))


def _mending(checked: Checked) -> str:
    """The step that mends a known failure."""
    text = f"{checked.log}\n{checked.error}"
    if match := re.search(r"No module named '([\w.]+)'", checked.error):
        module = match[1].partition(".")[0]
        loaded = getattr(sys.modules.get(module), "__file__", None)
        here = next((path for path in (Path(f"{module}.py"), Path(module)) if path.exists()), None)
        own = here is not None or (loaded and "site-packages" not in loaded)
        return f"log it with code_paths=['{here or loaded}']" if own else f"log it with {module} in its requirements"
    if "Untrusted types" in text or "UntrustedTypesFoundException" in text:
        return "log it with skops_trusted_types=[…], or serialization_format='cloudpickle'"
    if checked.stage in ("scoring", "answering"):
        return "predict with its input example in the notebook shows where"
    last = next((line.strip() for line in reversed(checked.log.splitlines()) if line.startswith("  File ")), "")
    return f"it fails at {last}" if last else ""
