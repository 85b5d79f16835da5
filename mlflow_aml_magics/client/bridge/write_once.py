"""An artifact is written once: the service refuses a second file of the same path.

"Resource Conflict: ArtifactId ExperimentRun/dcid.…/NAME already exists" (lightly-ai/lightly-train#256). The same
content again is no loss and passes; other content is refused in words that help. What mlflow's autolog itself writes
again and again gets numbered names. No probe: the refusal itself is what is waited for.
"""

from __future__ import annotations

import filecmp
import logging
import shutil
import tempfile
from collections.abc import Collection
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS

from .unit import Unit

__all__ = ["WriteOnce", "add_file", "add_text", "by_autolog", "free_name"]

_log = logging.getLogger(__name__)

REWRITTEN = ("metric_info.json", "checkpoints/latest_checkpoint")  # by autolog of sklearn; of keras, torch, lightning
TRIES = 5  # other processes may take the free name meanwhile


class WriteOnce(Unit):
    """See the module."""

    name = "artifacts that exist"
    mends = "files that autolog writes again, and a clear refusal of those that you do"
    issue = "https://github.com/lightly-ai/lightly-train/issues/256"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.artifact.artifact_repo import AzureMLflowArtifactRepository as Repository

        own_file, own_folder = Repository.log_artifact, Repository.log_artifacts

        @wraps(own_file)
        def log_artifact(repository: Any, local_file: str, artifact_path: str | None = None) -> None:
            try:
                own_file(repository, local_file, artifact_path)
            except Exception as exc:
                if not _is_conflict(exc):
                    raise
                path = str(PurePosixPath(artifact_path or "") / Path(local_file).name)
                if _is_same(repository, path, local_file):
                    return
                if not path.startswith(REWRITTEN) and not by_autolog():
                    raise _refusal([path], free_name(path, [path])) from exc
                add_file(repository, local_file, path)

        @wraps(own_folder)
        def log_artifacts(repository: Any, local_dir: str, artifact_path: str | None = None) -> None:
            try:
                own_folder(repository, local_dir, artifact_path)
            except Exception as exc:
                if not _is_conflict(exc):
                    raise
                _complete(repository, local_dir, artifact_path, exc)

        self.patches.set(Repository, "log_artifact", log_artifact)
        self.patches.set(Repository, "log_artifacts", log_artifacts)


def add_file(repository: Any, local_file: str, path: str) -> str:
    """Write a file to a path, or to the first free one of ``name-2``, ``name-3``… beside it.

    Returns:
        The path that it has now.
    """
    folder = str(PurePosixPath(path).parent)
    parent = "" if folder == "." else folder
    for attempt in range(TRIES):
        taken = {info.path for info in repository.list_artifacts(parent)}
        free = free_name(path, taken)
        with tempfile.TemporaryDirectory(prefix="mlflow-aml-") as scratch:
            renamed = shutil.copy(local_file, Path(scratch) / PurePosixPath(free).name)
            try:
                repository.log_artifact(str(renamed), parent or None)
            except MlflowException as exc:
                if exc.error_code != "RESOURCE_ALREADY_EXISTS" or attempt == TRIES - 1:
                    raise
            else:
                return free
    raise AssertionError("the last try returns or raises")


def add_text(artifact_uri: str, text: str, path: str) -> str:
    """Write a text to a path of a run's artifacts, or to a free one beside it; see `add_file`."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with tempfile.TemporaryDirectory(prefix="mlflow-aml-") as scratch:
        file = Path(scratch) / PurePosixPath(path).name
        file.write_text(text, encoding="utf-8")
        return add_file(get_artifact_repository(artifact_uri), str(file), path)


def by_autolog() -> bool:
    """Whether autolog is at work: the name was its choice then, not the user's."""
    from mlflow.utils.autologging_utils.safety import _AutologgingSessionManager

    return _AutologgingSessionManager.active_session() is not None


def free_name(path: str, taken: Collection[str]) -> str:
    """The path, or with the first number from 2 on that nobody has: ``notes.txt``, ``notes-2.txt``."""
    whole = PurePosixPath(path)
    number, free = 1, path
    while free in taken:
        number += 1
        free = str(whole.with_name(f"{whole.stem}-{number}{whole.suffix}"))
    return free


def _is_conflict(exc: Exception) -> bool:
    return "Resource Conflict" in str(exc)  # the plugin raises a bare Exception with the service's words


def _is_same(repository: Any, path: str, local_file: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-") as scratch:
        there = Path(scratch) / "there"
        try:
            repository._download_file(path, str(there))  # without the bar that the public method draws
        except Exception as exc:  # noqa: BLE001  # the name is taken, but its content never came
            _log.debug("%s of a run cannot be read: %s", path, exc)
            return False
        return filecmp.cmp(there, local_file, shallow=False)


def _complete(repository: Any, local_dir: str, artifact_path: str | None, exc: Exception) -> None:
    """Write the files of a folder that are missing, if what is there is the same; else none: two models do not mix."""
    root = PurePosixPath(repository.artifacts.path or "")
    there = set(repository.artifacts.get_file_paths())
    files = {
        str(PurePosixPath(artifact_path or "") / file.relative_to(local_dir).as_posix()): file
        for file in sorted(Path(local_dir).rglob("*"))
        if file.is_file()
    }
    held = {path: file for path, file in files.items() if str(root / path) in there}
    others = [path for path, file in held.items() if not _is_same(repository, path, str(file))]
    if others and by_autolog() and not artifact_path:  # the plots of a second fit in one run
        for path in others:
            add_file(repository, str(files[path]), path)
    elif others:
        raise _refusal(others, f"{artifact_path}-2" if artifact_path else free_name(others[0], others)) from exc
    for path in files.keys() - held.keys():
        parent = str(PurePosixPath(path).parent)
        repository.log_artifact(str(files[path]), None if parent == "." else parent)


def _refusal(paths: list[str], free: str) -> MlflowException:
    names, rest = ", ".join(paths[:3]), len(paths) - 3
    more = f" and {rest} more" if rest > 0 else ""
    verb = "is" if len(paths) == 1 else "are"
    return MlflowException(
        f"{names}{more} {verb} in the run already, with other content, and Azure Machine Learning writes an artifact "
        f"once: log it under another name, such as {free}",
        RESOURCE_ALREADY_EXISTS,
    )
