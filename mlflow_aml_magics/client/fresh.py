"""Runs that a server's search may show without their latest metrics, and how they are completed.

Azure Machine Learning keeps metrics in a store that its search follows late: "search_runs right after logging can miss
metrics, get_run has them" (Azure/azure-sdk-for-python#39198). Asking for each run of a table on its own would cost a
request a run, so only those are asked for that can be behind: open runs of the last day, and runs that ended in the
last quarter of an hour. A run that has ended and that search shows as it is is never asked for again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from mlflow.entities import Run
from mlflow.exceptions import MlflowException

if TYPE_CHECKING:
    from .connection import Connection, Progress

__all__ = ["completed"]

OPEN = 24 * 3600  # seconds since its start in which an open run is asked for: what hangs since weeks has no news
THREADS = 8  # requests at a time
_ENDED = ("FINISHED", "FAILED", "KILLED")

_settled: WeakKeyDictionary[Connection, set[str]] = WeakKeyDictionary()  # ids of runs that search shows as they are


def completed(
    connection: Connection, runs: Sequence[Run], lag: float, *, progress: Progress | None = None
) -> Sequence[Run]:
    """The same runs, those that may lack metrics as `get_run` has them.

    Args:
        runs: as the server's search gives them.
        lag: seconds after which search shows what was logged; 0 where it does so at once.
        progress: told how many runs are asked for.
    """
    settled = _settled.setdefault(connection, set())
    now = time.time() * 1000
    fresh = [run for run in runs if run.info.run_id not in settled and _may_lack(run, now, lag)] if lag else []
    if not fresh:
        return runs
    if progress:
        progress(f"{len(fresh):,} fresh runs are looked up one by one")

    def whole(run: Run) -> Run:
        try:
            found: Run = connection.mlflow.get_run(run.info.run_id)
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return run  # deleted a moment ago
        return found

    with connection.guard("reading the latest metrics of"), ThreadPoolExecutor(THREADS) as pool:
        try:
            latest = dict(zip((run.info.run_id for run in fresh), pool.map(whole, fresh), strict=True))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # an interrupt waits for the requests under way, no more
            raise
    for run in fresh:
        found = latest[run.info.run_id]
        if found.info.status in _ENDED and _metrics(found) == _metrics(run):
            settled.add(run.info.run_id)
    return [latest.get(run.info.run_id, run) for run in runs]


def _may_lack(run: Run, now: float, lag: float) -> bool:
    if run.info.status in _ENDED:
        return (run.info.end_time or now) > now - lag * 1000
    return bool((run.info.start_time or now) > now - OPEN * 1000)


def _metrics(run: Run) -> str:
    return repr(sorted(run.data.metrics.items()))  # as text, in which NaN equals NaN
