"""%aml_register: versions with lineage, once each, all or nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import pandas as pd
import pytest
import requests
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.client.models import (
    content_digest,
    fetch,
    find_model,
    import_folder,
    list_versions,
    models_of_run,
    read_model,
    resolve,
    save_object,
)
from mlflow_aml_magics.errors import (
    ModelError,
    ModelNotFound,
    NoModelInRun,
    RunNotFound,
    StoreError,
    UsageError,
)
from mlflow_aml_magics.frames.signature import parse_signature
from mlflow_aml_magics.services.model_history import history_of
from mlflow_aml_magics.services.register import register

REQUIREMENTS = ["scikit-learn"]
LogRun = Callable[..., str]


@pytest.fixture
def exported(fitted: ElasticNet, rows: pd.DataFrame, tmp_path: Path) -> Path:
    """A folder written by mlflow's save_model."""
    folder = tmp_path / "exported"
    mlflow.sklearn.save_model(fitted, folder, input_example=rows[:3], pip_requirements=REQUIREMENTS)
    return folder


def test_a_run_becomes_a_version_with_its_lineage(conn: Connection, log_run: LogRun) -> None:
    run_id = log_run()
    done = register(conn, run_id, "wine", alias="champion", description="the first", tags={"team": "cellar"})
    version = resolve(conn, "wine@champion")
    assert (done.version, done.created, done.alias) == ("1", True, "champion")
    assert (version.run_id, version.description, version.tags["team"]) == (run_id, "the first", "cellar")
    assert read_model(fetch(conn, version.uri)).servable
    assert "%aml_deploy wine@champion" in repr(done)
    assert run_id in repr(done)


@pytest.mark.parametrize("form", ["{run}", "runs:/{run}", "runs:/{run}/model", "{uri}"])
def test_each_way_to_name_a_runs_model_means_the_same(conn: Connection, log_run: LogRun, form: str) -> None:
    run_id = log_run()
    source = form.format(run=run_id, uri=find_model(conn, run_id).uri)
    version = register(conn, source, "wine").model_version
    assert version.run_id == run_id
    assert version.model_id == find_model(conn, run_id).model_id


def test_the_same_content_is_not_registered_twice(
    conn: Connection, log_run: LogRun, fitted: ElasticNet, exported: Path, rows: pd.DataFrame
) -> None:
    first = register(conn, log_run(), "wine", alias="champion")
    again = register(conn, log_run(), "wine")  # another run that logged the same model
    folder = register(conn, exported, "wine", alias="champion", tags={"team": "cellar"})
    an_object = register(conn, fitted, "wine", input_example=rows[:3], pip_requirements=REQUIREMENTS)
    assert first.created
    assert [(r.version, r.created) for r in (again, folder, an_object)] == [("1", False)] * 3
    assert [v.version for v in list_versions(conn, "wine")] == ["1"]
    assert resolve(conn, "wine/1").tags["team"] == "cellar"
    assert "was there already" in repr(again)


def test_the_same_content_may_have_two_names(conn: Connection, log_run: LogRun) -> None:
    run_id = log_run()
    assert register(conn, run_id, "wine").created
    assert register(conn, run_id, "port").created


def test_a_version_that_another_tool_made_of_the_model_counts(conn: Connection, log_run: LogRun) -> None:
    model = find_model(conn, log_run())
    conn.mlflow.create_registered_model("wine")
    with conn.as_current():
        conn.mlflow.create_model_version("wine", model.uri, run_id=model.run_id, model_id=model.model_id)
    assert not register(conn, model.uri, "wine").created


