"""RunTable against what mlflow.search_runs gives for the same runs of a real store, and its own promises."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

import mlflow
import pandas as pd
import pyarrow as pa
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from mlflow_aml_magics.errors import QueryError, RunNotFound
from mlflow_aml_magics.frames.runtable import RunTable, RunTableBuilder


@pytest.fixture
def client(store_uri: str) -> MlflowClient:
    """A store with 30 runs as different as runs get."""
    client = MlflowClient(store_uri)
    experiment = client.create_experiment("wine", artifact_location="file:///nowhere")
    parent = None
    for i in range(30):
        tags = {"mlflow.parentRunId": parent} if parent and i % 5 else {}
        run = client.create_run(experiment, start_time=1_700_000_000_123 + i, tags=tags, run_name=f"run {i} | <b>")
        if i % 5 == 0:
            parent = run.info.run_id
        metrics = [Metric("rmse", math.nan if i == 7 else 50.0 + i / 7, 0, 0)] if i % 4 else []
        metrics += [Metric("val loss/x-1", 1e308 * (1 if i % 2 else -1), 0, 0)] if i > 20 else []
        params = (
            [Param("alpha", repr(10.0 ** (-i))), Param("model", "rf" if i % 2 else "линейная 😀")] if i != 3 else []
        )
        params += [Param("depth", str(i))] if i % 6 == 0 else []
        client.log_batch(run.info.run_id, metrics, params, [RunTag("note of mine", "a\nb")] if i == 9 else [])
        if i % 3:
            status = ("FINISHED", "FAILED", "KILLED")[i % 3]
            client.set_terminated(run.info.run_id, status, end_time=1_700_000_100_456 + i)
    return client


def table_of(client: MlflowClient, query: str = "") -> RunTable:
    experiment = client.get_experiment_by_name("wine")
    builder = RunTableBuilder()
    for run in client.search_runs([experiment.experiment_id], query, order_by=["start_time"]):
        info = run.info
        attributes: dict[str, object] = {
            key: getattr(info, key) for key in ("run_id", "run_name", "status", "artifact_uri")
        }
        attributes |= {"start_time": info.start_time, "end_time": info.end_time, "experiment_id": info.experiment_id}
        builder.add(
            {**attributes, "user": info.user_id, "experiment": "wine"}, run.data.metrics, run.data.params, run.data.tags
        )
    return builder.build()


def frame_of(client: MlflowClient, query: str = "") -> pd.DataFrame:
    mlflow.set_tracking_uri(client.tracking_uri)
    return mlflow.search_runs(experiment_names=["wine"], filter_string=query, order_by=["start_time"])


@pytest.mark.parametrize("query", ["", "metrics.rmse < 52", "attributes.status = 'RUNNING'", "params.depth = 'none'"])
def test_to_pandas_is_what_search_runs_gives(client: MlflowClient, query: str) -> None:
    ours, theirs = table_of(client, query).to_pandas(), frame_of(client, query)
    assert set(ours.columns) == set(theirs.columns)
    pd.testing.assert_frame_equal(ours[list(theirs.columns)], theirs, check_exact=True)


def test_filtering_here_is_filtering_there(client: MlflowClient) -> None:
    # "> 1" since mlflow's SQL stores hold NaN as 0 and compare it so.
    query = "metrics.rmse > 1 and metrics.rmse < 52 and params.model = 'rf'"
    ours, theirs = table_of(client).filter(query).to_pandas(), frame_of(client, query)
    pd.testing.assert_frame_equal(ours[list(theirs.columns)], theirs, check_exact=True)
    assert set(ours.columns) == set(theirs.columns)


def built(*runs: dict[str, Any]) -> RunTable:
    builder = RunTableBuilder()
    for i, run in enumerate(runs):
        attributes = {"run_id": str(i), "run_name": f"r{i}", "status": "FINISHED", "start_time": 1000 * i}
        builder.add(
            attributes | run.get("attributes", {}), run.get("metrics", {}), run.get("params", {}), run.get("tags", {})
        )
    return builder.build()


def ids(runs: RunTable) -> list[str]:
    return runs.column("run_id").to_pylist()


def test_missing_and_nan_come_last_either_way() -> None:
    runs = built({"metrics": {"m": 2}}, {}, {"metrics": {"m": math.nan}}, {"metrics": {"m": 1}}, {"metrics": {"m": 3}})
    assert ids(runs.sort("metrics.m")) == ["3", "0", "4", "2", "1"]
    assert ids(runs.sort("metrics.m DESC")) == ["4", "0", "3", "2", "1"]


def test_params_that_are_numbers_sort_as_numbers_and_ties_keep_their_order() -> None:
    runs = built(*({"params": {"n": n, "k": k}} for n, k in [("10", "b"), ("9", "a"), ("1e1", "a"), ("2", "b")]))
    assert ids(runs.sort("params.n")) == ["3", "1", "0", "2"]
    assert ids(runs.sort(["k", "n DESC"])) == ["2", "1", "0", "3"]
    with pytest.raises(QueryError, match="called 'nn'"):
        runs.sort("nn")


def test_take_keeps_the_order_asked_for() -> None:
    runs = built({}, {}, {})
    assert ids(runs.take(["2", "0"])) == ["2", "0"]
    with pytest.raises(RunNotFound, match="no run 'nope' among 3"):
        runs.take(["0", "nope"])


def test_infos_tell_kind_type_variation_and_axes() -> None:
    runs = built(
        {"params": {"alpha": "0.1", "kind": "x", "same": "1"}, "metrics": {"rmse": 1, "flat": 2}, "tags": {"t": "1"}},
        {
            "params": {"alpha": "1e-2", "kind": "1", "same": "1"},
            "metrics": {"rmse": 2, "flat": 2},
            "tags": {"mlflow.log-model.history": "[]"},
        },
        {"params": {"alpha": "3", "kind": "y", "same": "1"}, "metrics": {"flat": 2}},
    )
    infos = {info["key"]: info for info in runs.infos()}
    assert infos["params.alpha"] == {
        "key": "params.alpha",
        "kind": "param",
        "name": "alpha",
        "type": "number",
        "varies": True,
        "missing": 0,
        "axis": True,
    }
    assert infos["params.kind"]["type"] == "text"
    assert not infos["params.same"]["varies"]
    assert not infos["params.same"]["axis"]
    assert infos["metrics.rmse"]["missing"] == 1
    assert infos["start_time"]["type"] == "time"
    assert not infos["run_id"]["axis"]
    assert "tags.mlflow.log-model.history" not in infos


def test_a_param_of_an_infinite_number_is_text() -> None:
    infos = {info["key"]: info for info in built({"params": {"a": "inf"}}, {"params": {"a": "1"}}).infos()}
    assert infos["params.a"]["type"] == "text"


def test_at_most_twelve_axes_and_the_metric_asked_for_is_one() -> None:
    runs = built(
        *(
            {"params": {f"p{k:02}": str(i) for k in range(20)}, "metrics": {f"m{k}": float(i) for k in range(5)}}
            for i in range(3)
        )
    )
    axes = [info["key"] for info in runs.infos("m3") if info["axis"]]
    assert len(axes) == 12
    assert "metrics.m3" in axes


def test_the_wire_is_one_batch_in_the_order_of_infos() -> None:
    runs = built(
        {"params": {"k": "a"}, "metrics": {"m": math.nan}, "tags": {"t": "x", "mlflow.user": "u"}},
        {"params": {"k": "b"}, "attributes": {"end_time": 5}},
        {"params": {"k": "a"}, "metrics": {"m": 1}},
    )
    batches = list(pa.ipc.open_stream(runs.to_ipc()))
    assert len(batches) == 1
    batch = batches[0]
    assert batch.schema.names == [info["key"] for info in runs.infos()]
    assert batch.schema.field("params.k").type == pa.dictionary(pa.uint8(), pa.string())
    assert batch.schema.field("status").type == pa.dictionary(pa.uint8(), pa.string())
    assert batch.schema.field("start_time").type == pa.timestamp("ms", "UTC")
    assert batch.column("params.k").to_pylist() == ["a", "b", "a"]
    assert batch.column("tags.t").to_pylist() == ["x", None, None]
    values = batch.column("metrics.m")
    assert math.isnan(values[0].as_py())
    assert not values[1].is_valid


def test_no_runs_travel_too() -> None:
    batches = list(pa.ipc.open_stream(RunTableBuilder().build().to_ipc()))
    assert [batch.num_rows for batch in batches] == [0]


def test_total_and_row() -> None:
    builder = RunTableBuilder()
    builder.add({"run_id": "a", "start_time": datetime(2026, 1, 1, tzinfo=timezone.utc)}, {"m": 1}, {}, {})
    runs = builder.build(total=40)
    assert (len(runs), runs.total) == (1, 40)
    assert len(runs.filter("m > 5")) == 0
    assert runs.row(0)["start_time"] == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert runs.row(0)["metrics.m"] == 1.0
    assert "metrics.m" in runs
    assert runs.row(0)["user"] is None


def test_text_that_is_no_utf8_is_kept_readable() -> None:
    assert built({"params": {"p": "a\ud800b"}}).column("params.p").to_pylist() == ["a?b"]
