"""Every chart as a figure of plotly: the right values, honest about what is missing, safe with hostile names."""

from __future__ import annotations

import json
import sys
from typing import Any

import mlflow
import pytest
from mlflow.entities import Metric, Param

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.contract import ImportanceResult
from mlflow_aml_magics.errors import MissingDependency, QueryError, UsageError
from mlflow_aml_magics.panels.explorer import ExplorerPanel
from mlflow_aml_magics.plots.importance import importance_bars
from mlflow_aml_magics.plots.points import front_of
from mlflow_aml_magics.services.figures import KINDS

HOSTILE = "<a href='javascript:alert(1)'>x</a>"


@pytest.fixture
def panel(store_uri: str) -> ExplorerPanel:
    """12 runs, one of them without lr and one whose rmse is NaN; lr spans five decades."""
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine")
    for i in range(12):
        run = client.create_run(experiment, run_name=f"{HOSTILE}{i}").info.run_id
        params = [Param("model", HOSTILE if i % 2 else "rf"), Param("depth", str(i % 3))]
        params += [Param("lr", str(10.0 ** -(i % 6)))] if i else []
        rmse = float("nan") if i == 5 else 5 - i / 4
        metrics = [Metric("rmse", rmse + 3 - step, 1000 + step, step) for step in range(4)]
        client.log_batch(run, [*metrics, Metric("fit_seconds", float(i), 0, 0)], params)
        client.set_terminated(run)
    found = Workspace.connect(store_uri, experiment="wine").compare(metric="rmse")
    assert isinstance(found, ExplorerPanel)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_becomes_a_figure_without_markup_of_the_store(panel: ExplorerPanel, kind: str) -> None:
    figure = panel.figure(kind)
    text = figure.to_json()
    assert json.loads(text)["data"]
    assert "<a " not in text
    assert "\\u003ca " not in text


def test_parallel_has_the_axes_of_the_panel_and_a_place_for_what_is_missing(panel: ExplorerPanel) -> None:
    panel.axes = ["params.model", "params.lr", "metrics.rmse"]
    panel.view = {"flipped": ["metrics.rmse"]}
    model, rate, rmse = panel.figure("parallel").data[0].dimensions
    assert [model.label, rate.label, rmse.label] == ["model", "lr (log)", "rmse"]
    assert set(model.values) == {0, 1}
    assert rate.ticktext[0] == "none"
    assert min(rate.values) == rate.tickvals[0] < -5
    assert rmse.range[0] > rmse.range[1]


def test_a_scatter_takes_names_and_keys(panel: ExplorerPanel) -> None:
    figure = panel.figure("scatter", x="lr", color="params.model", options={"log_x": True})
    assert sum(len(trace.x) for trace in figure.data) == 12
    assert figure.layout.xaxis.type == "log"
    with pytest.raises(QueryError):
        panel.figure("scatter", x="learning_rate")
    with pytest.raises(UsageError):
        panel.figure("scatter", colour="lr")
    with pytest.raises(UsageError) as caught:
        panel.figure("scater")
    assert "scatter" in (caught.value.hint or "")


def test_history_draws_the_best_or_the_ticked_or_groups(panel: ExplorerPanel) -> None:
    best = panel.figure("history", options={"runs": 3})
    assert len(best.data) == 3
    assert "3 best of 12 runs" in best.layout.title.text
    assert list(best.data[0].y) == pytest.approx([5.25, 4.25, 3.25, 2.25])
    ids = panel.run_table.column("run_id").to_pylist()
    panel.selected_run_ids = ids[:2]
    assert len(panel.figure("history").data) == 2
    panel.selected_run_ids = []
    panel.view = {"group_by": ["params.depth"]}
    grouped = panel.figure("history")
    names = {trace.name for trace in grouped.data if trace.name}
    assert names == {f"depth {depth} (mean ± std of 4)" for depth in (0, 1, 2)}


def test_the_front_of_a_pareto_is_beaten_by_nobody() -> None:
    import numpy as np

    x, y = np.array([1.0, 2.0, 3.0, 2.0, np.nan]), np.array([3.0, 1.0, 2.0, 1.0, 0.0])
    assert front_of(x, y, ("min", "min")) == [0, 1, 3]
    assert front_of(x, y, ("max", "max")) == [2, 0]
    assert front_of(x[:0], y[:0], ("min", "max")) == []


def test_runs_that_have_nothing_to_draw_are_said(store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    client.create_run(client.create_experiment("empty"))
    panel: Any = Workspace.connect(store_uri, experiment="empty").compare()
    for kind in KINDS:
        with pytest.raises(UsageError):
            panel.figure(kind)


def test_without_params_importance_is_a_figure_with_its_note() -> None:
    note = "too few: 3 runs"
    found: ImportanceResult = {"metric": "r2", "rows": [], "method": "x", "runs": 3, "floor": 0.0, "note": note}
    assert "too few: 3 runs" in importance_bars(found).to_json()


def test_without_plotly_the_pip_line_is_said(panel: ExplorerPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingDependency) as caught:
        panel.figure()
    assert "mlflow-aml-magics[plots]" in (caught.value.hint or "")
