"""`log_model` and autolog of mlflow 3: the service has no logged models.

``log_model`` posts to ``/api/2.0/mlflow/logged-models`` and gets 404, autolog loses the training metrics with it.
mlflow still has the way of mlflow 2 (`Model._log_v2`: the files become artifacts of the run), and that is taken.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from .unit import Unit, is_missing_endpoint
from .write_once import by_autolog, free_name

if TYPE_CHECKING:
    from ..connection import Connection

__all__ = ["LoggedModels", "lacks_logged_models"]

_log = logging.getLogger(__name__)
_lacking: dict[str, bool] = {}  # by tracking URI: asked once per workspace


def lacks_logged_models(uri: str) -> bool:
    """Whether the service behind an azureml:// URI has no logged models. Asked once; a failure is no answer."""
    if uri not in _lacking:
        from mlflow.store.tracking.rest_store import RestStore
        from mlflow.tracking._tracking_service.utils import _get_store

        try:
            RestStore.search_logged_models(_get_store(uri), experiment_ids=["0"], max_results=1)
        except MlflowException as exc:
            if not is_missing_endpoint(exc):
                return True
            _lacking[uri] = True
        else:
            _lacking[uri] = False
    return _lacking[uri]


class LoggedModels(Unit):
    """See the module."""

    name = "log_model"
    mends = "log_model and autolog of mlflow 3, whose logged models the service does not know"
    issue = "https://github.com/Azure/azure-sdk-for-python/issues/44896"

    def applies(self, connection: Connection) -> bool:
        """Where mlflow has logged models and the service has not."""
        return hasattr(mlflow, "search_logged_models") and lacks_logged_models(connection.uri)

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.tracking.store import AzureMLRestStore

        own = Model.__dict__["log"].__func__

        def log(cls: type[Model], artifact_path: str | None, flavor: Any, *args: Any, **options: Any) -> Any:
            if args or not _is_lacking(mlflow.get_tracking_uri()):
                return own(cls, artifact_path, flavor, *args, **options)
            path = options.pop("name", None) or artifact_path or "model"
            for word in ("model_type", "params", "tags", "step", "model_id"):
                options.pop(word, None)  # of the logged model, which there is none of
            way = getattr(cls, "_log_v2", None) or partial(_log_as_artifacts, cls)
            try:
                return way(path, flavor, **options)
            except MlflowException as exc:
                if exc.error_code != "RESOURCE_ALREADY_EXISTS" or not by_autolog():
                    raise
            return way(_next_name(path), flavor, **options)  # a second fit in one run

        self.patches.set(Model, "log", classmethod(log))
        for name, substitute in _SUBSTITUTES.items():
            if hasattr(AzureMLRestStore, name):
                self.patches.set(AzureMLRestStore, name, substitute)


def _is_lacking(uri: str) -> bool:
    return uri.startswith("azureml:") and lacks_logged_models(uri)


def _next_name(path: str) -> str:
    run = mlflow.active_run()
    taken = [info.path for info in mlflow.MlflowClient().list_artifacts(run.info.run_id)] if run else [path]
    free = free_name(path, taken)
    _log.warning("the run has a model '%s' already: the one that autolog logs now is '%s'", path, free)
    return free


def _log_as_artifacts(
    cls: type[Model], path: str, flavor: Any, *, registered_model_name: str | None = None, run_id: str | None = None,
    metadata: dict[str, Any] | None = None, await_registration_for: int | None = 300, **options: Any,
) -> Any:  # fmt: skip
    """What `_log_v2` does, from public parts, for an mlflow that has it no more: save the model, log the files."""
    for word in ("resources", "auth_policy", "prompts"):
        options.pop(word, None)
    run_id = run_id or (mlflow.active_run() or mlflow.start_run()).info.run_id
    model = cls(artifact_path=path, run_id=run_id, metadata=metadata)
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-log-") as scratch:
        folder = Path(scratch) / "model"
        flavor.save_model(path=str(folder), mlflow_model=model, **options)
        for cache in folder.rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
        mlflow.log_artifacts(str(folder), path, run_id=run_id)
    if registered_model_name:
        mlflow.register_model(f"runs:/{run_id}/{path}", registered_model_name, await_registration_for)
    return model.get_model_info()


# What autolog of xgboost, lightgbm, keras and lightning calls around the fit, before and after log_model.


def _create_logged_model(
    _store: Any, experiment_id: str, name: str | None = None, tags: Any = None, **_: Any
) -> mlflow.entities.LoggedModel:
    from mlflow.entities import LoggedModel

    external = {getattr(tag, "key", tag) for tag in tags or ()} & {"mlflow.model.isExternal"}
    if external:
        raise MlflowException("Azure Machine Learning keeps no external models: register the model's files instead")
    nobody: Any = None  # no id: metrics are then the run's alone
    return LoggedModel(experiment_id, nobody, name or "model", "", 0, 0)


def _finalize_logged_model(_store: Any, _model_id: str | None, _status: Any) -> Any:
    return None


def _nothing(_store: Any, *_args: Any, **_options: Any) -> None:
    return None


def _no_logged_models(_store: Any, *_args: Any, **_options: Any) -> Any:
    from mlflow.store.entities.paged_list import PagedList

    return PagedList([], None)


_SUBSTITUTES = {
    "create_logged_model": _create_logged_model,
    "finalize_logged_model": _finalize_logged_model,
    "log_outputs": _nothing,
    "log_logged_model_params": _nothing,
    "set_logged_model_tags": _nothing,
    "search_logged_models": _no_logged_models,
}
