"""Models, wherever they are, through one door: in the registry, in runs, in folders."""

from __future__ import annotations

from .artifacts import (
    ModelFiles,
    fetch,
    is_download,
    local_path,
    location,
    model_size,
    open_files,
    open_run,
    read_model,
)
from .azure_files import job_output, run_and_path
from .azure_models import download_shared, shared_model
from .digest import content_digest
from .logged_models import (
    RunModel,
    find_model,
    import_folder,
    logged_by_autolog,
    models_of_run,
    remove_import,
)
from .registry import ModelVersion, exists, list_versions, resolve, with_details
from .registry_writes import alias_holder, create_version, remove_alias, remove_tag, set_alias, set_stage, update
from .remote import LocalFiles, Remote, RemoteFile, Saved, save_all
from .saving import save_object

__all__ = [
    "LocalFiles",
    "ModelFiles",
    "ModelVersion",
    "Remote",
    "RemoteFile",
    "RunModel",
    "Saved",
    "alias_holder",
    "content_digest",
    "create_version",
    "download_shared",
    "exists",
    "fetch",
    "find_model",
    "import_folder",
    "is_download",
    "job_output",
    "list_versions",
    "local_path",
    "location",
    "logged_by_autolog",
    "model_size",
    "models_of_run",
    "open_files",
    "open_run",
    "read_model",
    "remove_alias",
    "remove_import",
    "remove_tag",
    "resolve",
    "run_and_path",
    "save_all",
    "save_object",
    "set_alias",
    "set_stage",
    "shared_model",
    "update",
    "with_details",
]
