"""The runs that the front end's benchmark draws, in our form and in those of its peers."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path
from typing import Any

WIDGETS = 10_000  # its work grows with the square of the runs: 100,000 take minutes, which helps nobody
PEERS = {"plotly": "plotly", "HiPlot": "hiplot", "mlflow-widgets": "mlflow_widgets"}


def sweep(runs: int, params: int, metrics: int) -> Any:
    """A RunTable as a sweep leaves it: choices, whole numbers and draws from a range as params; losses and scores."""
    import numpy as np
    import pyarrow as pa

    from mlflow_aml_magics.frames.runtable import RunTable

    random = np.random.default_rng(11)
    columns: dict[str, Any] = {
        "run_id": [f"{i:032x}" for i in range(runs)],
        "run_name": [f"brave-ant-{i}" for i in range(runs)],
        "status": ["FINISHED"] * runs,
        "start_time": pa.array(1_780_000_000_000 + np.arange(runs) * 1000, pa.timestamp("ms", "UTC")),
    }
    luck = random.normal(size=runs)
    for i in range(params):
        if i % 4 == 0:
            values = np.array(["adam", "sgd", "lion", "rmsprop"])[random.integers(0, 4, runs)].tolist()
        elif i % 4 == 1:
            values = [repr(float(x)) for x in 10.0 ** random.integers(-5, 0, runs)]
        elif i % 4 == 2:
            values = [str(x) for x in random.integers(1, 200, runs)]
        else:
            values = [repr(float(x)) for x in 10 ** random.uniform(-4, 0, runs)]
        columns[f"params.p{i}"] = values
    for i in range(metrics):
        score = np.tanh(0.6 * luck + random.normal(size=runs) * 0.6) * 0.4 + 0.5 + i / 100
        if i % 3 == 0:  # a loss, as torch and keras compute it
            score = score.astype(np.float32).astype(np.float64)
        elif i % 3 == 1:  # a share of a test set
            score = np.rint(score * 5_000) / 5_000
        columns[f"metrics.m{i}"] = score  # the others are doubles to the last bit
    return RunTable(pa.table(columns))


def write_ours(folder: Path, name: str, runs: Any) -> dict[str, float]:
    """The runs as they travel; what that costs, beside JSON lists."""
    from mlflow_aml_magics.frames.wire import to_ipc
    from mlflow_aml_magics.services.explore import explore

    exploration = explore(runs, [], store="bench")
    axes = [info["key"] for info in exploration.info["columns"] if info["kind"] in ("param", "metric")]
    (folder / f"{name}.arrow").write_bytes(runs.to_ipc())
    (folder / f"{name}.json").write_text(json.dumps({"info": exploration.info, "axes": axes}))
    begun = time.perf_counter()
    packed = len(to_ipc(runs.table, axes))
    ours = time.perf_counter() - begun
    begun = time.perf_counter()
    listed = len(json.dumps([runs.column(key).to_pylist() for key in axes]))
    theirs = time.perf_counter() - begun
    cells = len(runs) * len(axes)
    return {
        "bytes_a_value": round(packed / cells, 2),
        "json_bytes_a_value": round(listed / cells, 2),
        "ms": round(ours * 1000, 1),
        "json_ms": round(theirs * 1000, 1),
    }


def write_peers(folder: Path, name: str, runs: Any) -> None:
    """The same runs in the forms of those peers that are installed, and as an HTML table."""
    import pandas as pd

    keys = [key for key in runs.table.column_names if key.startswith(("params.", "metrics."))]
    frame = pd.DataFrame({key: runs.column(key).to_pylist() for key in keys})
    for key in keys:
        numbers = pd.to_numeric(frame[key], errors="coerce")
        frame[key] = numbers if numbers.notna().all() else frame[key].astype("category").cat.codes
    columns = [{"name": key, "values": frame[key].tolist()} for key in keys]
    (folder / f"{name}.columns.json").write_text(json.dumps({"columns": columns}))
    records = frame.to_dict("records")
    if installed("HiPlot"):
        import hiplot

        (folder / f"{name}.hiplot.html").write_text(hiplot.Experiment.from_iterable(records).to_html())
    if installed("mlflow-widgets"):
        from mlflow_widgets import parallel

        split = [
            {
                "run_id": str(i),
                "run_name": f"run {i}",
                "status": "FINISHED",
                "params": {key: value for key, value in record.items() if key.startswith("params.")},
                "metrics": {key: value for key, value in record.items() if key.startswith("metrics.")},
            }
            for i, record in enumerate(records[:WIDGETS])
        ]
        axes, lines = parallel._build_axes_and_runs(split)
        (folder / f"{name}.widgets.json").write_text(json.dumps({"axes": axes, "runs": lines}))


def installed(peer: str) -> bool:
    """Whether a peer can be measured."""
    return importlib.util.find_spec(PEERS[peer]) is not None
