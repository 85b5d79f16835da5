"""Metric histories of many runs at once, each store's fastest honest way.

Measured on 100 runs x 10 metrics x 1,000 steps: `MlflowClient.get_metric_history` takes 32 s on SQLite and 64 s through
a server; one SQL statement for many series 1 s. A server is asked for evenly spaced points of 75 runs in one request;
its other way, get-history-bulk, cuts at 25,000 points a request without a word and is not used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request
from sqlalchemy import text

from ...errors import NotFound
from ...frames.histories import POINT, Histories, HistoryBuilder
from ..connection import Connection, Progress
from . import _is_plain_sql

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection as Database
    from sqlalchemy.engine import Engine

__all__ = ["How", "metric_values", "read_histories"]

How = Literal["min", "max", "last", "step"]
Wanted = Sequence[tuple[str, str]]  # run id, metric

SERIES = 300  # a statement; SQLite took at most 999 variables before 3.32
AT_ONCE = 3_000_000  # points: 200 MB
RUNS = 75  # a request: the server takes 100, but gunicorn's request line ends at 4,094 characters
SAMPLE = 2_499  # points of a run: the server gives 2,500, and one more than asked for shows that there are more
PER_REQUEST = 25_000  # points: servers before mlflow 3.13 stop there without a word
INTERVAL = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
EXACT = 2**53  # the integers below are floats too
STEP_INDEX = "index_metrics_run_uuid_key_step"
EXTREMES = {"min": "MIN", "max": "MAX"}
REFUSED = (400, 404, 405, 501)  # the server is older than the request


def read_histories(
    connection: Connection, wanted: Wanted, *, points: int | None = 1000, progress: Progress | None = None
) -> Histories:
    """The points of some series.

    Args:
        wanted: run id and metric of each; a run or a metric that is not there has no points.
        points: the most of each series, its ends, lowest and highest among them; None reads all.
        progress: told how many series are read.
    """
    builder, count = HistoryBuilder(wanted, points), 0
    for found, sampled, series in _read(connection, wanted, points):
        builder.add(found, sampled)
        count += series
        if progress:
            progress(f"{count:,} of {len(wanted):,} histories read")
    return builder.build()


def _read(
    connection: Connection, wanted: Wanted, points: int | None
) -> Iterator[tuple[np.ndarray[Any, Any], list[int], int]]:
    """Points, the series among them that are not whole, and how many series these were."""
    if not wanted:
        return
    if (engine := _engine(connection)) is not None:
        with connection.guard("reading metric histories of"), engine.connect() as database:
            for begin, end in _pieces(database, wanted):
                yield _from_sql(database, wanted[begin:end], begin), [], end - begin
        return
    rest = dict(enumerate(wanted))
    if points is not None and points <= SAMPLE and connection.uri.startswith(("http://", "https://")):
        for found, sampled, asked in _from_server(connection, wanted, points):
            if not asked:
                break  # an older server
            rest = {n: rest[n] for n in rest.keys() - asked}
            yield found, sampled, len(asked)
    ask = partial(_from_client, connection, rest)
    for found in _in_threads(ask, sorted(rest), 8 if connection.azure is not None else 2):
        yield found, [], 1


# ---- SQL


def _engine(connection: Connection) -> Engine | None:
    """The engine of a store whose tables are read here, the same that mlflow has.

    For SQLite that is a must: a second copy of the library in this process, such as ADBC's, would drop the locks under
    which mlflow writes in another thread (sqlite.org/howtocorrupt.html, 2.2.1).
    """
    if not connection.uri.startswith(("sqlite:", "postgresql")) or not _is_plain_sql(connection):
        return None
    engine: Engine = connection.mlflow._tracking_client.store.engine
    return engine


def _indexed(database: Database) -> str:
    """SQLite by itself prefers the primary key, which begins with the metric, and reads that of all runs."""
    if database.dialect.name != "sqlite":
        return ""
    found = database.execute(text("SELECT 1 FROM sqlite_master WHERE name = :name"), {"name": STEP_INDEX}).first()
    return f"INDEXED BY {STEP_INDEX}" if found else "INDEXED BY index_metrics_run_uuid"


def _pieces(database: Database, wanted: Wanted) -> Iterator[tuple[int, int]]:
    """From where to where series are read at once, so that their points fit into memory; counting takes a tenth."""
    begin, size = 0, SERIES
    while begin < len(wanted):
        statement, names = _statement(database, wanted[begin : begin + size], begin, "1 AS one")
        counting = text(f"SELECT count(*) FROM ({statement} LIMIT {AT_ONCE + 1}) AS found")
        if size > 1 and (database.execute(counting, names).scalar() or 0) > AT_ONCE:
            size = max(1, size // 8)
            continue
        yield begin, min(begin + size, len(wanted))
        begin += size


def _statement(database: Database, wanted: Wanted, begin: int, columns: str) -> tuple[str, dict[str, str]]:
    rows = ", ".join(f"({2 * (begin + i)}, :r{i}, :k{i})" for i in range(len(wanted)))
    names = {f"{kind}{i}": word for i, pair in enumerate(wanted) for kind, word in zip("rk", pair, strict=True)}
    return (
        f"WITH wanted (twice, run, metric) AS (VALUES {rows}) SELECT {columns} "
        f"FROM wanted CROSS JOIN metrics m {_indexed(database)} WHERE m.run_uuid = wanted.run AND m.key = wanted.metric"
    ), names


def _from_sql(database: Database, wanted: Wanted, begin: int) -> np.ndarray[Any, Any]:
    nan = "m.is_nan" if database.dialect.name == "sqlite" else "CAST(m.is_nan AS INTEGER)"
    columns = f"wanted.twice + {nan}, m.step, m.timestamp, m.value"
    written, names = _statement(database, wanted, begin, columns)
    # The database's own rows, as sqlalchemy's cost as much as all the rest, and as one line of floats: half a record's.
    cursor: Any = database.execute(text(written), names).cursor
    flat = np.fromiter(chain.from_iterable(cursor), np.float64).reshape(-1, 4)
    found = np.empty(len(flat), POINT)
    found["n"], found["is_nan"] = flat[:, 0] // 2, flat[:, 0] % 2
    found["step"], found["timestamp"], found["value"] = flat[:, 1], flat[:, 2], flat[:, 3]
    if (np.abs(flat[:, 1:3]) >= EXACT).any():
        cursor = database.execute(text(written), names).cursor
        return np.array([(n // 2, step, timestamp, value, n % 2) for n, step, timestamp, value in cursor], POINT)
    return found


# ---- an mlflow server


def _from_server(
    connection: Connection, wanted: Wanted, points: int
) -> Iterator[tuple[np.ndarray[Any, Any], list[int], set[int]]]:
    """Evenly spaced points from the server, which knows no lowest and highest; nothing where it has no such way."""
    by_metric: dict[str, dict[str, int]] = {}
    for n, (run_id, metric) in enumerate(wanted):
        by_metric.setdefault(metric, {})[run_id] = n
    most = max(1, min(RUNS, PER_REQUEST // (points + 1)))
    requests = [
        (metric, dict(list(places.items())[i : i + most]))
        for metric, places in by_metric.items()
        for i in range(0, len(places), most)
    ]

    def ask(request: tuple[str, dict[str, int]]) -> tuple[np.ndarray[Any, Any], list[int], set[int]]:
        metric, places = request
        rows = _interval(connection, metric, list(places), max_results=points + 1)
        if rows is None:
            return np.empty(0, POINT), [], set()
        found = np.array(
            [(places[row["run_id"]], row["step"], row["timestamp"], float(row["value"]), 0) for row in rows], POINT
        )
        # Servers sample each run by itself, or over the steps of all runs of a request: the number of steps tells both.
        thinned = len(np.unique(found["step"])) > points
        return found, sorted(places.values()) if thinned else [], set(places.values())

    yield from _in_threads(ask, requests, 2)  # more only wait: the server computes


def _interval(connection: Connection, metric: str, run_ids: Sequence[str], **more: int) -> list[dict[str, Any]] | None:
    """What the server gives; None where it does not know the request."""
    with connection.guard("reading metric histories of"):
        answer = http_request(
            get_default_host_creds(connection.uri),
            INTERVAL,
            "GET",
            params={"run_ids": list(run_ids), "metric_key": metric, **more},
            raise_on_status=False,
        )
        if answer.status_code in REFUSED:
            return None
        answer.raise_for_status()
        found: list[dict[str, Any]] = json.loads(answer.content).get("metrics", [])
    return [{"step": 0, "value": 0.0, "timestamp": 0, **row} for row in found]


# ---- anything else


def _from_client(connection: Connection, wanted: Mapping[int, tuple[str, str]], n: int) -> np.ndarray[Any, Any]:
    """All points of series n, in pages that the store accepts."""
    try:
        with connection.guard("reading metric histories of"):
            history = connection.mlflow.get_metric_history(*wanted[n])
    except NotFound:
        history = []  # deleted a moment ago
    return np.array([(n, point.step, point.timestamp, point.value, 0) for point in history], POINT)


def _in_threads(ask: Callable[[Any], Any], requests: Iterable[Any], threads: int) -> Iterator[Any]:
    """The answers as they come. An interrupt waits for the requests under way, and no more are sent."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            sent: list[Future[Any]] = [pool.submit(ask, request) for request in requests]
            for done in as_completed(sent):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


