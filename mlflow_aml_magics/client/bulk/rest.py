"""A server's runs by its search: pages of bytes, parsed into columns while the next ones travel.

Page tokens come one after the other, and a server's own work is most of the time. So an MLflow server is read from both
ends of time at once, the newest first and the oldest first, until both have met.
"""

from __future__ import annotations

import json
import queue
import re
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import requests.exceptions
import urllib3.exceptions
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.service_pb2 import SearchRuns
from mlflow.utils.proto_json_utils import message_to_json
from mlflow.utils.rest_utils import http_request, verify_rest_response

from .. import bridge
from .pages import Page, next_token, page_of_runs, parsed
from .pivot import Long, columns_of_runs

if TYPE_CHECKING:
    from ..connection import Connection

__all__ = ["read_rest", "read_some"]

AHEAD = 4  # pages that may wait to be parsed
SOME = 200  # run ids in a filter
THREADS = 8  # requests at a time, for single runs
_PLAIN = re.compile(r"[\w-]+")  # ids that need no quoting
_SEARCH = "/api/2.0/mlflow/runs/search"
_OLDEST = ("attributes.start_time ASC",)

Late = Callable[[Page], Page]  # puts the latest metrics into a page


class _Search:
    """Asks a server for pages of the active runs of some experiments."""

    def __init__(self, store: Any, experiments: Sequence[str], size: int, asked: str = "") -> None:
        self._store, self._experiments, self._size, self._asked = store, list(experiments), size, asked

    def page(self, order: Sequence[str], token: str | None) -> bytes:
        """The answer as it came.

        Raises:
            MlflowException: as mlflow's own search does.
        """
        message = SearchRuns(
            experiment_ids=self._experiments,
            filter=self._asked,
            run_view_type=ViewType.to_proto(ViewType.ACTIVE_ONLY),
            max_results=self._size,
            order_by=order,
            page_token=token,
        )
        body = json.loads(message_to_json(message))

        def once() -> Any:
            return http_request(self._store.get_host_creds(), _SEARCH, "POST", json=body, stream=True)

        response = once()
        forget = getattr(getattr(getattr(self._store, "service_context", None), "auth", None), "forget", None)
        if response.status_code == 401 and forget:  # as `bridge.relogin` does for mlflow's own calls
            response.close()
            forget()
            response = once()
        try:
            # In one piece: requests would hand it over in 600, at three times the cost.
            content: bytes = response.raw.read(decode_content=True)
        except urllib3.exceptions.HTTPError as exc:
            raise requests.exceptions.ConnectionError(f"the answer broke off: {exc}") from exc
        finally:
            response.close()
        if response.status_code != 200 or not content.lstrip().startswith(b"{"):
            response._content = content  # where it reads it
            content = verify_rest_response(response, _SEARCH).content  # raises what mlflow raises
        return content


def _pages(search: _Search, *, two_ends: bool) -> Generator[tuple[Page, bool], None, None]:
    """Pages as they come, each with whether it is one of the oldest first. They may overlap where both ends meet."""
    answers: queue.Queue[tuple[bool, bytes | BaseException, bool]] = queue.Queue(AHEAD)
    stop = threading.Event()

    def put(answer: tuple[bool, bytes | BaseException, bool]) -> None:
        while not stop.is_set():
            try:
                return answers.put(answer, timeout=0.1)
            except queue.Full:
                continue

    def walk(oldest: bool) -> None:
        token = None
        try:
            while not stop.is_set():
                body = search.page(_OLDEST if oldest else (), token)
                token = next_token(body)
                put((oldest, body, token is not None))
                if token is None:
                    return
        except BaseException as exc:  # noqa: BLE001  # raised where the pages are read
            put((oldest, exc, False))

    def start(oldest: bool) -> None:
        threading.Thread(target=walk, args=(oldest,), name="aml-pages", daemon=True).start()

    reached: dict[bool, int] = {}  # the start time that each end has come to
    count = 0
    start(oldest=False)
    try:
        while True:
            oldest, body, more = answers.get()
            if isinstance(body, BaseException):
                raise body
            page = parsed(body)
            yield page, oldest
            if not more:
                return
            if len(page):
                reached[oldest] = page.attributes["start_time"][-1].as_py()
            if len(reached) == 2 and reached[True] > reached[False]:
                return  # what started after one time and what started before a later one: that is all
            count += 1
            if two_ends and count == 2:  # a third page follows: enough work for two
                start(oldest=True)
    finally:
        stop.set()


