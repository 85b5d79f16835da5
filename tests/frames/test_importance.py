"""Importance of params against functions whose shares are known, and what is said where they cannot be trusted."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlflow_aml_magics.errors import MetricNotFound
from mlflow_aml_magics.frames.importance import importance
from mlflow_aml_magics.frames.runtable import RunTable


def table(metric: Any, **params: Any) -> RunTable:
    columns: dict[str, Any] = {"run_id": [f"r{i}" for i in range(len(metric))], "metrics.rmse": pa.array(metric)}
    for name, values in params.items():
        columns[f"params.{name}"] = pa.array([None if value is None else str(value) for value in values])
    return RunTable(pa.table(columns))


@pytest.fixture
def uniform() -> Any:
    return np.random.default_rng(1).random((400, 4))


def shares(runs: RunTable) -> dict[str, float]:
    return {row["key"].removeprefix("params."): row["importance"] for row in importance(runs, "rmse")["rows"]}


def test_shares_are_those_of_the_function(uniform: Any) -> None:
    a, b, c, d = uniform.T
    found = shares(table(3 * a + b, a=10 ** (-4 * a), b=b, c=c, d=d))
    assert found["a"] == pytest.approx(0.9, abs=0.08)  # 9 of 9 + 1 parts of the variance
    assert found["b"] == pytest.approx(0.1, abs=0.05)
    assert max(found["c"], found["d"]) < 0.02


def test_a_best_in_the_middle_counts(uniform: Any) -> None:
    a, b, _, _ = uniform.T
    assert shares(table(np.abs(a - 0.5), a=a, b=b))["a"] > 0.8


def test_categories_missing_values_and_the_direction(uniform: Any) -> None:
    a, b, c, _ = uniform.T
    model = np.where(c < 0.5, "forest", "linear")
    trees = [round(100 * value) if kind == "forest" else None for value, kind in zip(b, model, strict=True)]
    found = importance(table((model == "linear") * 2 - a, a=a, model=model, trees=trees), "rmse")
    rows = {row["key"]: row for row in found["rows"]}
    # What "model" says is also said by "trees" being there.
    assert rows["params.model"]["importance"] + rows["params.trees"]["importance"] > 0.5
    assert rows["params.a"]["direction"] == "down"
    assert rows["params.model"]["direction"] == "none"


def test_one_run_that_diverged_is_not_all_that_matters(uniform: Any) -> None:
    a, b, _, _ = uniform.T
    metric = a.copy()
    metric[7] = 1e30
    assert shares(table(metric, a=a, b=b))["a"] > 0.8


def test_the_same_runs_give_the_same_answer(uniform: Any) -> None:
    a, b, _, _ = uniform.T
    assert importance(table(a + b, a=a, b=b), "rmse") == importance(table(a + b, a=a, b=b), "metrics.rmse")


@pytest.mark.parametrize(
    ("count", "noise", "said"), [(12, 0.0, "unstable: only 12 runs"), (300, 100.0, "unstable: the params predict")]
)
def test_what_cannot_be_trusted_is_called_unstable(uniform: Any, count: int, noise: float, said: str) -> None:
    a, b, c, d = uniform[:count].T
    metric = a + noise * np.random.default_rng(3).standard_normal(count)
    assert said in importance(table(metric, a=a, b=b, c=c, d=d), "rmse")["note"]


def test_params_that_change_together_are_named(uniform: Any) -> None:
    a, b, _, _ = uniform.T
    note = importance(table(a + b, a=a, minus_a=-a, b=b), "rmse")["note"]
    assert "always change together" in note
    assert "a, minus_a" in note


def test_runs_without_the_metric_are_counted_and_ids_left_out(uniform: Any) -> None:
    a, _, _, _ = uniform.T
    metric = [None if i < 10 else float("nan") if i < 20 else value for i, value in enumerate(a)]
    found = importance(table(metric, a=a, path=[f"/data/{i}" for i in range(400)]), "rmse")
    assert found["runs"] == 380
    assert "20 runs without rmse left out" in found["note"]
    assert "left out, as almost every run has a text of its own: path" in found["note"]
    assert [row["key"] for row in found["rows"]] == ["params.a"]


@pytest.mark.parametrize(
    ("metric", "params", "said"),
    [
        ([1.0, 2.0], {"a": [1, 2]}, "too few: 2 runs"),
        ([float("nan")] * 9, {"a": range(9)}, "too few: 0 runs"),
        ([1.0] * 9, {"a": range(9)}, "the same in all"),
        (list(range(9)), {"a": [1] * 9}, "no param varies"),
        (list(range(9)), {}, "no param varies"),
        ([], {}, "too few: 0 runs"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is(metric: list[float], params: dict[str, Any], said: str) -> None:
    found = importance(table(np.array(metric, float), **params), "rmse")
    assert found["rows"] == []
    assert said in found["note"]


def test_a_metric_that_no_run_has_names_the_nearest() -> None:
    with pytest.raises(MetricNotFound) as caught:
        importance(table([1.0]), "rsme")
    assert "rmse" in (caught.value.hint or "")


def test_five_thousand_params_of_which_the_one_is_found() -> None:
    random = np.random.default_rng(0)
    values = random.integers(0, 50, (200, 5000))
    runs = table(values[:, 4321] * 1.0, **{f"p{i}": values[:, i] for i in range(5000)})
    began = time.perf_counter()
    found = importance(runs, "rmse")
    assert found["rows"][0]["key"] == "params.p4321"
    assert "40 of 5,000 params" in found["note"]
    assert time.perf_counter() - began < 60
