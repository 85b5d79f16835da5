"""What a query on 10,000 runs costs: `Workspace.runs` against `mlflow.search_runs`, in one process, in turns."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

RUNS = 10_000
NUMBERS = "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < {last})"
# How each copy of the one run that mlflow wrote differs from it.
DIFFERENT = {
    "run_uuid": "printf('%032x', n)",
    "start_time": "start_time + n * 1000",
    "end_time": "end_time + n * 1000",
}
VALUES = {
    "metrics": "(n * 7919 % 10000) / 10000.0",
    "latest_metrics": "(n * 7919 % 10000) / 10000.0",
    "params": "CASE key WHEN 'model' THEN CASE n % 4 WHEN 0 THEN 'forest' ELSE 'linear' END ELSE n END",
}
SELECTIVE = "metrics.m0 < 0.02 AND params.model = 'forest'"  # 49 runs of the 10,000
EITHER = "metrics.m0 < 0.01 OR params.p3 = '17'"  # 100 runs; mlflow knows no OR, so that pandas has to


def fill(uri: str, path: Path) -> None:
    """10,000 runs with 20 metrics, 10 params and a tag each: one written by mlflow, the others copied in SQL."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    run_id = client.create_run(client.create_experiment("bench"), start_time=1_780_000_000_000).info.run_id
    client.log_batch(
        run_id,
        [Metric(f"m{i}", 1.0, 0, 0) for i in range(20)],
        [Param("model", "forest"), *(Param(f"p{i}", "0") for i in range(9))],
        [RunTag("team", "red")],
    )
    client.set_terminated(run_id, end_time=1_780_000_060_000)
    with closing(sqlite3.connect(path)) as store, store:
        for table in ("runs", "metrics", "latest_metrics", "params", "tags"):
            names = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
            new = [VALUES.get(table, "value") if name == "value" else DIFFERENT.get(name, name) for name in names]
            store.execute(
                f"INSERT INTO {table} ({', '.join(names)}) {NUMBERS.format(last=RUNS - 1)} "
                f"SELECT {', '.join(new)} FROM count, {table} WHERE run_uuid = '{run_id}'"
            )
        store.execute("ANALYZE")


def query_figures(folder: Path, repeat: int) -> dict[str, dict[str, float]]:
    """Medians in milliseconds, and how many times faster ours is.

    Args:
        folder: an empty one.
        repeat: how often each is asked; three times at most what reads every run.
    """
    import mlflow

    from mlflow_aml_magics import Workspace

    path = folder / "mlflow.db"
    uri = f"sqlite:///{path}"
    fill(uri, path)
    workspace = Workspace.connect(uri, experiment="bench")
    mlflow.set_tracking_uri(uri)

    def everything_and_pandas() -> int:
        runs: Any = mlflow.search_runs(experiment_names=["bench"])
        return len(runs[(runs["metrics.m0"] < 0.01) | (runs["params.p3"] == "17")])

    pairs: dict[str, tuple[Callable[[], int], Callable[[], int]]] = {
        "a selective query": (
            lambda: len(workspace.runs(SELECTIVE)),
            lambda: len(mlflow.search_runs(experiment_names=["bench"], filter_string=SELECTIVE)),
        ),
        "one with OR": (lambda: len(workspace.runs(EITHER)), everything_and_pandas),
        "the newest 20": (
            lambda: len(workspace.runs(limit=20)),
            lambda: len(mlflow.search_runs(experiment_names=["bench"], max_results=20)),
        ),
    }
    try:
        return {
            name: _compared(ours, theirs, min(repeat, 3) if theirs is everything_and_pandas else repeat)
            for name, (ours, theirs) in pairs.items()
        }
    finally:
        workspace.close()


def _compared(ours: Callable[[], int], theirs: Callable[[], int], repeat: int) -> dict[str, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    found = 0
    for round_ in range(repeat + 1):
        counts = []
        for times, ask in zip(taken, (ours, theirs), strict=True):
            start = time.perf_counter()
            counts.append(ask())
            if round_:  # the first fills mlflow's and SQLite's caches
                times.append((time.perf_counter() - start) * 1000)
        found = counts[0]
        if counts[1] != found:
            raise SystemExit(f"ours found {counts[0]} runs, mlflow {counts[1]}")
    mine, other = (statistics.median(times) for times in taken)
    return {"runs_found": found, "ms": round(mine, 1), "mlflow_ms": round(other, 1), "ratio": round(other / mine, 2)}
