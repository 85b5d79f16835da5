"""Runs of equal params as groups, against pandas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlflow_aml_magics.errors import QueryError, UsageError
from mlflow_aml_magics.frames.groups import group_runs, is_seed, params_but_seeds
from mlflow_aml_magics.frames.runtable import RunTable


@pytest.fixture
def runs() -> RunTable:
    random = np.random.default_rng(0)
    values = random.random(60)
    metric = [None if i % 10 == 3 else math.nan if i % 10 == 4 else value for i, value in enumerate(values)]
    return RunTable(
        pa.table(
            {
                "run_id": [f"r{i}" for i in range(60)],
                "metrics.rmse": pa.array(metric, pa.float64()),
                "params.rmse": ["same name as the metric"] * 60,
                "params.lr": [None if i % 4 == 3 else f"0.{i % 4}" for i in range(60)],
                "params.od`d name": [str(i % 2) for i in range(60)],
                "params.seed": [str(i) for i in range(60)],
            }
        )
    )


def test_groups_are_those_of_pandas(runs: RunTable) -> None:
    found = group_runs(runs, ["lr", "params.od`d name"], metrics=["rmse"]).to_pandas()
    frame = pd.DataFrame({key: runs.column(key).to_pylist() for key in runs.table.column_names if "." in key})
    frame["metrics.rmse"] = pd.to_numeric(frame["metrics.rmse"])
    grouped = frame.groupby(["params.lr", "params.od`d name"], dropna=False, sort=False)
    expected = grouped["metrics.rmse"].agg(["mean", "std", "min", "max", "count"])
    assert list(found["runs"]) == list(grouped.size())
    for word in expected:
        assert np.allclose(found[f"metrics.rmse.{word}"], expected[word], equal_nan=True)
    assert list(found["params.lr"])[:4] == ["0.0", "0.1", "0.2", None]


def test_one_run_has_no_spread(runs: RunTable) -> None:
    found = group_runs(runs.take(["r0"]), ["lr"]).to_pylist()[0]
    assert (found["runs"], found["metrics.rmse.std"]) == (1, None)


def test_unknown_columns_are_named(runs: RunTable) -> None:
    with pytest.raises(QueryError):
        group_runs(runs, ["learning_rate"])
    with pytest.raises(UsageError):
        group_runs(runs, [])


def test_seeds_are_told_by_their_names(runs: RunTable) -> None:
    assert params_but_seeds(runs) == ["params.lr", "params.od`d name"]
    seeds = ["seed", "random_state", "model__random_state", "dataSeed", "fold", "cv_fold", "foldIdx", "repeat", "SEED"]
    others = ["seed_length", "n_folds", "num_seeds", "manifold", "rep_penalty", "lr", "folder", "n_repeat"]
    assert [name for name in seeds if not is_seed(name)] == []
    assert [name for name in others if is_seed(name)] == []
