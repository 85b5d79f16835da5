"""What reading every run costs: ours against `mlflow.search_runs`, in one process, in turns.

python tests/benchmarks/reading.py [--runs 10000] [--no-server]

A SQLite store that mlflow made and whose rows were inserted in bulk, a real `mlflow server` with two workers on it, and
canned pages, which show the client alone: with no delay, and with 50 ms a request, which stand for a remote service.
"""

from __future__ import annotations

import argparse
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from canned import PAGE, START, can
from served import free_port, served, started

METRICS = PARAMS = 20
DELAY = 0.05  # seconds a request of a remote service

Figures = dict[str, dict[str, float]]


def reading_figures(folder: Path, runs: int = 10_000, *, server: bool = True) -> Figures:
    """Seconds and ratios, by what is read; printed as they come.

    Args:
        folder: an empty one; takes 20 KB a run.
        runs: how many; mlflow needs 1.5 ms for each, several times.
        server: also through a real server, which needs 2 ms a run, twice.
    """
    path = folder / "mlflow.db"
    fill(path, runs)
    parts: list[Callable[[], Figures]] = [lambda: _sqlite(path, runs), lambda: _memory(path)]
    parts.append(lambda: _canned(folder, path, runs))
    if server:
        parts.append(lambda: _server(folder, path))
    figures: Figures = {}
    for part in parts:
        found = part()
        figures |= found
        for name, figure in found.items():
            values = "  ".join(f"{key} {value:g}" for key, value in figure.items())
            print(f"{name:40} {values}", flush=True)
    return figures


def fill(path: Path, runs: int) -> None:
    """A store with 20 params, 20 metrics and 5 tags a run."""
    from mlflow import MlflowClient

    MlflowClient(tracking_uri=f"sqlite:///{path}", registry_uri=f"sqlite:///{path}").create_experiment("bench")
    draw = random.Random(1)
    ids = [f"{draw.getrandbits(128):032x}" for _ in range(runs)]
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("PRAGMA synchronous = OFF")
        store.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
            " VALUES (?, ?, 'UNKNOWN', '', '', 'ann', 'FINISHED', ?, ?, '', 'active', ?, 1)",
            (
                (run, f"run-{i}", START + i * 1000, START + i * 1000 + 500, f"/tmp/mlruns/1/{run}/artifacts")
                for i, run in enumerate(ids)
            ),
        )
        for first in range(0, runs, PAGE):
            some = ids[first : first + PAGE]
            store.executemany(
                "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, 10, 0, ?)",
                ((f"metric_{k:02}", draw.random(), START, run) for run in some for k in range(METRICS)),
            )
            store.executemany(
                "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
                (
                    (f"param_{k:02}", repr(draw.random()) if k % 2 else draw.choice(["adam", "sgd", "lion"]), run)
                    for run in some
                    for k in range(PARAMS)
                ),
            )
            store.executemany(
                "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
                (
                    (key, value, run)
                    for run in some
                    for key, value in (
                        ("mlflow.runName", f"run-{run[:4]}"),
                        ("mlflow.user", "ann"),
                        ("mlflow.source.name", "train.py"),
                        ("mlflow.source.type", "LOCAL"),
                        ("team", draw.choice(["red", "blue"])),
                    )
                ),
            )


# ---- what is compared


def _theirs(uri: str, most: int = 1_000_000) -> Any:
    import mlflow

    mlflow.set_tracking_uri(uri)
    return mlflow.search_runs(["1"], max_results=most)


def _ours(uri: str, limit: int | None = None) -> Any:
    from mlflow_aml_magics.client import bulk
    from mlflow_aml_magics.client.connection import open_connection

    connection = open_connection(uri)

    def read() -> Any:
        return bulk.read_all(connection, {"1": "bench"}, limit=limit)

    return read


def _timed(read: Callable[[], Any], repeat: int = 1) -> tuple[float, float, Any]:
    """Median seconds of the wall and of this process' processors, and what was read."""
    taken = []
    result = None
    for _ in range(repeat):
        result = None  # given back before the next
        wall, cpu = time.perf_counter(), time.process_time()
        result = read()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    return statistics.median(t[0] for t in taken), statistics.median(t[1] for t in taken), result


