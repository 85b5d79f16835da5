"""What charts ask of the kernel: histories, values at a step, importance, noise, figures, a snapshot."""

from __future__ import annotations

import json
import math
import threading
from typing import Any

import mlflow
import pyarrow as pa
import pytest
from mlflow.entities import Metric, Param

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import MetricNotFound
from mlflow_aml_magics.panels.explorer import ExplorerPanel

STEPS = 50


@pytest.fixture
def panel(store_uri: str) -> ExplorerPanel:
    """30 runs: three learning rates, ten seeds each; rmse falls over 50 steps and depends on the rate alone."""
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine")
    for lr in (1, 2, 3):
        for seed in range(10):
            run = client.create_run(experiment).info.run_id
            off = ((seed * 7) % 10 - 4.5) / 100
            points = [Metric("rmse", lr + off + 10 / (step + 1), 1000 + step, step) for step in range(STEPS)]
            points[3] = Metric("rmse", math.nan, 1003, 3)
            client.log_batch(run, points, [Param("lr", str(lr / 10)), Param("seed", str(seed))])
            client.set_terminated(run)
    found = Workspace.connect(store_uri, experiment="wine").compare(metric="rmse", goal="min")
    assert isinstance(found, ExplorerPanel)
    return found


@pytest.fixture
def ask(panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks as the browser does; the result, with its buffers, or the error's code."""

    def asked(name: str, /, **args: Any) -> Any:
        done, replies = threading.Event(), []

        def send(message: dict[str, Any], buffers: Any = None) -> None:
            if message["kind"] == "reply":
                replies.append((json.loads(json.dumps(message)), buffers))  # what is no JSON fails here
                done.set()

        monkeypatch.setattr(panel, "send", send)
        panel._receive(panel, {"id": "1", "kind": "request", "name": name, "args": args}, [])
        assert done.wait(60)
        ((message, buffers),) = replies
        return message["error"]["code"] if message["error"] else message["result"] | {"buffers": buffers}

    return asked


def ids_of(panel: ExplorerPanel, lr: str) -> list[str]:
    found: list[str] = panel.run_table.filter(f"params.lr = '{lr}'").column("run_id").to_pylist()
    return found


def test_histories_travel_as_columns(panel: ExplorerPanel, ask: Any) -> None:
    first, second = ids_of(panel, "0.1")[:2]
    found = ask("history", run_ids=[second, first, "gone"], metrics=["rmse"], points=1000)
    assert (found["points_total"], found["points_sent"], found["live"], found["note"]) == (100, 100, False, "")
    table = pa.ipc.open_stream(found["buffers"][0]).read_all()
    assert table.column_names == ["run_id", "metric", "step", "timestamp", "value"]
    assert table.column("run_id").to_pylist() == [second] * STEPS + [first] * STEPS
    assert table.column("timestamp").to_pylist()[:2] == [1000.0, 1001.0]
    assert math.isnan(table.column("value")[3].as_py())


def test_a_thinned_history_says_so(panel: ExplorerPanel, ask: Any) -> None:
    found = ask("history", run_ids=ids_of(panel, "0.1"), metrics=["rmse"], points=10)
    assert (found["points_total"], found["points_sent"]) == (500, 100)
    assert "thinned" in found["note"]


def test_a_metric_at_a_step_for_every_run(panel: ExplorerPanel, ask: Any) -> None:
    found = ask("metric_values", metric="rmse", how="step", step=9)
    table = pa.ipc.open_stream(found["buffers"][0]).read_all()
    assert table.column("run_id").to_pylist() == panel.run_table.column("run_id").to_pylist()
    assert found["found"] == 30
    assert min(table.column("value").to_pylist()) == pytest.approx(1 - 0.045 + 1)
    assert ask("metric_values", metric="rmse", how="mean", step=None) == "usage"
    assert ask("metric_values", metric="nope", how="min", step=None)["found"] == 0


def test_importance_of_what_the_filter_lets_through(panel: ExplorerPanel, ask: Any) -> None:
    found = ask("importance", metric="rmse", query="")
    assert [row["key"] for row in found["rows"]] == ["params.lr", "params.seed"]
    assert found["rows"][0]["direction"] == "up"
    assert found["rows"][0]["importance"] > 0.7
    assert ask("importance", metric="rmse", query="params.lr = '0.1'")["runs"] == 10
    assert ask("importance", metric="nope", query="") == MetricNotFound.code
    assert panel.importance().iloc[0]["param"] == "lr"


def test_noise_between_two_rates_is_none_and_between_seeds_is(panel: ExplorerPanel, ask: Any) -> None:
    (a, same, *_), (b, *_) = ids_of(panel, "0.1"), ids_of(panel, "0.2")
    found = ask("noise", run_ids=[a, b, same], metric="rmse", baseline="", group_by=[])
    base, other, seed = found["groups"]
    assert base["verdict"] == "baseline"
    assert (other["n"], other["verdict"]) == (10, "worse")
    assert other["low"] < 1 < other["high"]
    assert "seed" in seed["said"]
    assert list(panel.noise(a, b)["verdict"]) == ["baseline", "worse"]


def test_groups_over_seeds(panel: ExplorerPanel) -> None:
    groups = panel.groups()
    assert list(groups["params.lr"].sort_values()) == ["0.1", "0.2", "0.3"]
    assert list(groups["runs"]) == [10, 10, 10]
    panel.query = "params.seed = '1'"
    assert list(panel.groups("lr", metrics=["rmse"])["metrics.rmse.count"]) == [1, 1, 1]


def test_a_chart_of_the_panel_is_a_plotly_figure(ask: Any) -> None:
    chart = {"id": "1", "kind": "scatter", "x": "params.lr", "y": "", "color": "", "size": "", "options": {}}
    figure = json.loads(ask("figure", chart=chart)["json"])
    assert len(figure["data"][0]["text"]) == 30
    assert figure["layout"]["xaxis"]["title"]["text"] == "lr"
    assert json.loads(ask("figure", chart="parallel")["json"])["data"][0]["type"] == "parcoords"
    assert ask("figure", chart={**chart, "kind": "pie"}) == "usage"


def test_a_snapshot_comes_as_text(ask: Any) -> None:
    assert ask("snapshot")["html"].startswith("<!doctype html>")


def test_views_are_saved_from_the_panel(ask: Any) -> None:
    view = {"query": "metrics.rmse < 2", "tab": "charts"}
    assert ask("save_view", name="good ones", view=view)["names"] == ["good ones"]
    assert ask("views")["views"] == {"good ones": view}
    assert ask("save_view", name="wrong", view={"sort": "rmse"}) == "usage"
    assert ask("delete_view", name="good one") == "not_found"
    assert ask("delete_view", name="good ones")["names"] == []