def test_an_alias_moves_and_says_from_where(conn: Connection, log_run: LogRun, rows: pd.DataFrame) -> None:
    register(conn, log_run(), "wine", alias="champion")
    other = ElasticNet(alpha=0.7).fit(rows, load_diabetes().target)
    second = register(conn, log_run(other), "wine", alias="champion")
    assert (second.version, second.moved_from) == ("2", "1")
    assert "until now of version 1" in second.message
    assert [c.sentence for c in history_of(second.model_version.tags)] == ["alias champion, until then of version 1"]
    back = register(conn, resolve(conn, "wine/1").source, "wine", alias="champion")
    assert (back.created, back.moved_from, resolve(conn, "wine@champion").version) == (False, "2", "1")
    register(conn, back.model_version.source, "wine", alias="champion")  # it has that: nothing to tell
    told = [c.did for c in history_of(resolve(conn, "wine/1").tags)]
    assert told == ["alias champion, until then of version 2", "alias champion"]


def test_a_folder_is_imported_through_a_run(conn: Connection, exported: Path) -> None:
    before = (exported / "MLmodel").read_text()
    version = register(conn, exported, "wine").model_version
    shutil.rmtree(exported)
    files = read_model(fetch(conn, version.uri))
    assert conn.mlflow.get_run(version.run_id).info.status == "FINISHED"
    assert (files.meta["run_id"], files.meta["model_id"]) == (version.run_id, version.model_id)
    assert version.run_id not in before  # the user's folder was not touched: it was linked, then written anew
    signature = parse_signature(files.signature)
    assert signature is not None
    assert [row[1] for row in signature.rows()][:2] == ["age", "sex"]


def test_a_fitted_model_is_logged_in_a_run_of_its_own(conn: Connection, fitted: ElasticNet, rows: pd.DataFrame) -> None:
    experiment = conn.mlflow.create_experiment("cellar")
    said: list[str] = []
    done = register(
        conn,
        fitted,
        "wine",
        experiment_id=experiment,
        input_example=rows[:3],
        pip_requirements=REQUIREMENTS,
        progress=said.append,
    )
    assert conn.mlflow.get_run(done.run_id or "").info.experiment_id == experiment
    assert read_model(fetch(conn, done.uri)).flavors.keys() == {"python_function", "sklearn"}
    assert any("saving the ElasticNet" in line for line in said)


def test_an_autologged_model_keeps_its_training_run(conn: Connection, rows: pd.DataFrame) -> None:
    target = load_diabetes().target
    with conn.as_current():
        mlflow.sklearn.autolog(silent=True, extra_tags={"by": "autolog"})
        try:
            model = ElasticNet(alpha=0.3).fit(rows, target)
        finally:
            mlflow.sklearn.autolog(disable=True, silent=True)
    training = model._mlflow_run_id
    assert register(conn, model, "wine").run_id == training
    model.fit(rows[:100], target[:100])  # without autolog: the run has no longer this model
    again = register(conn, model, "wine", pip_requirements=REQUIREMENTS)
    assert again.created
    assert again.run_id != training


class Halves:
    """A class that no flavor knows, with a predict."""

    def predict(self, model_input: Any) -> Any:
        """Half of it."""
        return model_input / 2


def test_an_object_with_a_predict_becomes_a_python_model(conn: Connection) -> None:
    done = register(conn, Halves(), "halves", pip_requirements=[])
    assert "python_function" in read_model(fetch(conn, done.uri)).flavors


def test_an_object_without_predict_is_refused(conn: Connection) -> None:
    with pytest.raises(UsageError, match="this dict is no model"):
        register(conn, {"alpha": 1}, "wine")
    assert list_versions(conn) == []


def test_a_run_without_a_model(conn: Connection) -> None:
    run = conn.mlflow.create_run("0", run_name="brave-fox")
    with pytest.raises(NoModelInRun, match=f"brave-fox \\({run.info.run_id}\\) logged no model") as caught:
        register(conn, run.info.run_id, "wine")
    assert "autolog" in (caught.value.hint or "")
    with pytest.raises(ModelNotFound):
        resolve(conn, "wine")