def _figure(ours: tuple[float, float, Any], theirs: tuple[float, float, Any]) -> dict[str, float]:
    return {
        "seconds": round(ours[0], 4),
        "mlflow_seconds": round(theirs[0], 3),
        "ratio": round(theirs[0] / ours[0], 2),
        "cpu_ratio": round(theirs[1] / ours[1], 2),
    }


def _sqlite(path: Path, runs: int) -> Figures:
    import pandas as pd

    uri = f"sqlite:///{path}"
    read = _ours(uri)
    repeat = 5 if runs <= 10_000 else 3
    read()  # fills the disk cache
    table = _timed(read, repeat)
    frame = _timed(lambda: read().to_pandas(), repeat)
    theirs = _timed(lambda: _theirs(uri))
    pd.testing.assert_frame_equal(frame[2], theirs[2][list(frame[2].columns)], check_exact=True)
    assert set(frame[2].columns) == set(theirs[2].columns)
    return {
        "SQLite, all runs to a RunTable": _figure(table, theirs),
        "SQLite, all runs to an equal DataFrame": _figure(frame, theirs),
        "SQLite, the first 100": _figure(_timed(_ours(uri, 100), 7), _timed(lambda: _theirs(uri, 100), 7)),
    }


def _memory(path: Path) -> Figures:
    """Peak memory of fresh processes, each with its imports."""
    peaks = {}
    for who in ("ours", "theirs"):
        done = subprocess.run(
            [sys.executable, __file__, "--peak", who, str(path)], capture_output=True, text=True, check=True
        )
        peaks[who] = float(done.stdout.splitlines()[-1])
    figure = {"MiB": peaks["ours"], "mlflow_MiB": peaks["theirs"], "part": round(peaks["ours"] / peaks["theirs"], 2)}
    return {"SQLite, peak memory to a DataFrame": figure}


def _peak(who: str, path: str) -> None:
    uri = f"sqlite:///{path}"
    if who == "ours":
        _ours(uri)().to_pandas()
    else:
        _theirs(uri)
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts the parent's memory too, of which this process was forked
        (peak,) = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    else:
        peak = str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print(round(int(peak) / 1024))


# ---- a server


def _server(folder: Path, path: Path) -> Figures:
    with served(folder, path) as uri:
        _ours(uri, 100)()
        return {"a real server, 2 workers": _figure(_timed(_ours(uri)), _timed(lambda: _theirs(uri)))}


# ---- canned pages


def _canned(folder: Path, path: Path, runs: int) -> Figures:
    pages = folder / "pages"
    pages.mkdir()
    can(pages, path)
    figures: Figures = {}
    for delay in (0.0, DELAY):
        port = free_port()
        command = [sys.executable, str(Path(__file__).with_name("canned.py")), str(port), str(pages), str(delay)]
        with started(command, folder, port) as uri:
            raw = _timed(lambda uri=uri: _raw(uri), 3)  # type: ignore[misc]
            ours = _timed(_ours(uri), 3)
            theirs = _timed(lambda uri=uri: _theirs(uri))  # type: ignore[misc]
            assert len(ours[2]) == len(theirs[2]) == runs
        figure = _figure(ours, theirs) | {"of_raw": round(ours[0] / raw[0], 2)}
        figures[f"canned pages, {delay * 1000:.0f} ms a request"] = figure
    return figures


def _raw(uri: str) -> int:
    """The bytes and nothing else, page after page over one connection."""
    import requests

    from mlflow_aml_magics.client.bulk.pages import next_token

    size, token = 0, None
    with requests.Session() as session:
        while True:
            body = {"experiment_ids": ["1"], "max_results": PAGE, "page_token": token}
            content = session.post(f"{uri}/api/2.0/mlflow/runs/search", json=body).content
            size += len(content)
            token = next_token(content)
            if token is None:
                return size


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What reading every run costs against mlflow.search_runs.")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--no-server", action="store_true", help="without the real server, 2 ms a run")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.peak:
        _peak(*wanted.peak)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        reading_figures(Path(folder), wanted.runs, server=not wanted.no_server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
