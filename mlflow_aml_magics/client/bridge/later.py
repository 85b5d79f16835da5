"""What the service did not hear is told later: the end of a run, and what autolog logged.

mlflow forgets a run before it tells the service of its end (``mlflow.end_run`` takes it off its stack first), and asks
for the run to print its link even before that: one failure at that moment, and the run shows as running for ever.
autolog gives a batch up after the last retry, with a warning: the run ends FINISHED, without params and metrics. Both
are kept here, and told with the next call that the service answers, after the next cell, or when the process ends.
What a call of the user's own loses is the user's to know: it raises. No probe: it waits for a failure.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Any

from mlflow.entities import RunStatus
from mlflow.exceptions import MlflowException

from .unit import Unit

__all__ = ["Later", "settle"]

AUTOLOG = "MlflowAutologgingQueueingClient"  # how mlflow calls the threads that send what autolog logs

_log = logging.getLogger(__name__)
_lock = threading.RLock()
_left: dict[Hashable, Callable[[], Any]] = {}  # in the order of the calls


class Later(Unit):
    """See the module. To be put in after `Batches`, whose limits hold for what is told later, too."""

    name = "unheard calls"
    mends = "the end of a run, or what autolog logged, that the service did not hear: it is told later"
    issue = "https://github.com/mlflow/mlflow/issues/7680"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store

        own_update, own_create, own_batch = Store.update_run_info, Store.create_run, Store.log_batch

        @wraps(own_update)
        def update_run_info(
            store: Any, run_id: str, run_status: Any = None, end_time: Any = None, run_name: Any = None
        ) -> Any:
            def tell() -> Any:
                return own_update(store, run_id, run_status, end_time, run_name)

            try:
                info = tell()
            except Exception as exc:
                if run_status is not None and RunStatus.is_terminated(run_status) and not _is_refusal(exc):
                    _remember(run_id, tell, f"the end of run {run_id}")
                raise
            if run_name is None or (run_status is not None and RunStatus.is_terminated(run_status)):
                with _lock:
                    _left.pop(run_id, None)  # it has ended, or goes on; a new name alone leaves the end to be told
            settle()
            return info

        @wraps(own_batch)
        def log_batch(store: Any, run_id: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
            try:
                own_batch(store, run_id, metrics, params, tags)
            except Exception as exc:
                if threading.current_thread().name.startswith(AUTOLOG) and not _is_refusal(exc):
                    tell = lambda: own_batch(store, run_id, metrics, params, tags)  # noqa: E731
                    _remember(object(), tell, f"what autolog logged to run {run_id}")
                raise

        @wraps(own_create)
        def create_run(store: Any, *args: Any, **options: Any) -> Any:
            run = own_create(store, *args, **options)
            settle()
            return run

        self.patches.set(Store, "update_run_info", update_run_info)
        self.patches.set(Store, "log_batch", log_batch)
        self.patches.set(Store, "create_run", create_run)

    def remove(self) -> None:
        """Tell what is left, and take it out."""
        settle()
        super().remove()


def settle() -> None:
    """Tell what the service has not heard yet; what it does not hear now stays, what it refuses goes."""
    if not _left:
        return
    from ..cells import impatient

    with _lock, impatient():
        for key, tell in list(_left.items()):
            try:
                tell()
            except Exception as exc:  # noqa: BLE001  # nobody asked for it now, so that nobody is to hear of it
                if not _is_refusal(exc):
                    return  # it does not answer: the others wait, too
                _log.warning("Azure ML refuses what it did not hear before: %s", exc)
            del _left[key]


def _remember(key: Hashable, tell: Callable[[], Any], what: str) -> None:
    _at_exit()
    with _lock:
        if key not in _left:
            _log.warning("Azure ML did not hear %s; it is told with the next call that succeeds", what)
        _left[key] = tell


def _is_refusal(exc: Exception) -> bool:
    """Whether another try would be answered the same; not so after a lost login or connection, 429 and 5xx."""
    return isinstance(exc, MlflowException) and exc.get_http_status_code() in (400, 403, 404, 409)


@lru_cache(maxsize=1)
def _at_exit() -> None:
    atexit.register(settle)
