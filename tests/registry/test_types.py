"""Models that MLflow cannot load: custom files, and model repositories of Triton; kept, brought back, not served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_aml_magics.client.models import resolve
from mlflow_aml_magics.errors import ModelError, StoreError, UsageError
from mlflow_aml_magics.services.register.triton import triton_findings

from .conftest import LogRun

if TYPE_CHECKING:
    from mlflow_aml_magics.workspace import Workspace


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file of no format that we know."""
    file = tmp_path / "weights.bin"
    file.write_bytes(b"\x00\x01\x02")
    return file


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A model repository of Triton."""
    model = tmp_path / "repository" / "resnet"
    (model / "1").mkdir(parents=True)
    (model / "1" / "model.pt").write_bytes(b"torch")
    (model / "config.pbtxt").write_text('platform: "pytorch_libtorch"')
    return model.parent


def test_a_file_and_a_repository_on_any_store(
    ws: Workspace, weights: Path, repository: Path, called: str, tmp_path: Path
) -> None:
    done = ws.register(weights, called, kind="custom", alias="champion", tags={"team": "red"})
    assert (done.created, done.kind, done.version) == (True, "custom", "1")
    assert not ws.register(weights, called, kind="custom").created
    version = resolve(ws.connection, f"{called}@champion")
    assert (version.tags["aml.model_type"], version.tags["team"]) == ("custom", "red")
    assert "%aml_download" in repr(done)
    found = ws.download(f"{called}@champion", tmp_path / "here")
    assert [p.read_bytes() for p in (tmp_path / "here").rglob("*") if p.is_file()] == [b"\x00\x01\x02"], found
    with pytest.raises(ModelError, match="is a custom model: to serve it takes a scoring script") as caught:
        ws.deploy(f"{called}:1")
    assert caught.value.hint == f"%aml_download {called}:1 brings its files"

    triton = ws.register(str(repository), f"{called}-net", kind="triton")
    ws.download(f"{called}-net:1", tmp_path / "net")
    assert len(list((tmp_path / "net").rglob("model.pt"))) == 1
    assert triton.model_version.tags["aml.model_type"] == "triton"


def test_azure_has_them_as_its_own_types(
    azure: Workspace, models: Any, weights: Path, repository: Path, called: str
) -> None:
    azure.register(weights, called, kind="custom", description="raw")
    azure.register(repository, called, kind="triton")
    found = {str(m.version): (m.type, m.description) for m in models.list(name=called)}
    assert found["1"] == ("custom_model", "raw")
    assert found["2"][0] == "triton_model"


def test_files_of_a_run(ws: Workspace, log_run: LogRun, called: str, tmp_path: Path) -> None:
    run_id = log_run(ws)
    done = ws.register(f"runs:/{run_id}/notes", called, kind="custom")
    assert (done.created, done.run_id) == (True, run_id)
    assert not ws.register(f"runs:/{run_id}/notes", called, kind="custom").created
    ws.download(f"{called}:1", tmp_path / "here")
    assert (tmp_path / "here" / "note.txt").read_text() == "a note"
    with pytest.raises(ModelError, match="there is nothing at"):
        ws.register(f"runs:/{run_id}/nowhere", called, kind="custom")


def test_what_does_not_fit(sqlite: Workspace, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no type 'tritan'") as caught:
        sqlite.register(exported, "wine", kind="tritan")
    assert caught.value.hint == "--type triton"
    with pytest.raises(ModelError, match="no model repository of Triton"):
        sqlite.register(exported, "wine", kind="triton")
    with pytest.raises(ModelError, match="neither a file nor a folder"):
        sqlite.register(tmp_path / "nowhere", "wine", kind="custom")
    with pytest.raises(UsageError, match="this list is no file"):
        sqlite.register([1], "wine", kind="custom")
    assert list(sqlite.models()) == []
    assert "can be served as one" in repr(sqlite.register(exported, "wine", kind="custom"))


@pytest.mark.parametrize(
    ("paths", "wrong"),
    [
        (["net/1/model.onnx"], ""),
        (["net/1/model.savedmodel/saved_model.pb"], ""),
        (["net/1/model.pt", "net/config.pbtxt"], ""),
        (["net/1/model.pt"], "net/config.pbtxt is missing"),
        (["net/model.onnx"], "no NAME/1/model"),
        (["net/0/model.onnx"], "no NAME/1/model"),
        (["repository/net/1/model.onnx"], "its folder repository looks like one"),
    ],
)
def test_what_a_model_repository_looks_like(paths: list[str], wrong: str) -> None:
    found = triton_findings(paths)
    assert bool(found) is bool(wrong)
    assert not wrong or wrong in found[0].what


def test_a_custom_model_that_is_not_registered_leaves_nothing(
    ws: Workspace, weights: Path, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise StoreError("the store went away")

    client = ws.connection.mlflow
    experiment = client.get_experiment_by_name(called).experiment_id
    with monkeypatch.context() as patch:
        patch.setattr(client, "set_registered_model_alias", fail)
        with pytest.raises(StoreError, match="went away"):
            ws.register(weights, called, kind="custom", alias="champion")
    assert client.search_runs([experiment]) == []
    assert called not in [version.name for version in ws.models()]
    assert ws.register(weights, called, kind="custom", alias="champion").created
