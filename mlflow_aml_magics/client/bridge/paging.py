"""Pages that the service accepts: fewer than 1,000 rows, where mlflow asks for 25,000 points of a metric.

No probe: what a service says to a page of 25,000 shows with a long history of somebody's run only, and where larger
pages are taken, smaller ones are right too.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from mlflow.store.entities.paged_list import PagedList

from .unit import Unit

__all__ = ["PAGE", "Paging"]

PAGE = 900  # rows a request: "MaxResults … must be less than 1000" (mlflow/mlflow#10694)


class Paging(Unit):
    """See the module."""

    name = "paging"
    mends = "metric histories and searches of more than 1,000 rows"
    issue = "https://github.com/mlflow/mlflow/issues/10694"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store

        own_history, own_search = Store.get_metric_history, Store._search_runs

        @wraps(own_history)
        def history(
            store: Any, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
        ) -> Any:
            found: list[Any] = []
            while True:
                page = own_history(store, run_id, metric_key, _next(max_results, found), page_token)
                found += page
                page_token = page.token
                if not page_token or not page or (max_results is not None and len(found) >= max_results):
                    return PagedList(found, page_token or None)

        @wraps(own_search)
        def search(  # noqa: PLR0917  # mlflow's own signature
            store: Any, experiment_ids: Any, filter_string: Any, run_view_type: Any, max_results: int,
            order_by: Any = None, page_token: str | None = None,
        ) -> Any:  # fmt: skip
            found: list[Any] = []
            while True:
                page, page_token = own_search(
                    store, experiment_ids, filter_string, run_view_type, _next(max_results, found), order_by, page_token
                )
                found += page
                if not page_token or not page or len(found) >= max_results:
                    return found, page_token

        self.patches.set(Store, "get_metric_history", history)
        self.patches.set(Store, "_search_runs", search)


def _next(wanted: int | None, found: list[Any]) -> int:
    return PAGE if wanted is None else max(1, min(PAGE, wanted - len(found)))
