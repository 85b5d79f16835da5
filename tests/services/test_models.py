"""%aml_models: what is in the registry."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.models import resolve
from mlflow_aml_magics.errors import ModelNotFound, UsageError
from mlflow_aml_magics.services.models import list_models
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