# ---- one number a run


def metric_values(
    connection: Connection,
    run_ids: Sequence[str],
    metric: str,
    how: How = "last",
    step: int | None = None,
    *,
    progress: Progress | None = None,
) -> pa.Array:
    """One number of a metric for each run, null where it has none.

    Args:
        run_ids: the runs, in the order of the answer.
        how: the lowest ("min") or highest ("max") of all points but NaN, the last one, or the one at ``step``; of
            several points at one step the latest counts. NaN is the answer where all points are NaN.
        progress: told how many runs are read, where each takes a request.
    """
    if (how == "step") != (step is not None):
        raise ValueError('a step is named with how="step", and with nothing else')
    if (engine := _engine(connection)) is None:
        found = _values_by_request(connection, run_ids, metric, how, step=step, progress=progress)
    else:
        found = {}
        with connection.guard("reading the metrics of"), engine.connect() as database:
            for begin in range(0, len(run_ids), SERIES):
                found |= _values_by_sql(database, run_ids[begin : begin + SERIES], metric, how, step)
    return pa.array([found.get(run_id) for run_id in run_ids], pa.float64())


def _values_by_sql(
    database: Database, run_ids: Sequence[str], metric: str, how: How, step: int | None
) -> dict[str, float]:
    columns, table, more = "value, is_nan", f"metrics {_indexed(database)}", ""
    if how == "last":
        table = "latest_metrics"
    elif how == "step":
        more = "AND step = :step ORDER BY timestamp, value"
    else:
        number = f"{EXTREMES[how]}(CASE WHEN is_nan THEN NULL ELSE value END)"
        columns, more = f"{number}, {number} IS NULL", "GROUP BY run_uuid"
    marks = ", ".join(f":r{i}" for i in range(len(run_ids)))
    statement = f"SELECT run_uuid, {columns} FROM {table} WHERE run_uuid IN ({marks}) AND key = :metric {more}"
    names: dict[str, Any] = {"metric": metric, **{f"r{i}": run_id for i, run_id in enumerate(run_ids)}}
    rows = database.execute(text(statement), names | ({} if step is None else {"step": step}))
    return {run_id: float("nan") if is_nan else value for run_id, value, is_nan in rows}


def _values_by_request(
    connection: Connection,
    run_ids: Sequence[str],
    metric: str,
    how: How,
    *,
    step: int | None,
    progress: Progress | None,
) -> dict[str, float]:
    """A series at a time: the points of 10,000 runs at once would fill the memory."""
    values: dict[str, float] = {}
    wanted = [(run_id, metric) for run_id in run_ids]
    for count, (found, _sampled, _series) in enumerate(_read(connection, wanted, None), start=1):
        points = np.sort(found, order=["n", "step", "timestamp", "value"])
        if step is not None:
            points = points[points["step"] == step]
        for n in np.unique(points["n"]):
            values[run_ids[n]] = _picked(points["value"][points["n"] == n].tolist(), how)
        if progress:
            progress(f"{count:,} of {len(run_ids):,} histories read")
    return values


def _picked(found: list[float], how: How) -> float:
    numbers = [value for value in found if not math.isnan(value)]
    if how in EXTREMES:
        return (min if how == "min" else max)(numbers, default=float("nan"))
    return found[-1]
