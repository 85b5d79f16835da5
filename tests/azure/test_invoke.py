"""Endpoints of Azure ML are asked as local deployments are: real scoring processes in the sandbox, real jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from mlflow_aml_magics.errors import AmlMagicsError, InvokeError, UsageError
from mlflow_aml_magics.services import deploy as service
from mlflow_aml_magics.services.batch_job import BatchJob
from mlflow_aml_magics.services.deploy import DeployOptions
from mlflow_aml_magics.services.invoke import as_code, compare, invoke, invoke_or_score, sample_of, the_two

if TYPE_CHECKING:
    from mlflow_aml_magics.client.connection import Connection
    from mlflow_aml_magics.sandbox import Sandbox

FRAME = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 1, 0]})
TARGETS = [1.0, 2.0, 3.0]
NO_CODE = ["mlflow==3.6.0", "scikit-learn==1.7.0", "azureml-ai-monitoring", "azureml-inference-server-http>=1.4"]


@pytest.fixture(scope="module")
def _served(sandbox: Sandbox, connected: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """The endpoint `asked` with blue, which has all the traffic, and green, another model."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        from azure.ai.ml.entities import Model

        assert connected.azure is not None
        for alpha in (1, 50):
            path = folder / str(alpha)
            mlflow.sklearn.save_model(model(alpha), path, input_example=FRAME[:1], pip_requirements=NO_CODE)
            connected.azure.ml_client.models.create_or_update(Model(name="asked", path=str(path), type="mlflow_model"))
        for version, name in (("1", "blue"), ("2", "green")):
            options = DeployOptions(deployment=name, force=True)
            service.deploy(connected, f"asked:{version}", to="online", name="asked", options=options)
        service.deploy(
            connected, "asked:1", to="batch", name="asked-batch", options=DeployOptions(compute="cpu-cluster")
        )
        yield connected
        for name in ("online:asked", "batch:asked-batch"):
            service.delete(connected, name)


@pytest.fixture
def conn(in_sandbox: Sandbox, _served: Connection) -> Connection:
    """Connected; the two endpoints are up."""
    assert _served.azure is not None
    assert _served.azure.credential is not None
    _served.azure.credential.forget()  # another test may have had every token revoked
    return _served


def model(alpha: float) -> Ridge:
    """What is deployed."""
    return Ridge(alpha=alpha).fit(FRAME, TARGETS)


def test_an_endpoint_is_asked_in_azure_s_form_and_says_who_answered(conn: Connection) -> None:
    answer = invoke(conn, "asked", sample=True, repeat=3)
    assert answer.body == {"input_data": {"columns": ["a", "b"], "index": [0], "data": [[1.0, 0.0]]}}
    np.testing.assert_allclose(answer.predictions, model(1).predict(FRAME[:1]))
    assert answer.answered_by == {"blue": 3}
    assert "asked (blue)" in repr(answer)
    # what MLflow's server takes is converted
    pasted = invoke(conn, "asked/green", data={"dataframe_split": FRAME.to_dict("split")})
    np.testing.assert_allclose(pasted.predictions, model(50).predict(FRAME))
    assert pasted.answered_by == {"green": 1}
    assert sample_of(conn, "asked").wire == "azure"
    many = pd.concat([FRAME] * 500, ignore_index=True)
    np.testing.assert_allclose(invoke(conn, "asked", data=many).predictions, model(1).predict(many))
    with pytest.raises(InvokeError, match="column 'b' is missing"):
        invoke(conn, "asked", data=FRAME[["a"]])


def test_blue_and_green_are_compared(conn: Connection) -> None:
    assert the_two(conn, "asked", ["blue", "green"]) == ("asked/blue", "asked/green")
    found = compare(conn, *the_two(conn, "asked", ["blue", "green"]), data=FRAME)
    (one,) = found.differences
    np.testing.assert_allclose(np.array(one.each, float), model(50).predict(FRAME) - model(1).predict(FRAME))
    assert (found.a.answered_by, found.b.answered_by) == ({"blue": 1}, {"green": 1})
    with pytest.raises(AmlMagicsError, match="no deployment 'asked/red'"):
        compare(conn, "asked/blue", "asked/red", data=FRAME)


def test_traffic_that_is_shared_is_counted(conn: Connection) -> None:
    service.set_traffic(conn, "asked", {"blue": 50, "green": 50})
    answer = invoke(conn, "asked", sample=True, repeat=40)
    service.set_traffic(conn, "asked", {"blue": 100})
    assert answer.answered_by.keys() == {"blue", "green"}
    assert sum(answer.answered_by.values()) == 40


def test_code_asks_az_for_the_key_and_has_it_not(conn: Connection) -> None:
    place, _ = service.located(conn, "asked")
    key = place.points.key(place.points.get("asked"))  # type: ignore[attr-defined]
    codes = [as_code(conn, "asked/green", language, data=FRAME) for language in ("curl", "python")]
    for code in codes:
        assert key not in code
        assert "get-credentials" in code
        assert "azureml-model-deployment" in code
    done = subprocess.run(
        [sys.executable, "-c", codes[1]],
        env=os.environ | {"AML_ENDPOINT_KEY": key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.array(eval(done.stdout)), model(50).predict(FRAME))


def test_a_batch_endpoint_is_given_a_job(conn: Connection) -> None:
    with pytest.raises(UsageError, match="is a batch endpoint: it answers nothing at once"):
        invoke(conn, "asked-batch", data=FRAME)
    with pytest.raises(UsageError, match="which has no repeat"):
        invoke_or_score(conn, "asked-batch", data=FRAME, repeat=2)
    with pytest.raises(InvokeError, match="column 'b' is missing"):
        invoke_or_score(conn, "asked-batch", data=[{"a": 1}])
    job = invoke_or_score(conn, "asked-batch", data=FRAME.to_dict("records"))
    assert isinstance(job, BatchJob)
    np.testing.assert_allclose(job.predictions().sort_values("row")["prediction"], model(1).predict(FRAME))
