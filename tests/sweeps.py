"""Large sweeps written straight into a store that mlflow made: thousands of runs in a second instead of minutes.

Run as a program, it writes one beside an empty store: python tests/sweeps.py mlflow.db sweep 10000
"""

from __future__ import annotations

import math
import random
import sqlite3
import sys
import time
from pathlib import Path

HOSTILE = "<img src=x onerror=window.hacked=1>"
SEEDS = 5  # runs with the same params but for the seed
STEPS = 10  # of a metric's history
CHILDREN = 50  # of each parent


def fill_sweep(path: Path, experiment: str, runs: int, *, steps: int = STEPS) -> int:
    """Add an experiment of that many finished runs; returns its id.

    8 params (two of them the same in all), 6 metrics with histories, 4 tags. Some have no ``val_mae``, some a NaN, the
    first is called `HOSTILE`, one in fifty is the parent of those after it.
    """
    dice = random.Random(0)
    start = int(time.time() * 1000) - runs * 2000
    with sqlite3.connect(path) as store:
        cursor = store.execute(
            "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time)"
            " VALUES (?, ?, 'active', ?, ?)",
            (experiment, (path.parent / "mlartifacts").as_uri(), start, start),
        )
        number = cursor.lastrowid
        assert number is not None
        heads, params, latest, history, tags = [], [], [], [], []
        parent = ""
        for n in range(runs):
            run = f"{dice.getrandbits(128):032x}"
            setting = random.Random(n // SEEDS)
            alpha, depth, model = (
                10 ** setting.uniform(-4, 0),
                setting.randint(2, 12),
                setting.choice(("net", "rf", "gb")),
            )
            loss = 54 + 3 * abs(math.log10(alpha) + 2) + {"net": 4, "rf": 1, "gb": 0}[model] + dice.gauss(0, 0.6)
            name = HOSTILE if n == 0 else f"{model}-{n}"
            began = start + n * 2000
            heads.append((run, name, began, began + 900 + dice.randint(0, 900), f"file:///gone/{run}", number))
            values = {
                "alpha": f"{alpha:.6g}", "depth": depth, "model": model, "seed": n % SEEDS,
                "subsample": setting.choice((0.5, 0.8, 1.0)), "features": setting.choice(("all", "few", "log")),
                "dataset": "diabetes", "epochs": STEPS,
            }  # fmt: skip
            params += [(key, str(value), run) for key, value in values.items()]
            metrics = {
                "val_rmse": loss, "val_mae": loss * 0.8 + dice.gauss(0, 0.3), "val_r2": 1 - loss / 90,
                "train_rmse": loss - depth * 0.7, "fit_seconds": depth * setting.uniform(0.1, 0.4),
                "size_mb": depth**2 / 7,
            }  # fmt: skip
            if n % 13 == 7:
                del metrics["val_mae"]
            for key, value in metrics.items():
                bad = key == "val_r2" and n % 97 == 5
                latest.append((key, 0.0 if bad else value, began, steps - 1, bad, run))
                if key == "val_rmse":
                    history += [
                        (key, value + 20 * math.exp(-s / 2), began + s, run, s, False) for s in range(steps - 1)
                    ]
                history.append((key, 0.0 if bad else value, began + steps, run, steps - 1, bad))
            parent = run if n % CHILDREN == 0 else parent
            tags += [(key, value, run) for key, value in {"mlflow.runName": name, "mlflow.user": "ada"}.items()]
            if run != parent:
                tags.append(("mlflow.parentRunId", parent, run))
            if n % 10 == 0:
                tags.append(("team", ("red", "blue")[n % 20 // 10], run))
        store.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
            " VALUES (?, ?, 'LOCAL', '', '', 'ada', 'FINISHED', ?, ?, '', 'active', ?, ?)",
            heads,
        )
        store.executemany('INSERT INTO params ("key", value, run_uuid) VALUES (?, ?, ?)', params)
        store.executemany('INSERT INTO tags ("key", value, run_uuid) VALUES (?, ?, ?)', tags)
        store.executemany(
            'INSERT INTO latest_metrics ("key", value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)',
            latest,
        )
        store.executemany(
            'INSERT INTO metrics ("key", value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)', history
        )
    return number


if __name__ == "__main__":
    fill_sweep(Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3]))
