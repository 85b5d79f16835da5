"""Models, wherever they are, through one door: in the registry, in runs, in folders."""

from __future__ import annotations

from .artifacts import ModelFiles, fetch, is_download, local_path, read_model
from .digest import content_digest
from .logged_models import (
    RunModel,
    find_model,
    import_folder,
    logged_by_autolog,
    models_of_run,
    remove_import,
)
from .registry import ModelVersion, create_version, list_versions, resolve, set_alias, update
from .saving import save_object

__all__ = [
    "ModelFiles",
    "ModelVersion",
    "RunModel",
    "content_digest",
    "create_version",
    "fetch",
    "find_model",
    "import_folder",
    "is_download",
    "list_versions",
    "local_path",
    "logged_by_autolog",
    "models_of_run",
    "read_model",
    "remove_import",
    "resolve",
    "save_object",
    "set_alias",
    "update",
]
