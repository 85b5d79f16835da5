"""Registering on Azure Machine Learning: every way to name a model, once each, all or nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pytest

from mlflow_aml_magics.client.artifacts import fetch, read_model
from mlflow_aml_magics.client.registry import resolve
from mlflow_aml_magics.errors import (
    ModelError,
    ModelNotFound,
    NoModelInRun,
    NotFound,
    RunNotFound,
    StoreError,
    UsageError,
)
from mlflow_aml_magics.services.model_tags import DIGEST
from mlflow_aml_magics.services.register import mlflow_models as service

from .conftest import FRAME, PIP, LogRun, fitted

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox
    from mlflow_aml_magics.workspace import Workspace

READS = r"GET .*\.blob\."  # of files, from storage


def registered_by_sdk(models: Any, name: str, path: str) -> Any:
    """A model that somebody made with azure-ai-ml."""
    from azure.ai.ml.entities import Model

    return models.create_or_update(Model(name=name, path=path, type="mlflow_model"))


def job_uri(run_id: str, path: str = "model/") -> str:
    return f"azureml://jobs/{run_id}/outputs/artifacts/paths/{path}"


def test_the_best_run_becomes_a_version_on_any_store(ws: Workspace, log_run: LogRun, called: str) -> None:
    log_run(ws, fitted(2), name="worse", rmse=2.0)
    run_id = log_run(ws, name="better", rmse=1.0)
    done = ws.register(ws.best("rmse"), called, alias="champion", description="the first", tags={"team": "cellar"})
    assert (done.version, done.created, done.run_id, done.alias) == ("1", True, run_id, "champion")
    version = resolve(ws.connection, f"{called}@champion")
    assert (version.run_id, version.description, version.tags["team"]) == (run_id, "the first", "cellar")
    assert read_model(fetch(ws.connection, version.uri)).servable
    again = ws.register("better", called)
    other = ws.register(f"runs:/{log_run(ws, name='twin')}/model", called)  # another run, the same model
    assert [(r.version, r.created) for r in (again, other)] == [("1", False)] * 2
    second = ws.register("worse", called, alias="champion")
    assert (second.version, second.moved_from) == ("2", "1")
    listed = ws.models(called)
    assert [(v.version, v.aliases, v.metrics["rmse"]) for v in listed] == [("2", ("champion",), 2.0), ("1", (), 1.0)]
    assert "stage" not in repr(listed)


def test_an_output_of_a_job(azure: Workspace, sandbox: Sandbox, log_run: LogRun, called: str) -> None:
    run_id = log_run(azure)
    done = azure.register(job_uri(run_id), called, alias="champion")
    assert (done.created, done.run_id) == (True, run_id)
    before = len(sandbox.requests(READS))
    forms = [f"azureml://jobs/{run_id}/outputs/artifacts/model", f"runs:/{run_id}/model", run_id, job_uri(run_id, "")]
    assert [azure.register(form, called).version for form in forms] == ["1"] * 4
    assert len(sandbox.requests(READS)) == before  # the same source: nothing was read to know it


def test_a_folder_is_uploaded_once_and_read_never(
    azure: Workspace, sandbox: Sandbox, exported: Path, called: str
) -> None:
    before = len(sandbox.requests(READS))
    done = azure.register(str(exported), called)
    again = azure.register(exported, called)
    assert (done.created, again.created, again.version) == (True, False, "1")
    assert len(sandbox.requests(READS)) == before
    files = read_model(fetch(azure.connection, done.uri))
    assert files.meta["run_id"] == done.run_id
    assert {file.name for file in exported.iterdir()} == {file.name for file in files.path.iterdir()}
    run = azure.connection.mlflow.get_run(done.run_id or "")
    assert (run.info.status, run.info.run_name) == ("FINISHED", "import of exported")


def test_an_autologged_model_keeps_its_training_run(azure: Workspace, called: str) -> None:
    with azure.connection.as_current():
        mlflow.set_experiment(called)
        mlflow.sklearn.autolog(silent=True, extra_tags={"by": "autolog"})
        try:
            with mlflow.start_run() as run:
                model = fitted(4)
        finally:
            mlflow.sklearn.autolog(disable=True, silent=True)
    assert azure.register(model, called).run_id == run.info.run_id
    other = azure.register(fitted(5), called, input_example=FRAME[:1], pip_requirements=PIP)
    assert (other.created, other.version) == (True, "2")


def test_what_azure_ai_ml_registers_is_ours_too(
    azure: Workspace, models: Any, log_run: LogRun, exported: Path, called: str
) -> None:
    run_id = log_run(azure)
    registered_by_sdk(models, called, str(exported))
    registered_by_sdk(models, called, job_uri(run_id))
    listed = azure.models(called)
    assert [(v.version, v.run_id) for v in listed] == [("2", run_id), ("1", None)]
    assert listed[0].metrics == {"rmse": 1.0}
    for version in listed:
        assert read_model(fetch(azure.connection, version.uri)).servable
    again = azure.register(run_id, called)
    assert (again.version, again.created) == ("2", False)


def test_a_path_on_a_datastore(azure: Workspace, models: Any, exported: Path, called: str) -> None:
    uploaded = registered_by_sdk(models, f"{called}-upload", str(exported))
    done = azure.register(uploaded.path, called, alias="champion", tags={"team": "cellar"})
    assert (done.created, done.model_version.tags["team"]) == (True, "cellar")
    assert resolve(azure.connection, f"{called}@champion").version == "1"
    assert not azure.register(exported, called).created


def test_a_large_model_is_not_downloaded_to_compare_it(
    azure: Workspace, sandbox: Sandbox, log_run: LogRun, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = log_run(azure)
    monkeypatch.setattr(service, "READ_BELOW", 10)
    before, said = len(sandbox.requests(READS)), list[str]()
    done = azure.register(run_id, called, progress=said.append)
    read = {r.path.rpartition("/")[2] for r in sandbox.requests(READS)[before:]}
    assert "MLmodel" in read
    assert not any("model." in name for name in read)  # only what says how it is to be served
    assert DIGEST not in done.model_version.tags
    assert "azureml-ai-monitoring" in repr(done)  # which was checked all the same
    assert any("not downloaded to compare" in line for line in said)
    assert not azure.register(run_id, called).created  # known by its source


def test_wrong_sources_are_told_apart(azure: Workspace, log_run: LogRun, called: str) -> None:
    run_id = log_run(azure)
    with pytest.raises(RunNotFound, match="no run 'nobody'"):
        azure.register(job_uri("nobody"), called)
    with pytest.raises(NoModelInRun, match="has no model 'notes'") as caught:
        azure.register(job_uri(run_id, "notes"), called)
    assert f"runs:/{run_id}/model" in (caught.value.hint or "")
    with pytest.raises(ModelError, match="there is nothing at"):
        azure.register("azureml://datastores/workspaceblobstore/paths/nowhere", called)
    other = "azureml://subscriptions/s/resourcegroups/r/workspaces/elsewhere/datastores/d/paths/x"
    with pytest.raises(UsageError, match="in another workspace than") as caught:
        azure.register(other, called)
    assert "--workspace elsewhere" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="cannot name a model") as caught:
        azure.register(run_id, "my wine")
    assert caught.value.hint == "--name my-wine"
    with pytest.raises(UsageError, match="'Accuracy:' cannot be a tag's key"):
        azure.register(run_id, called, tags={"Accuracy:": "1"})
    with pytest.raises(ModelNotFound):
        azure.models(called)  # nothing was made


def test_other_outputs_of_a_job(azure: Workspace, sandbox: Sandbox, log_run: LogRun, called: str) -> None:
    run_id = log_run(azure)
    with pytest.raises(StoreError, match="is an interactive run"):
        azure.register(f"azureml://jobs/{run_id}/outputs/forest/paths/model", called)
    sandbox.as_job(run_id)
    with pytest.raises(NotFound, match="has no output 'forest'; it has default"):
        azure.register(f"azureml://jobs/{run_id}/outputs/forest/paths/model", called)
    with pytest.raises(NotFound, match="no job 'nobody'"):
        azure.download("azureml://jobs/nobody/outputs/forest")
    assert azure.register(f"azureml://jobs/{run_id}/outputs/default/paths/model", called).run_id == run_id


def test_azure_addresses_need_azure(sqlite: Workspace) -> None:
    with pytest.raises(UsageError, match="is in Azure Machine Learning, but this is the SQLite store"):
        sqlite.register(job_uri("brave_fox"), "wine")
    with pytest.raises(UsageError, match="is in Azure Machine Learning"):
        sqlite.download(job_uri("brave_fox"))


def test_a_registration_that_fails_leaves_nothing(
    azure: Workspace, sandbox: Sandbox, exported: Path, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    for call in ("batch/metadata", "model-versions/create", "model-versions/set-tag"):  # an upload, …, the alias
        with sandbox.fault("error", path=call), pytest.raises(StoreError):
            azure.register(exported, called, alias="champion")
        client = azure.connection.mlflow
        assert client.search_runs([client.get_experiment_by_name(called).experiment_id]) == []
        with suppress(ModelNotFound):
            assert list(azure.models(called)) == []
    done = azure.register(exported, called, alias="champion")
    assert (done.created, resolve(azure.connection, f"{called}@champion").version) == (True, done.version)


def test_a_storm_is_survived(azure: Workspace, sandbox: Sandbox, exported: Path, called: str) -> None:
    with sandbox.fault("throttle", path="model-versions|runs/create", times=2):
        done = azure.register(exported, called, alias="champion")
    assert [v.version for v in azure.models(called)] == [done.version] == ["1"]


def test_a_model_that_workspaces_share_is_copied(
    azure: Workspace, models: Any, sandbox: Sandbox, log_run: LogRun, called: str
) -> None:
    azure.register(log_run(azure), f"{called}-own")
    registry = sandbox.registries[0]
    shared = models.share(f"{called}-own", "1", share_with_name=called, share_with_version="7", registry_name=registry)
    assert shared.version == "7"
    uri = f"azureml://registries/{registry}/models/{called}/versions/7"
    done = azure.register(uri, called, alias="champion")
    assert (done.created, done.version, done.model_version.tags["aml.copied_from"]) == (True, "1", uri)
    assert read_model(fetch(azure.connection, done.uri)).servable
    assert not azure.register(f"azureml://registries/{registry}/models/{called}/labels/latest", called).created
    folder = azure.download(uri)
    assert (folder.path.name, folder.path / "MLmodel" in list(folder.path.iterdir())) == (f"{called}-7", True)
    with pytest.raises(ModelNotFound, match="no model nothing version 1 in the registry"):
        azure.register(f"azureml://registries/{registry}/models/nothing/versions/1", called)
    with pytest.raises(ModelNotFound, match="in the registry nowhere"):
        azure.register(f"azureml://registries/nowhere/models/{called}/versions/1", called)