def test_a_run_with_several_models_asks_which(conn: Connection, log_run: LogRun) -> None:
    run_id = log_run(names=("model", "best_estimator"))
    with pytest.raises(UsageError, match="logged 2 models: best_estimator, model") as caught:
        register(conn, run_id, "wine")
    assert f"runs:/{run_id}/best_estimator" in (caught.value.hint or "")
    assert register(conn, f"runs:/{run_id}/best_estimator", "wine").created
    with pytest.raises(NoModelInRun, match="has no model 'nope'") as missing:
        register(conn, f"runs:/{run_id}/nope", "wine")
    assert f"runs:/{run_id}/model" in (missing.value.hint or "")


def test_models_in_old_artifact_folders_are_found(conn: Connection, exported: Path) -> None:
    run_id = conn.mlflow.create_run("0").info.run_id
    conn.mlflow.log_artifacts(run_id, str(exported), "deep/down/model")
    assert [model.name for model in models_of_run(conn, run_id)] == ["deep/down/model"]
    done = register(conn, f"runs:/{run_id}/deep/down/model", "wine")
    assert done.run_id == run_id
    assert fetch(conn, done.uri).parts[-3:] == ("deep", "down", "model")


def test_unknown_sources(conn: Connection, tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match=r"no run '0{32}'"):
        register(conn, "0" * 32, "wine")
    with pytest.raises(ModelNotFound, match="no logged model 'm-0'"):
        register(conn, "models:/m-0", "wine")
    with pytest.raises(UsageError, match="'yesterday' is neither a run id"):
        register(conn, "yesterday", "wine")
    with pytest.raises(ModelError, match="no file MLmodel"):
        register(conn, tmp_path, "wine")
    with pytest.raises(ModelError, match="there is no folder"):
        register(conn, tmp_path / "nowhere", "wine")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "MLmodel").write_text("flavors: [")
    with pytest.raises(ModelError, match="cannot be read"):
        register(conn, tmp_path / "broken", "wine")
    assert list_versions(conn) == []


def test_a_folder_that_holds_the_models_folder_is_pointed_at(conn: Connection, exported: Path) -> None:
    with pytest.raises(ModelError, match="its folder exported has") as caught:
        register(conn, exported.parent, "wine")
    assert caught.value.hint == str(exported)


@pytest.mark.parametrize(
    ("name", "alias"), [("a/b", None), ("a@b", None), (" ", None), ("wine", "latest"), ("wine", "v3"), ("wine", "a b")]
)
def test_names_are_checked_before_anything_is_written(
    conn: Connection, log_run: LogRun, name: str, alias: str | None
) -> None:
    with pytest.raises(UsageError, match="cannot"):
        register(conn, log_run(), name, alias=alias)
    assert list_versions(conn) == []


