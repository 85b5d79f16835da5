"""Experiments and runs that are not what they seem."""

from __future__ import annotations

import math

import mlflow
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import ExperimentNotFound


def test_a_deleted_experiment_is_not_found_and_says_how_to_get_it_back(store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine")
    client.delete_experiment(experiment)
    for name in ("wine", experiment):
        with pytest.raises(ExperimentNotFound, match="was deleted") as caught:
            Workspace.connect(store_uri, experiment=name).runs()
        assert caught.value.hint == "%aml_track --experiment wine restores it"


def test_runs_whose_metric_is_nan_are_not_among_those_compared(store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine")
    for value in (1.0, 2.0, math.nan, None):
        run = client.create_run(experiment)
        if value is not None:
            client.log_metric(run.info.run_id, "rmse", value)
    best = Workspace.connect(store_uri, experiment="wine").best("rmse")
    assert (best.value, best.runs, best.without) == (1.0, 4, 2)
    assert "the lowest of 2 runs" in repr(best)
