"""What stays beside a deployment of the model that it serves: it may outlive the store that the model came from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...client.models import ModelFiles

__all__ = ["keep_about"]


def keep_about(files: ModelFiles, folder: Path) -> None:
    """MLmodel and examples, in a new folder."""
    folder.mkdir()
    saved = files.meta.get("saved_input_example_info") or {}
    examples = (saved.get("artifact_path"), saved.get("serving_input_path"), "serving_input_example.json")
    for name in ("MLmodel", *examples):
        if name and (files.path / name).is_file():
            shutil.copyfile(files.path / name, folder / Path(name).name)
