"""MLflow 3 on a service that lacks what Azure Machine Learning lacks: each mend, and that it is taken out again."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from mlflow.entities import FileInfo, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from mlflow_aml_magics.client import bridge
from mlflow_aml_magics.client.bridge import run_links
from mlflow_aml_magics.client.bridge.unit import Unit
from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.studio import Studio, studio_host

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

PIP = ["scikit-learn"]  # spares mlflow its 5 s of working it out


def fitted() -> tuple[Any, Any]:
    import pandas as pd
    from sklearn.linear_model import Ridge

    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 1, 0]})
    return Ridge().fit(frame, [1, 2, 3]), frame


def listed(run_id: str, folder: str | None = None) -> list[str]:
    return [info.path for info in mlflow.MlflowClient().list_artifacts(run_id, folder)]


def test_log_model_register_load(bridged: Connection, sandbox: Sandbox) -> None:
    model, frame = fitted()
    before = len(sandbox.requests("POST .*/logged-models"))
    with mlflow.start_run() as run:
        first = mlflow.sklearn.log_model(model, name="model", input_example=frame[:1], pip_requirements=PIP)
        mlflow.sklearn.log_model(
            model, artifact_path="older", registered_model_name="bridge-wine", pip_requirements=PIP
        )
    run_id = run.info.run_id
    assert first.model_uri == f"runs:/{run_id}/model"
    assert listed(run_id) == ["model", "older"]
    assert "model/MLmodel" in listed(run_id, "model")
    assert "model/MLmodel" in [info.path for info in mlflow.artifacts.list_artifacts(f"runs:/{run_id}/model")]
    version = mlflow.register_model(f"runs:/{run_id}/model", "bridge-wine")
    assert str(version.version) == "2"
    assert version.source.endswith(f"/runs/{run_id}/artifacts/model")
    for uri in (f"runs:/{run_id}/model", "models:/bridge-wine/2", "models:/bridge-wine/latest"):
        assert list(mlflow.pyfunc.load_model(uri).predict(frame)) == list(model.predict(frame))
    assert len(sandbox.requests("POST .*/logged-models")) - before <= 1  # the probe, once a workspace


def test_autolog_keeps_metrics_plots_and_model(bridged: Connection) -> None:
    from sklearn.datasets import make_classification
    from sklearn.linear_model import LogisticRegression

    X, y = make_classification(60, n_features=4, random_state=0)
    mlflow.sklearn.autolog(extra_tags={"by": "autolog"})
    try:
        with mlflow.start_run() as run:
            LogisticRegression(C=0.5).fit(X, y)
            LogisticRegression(C=0.5).fit(X[:, :2], y)  # its model is another one, and both are kept
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = mlflow.get_run(run.info.run_id)
    assert (found.info.status, found.data.params["C"]) == ("FINISHED", "0.5")
    assert {"training_accuracy_score", "training_f1_score", "training_log_loss"} <= set(found.data.metrics)
    files = set(listed(run.info.run_id))
    assert {"estimator.html", "model", "training_confusion_matrix.png"} <= files
    assert {"model-2", "training_roc_curve.png", "training_roc_curve-2.png"} <= files
    for name, columns in (("model", 4), ("model-2", 2)):
        assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/{name}").predict(X[:2, :columns]).shape == (2,)


def test_what_autolog_writes_twice_does_not_fail(bridged: Connection) -> None:
    """It writes metric_info.json anew with each score after training, and an artifact is written once."""
    import sklearn.metrics
    from sklearn.tree import DecisionTreeClassifier

    mlflow.sklearn.autolog(log_models=False)
    try:
        with mlflow.start_run() as run:
            model = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
            guess = model.predict([[0.0], [1.0]])
            for score in (sklearn.metrics.accuracy_score, sklearn.metrics.f1_score, sklearn.metrics.recall_score):
                score([0, 1], guess)
    finally:
        mlflow.sklearn.autolog(disable=True)
    logged = set(mlflow.get_run(run.info.run_id).data.metrics)
    assert {f"{name}_score_unknown_dataset" for name in ("accuracy", "f1", "recall")} <= logged
    assert {"metric_info.json", "metric_info-2.json", "metric_info-3.json"} <= set(listed(run.info.run_id))


def test_an_artifact_written_twice_is_refused_clearly(bridged: Connection) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("one", "notes/a.txt")
        mlflow.log_text("one", "notes/a.txt")  # the same again is no loss
        with pytest.raises(MlflowException, match=r"notes/a\.txt is in the run already") as caught:
            mlflow.log_text("two", "notes/a.txt")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert "once" in str(caught.value)
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/a.txt") == "one"


def test_a_folder_written_twice_is_completed_or_left_alone(bridged: Connection, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "out")
        (folder / "b.txt").write_text("b")
        mlflow.log_artifacts(str(folder), "out")  # as after an interruption
        assert listed(run.info.run_id, "out") == ["out/a.txt", "out/b.txt"]
        (folder / "a.txt").write_text("other")
        (folder / "c.txt").write_text("c")
        with pytest.raises(MlflowException, match=r"out/a\.txt is in the run already.*such as out-2"):
            mlflow.log_artifacts(str(folder), "out")
        assert listed(run.info.run_id, "out") == ["out/a.txt", "out/b.txt"]


def test_models_are_found_and_prompts_are_none(bridged: Connection) -> None:
    client = mlflow.MlflowClient()
    for name in ("search-red", "search-white"):
        client.create_registered_model(name)
    names = {model.name for model in client.search_registered_models()}
    assert {"search-red", "search-white"} <= names
    assert [m.name for m in client.search_registered_models("name = 'search-red'")] == ["search-red"]
    assert len(client.search_registered_models("name LIKE 'search-%'")) == 2


def test_aliases_move(bridged: Connection, sandbox: Sandbox) -> None:
    client, before = mlflow.MlflowClient(), len(sandbox.requests("/registered-models/alias"))
    with mlflow.start_run() as run:
        mlflow.log_text("x", "model/MLmodel")
    client.create_registered_model("aliased")
    for _ in range(2):
        client.create_model_version("aliased", f"{run.info.artifact_uri}/model", run.info.run_id)
    client.set_registered_model_alias("aliased", "champion", "1")
    assert str(client.get_model_version_by_alias("aliased", "champion").version) == "1"
    client.set_registered_model_alias("aliased", "champion", "2")
    assert str(client.get_model_version_by_alias("aliased", "champion").version) == "2"
    assert client.get_registered_model("aliased").aliases == {"champion": "2"}
    assert client.get_model_version("aliased", "1").aliases == []
    assert len(sandbox.requests("/registered-models/alias")) - before <= 1  # the service's own, once a workspace
    client.delete_registered_model_alias("aliased", "champion")
    with pytest.raises(MlflowException, match="not found"):
        client.get_model_version_by_alias("aliased", "champion")


def test_a_long_history_is_read_in_pages(bridged: Connection, sandbox: Sandbox) -> None:
    client = mlflow.MlflowClient()
    before = len(sandbox.requests("/runs/log-batch"))
    with mlflow.start_run() as run:
        points = [Metric("loss", float(step), 1000 + step, step) for step in range(1100)]
        client.log_batch(run.info.run_id, metrics=points)
    assert len(sandbox.requests("/runs/log-batch")) - before == 5  # 250 a request
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss")] == list(range(1100))


def test_what_is_logged_in_the_background_keeps_to_the_limits(bridged: Connection) -> None:
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        points = [Metric("loss", float(step), 1000 + step, step) for step in range(600)]
        params = [Param(f"p{n}", "1") for n in range(90)]
        client.log_batch(run.info.run_id, metrics=points, params=params, synchronous=False).wait()
        mlflow.log_metric("late", 1.0, synchronous=False).wait()
    data = mlflow.get_run(run.info.run_id).data
    assert (len(data.params), data.metrics) == (90, {"loss": 599.0, "late": 1.0})
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 600


def test_more_params_than_the_service_takes_are_kept(bridged: Connection, caplog: pytest.LogCaptureFixture) -> None:
    with mlflow.start_run() as run, caplog.at_level(logging.WARNING):
        mlflow.log_params({f"p{n:03}": n for n in range(190)})
        mlflow.log_params({f"p{n:03}": n for n in range(180, 230)})
        mlflow.log_param("last", "x")
        mlflow.log_param("last", "x")  # as mlflow allows with the same value
    data = mlflow.get_run(run.info.run_id).data
    files = [path for path in listed(run.info.run_id, "aml") if "params_over_200" in path]
    kept = {}
    for path in files:
        kept |= json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/{path}"))
    assert files == ["aml/params_over_200-2.json", "aml/params_over_200.json"]
    assert len(data.params) == 200
    assert data.params | kept == {f"p{n:03}": str(n) for n in range(230)} | {"last": "x"}
    assert "31 params" in data.tags["aml.params_overflow"]
    assert len([r for r in caplog.records if "aml/params_over_200.json" in r.message]) == 1


def test_a_long_tag_is_cut_and_kept(bridged: Connection) -> None:
    long = "x" * 1500
    with mlflow.start_run(tags={"note": long}) as run:
        mlflow.set_tag("other", long + "y")
        mlflow.set_tag("other", long + "z")
    tags = mlflow.get_run(run.info.run_id).data.tags
    assert len(tags["note"]) == len(tags["other"]) == 1000
    kept = [
        json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/{p}")) for p in listed(run.info.run_id, "aml")
    ]
    assert sorted(kept, key=str) == sorted([{"note": long}, {"other": long + "y"}, {"other": long + "z"}], key=str)


def test_the_link_is_the_studios(
    bridged: Connection, capsys: pytest.CaptureFixture[str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mlflow.start_run():
        pass
    assert "http" not in capsys.readouterr().out  # the sandbox's cloud has no studio
    assert bridged.azure is not None
    ref = bridged.azure.ref
    monkeypatch.setitem(run_links._studios, ref, Studio(ref, studio_host("AzureCloud")))
    with mlflow.start_run(run_name="linked") as run:
        pass
    said = capsys.readouterr().out
    where = f"https://ml.azure.com/runs/{run.info.run_id}?wsid=/subscriptions/{sandbox.subscription_id}/"
    assert f"linked in the studio: {where}" in said
    assert "View run" not in said


def test_twenty_metrics_ask_the_credential_once(bridged: Connection, sandbox: Sandbox) -> None:
    assert bridged.azure is not None
    auth = mlflow.MlflowClient()._tracking_client.store.service_context.auth
    assert auth is bridged.azure.credential
    auth.forget()
    before, tokens = auth.asked, len(sandbox.requests("/msi/token"))
    with mlflow.start_run() as run:
        for step in range(20):
            mlflow.log_metric("m", 1.0, step=step)
        mlflow.log_text("x", "a.txt")
    assert auth.asked - before == 1
    assert len(sandbox.requests("/msi/token")) - tokens <= 1  # msal keeps it too
    assert len(mlflow.MlflowClient().get_metric_history(run.info.run_id, "m")) == 20


def test_search_completes_metrics_that_lag(bridged: Connection, sandbox: Sandbox) -> None:
    with mlflow.start_run(run_name="settled"):
        mlflow.log_metric("score", 0.5)
    with sandbox.fault("lag", seconds=60):
        with mlflow.start_run(run_name="fresh") as run:
            mlflow.log_metric("score", 1.0)
        rows = mlflow.search_runs()
    found = dict(zip(rows["tags.mlflow.runName"], rows["metrics.score"], strict=True))
    assert found == {"settled": 0.5, "fresh": 1.0}
    assert mlflow.get_run(run.info.run_id).data.metrics == {"score": 1.0}


def test_the_bridge_is_taken_out_again(connection: Connection, store_uri: str) -> None:
    from azureml.mlflow._client.artifact.run_artifact_client import RunArtifactsClient
    from azureml.mlflow._store.artifact.artifact_repo import AzureMLflowArtifactRepository as Repository
    from azureml.mlflow._store.model_registry.model_registry import AzureMLflowModelRegistry as Registry
    from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store
    from mlflow.models import Model
    from mlflow.tracking._tracking_service.client import TrackingServiceClient

    owners = (Repository, Registry, Store, Model, TrackingServiceClient, RunArtifactsClient)
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
        text = sys.modules[type(unit).__module__].__doc__ or ""
        assert type(unit).applies is not Unit.applies or "probe" in text.lower() or "tried first" in text


def test_the_plugins_lists_are_left_alone_once_they_are_right(bridged: Connection) -> None:
    from azureml.mlflow._store.artifact.artifact_repo import AzureMLflowArtifactRepository as Repository

    from mlflow_aml_magics.client.bridge.artifacts import ignores_its_folder

    assert not ignores_its_folder(Repository)  # ours, now
    with pytest.MonkeyPatch.context() as patch:
        own = next(unit for unit in bridge.installed() if unit.name == "artifacts")
        own.remove()
        assert ignores_its_folder(Repository)
        patch.setattr(Repository, "list_artifacts", lambda *_: [FileInfo("MLmodel", False, -1)])
        before = dict(vars(Repository))
        own.install()
        assert dict(vars(Repository)) == before
        own.remove()
    own.install()


def test_without_the_way_of_mlflow_2_models_are_logged_all_the_same(
    bridged: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.models import Model

    monkeypatch.delattr(Model, "_log_v2")  # private: a later mlflow may drop it
    model, frame = fitted()
    with mlflow.start_run() as run:
        found = mlflow.sklearn.log_model(
            model, name="model", input_example=frame[:1], registered_model_name="bridge-later", pip_requirements=PIP
        )
    assert found.model_uri == f"runs:/{run.info.run_id}/model"
    for uri in (found.model_uri, "models:/bridge-later/1"):
        assert list(mlflow.pyfunc.load_model(uri).predict(frame)) == list(model.predict(frame))


def test_limits_hold_for_tags_and_params_in_one_batch(bridged: Connection) -> None:
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        client.log_batch(
            run.info.run_id,
            metrics=[Metric("m", 1.0, 1, 0)], params=[Param("p", "1")], tags=[RunTag("t", "v")],
        )  # fmt: skip
    data = mlflow.get_run(run.info.run_id).data
    assert (data.metrics, data.params, data.tags["t"]) == ({"m": 1.0}, {"p": "1"}, "v")
