"""%aml_models: what is in the registry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client import registry
from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.models import resolve
from mlflow_aml_magics.errors import ModelNotFound, UsageError
from mlflow_aml_magics.services.deploy import Deployment
from mlflow_aml_magics.services.deployed import served_version
from mlflow_aml_magics.services.lineage import lineage_of
from mlflow_aml_magics.services.models import list_again, list_models
from mlflow_aml_magics.services.register import register


def test_versions_with_aliases_source_run_and_metrics(
    conn: Connection, log_run: Callable[..., str], rows: pd.DataFrame
) -> None:
    first = log_run()
    register(conn, first, "wine", alias="champion")
    register(conn, log_run(ElasticNet(alpha=0.5).fit(rows, load_diabetes().target)), "wine")
    register(conn, first, "port")
    models = list_models(conn)
    assert [(v.name, v.version, v.aliases) for v in models] == [
        ("port", "1", ()),
        ("wine", "2", ()),
        ("wine", "1", ("champion",)),
    ]
    assert models[2].run_id == first
    assert models[2].metrics == {"rmse": 54.25}
    assert models[2].created is not None
    text = repr(models)
    assert "3 versions of 2 models" in text
    assert "champion" in text
    assert "54.25" in text
    assert [v.version for v in list_models(conn, "wine")] == ["2", "1"]


def test_a_version_outlives_its_run(conn: Connection, log_run: Callable[..., str]) -> None:
    run_id = log_run()
    register(conn, run_id, "wine")
    conn.mlflow.delete_run(run_id)
    assert [v.version for v in list_models(conn)] == ["1"]


@pytest.mark.parametrize(
    ("model", "serves"),
    [
        ("wine version 3", ("wine", "3")),
        ("red wine version 12", ("red wine", "12")),
        ("models:/wine/3", ("wine", "3")),
        ("azureml:wine:3", ("wine", "3")),
        ("wine:3", ("wine", "3")),
        ("/subscriptions/s/resourceGroups/r/providers/p/workspaces/w/models/wine/versions/3", ("wine", "3")),
        ("folder /tmp/wine", None),
        ("model of run 0123456789abcdef", None),
        ("", None),
    ],
)
def test_what_a_deployment_says_that_it_serves(model: str, serves: tuple[str, str] | None) -> None:
    made = datetime.now(timezone.utc)
    assert served_version(Deployment("d", "local", "running", model, "", "", "", made)) == serves


def test_the_way_of_a_version(conn: Connection, log_run: Callable[..., str]) -> None:
    run_id = log_run()
    register(conn, run_id, "wine")
    way = lineage_of(conn, "wine:1")
    assert way.run is not None
    assert (way.run.run_id, way.run.experiment, way.deployments) == (run_id, "Default", ())
    assert "%aml_deploy wine:1" in repr(way)
    conn.mlflow.delete_run(run_id)
    assert "it was deleted" in repr(lineage_of(conn, "wine"))


def test_a_list_read_again_reads_the_metrics_of_what_is_new_alone(
    conn: Connection, log_run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    register(conn, log_run(), "wine")
    before = list_models(conn)
    client = conn.mlflow
    client.create_model_version("wine", "/tmp/nothing", before[0].run_id)
    asked: list[str] = []
    own = registry._metrics
    monkeypatch.setattr(registry, "_metrics", lambda conn, version: asked.append(version.version) or own(conn, version))
    after = list_again(conn, before, "wine")
    assert ([v.version for v in after], asked) == (["2", "1"], ["2"])
    assert [v.metrics for v in after] == [{"rmse": 54.25}] * 2
    client.delete_registered_model("wine")
    assert list_again(conn, after, "wine").versions == ()


def test_nothing_registered_says_how_to_begin(conn: Connection) -> None:
    assert "%aml_register" in repr(list_models(conn))


def test_what_does_not_exist_is_named_with_what_does(conn: Connection, log_run: Callable[..., str]) -> None:
    register(conn, log_run(), "wine", alias="champion")
    with pytest.raises(ModelNotFound, match="no registered model 'wein'") as caught:
        list_models(conn, "wein")
    assert "did you mean 'wine'" in (caught.value.hint or "")
    with pytest.raises(ModelNotFound, match="there are wine"):
        resolve(conn, "something else")
    with pytest.raises(ModelNotFound, match="no alias 'champ'") as caught:
        resolve(conn, "wine@champ")
    assert "wine@champion" in (caught.value.hint or "")
    with pytest.raises(ModelNotFound, match="no version 9; it has 1"):
        resolve(conn, "wine/9")
    with pytest.raises(ModelNotFound, match="no version champion") as caught:
        resolve(conn, "wine/champion")
    assert "wine@champion" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="'a/b/c' is no model reference"):
        resolve(conn, "a/b/c")
    conn.mlflow.create_registered_model("empty")
    with pytest.raises(ModelNotFound, match="'empty' has no version yet"):
        resolve(conn, "empty")
