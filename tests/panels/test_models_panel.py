"""The registry panel's Python side: what it begins with, what it is asked, and that it is a list still."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import ModelNotFound
from mlflow_aml_magics.panels.models import ModelsPanel

from .test_comparison_panel import Asked

EVIL = "<img src=x onerror=alert(1)>"
MLMODEL = """\
flavors:
  python_function: {loader_module: mlflow.sklearn}
  sklearn: {sklearn_version: 1.7.0}
mlflow_version: 3.15.0
signature:
  inputs: '[{"type": "double", "name": "pH", "required": true}, {"type": "long", "name": "kind", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'
"""


@pytest.fixture
def workspace(store_uri: str, tmp_path: Path) -> Workspace:
    """Two models, of one of which three versions with files that nobody can load, which nobody needs to."""
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine", artifact_location=(tmp_path / "files").as_uri())
    for name in ("beer", "wine"):
        client.create_registered_model(name, description=EVIL)
    for i, name in enumerate(("wine", "wine", "wine", "beer")):
        run = client.create_run(experiment, run_name=f"run-{i}")
        run_id = run.info.run_id
        client.log_metric(run_id, "val_rmse", float("nan") if i == 2 else 0.5 + i)
        client.set_tag(run_id, "mlflow.source.git.commit", "abc123")
        client.log_text(run_id, MLMODEL, "model/MLmodel")
        client.log_text(run_id, "scikit-learn==1.7.0\npandas\n", "model/requirements.txt")
        client.log_text(run_id, "python: 3.11.4\n", "model/python_env.yaml")
        client.set_terminated(run_id)
        client.create_model_version(name, f"{run.info.artifact_uri}/model", run_id)
    (run,) = client.search_runs([experiment], "attributes.run_name = 'run-1'")
    source = json.dumps({"url": "https://host/wine.csv?sig=s3cret"})
    data = mlflow.entities.Dataset(name="wine-2026", digest="d1", source_type="http", source=source)
    tags = [mlflow.entities.InputTag("mlflow.data.context", "training")]
    client.log_inputs(run.info.run_id, [mlflow.entities.DatasetInput(data, tags)])
    return Workspace.connect(store_uri, experiment="wine")


@pytest.fixture
def panel(workspace: Workspace) -> ModelsPanel:
    return workspace.models_panel()


def test_it_is_a_list_and_its_traits_are_json(panel: ModelsPanel) -> None:
    assert [v.label for v in panel] == ["beer:1", "wine:3", "wine:2", "wine:1"]
    assert (len(panel), panel[0].name) == (4, "beer")
    info = json.loads(json.dumps(panel.info, allow_nan=False))
    assert [m["name"] for m in info["models"]] == ["beer", "wine"]
    assert info["versions"][1]["metrics"] == {"val_rmse": None}  # JSON has no NaN
    assert (info["total"], info["metrics"], info["azure"]) == (4, ["val_rmse"], False)
    assert "4 versions of 2 models" in repr(panel)
    assert "<img" not in panel._repr_mimebundle_()[0]["text/html"]


def test_it_opens_where_it_was_asked_to(workspace: Workspace) -> None:
    workspace.set_alias("wine:2", "champion")
    panel = workspace.models_panel("wine@champion")
    assert (panel.selected, [v.label for v in panel]) == ("wine:2", ["wine:3", "wine:2", "wine:1"])
    with pytest.raises(ModelNotFound, match="no registered model 'wein'"):
        workspace.models_panel("wein")


def test_a_version_its_files_and_its_lineage(panel: ModelsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asked(panel, monkeypatch)
    version = ask("version", name="wine", version="2")[0]["result"]
    assert (version["run"]["name"], version["run"]["commit"], version["run"]["gone"]) == ("run-1", "abc123", False)
    files = ask("version_files", name="wine", version="2")[0]["result"]
    assert files["flavors"] == ["python_function", "sklearn"]
    assert [(s["way"], s["name"], s["type"]) for s in files["signature"]] == [
        ("input", "pH", "double"),
        ("input", "kind", "long (optional)"),
        ("output", "0", "float64 (-1)"),
    ]
    assert files["environment"] == {"python": "3.11.4", "pandas": "any", "scikit-learn": "1.7.0"}
    assert [f["path"] for f in files["files"]] == ["MLmodel", "python_env.yaml", "requirements.txt"]
    assert files["size"] == sum(f["size"] for f in files["files"])
    lineage = ask("lineage", name="wine", version="2")[0]["result"]
    assert [(d["name"], d["context"], d["where"]) for d in lineage["data"]] == [
        ("wine-2026", "training", "https://host/wine.csv")
    ]
    assert (lineage["served"], lineage["run"]["name"]) == ([], "run-1")
    assert "s3cret" not in json.dumps(lineage)
    assert ask("version", name="wine", version="9")[0]["error"]["code"] == ModelNotFound.code


def test_edits_are_seen_in_the_list(panel: ModelsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asked(panel, monkeypatch)

    def edit(action: str, version: str = "2", **args: Any) -> Any:
        plain = {"key": "", "value": "", "comment": "", "force": False}
        return ask("edit_version", action=action, name="wine", version=version, **{**plain, **args})[0]

    assert edit("stage", version="1", value="Production")["result"]["others"] == []
    moved = edit("stage", value="Production", comment="better")["result"]
    assert (moved["others"], moved["message"]) == (["1"], "wine:2: None → Production")
    edit("archive", version="1")
    edit("set_alias", key="champion")
    edit("set_tag", key="team", value="red")
    edit("describe", value="the second")
    edit("describe", version="", value="all of them")
    edit("comment", value=EVIL)
    rows = {row["version"]: row for row in panel.info["versions"] if row["name"] == "wine"}
    assert (rows["1"]["stage"], rows["2"]["stage"], rows["2"]["aliases"]) == ("Archived", "Production", ["champion"])
    assert (rows["2"]["tags"], rows["2"]["description"]) == ({"team": "red"}, "the second")
    assert rows["2"]["metrics"] == {"val_rmse": 1.5}  # kept, not read again
    assert panel.info["models"][1]["description"] == "all of them"
    thread = ask("version", name="wine", version="2")[0]["result"]["thread"]
    assert [(e["did"], e["text"]) for e in thread] == [
        ("None → Production", "better"),
        ("alias champion", ""),
        ("", EVIL),
    ]
    refused = edit("delete")["error"]
    assert (refused["code"], "alias champion" in refused["message"]) == ("in_use", True)
    assert edit("delete", force=True)["result"]["message"].startswith("wine:2 is deleted")
    assert edit("delete", version="", force=True)["error"] is None
    assert [v.label for v in panel] == ["beer:1"]
    assert edit("fly")["error"]["code"] == "usage"


def test_two_versions_are_compared(panel: ModelsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asked(panel, monkeypatch)
    found = ask("compare_versions", a="wine:1", b="wine:2")[0]["result"]
    assert (found["a"], found["b"], found["hints"]) == ("wine:1", "wine:2", [])
    (metrics,) = (section for section in found["sections"] if section["title"] == "metrics")
    assert [(r["name"], r["a"], r["b"]) for r in metrics["rows"]] == [("val_rmse", "0.5", "1.5")]
    assert ask("compare_versions", a="wine:1", b="wine:1")[0]["error"]["code"] == "usage"
