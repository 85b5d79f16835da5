"""Histories of many runs at once, beside `MlflowClient.get_metric_history` run by run and metric by metric.

python tests/benchmarks/histories.py [--points 100000] [--no-server]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from served import served

RUNS = 100
METRICS = 10
CHART = 200  # points of a series that a chart can show
START = 1_780_000_000_000  # ms

Figures = dict[str, dict[str, float]]


def history_figures(folder: Path, points: int = 100_000, *, server: bool = True) -> Figures:
    """Seconds, points, and how many times faster than mlflow's client, which reads all points.

    Args:
        folder: an empty one; takes 240 bytes a point.
        points: in all, of 100 runs with 10 metrics.
        server: also through a real `mlflow server`, for which mlflow needs 65 us a point.
    """
    from mlflow import MlflowClient

    path = folder / "mlflow.db"
    uri = f"sqlite:///{path}"
    MlflowClient(tracking_uri=uri, registry_uri=uri).create_experiment("bench")
    ids = _fill(path, points // (RUNS * METRICS))
    figures = {}
    theirs = _seconds(_by_mlflow(uri, ids))
    for name, most in (("SQLite: all", None), (f"SQLite: {CHART} of a series", CHART)):
        figures[name] = _figure(name, _seconds(_by_us(uri, ids, most)), theirs)
    if server:
        with served(folder, path) as address:
            theirs = _seconds(_by_mlflow(address, ids))
            name = f"server: {CHART} of a series"
            figures[name] = _figure(name, _seconds(_by_us(address, ids, CHART)), theirs)
    return figures


def _fill(path: Path, steps: int) -> list[str]:
    draw = random.Random(1)
    ids = [uuid.UUID(int=draw.getrandbits(128)).hex for _ in range(RUNS)]
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("PRAGMA synchronous = OFF")
        store.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, status, start_time, lifecycle_stage, experiment_id)"
            " VALUES (?, 'run', 'UNKNOWN', 'FINISHED', ?, 'active', 1)",
            ((run, START) for run in ids),
        )
        for run in ids:
            store.executemany(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
                (
                    (f"metric_{k}", draw.random(), START + step, run, step)
                    for k in range(METRICS)
                    for step in range(steps)
                ),
            )
    return ids


def _by_mlflow(uri: str, ids: list[str]) -> Callable[[], int]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def read() -> int:
        found = [client.get_metric_history(run, f"metric_{k}") for run in ids for k in range(METRICS)]
        return sum(map(len, found))

    client.get_metric_history(ids[0], "metric_0")
    return read


def _by_us(uri: str, ids: list[str], most: int | None) -> Callable[[], int]:
    from mlflow_aml_magics.client.bulk.history import read_histories
    from mlflow_aml_magics.client.connection import open_connection

    wanted = [(run, f"metric_{k}") for run in ids for k in range(METRICS)]
    connection = open_connection(uri)

    def read() -> int:
        found = read_histories(connection, wanted, points=most)
        if most is not None and found.table.num_rows > most * len(wanted):
            raise SystemExit(f"{found.table.num_rows} points")
        return int(found.table.num_rows)

    read_histories(connection, wanted[:1], points=most)  # imports and a first request are nobody's figure
    return read


def _seconds(read: Callable[[], int]) -> tuple[float, float, int]:
    """Of the wall, and of this process' processors; and what was read."""
    wall, cpu = time.perf_counter(), time.process_time()
    count = read()
    return time.perf_counter() - wall, time.process_time() - cpu, count


def _figure(name: str, ours: tuple[float, float, int], theirs: tuple[float, float, int]) -> dict[str, Any]:
    ratio, cpu = theirs[0] / ours[0], theirs[1] / ours[1]
    print(
        f"{name:28} {ours[0]:8.3f} s, {ours[2]:,} points   mlflow {theirs[0]:8.2f} s, {theirs[2]:,} points"
        f"   x{ratio:.1f}, processors x{cpu:.1f}",
        flush=True,
    )
    return {
        "seconds": round(ours[0], 3),
        "points": ours[2],
        "mlflow_seconds": round(theirs[0], 2),
        "mlflow_points": theirs[2],
        "ratio": round(ratio, 1),
        "cpu_ratio": round(cpu, 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--no-server", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        history_figures(Path(folder), wanted.points, server=not wanted.no_server)


if __name__ == "__main__":
    main()
