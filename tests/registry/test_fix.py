"""Registering a copy with what is missing in its requirements: the original stays, a failure leaves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
import yaml

from mlflow_aml_magics.client.models import content_digest, fetch, read_model
from mlflow_aml_magics.errors import StoreError
from mlflow_aml_magics.services.preflight import check_files
from mlflow_aml_magics.services.preflight.environment import read_environment
from mlflow_aml_magics.services.register.fixing import fixed_copy

from .conftest import FRAME, LogRun

if TYPE_CHECKING:
    from mlflow_aml_magics.workspace import Workspace


def test_a_run_gets_a_mended_copy_beside_its_model(ws: Workspace, log_run: LogRun, called: str) -> None:
    is_azure = ws.connection.azure is not None
    run_id = log_run(ws)
    first = ws.register(run_id, called)
    before = content_digest(fetch(ws.connection, f"runs:/{run_id}/model"))
    done = ws.register(run_id, called, fix=True, alias="champion")
    assert (done.created, done.run_id, done.version) == (True, run_id, "2")
    files = read_model(fetch(ws.connection, done.uri))
    asked = read_environment(files.path).packages
    assert asked["scikit-learn"].pin
    assert ("azureml-ai-monitoring" in asked) is is_azure
    assert asked["mlflow"].allows(mlflow.__version__) is not is_azure  # Azure's scoring script does not start with it
    assert files.flavors["sklearn"]["serialization_format"] == ("cloudpickle" if is_azure else "skops")
    found = " ".join(finding.what for finding in check_files(files, is_azure=is_azure))
    assert "lacks azureml" not in found
    assert "names no version" not in found
    assert "scikit-learn held at" in repr(done)
    assert "scikit-learn held at" in done.model_version.tags["aml.fixed"]
    assert content_digest(fetch(ws.connection, f"runs:/{run_id}/model")) == before
    assert content_digest(fetch(ws.connection, first.uri)) == before
    with ws.connection.as_current():
        assert len(mlflow.pyfunc.load_model(f"models:/{called}/2").predict(FRAME)) == len(FRAME)
    again = ws.register(done.uri, called, fix=True)  # nothing is left to mend
    assert (again.created, again.version, again.fixed) == (False, "2", ())
    assert ws.register(run_id, called, fix=True).version == "2"


def test_a_folder_is_mended_in_a_copy(ws: Workspace, exported: Path, called: str) -> None:
    before = content_digest(exported)
    done = ws.register(exported, called, fix=True)
    assert done.fixed
    assert content_digest(exported) == before
    assert content_digest(fetch(ws.connection, done.uri)) != before


def test_a_mended_copy_that_is_not_registered_goes_and_the_run_stays(
    sqlite: Workspace, log_run: LogRun, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = log_run(sqlite)
    client = sqlite.connection.mlflow

    def models() -> int:
        return len(client.search_logged_models([client.get_run(run_id).info.experiment_id]))

    def fail(*_: object, **__: object) -> Any:
        raise StoreError("the store went away")

    for call in ("create_model_version", "log_model_artifacts"):
        with monkeypatch.context() as patch:
            patch.setattr(client, call, fail)
            with pytest.raises(StoreError, match="went away"):
                sqlite.register(run_id, called, fix=True)
        assert (models(), client.get_run(run_id).info.lifecycle_stage) == (1, "active")
        assert called not in [version.name for version in sqlite.models()]
    assert sqlite.register(run_id, called, fix=True).version == "1"


def test_what_is_changed_in_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "conda.yaml").write_text(
        "channels: [conda-forge]\ndependencies:\n- python=3.8.10\n- conda-forge::numpy\n- pip\n"
        "- pip:\n  - mlflow==2.9.0\n  - Scikit_Learn ; python_version > '3'\n"
    )
    (folder / "requirements.txt").write_text("mlflow==2.9.0\nscikit-learn\nnumpy  # any\n--index-url https://x/\n")
    copy, changes = fixed_copy(folder, tmp_path / "copy", is_azure=True)
    conda = yaml.safe_load((copy / "conda.yaml").read_text())
    asked = read_environment(copy)
    assert conda["channels"] == ["conda-forge"]
    assert asked.packages["mlflow"].pin == "2.9.0"  # never lowered, never raised
    assert asked.packages["scikit-learn"].pin == asked.other["scikit-learn"].pin != ""
    assert asked.packages["numpy"].pin == asked.other["numpy"].pin != ""
    assert asked.packages["azureml-inference-server-http"].specifier == "<1.3"  # Python 3.8
    assert "--index-url https://x/" in (copy / "requirements.txt").read_text()
    assert "python_version" in (copy / "conda.yaml").read_text()
    assert len(changes) == 4
    assert fixed_copy(copy, tmp_path / "third", is_azure=True) == (copy, ())
    assert not (tmp_path / "third").exists()
    assert "azureml" not in (folder / "requirements.txt").read_text()


def test_what_conda_itself_brings_is_lowered_too(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}")
    (folder / "conda.yaml").write_text("dependencies:\n- mlflow=3.8.1\n- numpy==1.26.4\n")
    copy, changes = fixed_copy(folder, tmp_path / "copy", is_azure=True)
    assert "mlflow lowered to <3.7" in " ".join(changes)
    assert yaml.safe_load((copy / "conda.yaml").read_text())["dependencies"][:2] == ["mlflow<3.7", "numpy==1.26.4"]
