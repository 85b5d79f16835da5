"""What it costs to learn what changed among runs that are known, and to open them again, beside reading them by mlflow.

python tests/benchmarks/refreshing.py [--runs 10000] [--no-server]
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from reading import fill
from served import served

NEW = 100  # runs between two refreshes
LATER = 1_800_000_000_000  # ms; after all runs of the store
Figures = dict[str, dict[str, float]]


def refreshing_figures(
    folder: Path, runs: int = 10_000, *, server: bool = True, reload: float | None = None
) -> Figures:
    """Milliseconds, and how many times faster than `mlflow.search_runs` of all runs.

    Args:
        folder: an empty one; takes 20 KB a run.
        runs: how many.
        server: also through a real `mlflow server`, which needs 2 ms a run to give them once.
        reload: seconds that mlflow takes for all of them in SQLite, where they were measured already.
    """
    path = folder / "mlflow.db"
    fill(path, runs)
    figures = _looks("SQLite", f"sqlite:///{path}", path, folder, reload)
    if server:
        with served(folder, path) as uri:
            figures |= _looks("server", uri, path, folder, None)
    return figures


def _looks(name: str, uri: str, path: Path, folder: Path, reload: float | None) -> Figures:
    from mlflow_aml_magics.client.connection import open_connection
    from mlflow_aml_magics.client.runs import experiments_by_id
    from mlflow_aml_magics.services.refresh import open_runs, refresh

    os.environ["AML_MAGICS_STATE_DIR"] = str(folder / f"state of {name}")
    connection = open_connection(uri)
    experiments = experiments_by_id(connection, ["1"])
    if reload is None:
        reload = _milliseconds(lambda: _by_mlflow(uri), 1) / 1000
    known = open_runs(connection, experiments).table

    def look() -> None:
        nonlocal known
        known = refresh(connection, experiments, known).table

    time.sleep(4)  # a file that was written just now is looked into once more
    look()
    taken = {"nothing new": _milliseconds(look, 5)}
    asked, search = [], connection.mlflow.search_runs
    connection.mlflow.search_runs = lambda *args: asked.append(1) or search(*args)  # type: ignore[method-assign,func-returns-value]
    with_new = []
    for turn in range(3):
        before = len(known)
        _add(path, turn)
        with_new.append(_milliseconds(look, 1))
        if len(known) != before + NEW:
            raise SystemExit(f"{len(known) - before} new runs were seen instead of {NEW}")
    taken[f"{NEW} new"] = statistics.median(with_new)
    requests = len(asked) / 3
    open_runs(connection, experiments)
    time.sleep(4)
    open_runs(connection, experiments)
    taken["opened from the cache"] = _milliseconds(lambda: open_runs(connection, experiments), 5)
    connection.close()
    figures: Figures = {}
    for what, spent in taken.items():
        figures[f"{name}: {what}"] = {
            "ms": round(spent, 2),
            "mlflow_ms": round(reload * 1000),
            "ratio": round(reload * 1000 / spent, 1),
            "requests": requests if what.startswith(str(NEW)) else 0,
        }
        print(f"{name}: {what:26} {spent:9.2f} ms   mlflow/ours {reload * 1000 / spent:9.0f}", flush=True)
    return figures


def _by_mlflow(uri: str) -> Any:
    import mlflow

    mlflow.set_tracking_uri(uri)
    return mlflow.search_runs(["1"], max_results=1_000_000)


def _milliseconds(do: Callable[[], Any], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        do()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def _add(path: Path, turn: int) -> None:
    """New runs that have ended, as mlflow would have written them."""
    with closing(sqlite3.connect(path, timeout=30)) as store, store:
        start = LATER + turn * 10**9
        for i in range(NEW):
            run = uuid.uuid4().hex
            store.execute(
                "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage,"
                " artifact_uri, experiment_id) VALUES (?, ?, 'UNKNOWN', 'ann', 'FINISHED', ?, ?, 'active', ?, 1)",
                (run, f"new-{i}", start + i, start + i + 5, f"/tmp/mlruns/1/{run}/artifacts"),
            )
            for k in range(20):
                store.execute("INSERT INTO latest_metrics VALUES (?, 0.5, ?, 1, 0, ?)", (f"metric_{k:02}", start, run))
                store.execute("INSERT INTO metrics VALUES (?, 0.5, ?, ?, 1, 0)", (f"metric_{k:02}", start, run))
                store.execute("INSERT INTO params VALUES (?, '1', ?)", (f"param_{k:02}", run))
            store.execute("INSERT INTO tags VALUES ('mlflow.runName', ?, ?)", (f"new-{i}", run))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--no-server", action="store_true")
    parser.add_argument("--reload", type=float, help="seconds of mlflow, if known")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        refreshing_figures(Path(folder), wanted.runs, server=not wanted.no_server, reload=wanted.reload)


if __name__ == "__main__":
    main()
