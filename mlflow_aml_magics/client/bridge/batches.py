"""What a run may hold: 250 metrics a request, 200 params, 50 tags of 1,000 characters. The rest becomes artifacts.

Numbers from the service's own refusals: "MetricV2Dto.Value/Count, Limit=250" (mlflow/mlflow#11462),
"FieldName=Parameters, Limit=200" (Azure/azure-sdk-for-python#35685); tags: resource-limits-capacity.md of Azure's
documentation, mlflow#11103.

No probe: only a write to somebody's run could tell. Instead params and tags are sent as they are, and only what is
refused then for its number goes to an artifact; so a service that takes more gets more. Small batches do no harm.
"""

from __future__ import annotations

import json
import logging
import re
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow.entities import RunTag
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.utils.async_logging.run_operations import get_combined_run_operations

from .unit import Unit
from .write_once import add_file

__all__ = ["MORE_PARAMS", "MORE_TAGS", "Batches"]

METRICS = 250
PARAMS = 200
TAGS = 50
LIMITS = {"params": PARAMS, "tags": TAGS}
OURS = 2  # tags that are left free for what is said about the rest
TAG = 1000
ITEMS = 100  # params or tags a request, as mlflow itself sends them
MORE_PARAMS = "aml/params_over_200.json"
MORE_TAGS = "aml/more_tags.json"

_log = logging.getLogger(__name__)
_lock = threading.RLock()
_kept: dict[tuple[str, str], dict[str, str]] = {}  # run, artifact -> what is in there and in its numbered siblings

Send = Callable[[Any, str, Sequence[Any], Sequence[Any], Sequence[Any]], None]


class Batches(Unit):
    """See the module."""

    name = "limits of a run"
    mends = "batches of more than 250 metrics, more than 200 params, more than 50 tags or 1,000 characters in one"
    issue = "https://github.com/mlflow/mlflow/issues/11462"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store

        own_batch, own_async, own_create = Store.log_batch, Store.log_batch_async, Store.create_run

        @wraps(own_batch)
        def log_batch(
            store: Any, run_id: str, metrics: Sequence[Any] = (), params: Sequence[Any] = (), tags: Sequence[Any] = ()
        ) -> None:
            for start in range(0, len(metrics), METRICS):
                own_batch(store, run_id, list(metrics[start : start + METRICS]), [], [])
            for start in range(0, len(tags), ITEMS):
                _send_tags(store, own_batch, run_id, list(tags[start : start + ITEMS]))
            for start in range(0, len(params), ITEMS):
                _send_params(store, own_batch, run_id, list(params[start : start + ITEMS]))

        @wraps(own_async)
        def log_batch_async(store: Any, run_id: str, metrics: Any, params: Any, tags: Any) -> Any:
            # As on the service, where only metrics wait.
            log_batch(store, run_id, params=params or (), tags=tags or ())
            parts = [list(metrics[start : start + METRICS]) for start in range(0, len(metrics or ()), METRICS)]
            return get_combined_run_operations([own_async(store, run_id, part, [], []) for part in parts])

        def log_param(store: Any, run_id: str, param: Any) -> None:
            _send_params(store, own_batch, run_id, [param])

        def set_tag(store: Any, run_id: str, tag: Any) -> None:
            _send_tags(store, own_batch, run_id, [tag])

        @wraps(own_create)
        def create_run(  # noqa: PLR0917  # mlflow's own signature
            store: Any, experiment_id: str, user_id: str, start_time: int, tags: Any, run_name: str
        ) -> Any:
            fitting = [tag for tag in tags or () if len(tag.value) <= TAG][: TAGS - OURS]
            run = own_create(store, experiment_id, user_id, start_time, fitting, run_name)
            if rest := [tag for tag in tags or () if tag not in fitting]:
                log_batch(store, run.info.run_id, tags=rest)
            return run

        self.patches.set(Store, "log_batch", log_batch)
        self.patches.set(Store, "log_batch_async", log_batch_async)
        self.patches.set(Store, "log_param", log_param)
        self.patches.set(Store, "set_tag", set_tag)
        self.patches.set(Store, "create_run", create_run)


