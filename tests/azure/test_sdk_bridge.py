"""MLflow 3 on a service that lacks what Azure Machine Learning lacks: each mend, and that it is taken out again."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from mlflow_aml_magics.client import bridge
from mlflow_aml_magics.client.connection import Connection


class Credential:
    """Counts how often a token is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def get_token(self, *_: str, **__: Any) -> Any:
        from azure.core.credentials import AccessToken

        self.asked += 1
        return AccessToken("not-a-real-token", int(time.time()) + 3600)


@pytest.fixture
def credential() -> Credential:
    return Credential()


@pytest.fixture
def connection(
    service: Any, credential: Credential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """Connected to the service, with artifacts in a folder in place of the storage behind SAS URLs."""
    from importlib.util import find_spec

    if find_spec("azureml") is None:
        pytest.fail("azureml-mlflow is not installed: pip install 'mlflow-aml-magics[azure]'", pytrace=False)
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    from azureml.mlflow._client.artifact.run_artifact_client import RunArtifactsClient as Client
    from azureml.mlflow._internal.service_context_loader import _AzureMLServiceContextLoader as Loader
    from azureml.mlflow._internal.utils import ServiceContext

    from mlflow_aml_magics.client.auth import CachedCredential
    from mlflow_aml_magics.client.bridge import aliases, batches, logged_models, model_search

    for known in (logged_models._lacking, aliases._lacking, model_search._refusing, batches._params, batches._overflow):
        known.clear()
    cached = CachedCredential(credential)
    context = ServiceContext(f"http://127.0.0.1:{service.port}", "sub-1", "ws-1", "rg-1", cached)
    Loader.add_service_context(service.tracking_uri, context)
    root = tmp_path / "artifacts"

    def upload_file(client: Any, local_path: str, artifact_path: str) -> None:
        target = root / client._run_id / artifact_path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(local_path, target)

    def upload_dir(client: Any, local_dir: str, artifact_path: str) -> None:
        shutil.copytree(local_dir, root / client._run_id / artifact_path, dirs_exist_ok=True)

    def files(client: Any) -> list[str]:
        below = root / client._run_id
        return sorted(str(file.relative_to(below)) for file in below.rglob("*") if file.is_file())

    def download(client: Any, remote: str, local: str) -> None:
        shutil.copy(root / client._run_id / remote, local)

    monkeypatch.setattr(Client, "upload_file", upload_file)
    monkeypatch.setattr(Client, "upload_dir", upload_dir)
    monkeypatch.setattr(Client, "get_file_paths", files)
    monkeypatch.setattr(Client, "download_artifact", download)
    yield Connection(service.tracking_uri)
    Loader._tracking_uri_to_service_context.clear()


@pytest.fixture
def bridged(connection: Connection, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """The bridge is in, and the service is mlflow's current store."""
    with connection.as_current():
        # Artifact locations of the backend name no run: the service's own do.
        mlflow.set_experiment(request.node.name[:60])
        yield connection


def locate(monkeypatch: pytest.MonkeyPatch) -> None:
    """mlflow's server writes EXPERIMENTS/ID/RUN/artifacts, the service …/experiments/ID/runs/RUN/artifacts."""
    from mlflow.store.tracking.rest_store import RestStore

    own = RestStore.get_run

    def get_run(store: Any, run_id: str) -> Any:
        run = own(store, run_id)
        root, _, _ = run.info.artifact_uri.partition("/experiments")
        run.info._artifact_uri = f"{root}/experiments/{run.info.experiment_id}/runs/{run_id}/artifacts"
        return run

    monkeypatch.setattr(RestStore, "get_run", get_run)


@pytest.fixture(autouse=True)
def _artifact_uris(monkeypatch: pytest.MonkeyPatch) -> None:
    locate(monkeypatch)


def fitted() -> tuple[Any, Any]:
    import pandas as pd
    from sklearn.linear_model import Ridge

    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 1, 0]})
    return Ridge().fit(frame, [1, 2, 3]), frame


def test_log_model_register_load(bridged: Connection, service: Any) -> None:
    model, frame = fitted()
    with mlflow.start_run() as run:
        first = mlflow.sklearn.log_model(
            model, name="model", input_example=frame[:1], pip_requirements=["scikit-learn"]
        )
        mlflow.sklearn.log_model(
            model, artifact_path="older", registered_model_name="wine", pip_requirements=["scikit-learn"]
        )
    run_id = run.info.run_id
    assert first.model_uri == f"runs:/{run_id}/model"
    assert [info.path for info in mlflow.MlflowClient().list_artifacts(run_id)] == ["model", "older"]
    assert "model/MLmodel" in [info.path for info in mlflow.artifacts.list_artifacts(f"runs:/{run_id}/model")]
    assert "model/MLmodel" in [info.path for info in mlflow.MlflowClient().list_artifacts(run_id, "model")]
    version = mlflow.register_model(f"runs:/{run_id}/model", "wine")
    assert version.version in ("2", 2)
    assert version.source.endswith(f"/runs/{run_id}/artifacts/model")
    for uri in (f"runs:/{run_id}/model", "models:/wine/2", "models:/wine/latest"):
        assert list(mlflow.pyfunc.load_model(uri).predict(frame)) == list(model.predict(frame))
    assert len(service.calls("/logged-models/search")) == 1
    assert service.calls("/logged-models") == []


def test_autolog_keeps_metrics_and_model(bridged: Connection) -> None:
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            fitted()
    finally:
        mlflow.sklearn.autolog(disable=True)
    data = mlflow.get_run(run.info.run_id).data
    assert data.params["alpha"] == "1.0"
    assert len(data.metrics) >= 4
    assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")


