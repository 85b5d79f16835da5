"""Artifacts: lists that keep to their own folder, and a login that does not hang on mlflow's global tracking URI.

``AzureMLflowArtifactRepository.list_artifacts`` ignores the folder that the repository is of, and returns paths from
the run's root; so ``register_model("runs:/…")`` does not see the MLmodel and asks for logged models, which there are
none of (found by experiment with azureml-mlflow 1.62.0.post6, not reported yet); a probe looks at the plugin.
``download_file`` writes no file, and says nothing, where the storage is behind another host name.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from .unit import Unit

__all__ = ["Artifacts"]


class Artifacts(Unit):
    """See the module."""

    name = "artifacts"
    mends = 'list_artifacts and register_model("runs:/…"), downloads that are looked at, several workspaces at once'
    issue = "https://github.com/Azure/azure-sdk-for-python/issues/44896"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.artifact import utils
        from azureml.mlflow._store.artifact.artifact_repo import AzureMLflowArtifactRepository as Repository

        own_context = utils.get_service_context

        def context_of(parsed_url: Any) -> Any:
            return _known_context(parsed_url.geturl()) or own_context(parsed_url)

        def list_artifacts(repository: Any, path: str | None = None) -> list[FileInfo]:
            return _children(repository.artifacts.get_file_paths(), repository.artifacts.path or "", path or "")

        def download_file(repository: Any, remote_file_path: str, local_path: str, **_: Any) -> None:
            whole = "/".join(part for part in ((repository.artifacts.path or "").strip("/"), remote_file_path) if part)
            repository.artifacts.download_artifact(whole, local_path)
            if not Path(local_path).is_file():
                raise MlflowException(f"{remote_file_path} was not downloaded: its storage has an unexpected host name")

        self.patches.set(utils, "get_service_context", context_of)
        if ignores_its_folder(Repository):
            self.patches.set(Repository, "list_artifacts", list_artifacts)
            self.patches.set(Repository, "_download_file", download_file)
            self.patches.set(Repository, "download_artifacts", ArtifactRepository.download_artifacts)


def ignores_its_folder(repository: type) -> bool:
    """The probe, which asks nobody: a repository of a folder with one file should list that file."""
    folder: Any = object.__new__(repository)
    folder.artifacts = SimpleNamespace(path="model", get_file_paths=lambda: ["model/MLmodel"])
    return [info.path for info in folder.list_artifacts(None)] != ["MLmodel"]


def _known_context(artifact_uri: str) -> Any:
    """The login of the workspace that an artifact URI is in; None where the URI names none, or nobody logged in."""
    from azureml.mlflow._internal.service_context_loader import _AzureMLServiceContextLoader as Loader

    for context in Loader._tracking_uri_to_service_context.values():
        name = getattr(context, "workspace_name", None)
        if name and context._get_scope().lower() + "/" in artifact_uri.lower():
            return context
    return None


def _children(paths: Any, root: str, folder: str) -> list[FileInfo]:
    """What lies directly in ``folder``, given every file of the run; paths from the repository's own root.

    The service tells no sizes (-1 in azureml-mlflow, too).
    """
    below = "/".join(part.strip("/") for part in (root, folder) if part.strip("/"))
    prefix = f"{below}/" if below else ""
    shown = f"{folder.strip('/')}/" if folder.strip("/") else ""
    found: dict[str, bool] = {}
    for path in paths:
        if path.startswith(prefix):
            name, slash, _ = path[len(prefix) :].partition("/")
            found[name] = found.get(name, False) or bool(slash)
    return [
        FileInfo(f"{shown}{name}", is_dir, None if is_dir else -1) for name, is_dir in sorted(found.items()) if name
    ]