def _send_params(store: Any, own_batch: Send, run_id: str, params: list[Any]) -> None:
    with _lock:
        over = _kept.get((run_id, MORE_PARAMS), {})
        params = [param for param in params if not _is_kept(over, param)]
        refused = _send(store, own_batch, run_id, params, "params")
        if refused:
            total = _keep(store, run_id, MORE_PARAMS, refused)
            _send_tags(
                store, own_batch, run_id,
                [RunTag("aml.params_overflow", f"{total} params are in {MORE_PARAMS} and what is numbered like it")],
            )  # fmt: skip


def _is_kept(over: dict[str, str], param: Any) -> bool:
    """Whether it is in the artifact; as everywhere in mlflow it keeps its first value."""
    if over.get(param.key, param.value) != param.value:
        raise MlflowException(
            f"Changing param values is not allowed. Param with key='{param.key}' was already logged with "
            f"value='{over[param.key]}'. Attempted logging new value '{param.value}'.",
            INVALID_PARAMETER_VALUE,
        )
    return param.key in over


def _send_tags(store: Any, own_batch: Send, run_id: str, tags: list[Any]) -> None:
    short, long = [], []
    for tag in tags:
        if len(tag.value) > TAG:
            long.append(tag)
            tag = RunTag(tag.key, tag.value[: TAG - 1] + "…")  # noqa: PLW2901
        short.append(tag)
    with _lock:
        refused = _send(store, own_batch, run_id, short, "tags")
        if whole := [*long, *(tag for tag in refused if tag.key not in {each.key for each in long})]:
            _keep(store, run_id, MORE_TAGS, whole)


def _send(store: Any, own_batch: Send, run_id: str, items: list[Any], kind: str) -> list[Any]:
    """Log params or tags.

    Returns:
        Those that the run has no room for.
    """
    if not items:
        return []

    def send(some: list[Any]) -> None:
        own_batch(store, run_id, [], some if kind == "params" else [], some if kind == "tags" else [])

    try:
        send(items)
    except MlflowException as exc:
        known = set(getattr(store.get_run(run_id).data, kind)) if exc.get_http_status_code() == 400 else set()
        told = re.search(rf"FieldName={kind[:3]}\w*, Limit=(\d+)", str(exc), re.IGNORECASE)
        room = (int(told[1]) if told else LIMITS[kind]) - len(known)
        fresh = [item for item in items if item.key not in known]
        if not known or len(fresh) <= room:
            raise  # something else is wrong with it
        refused = fresh[max(0, room) :]
        if fitting := [item for item in items if item not in refused]:
            send(fitting)
        return refused
    return []


def _keep(store: Any, run_id: str, artifact: str, values: list[Any]) -> int:
    """Add values to a run's artifacts, and say so once a run.

    Returns:
        How many values of their kind are there now.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(store.get_run(run_id).info.artifact_uri)
    with _lock, tempfile.TemporaryDirectory(prefix="mlflow-aml-over-") as scratch:
        if (run_id, artifact) not in _kept:
            _kept[run_id, artifact] = _already(repository, artifact, scratch)
            what = f"{PARAMS} params" if artifact == MORE_PARAMS else f"{TAGS} tags of {TAG:,} characters"
            _log.warning("Azure ML keeps %s a run; what is more is in the run's artifact %s", what, artifact)
        file = Path(scratch) / "values.json"
        file.write_text(json.dumps({each.key: each.value for each in values}, indent=1), encoding="utf-8")
        add_file(repository, str(file), artifact)
        _kept[run_id, artifact] |= {each.key: each.value for each in values}
        return len(_kept[run_id, artifact])


def _already(repository: Any, artifact: str, scratch: str) -> dict[str, str]:
    """What an earlier process put there."""
    path = PurePosixPath(artifact)
    found: dict[str, str] = {}
    for info in repository.list_artifacts(str(path.parent)):
        if re.fullmatch(rf"{re.escape(path.stem)}(-\d+)?{re.escape(path.suffix)}", PurePosixPath(info.path).name):
            repository._download_file(info.path, str(Path(scratch) / "there.json"))
            found |= json.loads((Path(scratch) / "there.json").read_text(encoding="utf-8"))
    return found