def test_models_are_found_and_prompts_are_none(bridged: Connection) -> None:
    client = mlflow.MlflowClient()
    for name in ("search-red", "search-white"):
        client.create_registered_model(name)
    names = {model.name for model in client.search_registered_models()}
    assert {"search-red", "search-white"} <= names
    assert [m.name for m in client.search_registered_models("name = 'search-red'")] == ["search-red"]
    assert len(client.search_registered_models("name LIKE 'search-%'")) == 2


def test_aliases_move(bridged: Connection, service: Any) -> None:
    client = mlflow.MlflowClient()
    client.create_registered_model("aliased")
    for _ in range(2):
        client.create_model_version("aliased", f"{service.tracking_uri}/experiments/0/runs/x/artifacts/model")
    client.set_registered_model_alias("aliased", "champion", "1")
    assert client.get_model_version_by_alias("aliased", "champion").version == "1"
    client.set_registered_model_alias("aliased", "champion", "2")
    assert client.get_model_version_by_alias("aliased", "champion").version == "2"
    assert client.get_registered_model("aliased").aliases == {"champion": "2"}
    assert client.get_model_version("aliased", "1").aliases == []
    assert len(service.calls("/registered-models/alias")) == 1
    client.delete_registered_model_alias("aliased", "champion")
    with pytest.raises(MlflowException, match="not found"):
        client.get_model_version_by_alias("aliased", "champion")


def test_a_long_history_is_read_in_pages(bridged: Connection, service: Any) -> None:
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        points = [Metric("loss", float(step), 1000 + step, step) for step in range(1100)]
        client.log_batch(run.info.run_id, metrics=points)
    assert [len(body["metrics"]) for body in service.calls("/runs/log-batch")] == [250, 250, 250, 250, 100]
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss")] == list(range(1100))


def test_more_params_than_the_service_takes_are_kept(bridged: Connection, caplog: pytest.LogCaptureFixture) -> None:
    with mlflow.start_run() as run, caplog.at_level(logging.WARNING):
        mlflow.log_params({f"p{n:03}": n for n in range(190)})
        mlflow.log_params({f"p{n:03}": n for n in range(180, 230)})
        mlflow.log_param("last", "x")
    data = mlflow.get_run(run.info.run_id).data
    kept = json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/aml/params_over_200.json"))
    assert len(data.params) == 200
    assert data.params | kept == {f"p{n:03}": str(n) for n in range(230)} | {"last": "x"}
    assert "31 params" in data.tags["aml.params_overflow"]
    assert [r.message for r in caplog.records if "aml/params_over_200.json" in r.message]


def test_a_long_tag_is_cut_and_kept(bridged: Connection) -> None:
    long = "x" * 1500
    with mlflow.start_run(tags={"note": long}) as run:
        mlflow.set_tag("other", long + "y")
    tags = mlflow.get_run(run.info.run_id).data.tags
    kept = json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/aml/tags_over_1000.json"))
    assert len(tags["note"]) == len(tags["other"]) == 1000
    assert kept == {"note": long, "other": long + "y"}


def test_the_link_is_the_studios(bridged: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    with mlflow.start_run(run_name="linked") as run:
        pass
    said = capsys.readouterr().out
    assert f"linked in the studio: https://ml.azure.com/runs/{run.info.run_id}?wsid=/subscriptions/sub-1/" in said
    assert "View run" not in said


def test_a_busy_service_is_asked_again(bridged: Connection, service: Any) -> None:
    with mlflow.start_run() as run:
        service.busy = 2
        mlflow.log_metrics({"a": 1.0, "b": 2.0})
    assert mlflow.get_run(run.info.run_id).data.metrics == {"a": 1.0, "b": 2.0}


def test_twenty_metrics_ask_the_credential_once(bridged: Connection) -> None:
    auth = mlflow.MlflowClient()._tracking_client.store.service_context.auth  # mlflow keeps its stores
    auth.forget()
    before = auth.asked
    with mlflow.start_run():
        for step in range(20):
            mlflow.log_metric("m", 1.0, step=step)
    assert auth.asked - before == 1


def test_the_bridge_is_taken_out_again(connection: Connection, store_uri: str) -> None:
    from azureml.mlflow._store.artifact.artifact_repo import AzureMLflowArtifactRepository as Repository
    from azureml.mlflow._store.model_registry.model_registry import AzureMLflowModelRegistry as Registry
    from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store
    from mlflow.models import Model
    from mlflow.tracking._tracking_service.client import TrackingServiceClient

    owners = (Repository, Registry, Store, Model, TrackingServiceClient)
    before = [dict(vars(owner)) for owner in owners]
    with connection.as_current():
        names = {unit.name for unit in bridge.installed()}
        assert {"log_model", "artifacts", "aliases", "paging"} <= names
        with connection.guard("nested"):
            pass
        assert vars(Store) != before[2]
    assert [dict(vars(owner)) for owner in owners] == before
    with Connection(store_uri).as_current():
        assert bridge.installed() == []


def test_every_unit_says_what_and_why() -> None:
    for unit in bridge.units():
        assert unit.name
        assert unit.mends
        assert unit.issue.startswith("https://")


def test_limits_hold_for_tags_and_params_in_one_batch(bridged: Connection) -> None:
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        client.log_batch(
            run.info.run_id,
            metrics=[Metric("m", 1.0, 1, 0)], params=[Param("p", "1")], tags=[RunTag("t", "v")],
        )  # fmt: skip
    data = mlflow.get_run(run.info.run_id).data
    assert (data.metrics, data.params, data.tags["t"]) == ({"m": 1.0}, {"p": "1"}, "v")