def read_rest(
    connection: Connection,
    names: Mapping[str, str],
    *,
    size: int,
    progress: Callable[[str], None] | None = None,
    limit: int | None = None,
    late: Late | None = None,
) -> dict[str, Any]:
    """The columns of the active runs of some experiments, the newest first.

    Args:
        connection: to an MLflow server, or to Azure Machine Learning.
        names: experiment ids to names.
        size: of a page.
        progress: told after each page; what it raises ends the reading.
        limit: the newest so many.
        late: completes a page whose metrics may be behind.
    """
    store: Any = connection.mlflow._tracking_client.store
    search = _Search(store, list(names), size if limit is None else min(size, limit))
    found = _Found()
    two_ends = limit is None and connection.azure is None
    with bridge.applied(connection), closing(_pages(search, two_ends=two_ends)) as pages:
        while limit is None or found.count < limit:
            with connection.guard("reading the runs of"):
                page, oldest = next(pages, (None, False))
            if page is None:
                break
            found.add(late(page) if late else page, oldest=oldest)
            if progress:
                progress(f"{found.count:,} runs read")
    return found.columns(names, limit)


def read_some(
    connection: Connection,
    names: Mapping[str, str],
    only: Sequence[str],
    *,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """The same of these run ids; those that are not there, deleted or of another experiment are left out."""
    found = _Found()
    by_search = connection.azure is None and all(_PLAIN.fullmatch(each) for each in only)
    with bridge.applied(connection), connection.guard("reading runs of"):
        for start in range(0, len(only), SOME):
            ids = only[start : start + SOME]
            page = _searched(connection, names, ids) if by_search else None
            if page is None:
                by_search = False
                page = _looked_up(connection, names, ids)
            found.add(page, oldest=True)
            if progress:
                progress(f"{found.count:,} runs read")
    return found.columns(names, None)


def _searched(connection: Connection, names: Mapping[str, str], ids: Sequence[str]) -> Page | None:
    """Runs by a filter; None where the server does not know such."""
    asked = f"attributes.run_id IN ({', '.join(repr(each) for each in ids)})"
    try:
        body = _Search(connection.mlflow._tracking_client.store, list(names), len(ids), asked).page((), None)
    except RestException as exc:
        if exc.error_code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"):
            return None
        raise
    return parsed(body)


def _looked_up(connection: Connection, names: Mapping[str, str], ids: Sequence[str]) -> Page:
    """Runs one by one, some at a time: with their latest metrics, on a store whose search is late."""

    def look_up(run_id: str) -> Run | None:
        try:
            return connection.mlflow.get_run(run_id)
        except MlflowException as exc:
            if exc.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    with ThreadPoolExecutor(THREADS) as pool:
        try:
            runs = list(pool.map(look_up, ids))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return page_of_runs(
        [run for run in runs if run and run.info.experiment_id in names and run.info.lifecycle_stage == "active"]
    )


class _Found:
    """Pages put together."""

    def __init__(self) -> None:
        self.count = 0
        self._both_ends = False
        self._attributes: list[dict[str, Any]] = []
        self._longs = {
            name: Long(f"{name}.", pa.float64() if name == "metrics" else pa.string())
            for name in ("metrics", "params", "tags")
        }

    def add(self, page: Page, *, oldest: bool) -> None:
        for name, (places, keys, values) in page.rows.items():
            self._longs[name].add(np.where(places < 0, -1, places + self.count), keys, values)
        self._attributes.append(page.attributes)
        self._both_ends |= oldest
        self.count += len(page)

    def columns(self, names: Mapping[str, str], limit: int | None) -> dict[str, Any]:
        pages = self._attributes or [page_of_runs([]).attributes]
        attributes = {key: pa.concat_arrays([page[key] for page in pages]) for key in pages[0]}
        if self._both_ends:  # by time, then by id, as the server does
            keys = pa.table({"start": attributes["start_time"], "id": attributes["run_id"]})
            by = pc.sort_indices(keys, sort_keys=[("start", "descending"), ("id", "ascending")]).to_numpy()
        else:
            by = np.arange(self.count)
        # Where ends meet, and where a run was logged between two pages, a run comes twice.
        ids = pc.dictionary_encode(attributes["run_id"].take(pa.array(by))).indices.to_numpy()
        by = by[np.sort(np.unique(ids, return_index=True)[1])][:limit]
        places = np.full(self.count, -1, "i4")
        places[by] = np.arange(len(by))
        taken = {key: values.take(pa.array(by)) for key, values in attributes.items()}
        return columns_of_runs(taken, [long.columns(len(by), places) for long in self._longs.values()], names)
