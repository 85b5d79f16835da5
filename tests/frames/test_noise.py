"""Is it noise? The intervals hold as often as they say, and the verdicts are honest about few repeats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlflow_aml_magics.errors import MetricNotFound, RunNotFound
from mlflow_aml_magics.frames.noise import difference, is_it_noise
from mlflow_aml_magics.frames.runtable import RunTable


def runs_of(**columns: Any) -> RunTable:
    count = len(next(iter(columns.values())))
    named = {key.replace("__", ".", 1): pa.array(values) for key, values in columns.items()}
    return RunTable(pa.table({"run_id": [f"r{i}" for i in range(count)], **named}))


@pytest.mark.parametrize(("ours", "theirs"), [(2, 2), (3, 3), (5, 10), (20, 4)])
def test_95_of_100_intervals_hold_the_truth(ours: int, theirs: int) -> None:
    random = np.random.default_rng(0)
    held = 0
    for seed in range(300):
        found = difference(random.standard_normal(ours) + 1, 2 * random.standard_normal(theirs), seed=seed)
        assert found
        held += found.low <= 1 <= found.high
    assert 0.92 <= held / 300 <= 0.995


def test_folds_are_compared_pair_by_pair() -> None:
    hard = np.array([0.5, 0.7, 0.9, 0.6, 0.8])  # folds differ far more than the runs do
    apart = difference(hard + 0.01, hard)
    together = difference(hard + np.array([0.01, 0.012, 0.009, 0.011, 0.01]), hard, paired=True)
    assert apart
    assert apart.low < 0 < apart.high
    assert together
    assert together.low > 0


def test_seeds_of_equal_params_are_repeats() -> None:
    runs = runs_of(
        params__lr=["1", "1", "1", "1", "2", "2", "2", "2", "3"],
        params__random_state=["0", "1", "2", "3", "0", "1", "2", "3", "0"],
        metrics__auc=[0.80, 0.81, 0.82, 0.81, 0.90, 0.91, 0.92, 0.91, 0.95],
    )
    base, other, alone = is_it_noise(runs, ["r0", "r4", "r8"], "auc", goal="max")["groups"]
    assert (base["verdict"], base["n"], base["repeats"]) == ("baseline", 4, "4 runs with equal lr")
    assert (other["verdict"], other["n"]) == ("better", 4)
    assert other["difference"] == pytest.approx(0.1)
    assert "with care" in other["said"]
    assert (alone["verdict"], alone["low"]) == ("unknown", None)
    assert "run once" in alone["said"]


def test_a_small_difference_among_noisy_seeds_is_noise_whatever_the_goal() -> None:
    runs = runs_of(params__lr=["1"] * 6 + ["2"] * 6, metrics__loss=[1, 2, 3, 4, 5, 6, 1.1, 2.1, 3.1, 4.1, 5.1, 6.1])
    for goal in ("min", "max", None):
        verdict = is_it_noise(runs, ["r0", "r6"], "loss", goal=goal, group_by=["lr"])["groups"][1]
        assert verdict["verdict"] == "noise"
        assert "may well be noise" in verdict["said"]


def test_own_folds_go_before_seeds_and_child_runs_too() -> None:
    folds = runs_of(
        params__lr=["1", "2"],
        metrics__auc=[0.8, 0.9],
        **{f"metrics__fold_{i}_auc": [0.8 + i / 100, 0.9 + i / 100] for i in range(5)},
    )
    found = is_it_noise(folds, ["r0", "r1"], "auc", goal="max")["groups"][1]
    assert (found["repeats"], found["n"], found["verdict"]) == ("5 folds", 5, "better")
    assert "fold by fold" in found["said"]

    children = runs_of(
        metrics__auc=[None, None, 0.8, 0.82, 0.81, 0.9, 0.92, 0.91],
        **{"tags__mlflow.parentRunId": [None, None, "r0", "r0", "r0", "r1", "r1", "r1"]},
    )
    found = is_it_noise(children, ["r0", "r1"], "auc")["groups"][1]
    assert (found["repeats"], found["verdict"]) == ("3 child runs", "different")


def test_one_run_each_tells_nothing() -> None:
    runs = runs_of(params__lr=["1", "2"], metrics__auc=[0.5, float("nan")])
    lone, without = is_it_noise(runs, ["r0", "r1"], "auc", baseline="r0")["groups"]
    assert lone["verdict"] == "baseline"
    assert without["said"] == "it has no value of the metric"
    runs = runs_of(params__lr=["1", "2"], metrics__auc=[0.5, 0.6])
    assert "one run each" in is_it_noise(runs, ["r0", "r1"], "auc")["groups"][1]["said"]
    nothing = runs_of(metrics__auc=[0.5, 0.6])  # no param tells them apart
    assert "one run each" in is_it_noise(nothing, ["r0", "r1"], "auc")["groups"][1]["said"]


def test_runs_that_differ_by_the_seed_only_are_said_to() -> None:
    runs = runs_of(params__lr=["1", "1", "2"], params__seed=["0", "1", "0"], metrics__auc=[0.5, 0.6, 0.7])
    assert "differ by the seed only" in is_it_noise(runs, ["r0", "r1"], "auc")["groups"][1]["said"]


def test_identical_repeats_measure_no_noise() -> None:
    runs = runs_of(params__lr=["1", "1", "2", "2"], metrics__auc=[0.5, 0.5 + 1e-16, 0.6, 0.6])
    found = is_it_noise(runs, ["r0", "r2"], "auc", goal="max", group_by=["params.lr"])["groups"][1]
    assert (found["low"], found["high"], found["verdict"]) == (None, None, "unknown")
    assert "identical" in found["said"]
    assert found["difference"] == pytest.approx(0.1)


def test_what_is_not_there_is_named() -> None:
    runs = runs_of(metrics__auc=[0.5])
    with pytest.raises(MetricNotFound):
        is_it_noise(runs, ["r0"], "acu")
    with pytest.raises(RunNotFound):
        is_it_noise(runs, ["r0", "r9"], "auc")
