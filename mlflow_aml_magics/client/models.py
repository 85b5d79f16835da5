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
from .azure_registries import registry_versions, share_version
from .digest import content_digest, file_digests, model_files
from .logged_models import (
    RunModel,
    find_model,
    logged_by_autolog,
    models_of_run,
)
from .model_imports import import_files, import_folder, log_beside, remove_beside, remove_import
from .registry import ModelVersion, RegisteredModel, exists, list_registry, list_versions, resolve, with_details
from .registry_edits import delete_model, delete_version, describe_model, put_aside, set_model_tag
from .registry_writes import alias_holder, create_version, remove_alias, remove_tag, set_alias, set_stage, update
from .remote import LocalFiles, Remote, RemoteFile, Saved, save_all
from .saving import save_object

__all__ = [
    "LocalFiles",
    "ModelFiles",
    "ModelVersion",
    "RegisteredModel",
    "Remote",
    "RemoteFile",
    "RunModel",
    "Saved",
    "alias_holder",
    "content_digest",
    "create_version",
    "delete_model",
    "delete_version",
    "describe_model",
    "download_shared",
    "exists",
    "fetch",
    "file_digests",
    "find_model",
    "import_files",
    "import_folder",
    "is_download",
    "job_output",
    "list_registry",
    "list_versions",
    "local_path",
    "location",
    "log_beside",
    "logged_by_autolog",
    "model_files",
    "model_size",
    "models_of_run",
    "open_files",
    "open_run",
    "put_aside",
    "read_model",
    "registry_versions",
    "remove_alias",
    "remove_beside",
    "remove_import",
    "remove_tag",
    "resolve",
    "run_and_path",
    "save_all",
    "save_object",
    "set_alias",
    "set_model_tag",
    "set_stage",
    "share_version",
    "shared_model",
    "update",
    "with_details",
]
