"""What a run may hold: 250 metrics a request, 200 params, 1,000 characters a tag. The rest becomes an artifact.

Numbers from the service's own refusals: "MetricV2Dto.Value/Count, Limit=250" (mlflow/mlflow#11462),
"FieldName=Parameters, Limit=200" (Azure/azure-sdk-for-python#35685); tags: resource-limits-capacity.md of Azure's
documentation, mlflow#11103."""

from __future__ import annotations

import json
import logging
import tempfile
import threading
from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from mlflow.entities import Param, RunTag
from mlflow.exceptions import MlflowException

from .unit import Unit

__all__ = ["MORE_PARAMS", "MORE_TAGS", "Batches"]

METRICS = 250
PARAMS = 200
TAG = 1000
ITEMS = 100  # params or tags a request, as mlflow itself sends them
MORE_PARAMS = "aml/params_over_200.json"
MORE_TAGS = "aml/tags_over_1000.json"

_log = logging.getLogger(__name__)
_lock = threading.RLock()
_params: dict[str, set[str]] = {}  # run -> names of the params that it holds, as far as this process knows
_overflow: dict[tuple[str, str], dict[str, str]] = {}  # run, artifact -> what is in there


class Batches(Unit):
    """See the module."""

    name = "limits of a run"
    mends = "batches of more than 250 metrics, more than 200 params, tags of more than 1,000 characters"
    issue = "https://github.com/mlflow/mlflow/issues/11462"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store

        own_batch, own_create = Store.log_batch, Store.create_run

        @wraps(own_batch)
        def log_batch(
            store: Any, run_id: str, metrics: Sequence[Any] = (), params: Sequence[Any] = (), tags: Sequence[Any] = ()
        ) -> None:
            params, tags = list(params), [_short_tag(store, run_id, tag) for tag in tags]
            for start in range(0, len(metrics), METRICS):
                own_batch(store, run_id, list(metrics[start : start + METRICS]), [], [])
            for start in range(0, len(tags), ITEMS):
                own_batch(store, run_id, [], [], tags[start : start + ITEMS])
            for start in range(0, len(params), ITEMS):
                _log_params(store, own_batch, run_id, params[start : start + ITEMS])

        def log_param(store: Any, run_id: str, param: Any) -> None:
            _log_params(store, own_batch, run_id, [param])

        def set_tag(store: Any, run_id: str, tag: Any) -> None:
            own_tag(store, run_id, _short_tag(store, run_id, tag))

        own_tag = Store.set_tag

        @wraps(own_create)
        def create_run(  # noqa: PLR0917  # mlflow's own signature
            store: Any, experiment_id: str, user_id: str, start_time: int, tags: Any, run_name: str
        ) -> Any:
            fitting = [tag for tag in tags or () if len(tag.value) <= TAG]
            run = own_create(store, experiment_id, user_id, start_time, fitting, run_name)
            with _lock:
                _params[run.info.run_id] = set()
            for tag in tags or ():
                if len(tag.value) > TAG:
                    set_tag(store, run.info.run_id, tag)
            return run

        self.patches.set(Store, "log_batch", log_batch)
        self.patches.set(Store, "log_param", log_param)
        self.patches.set(Store, "set_tag", set_tag)
        self.patches.set(Store, "create_run", create_run)


def _log_params(store: Any, own_batch: Any, run_id: str, params: list[Param]) -> None:
    with _lock:
        known = _params.get(run_id)
        if known is None:  # a run that another process began
            known = _params[run_id] = set(store.get_run(run_id).data.params)
        fresh = [param for param in params if param.key not in known]
        room = max(0, PARAMS - len(known))
        over = fresh[room:]
        kept = [param for param in params if param not in over]
        if kept:
            try:
                own_batch(store, run_id, [], kept, [])
            except MlflowException as exc:
                if "Limit=200" not in str(exc):
                    raise
                known |= set(store.get_run(run_id).data.params)  # somebody else logs to the run, too
                over = [param for param in params if param.key not in known]
            else:
                known |= {param.key for param in kept}
        if over:
            _keep(store, run_id, MORE_PARAMS, {param.key: param.value for param in over})
            total = len(_overflow[run_id, MORE_PARAMS])
            store.set_tag(run_id, RunTag("aml.params_overflow", f"{total} params are in {MORE_PARAMS}"))


def _short_tag(store: Any, run_id: str, tag: RunTag) -> RunTag:
    if len(tag.value) <= TAG:
        return tag
    _keep(store, run_id, MORE_TAGS, {tag.key: tag.value})
    return RunTag(tag.key, tag.value[: TAG - 1] + "…")


def _keep(store: Any, run_id: str, artifact: str, values: dict[str, str]) -> None:
    """Add values to a JSON artifact of the run, and say so once for each artifact."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(store.get_run(run_id).info.artifact_uri)
    with _lock, tempfile.TemporaryDirectory(prefix="mlflow-aml-over-") as scratch:
        if (run_id, artifact) not in _overflow:
            _overflow[run_id, artifact] = _already(repository, artifact, Path(scratch))
            what = f"{PARAMS} params" if artifact == MORE_PARAMS else f"tags of {TAG:,} characters"
            _log.warning("Azure ML keeps %s a run; what is more is in the run's artifact %s", what, artifact)
        _overflow[run_id, artifact] |= values
        file = Path(scratch) / Path(artifact).name
        file.write_text(json.dumps(_overflow[run_id, artifact], indent=1), encoding="utf-8")
        repository.log_artifact(str(file), str(Path(artifact).parent))


def _already(repository: Any, artifact: str, scratch: Path) -> dict[str, str]:
    """What an earlier process put there."""
    if artifact not in {info.path for info in repository.list_artifacts(str(Path(artifact).parent))}:
        return {}
    path = repository.download_artifacts(artifact, str(scratch))
    found: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found