def test_a_registration_that_fails_leaves_nothing(
    conn: Connection, log_run: LogRun, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = log_run()

    def fails(*_: object) -> None:
        raise mlflow.exceptions.MlflowException("the disk is full")

    monkeypatch.setattr(conn.mlflow, "set_registered_model_alias", fails)
    with pytest.raises(StoreError, match="the disk is full"):
        register(conn, run_id, "wine", alias="champion")
    with pytest.raises(ModelNotFound, match="none is registered yet"):
        resolve(conn, "wine")
    runs = len(conn.mlflow.search_runs(["0"]))
    monkeypatch.setattr(conn.mlflow, "log_model_artifacts", fails)
    with pytest.raises(StoreError, match="the disk is full"):
        import_folder(conn, exported, "0")
    assert len(conn.mlflow.search_runs(["0"])) == runs


@pytest.mark.parametrize("call", ["create_model_version", "set_registered_model_alias"])
@pytest.mark.parametrize("failure", [mlflow.exceptions.MlflowException("the disk is full"), KeyboardInterrupt()])
def test_an_import_that_is_not_registered_is_withdrawn(
    conn: Connection, exported: Path, monkeypatch: pytest.MonkeyPatch, call: str, failure: BaseException
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(conn.mlflow, call, fails)
    with pytest.raises((StoreError, KeyboardInterrupt)):
        register(conn, exported, "wine", alias="champion")
    assert conn.mlflow.search_runs(["0"]) == []
    assert conn.mlflow.search_logged_models(["0"]) == []
    assert list_versions(conn) == []
    monkeypatch.undo()
    assert register(conn, exported, "wine", alias="champion").created


def test_a_version_that_was_there_gets_the_new_description(conn: Connection, log_run: LogRun) -> None:
    run_id = log_run()
    register(conn, run_id, "wine", description="the first", tags={"team": "cellar", "grape": "red"})
    register(conn, run_id, "wine", tags={"grape": "white"})
    assert resolve(conn, "wine/1").description == "the first"
    again = register(conn, run_id, "wine", description="the best")
    assert (again.created, again.model_version.description) == (False, "the best")
    assert "its description is changed" in again.message
    assert "description" not in register(conn, run_id, "wine", description="the best").message
    assert {"team": "cellar", "grape": "white"}.items() <= again.model_version.tags.items()


def test_mlflows_own_run_object_means_that_run(conn: Connection, log_run: LogRun) -> None:
    run = conn.mlflow.get_run(log_run())
    assert register(conn, run, "wine").run_id == run.info.run_id


@pytest.mark.parametrize("ref", ["models:/wine/1", "models:/wine@champion"])
def test_a_version_is_registered_under_another_name(conn: Connection, log_run: LogRun, ref: str) -> None:
    run_id = log_run()
    wine = register(conn, run_id, "wine", alias="champion").model_version
    port = register(conn, ref, "port")
    assert (port.created, port.run_id, port.model_version.source) == (True, run_id, wine.source)
    assert not register(conn, ref, "wine").created
    with pytest.raises(ModelNotFound, match="has no version 7"):
        register(conn, "models:/wine/7", "port")


def test_a_model_that_fails_without_a_message_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr(mlflow.pyfunc, "save_model", fails)
    with pytest.raises(ModelError, match="this Halves cannot be saved: ValueError"):
        save_object(Halves(), tmp_path / "halves")


def test_the_digest_is_of_the_content(
    conn: Connection, log_run: LogRun, exported: Path, rows: pd.DataFrame, tmp_path: Path
) -> None:
    moved = shutil.copytree(exported, tmp_path / "elsewhere")
    logged = fetch(conn, find_model(conn, log_run()).uri)
    assert content_digest(exported) == content_digest(moved) == content_digest(logged)
    (moved / "requirements.txt").write_text("scikit-learn==0.1\n")
    assert content_digest(moved) != content_digest(exported)
    other = ElasticNet(alpha=0.2).fit(rows, load_diabetes().target)
    mlflow.sklearn.save_model(other, tmp_path / "other", input_example=rows[:3], pip_requirements=REQUIREMENTS)
    assert content_digest(tmp_path / "other") != content_digest(exported)


@pytest.mark.parametrize(
    "ref", ["wine", "wine@champion", "wine/1", "wine:1", "models:/wine/1", "models:/wine@champion"]
)
def test_references(conn: Connection, log_run: LogRun, ref: str) -> None:
    register(conn, log_run(), "wine", alias="champion")
    assert resolve(conn, ref).version == "1"


@pytest.fixture
def server(store_uri: str, tmp_path: Path) -> Any:
    """An MLflow server that keeps the artifacts itself. Yields its address."""
    env = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store_uri, "--workers", "1"]
    command += ["--artifacts-destination", str(tmp_path / "kept"), "--host", "127.0.0.1", "--port", "0"]
    log = tmp_path / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        yield _address(process, log)
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    import time

    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        match = re.search(r"running on (http://127\.0\.0\.1:\d+)", log.read_text())
        if match and requests.get(f"{match[1]}/health", timeout=5).ok:
            return match[1]
        time.sleep(0.2)
    raise AssertionError(log.read_text())


def test_a_folder_goes_into_a_server_and_comes_back(server: str, exported: Path) -> None:
    conn = open_connection(server)
    done = register(conn, exported, "wine", alias="champion")
    assert not register(conn, exported, "wine").created
    here = fetch(conn, "models:/wine@champion")
    assert content_digest(here) == content_digest(exported)
    assert fetch(conn, done.uri) == here  # downloaded once
