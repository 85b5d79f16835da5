"""What a docker deployment is called by default: its image, and the folder of its files, if that may be written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ...client.paths import short_path
from ...errors import UsageError
from .docker_books import sum_of

if TYPE_CHECKING:
    from .docker_books import DockerRecord
    from .target import ModelToServe

__all__ = ["context_of", "default_image", "mark"]

MARK = ".mlflow-aml-magics"  # in a folder of ours: the digest of its Dockerfile as it was written


def default_image(model: ModelToServe, name: str) -> str:
    """wine:3 of version 3 of wine, else NAME:latest."""
    base, tag = (model.version.name, model.version.version) if model.version else (name, "latest")
    proper = re.sub(r"[._-]*[^a-z0-9._-]+[._-]*|[._-]{2,}", "-", base.lower()).strip("._-")
    return f"{proper or 'model'}:{re.sub(r'[^A-Za-z0-9_.-]', '-', str(tag))}"


def context_of(name: str, old: DockerRecord | None, *, force: bool) -> Path:
    """The folder docker-NAME of the working directory, if it may be written: also one that a deleted deployment left.

    Raises:
        UsageError: it is not ours, or its Dockerfile was changed by hand since.
    """
    folder = Path.cwd() / f"docker-{name}"
    if not folder.exists() or force or (folder.is_dir() and not any(folder.iterdir())):
        return folder
    dockerfile = folder / "Dockerfile"
    written = old.dockerfile if old is not None and Path(old.context) == folder else _marked(folder)
    if not written:
        why = "is there, and not of this deployment"
    elif dockerfile.is_file() and sum_of(dockerfile) != written:
        why = "has a Dockerfile that was changed since"
    else:
        return folder
    raise UsageError(f"the folder {short_path(folder)} {why}", hint="move it, take another --name, or --force")


def mark(folder: Path) -> None:
    """Note in a folder that it is ours, and what its Dockerfile is like."""
    (folder / MARK).write_text(f"{sum_of(folder / 'Dockerfile')}\n", encoding="utf-8")


def _marked(folder: Path) -> str:
    """What `mark` noted; "" in a folder that is not ours."""
    note = folder / MARK
    return note.read_text("utf-8", "replace")[:100].strip() if note.is_file() else ""
