"""Rows of a search whose metrics lag behind: a run's own page has them already.

Metrics are eventually consistent on the service: ``search_runs`` right after logging may miss some that ``get_run``
has (Azure/azure-sdk-for-python#39198). Runs that are open, or ended a short while ago, are asked for again, the first
50 of a search, several at a time; older ones are what they are. This is for searches of the user's own: `fresh` does it
for ours. No probe: whether something lags can only be seen when it does.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any

from mlflow.exceptions import MlflowException

from ..capabilities import AZURE
from ..connection import in_guard
from .unit import Unit

__all__ = ["Lag"]

MOST = 50  # rows a search
AT_ONCE = 8

_settled: set[str] = set()  # runs that ended, and that a search has shown as they are


class Lag(Unit):
    """See the module."""

    name = "metrics that lag"
    mends = "rows of search_runs that miss metrics just logged"
    issue = "https://github.com/Azure/azure-sdk-for-python/issues/39198"

    def install(self) -> None:
        """Put it in. After `Paging`, which makes several requests of one search."""
        from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store

        own = Store._search_runs

        @wraps(own)
        def search(store: Any, *args: Any, **options: Any) -> Any:
            runs, token = own(store, *args, **options)
            return (runs if in_guard() else _completed(store, list(runs))), token

        self.patches.set(Store, "_search_runs", search)


def _completed(store: Any, runs: list[Any]) -> list[Any]:
    after = (time.time() - AZURE.metrics_lag) * 1000
    young = [place for place, run in enumerate(runs) if _may_lack(run.info, after)][:MOST]
    if not young:
        return runs

    def again(place: int) -> Any:
        try:
            return store.get_run(runs[place].info.run_id)
        except MlflowException:
            return runs[place]  # deleted meanwhile; or the row is better than nothing

    with ThreadPoolExecutor(min(AT_ONCE, len(young)), thread_name_prefix="aml-lag") as pool:
        for place, run in zip(young, pool.map(again, young), strict=True):
            if run.info.status != "RUNNING" and run.data.metrics == runs[place].data.metrics:
                _settled.add(run.info.run_id)
            runs[place] = run
    return runs


def _may_lack(info: Any, after: float) -> bool:
    return info.run_id not in _settled and (info.status == "RUNNING" or (info.end_time or 0) > after)
