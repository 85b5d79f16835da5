"""The explorer follows its store: what changed travels, the rest stays where it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import mlflow
import pyarrow as pa
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import StoreError
from mlflow_aml_magics.panels.explorer import ExplorerPanel


class Story:
    """A store with an experiment, and a panel that was opened on it."""

    def __init__(self, uri: str, *, runs: int) -> None:
        self.client = mlflow.MlflowClient(tracking_uri=uri)
        self.experiment = self.client.create_experiment("wine")
        self.ids = [self.add(rmse=float(i)) for i in range(runs)]
        panel = Workspace.connect(uri, experiment="wine").compare()
        assert isinstance(panel, ExplorerPanel)
        self.panel = panel
        self.first = panel._runs

    def add(self, *, ended: bool = True, **metrics: float) -> str:
        run_id: str = self.client.create_run(self.experiment).info.run_id
        for name, value in metrics.items():
            self.client.log_metric(run_id, name, value)
        if ended:
            self.client.set_terminated(run_id)
        return run_id

    @property
    def sent(self) -> pa.Table | None:
        """What stands in `_changes`."""
        return pa.ipc.open_stream(self.panel._changes).read_all() if self.panel._changes else None


@pytest.fixture
def story(store_uri: str) -> Story:
    return Story(store_uri, runs=20)


def test_nothing_new_sends_nothing(story: Story) -> None:
    assert story.panel.refresh() == {"changed": 0, "removed": 0, "live": False}
    assert story.panel._runs is story.first
    assert story.sent is None


def test_a_run_is_followed_from_its_start_to_its_end(story: Story) -> None:
    new = story.add(ended=False)
    assert story.panel.refresh() == {"changed": 1, "removed": 0, "live": True}
    story.client.log_metric(new, "auc", 0.5)
    assert story.panel.refresh()["changed"] == 1
    assert story.sent is not None
    assert "metrics.auc" in story.sent.column_names
    assert story.panel.run_table.take([new]).column("metrics.auc").to_pylist() == [0.5]
    assert "metrics.auc" in [column["key"] for column in story.panel.info["columns"]]
    story.client.set_terminated(new)
    assert story.panel.refresh() == {"changed": 1, "removed": 0, "live": False}
    assert story.sent.column("run_id").to_pylist() == [new]
    assert (story.panel.info["loaded"], story.panel.info["live"]) == (21, False)
    assert story.panel._runs is story.first


def test_renames_tags_and_deletions_are_seen_and_ticks_stay(story: Story) -> None:
    panel, (renamed, tagged, deleted, *_) = story.panel, story.ids
    panel.selected_run_ids = [renamed]
    story.client.set_tag(renamed, "mlflow.runName", "better name")
    story.client.set_tag(tagged, "team", "red")
    story.client.delete_run(deleted)
    panel.refresh()
    assert sorted(story.sent.column("run_id").to_pylist()) == sorted([renamed, tagged])  # type: ignore[union-attr]
    assert panel.info["removed"] == [deleted]
    assert list(panel.selected["tags.mlflow.runName"]) == ["better name"]
    story.client.restore_run(deleted)
    panel.refresh()
    assert panel.info["removed"] == []
    assert deleted in story.sent.column("run_id").to_pylist()  # type: ignore[union-attr]


def test_many_changes_are_sent_as_a_whole(story: Story) -> None:
    for _ in range(5):
        story.add(rmse=1.0)
    story.panel.refresh()
    assert story.panel._changes == b""
    assert pa.ipc.open_stream(story.panel._runs).read_all().num_rows == 25


def test_an_experiment_without_runs_fills_and_finds_its_metric(store_uri: str) -> None:
    story = Story(store_uri, runs=0)
    assert not story.panel.info["metric"]
    story.add(rmse=1.0)
    story.panel.refresh()
    assert (story.panel.info["metric"], story.panel.info["goal"], story.panel.info["loaded"]) == ("rmse", "min", 1)


def test_a_store_that_goes_away_leaves_the_panel_as_it_was(story: Story, store_uri: str) -> None:
    path = Path(store_uri.removeprefix("sqlite:///"))
    story.panel.workspace.close()
    shutil.move(path, path.with_suffix(".away"))
    path.mkdir()  # neither a database nor a place to make one
    with pytest.raises(StoreError):
        story.panel.refresh()
    assert len(story.panel.run_table) == 20
    path.rmdir()
    shutil.move(path.with_suffix(".away"), path)
    assert story.panel.refresh()["changed"] == 0


def test_the_children_of_a_run_are_followed_by_themselves(story: Story) -> None:
    parent, other = story.ids[:2]
    child = story.add(rmse=0.5)
    story.client.set_tag(child, "mlflow.parentRunId", parent)
    panel = story.panel.workspace.compare(children=parent)
    assert isinstance(panel, ExplorerPanel)
    story.add(rmse=0.1)
    assert panel.refresh() == {"changed": 0, "removed": 0, "live": False}
    story.client.set_tag(other, "mlflow.parentRunId", parent)
    story.client.log_metric(child, "rmse", float("nan"))
    assert panel.refresh() == {"changed": 2, "removed": 0, "live": False}
    assert panel.refresh()["changed"] == 0  # NaN is what it was
    story.client.delete_run(child)
    assert panel.refresh() == {"changed": 0, "removed": 1, "live": False}
