"""The explorer from Python: best, selected, on_select, and code that gives what is shown when it is run."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import struct
from pathlib import Path
from typing import Any

import mlflow
import pyarrow as pa
import pytest
from mlflow.entities import Metric, Param, RunTag

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import RunNotFound, UsageError
from mlflow_aml_magics.panels.answers.copy_code import python_of
from mlflow_aml_magics.panels.explorer import ExplorerPanel

ODD = "odd. name - DESC:1"


@pytest.fixture
def workspace(store_uri: str) -> Workspace:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment('wine\'s "best"')
    values = random.Random(1)
    for i in range(16):
        run = client.create_run(experiment, run_name=f"run {i}").info.run_id
        metrics = [Metric("rmse", round(values.random(), 1), 0, 0)] if i % 5 else []
        params = [Param("alpha", str(values.choice((9, 10, 0.5)))), Param(ODD, "x")]
        client.log_batch(run, metrics, params, [RunTag(ODD, values.choice("ab"))])
        client.set_terminated(run)
    return Workspace.connect(store_uri, experiment='wine\'s "best"')


@pytest.fixture
def panel(workspace: Workspace) -> ExplorerPanel:
    found = workspace.compare(metric="rmse")
    assert isinstance(found, ExplorerPanel)
    return found


def ran(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(code, names)
    return names["runs"]


def test_copied_rows_are_those_shown_in_their_order(panel: ExplorerPanel, workspace: Workspace) -> None:
    args = {
        "action": "runs",
        "query": f"tags.`{ODD}` = 'a' AND metrics.rmse >= 0",
        "sort": [
            {"key": "params.alpha", "descending": True},
            {"key": f"tags.{ODD}", "descending": False},
            {"key": "metrics.rmse", "descending": False},
        ],
        "columns": ["run_name", "experiment", "metrics.rmse", "params.gone"],
        "run_ids": [],
    }
    panel.query = args["query"]
    shown = panel.shown.sort(f"params.alpha DESC, tags.`{ODD}`, metrics.rmse")
    frame = ran(python_of(workspace, args, experiments=panel.exploration.experiments))
    assert list(frame["run_id"]) == shown.column("run_id").to_pylist()
    assert list(frame["tags.mlflow.runName"]) == shown.column("run_name").to_pylist()
    assert list(frame.columns) == ["run_id", "tags.mlflow.runName", "metrics.rmse", "params.gone"]


def test_copied_ticks_come_in_their_order(panel: ExplorerPanel, workspace: Workspace) -> None:
    ticked = panel.run_table.sort("run_name").column("run_id").to_pylist()[3:7]
    frame = ran(python_of(workspace, {"action": "runs", "query": "", "run_ids": ticked}))
    assert list(frame["run_id"]) == ticked


def test_best_is_of_the_runs_shown(panel: ExplorerPanel) -> None:
    everywhere = panel.best
    assert (everywhere.goal, everywhere.why) == ("min", panel.info["why_goal"])
    panel.query = f"metrics.rmse > {everywhere.value}"
    assert panel.best.value > everywhere.value
    panel.query = "metrics.rmse > 99"
    with pytest.raises(RunNotFound):
        _ = panel.best


def test_on_select_ends_when_it_is_told_to(panel: ExplorerPanel) -> None:
    seen: list[int] = []
    stop = panel.on_select(lambda frame: seen.append(len(frame)))
    panel.query = "metrics.rmse > 0.5"
    stop()
    panel.query = ""
    assert len(seen) == 1


def test_a_run_that_is_gone_is_not_selected(panel: ExplorerPanel) -> None:
    there = panel.run_table.column("run_id")[0].as_py()
    panel.selected_run_ids = ["f" * 32, there]
    assert list(panel.selected["run_id"]) == [there]


def test_noise_needs_two_runs(panel: ExplorerPanel) -> None:
    with pytest.raises(UsageError):
        panel.noise()


def test_children_are_said_in_the_heading(workspace: Workspace, store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.get_experiment_by_name('wine\'s "best"').experiment_id
    parent = client.create_run(experiment, run_name="sweep").info.run_id
    for _ in range(2):
        client.create_run(experiment, tags={"mlflow.parentRunId": parent})
    panel = workspace.compare(children="sweep")
    assert "children of sweep in wine's" in repr(panel)
    assert len(panel.run_table) == 2
    code = python_of(workspace, {"action": "runs", "query": ""}, parent=panel.exploration.parent)
    assert set(ran(code)["run_id"]) == set(panel.run_table.column("run_id").to_pylist())


HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> &lt;"


def test_a_snapshot_is_one_safe_file_with_all_runs(store_uri: str, tmp_path: Path) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment(f"{HOSTILE}")
    for i in range(5):
        run = client.create_run(experiment, run_name=HOSTILE).info.run_id
        client.log_metric(run, "rmse", i)
        client.set_tag(run, "note", HOSTILE)
        client.set_terminated(run)
    panel = Workspace.connect(store_uri, experiment=HOSTILE).compare(metric="rmse")
    assert isinstance(panel, ExplorerPanel)
    panel.query = "metrics.rmse < 3"
    path = panel.snapshot(tmp_path / "compare.html")
    text = path.read_text("utf-8")
    assert text.count("</script>") == text.count("<script ") == 2
    assert "<script>" not in text
    assert "<img" not in text
    assert not re.search(r"(src|href)=.https?:", text)
    assert "default-src 'none'" in text

    packed = re.search(r'id="mam-snapshot-data">([^<]*)<', text)
    assert packed
    package = gzip.decompress(base64.b64decode(packed[1]))
    (size,) = struct.unpack("<I", package[:4])
    header = json.loads(package[4 : 4 + size])
    assert header["view"]["query"] == panel.query
    assert header["history"]["result"]["points_sent"] == 3
    runs = pa.ipc.open_stream(package[4 + size : 4 + size + header["sizes"][0]]).read_all()
    assert runs.num_rows == 5

    with pytest.raises(UsageError):
        panel.snapshot(tmp_path / "nowhere" / "compare.html")
