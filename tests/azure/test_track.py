"""`%aml_track` on a workspace: cells of a notebook, a script, a job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException

if TYPE_CHECKING:
    from mlflow_aml_magics.client.connection import Connection
    from mlflow_aml_magics.sandbox import Sandbox


@pytest.fixture
def on(shell: Any, connection: Connection, request: pytest.FixtureRequest) -> Any:
    """A notebook that tracks to the workspace that the environment names."""
    status = shell.run(f"import mlflow\n%aml_track --no-autolog --experiment {request.node.name}")
    assert "AZURE_SUBSCRIPTION_ID is set" in repr(status) or "AZUREML_WORKSPACE_NAME is set" in repr(status)
    return shell


def cells_of(run_id: str) -> str:
    return mlflow.artifacts.load_text(f"runs:/{run_id}/notebook/cells.py")


def test_a_run_gets_its_cells_once_at_its_end(
    on: Any, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    on.run("first = mlflow.start_run()  # the first cell")
    on.run("mlflow.log_metric('m', 1)  # the second cell")
    on.run("mlflow.end_run()  # the third cell")
    on.run("with mlflow.start_run() as second: pass  # all in one")
    on.run("mlflow.start_run(run_id=first.info.run_id)  # resumed")
    on.run("mlflow.end_run()")
    on.run("third = mlflow.start_run()  # left open")
    first, second, third = (on[name].info.run_id for name in ("first", "second", "third"))
    on.run("pass")
    whole = cells_of(first)
    assert all(f"# the {n} cell" in whole for n in ("first", "second", "third"))
    assert "# all in one" in cells_of(second)
    assert "# resumed" not in whole
    again = mlflow.artifacts.load_text(f"runs:/{first}/notebook/cells-2.py")
    assert "# resumed" in again
    assert not mlflow.MlflowClient().list_artifacts(third, "notebook")
    on.run("%aml_track --off")
    with connection.guard("looking at"):
        assert connection.mlflow.get_run(third).info.status == "FINISHED"
        assert [info.path for info in connection.mlflow.list_artifacts(third, "notebook")] == ["notebook/cells.py"]
    assert "was not kept" not in capsys.readouterr().err


def test_a_failed_cell_keeps_its_traceback(on: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        on.run("%%aml_track --run-name broken --metrics x\nx = 1 / 0")
    (run,) = mlflow.search_runs(output_format="list")
    assert run.info.status == "FAILED"
    assert "ZeroDivisionError" in mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notebook/traceback.txt")
    assert "1 / 0" in cells_of(run.info.run_id)


def test_a_run_whose_end_was_not_heard_is_ended_after_the_next_cell(
    on: Any, connection: Connection, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with sandbox.fault("error", path="/runs/(update|search)"), pytest.raises(MlflowException):
        on.run("with mlflow.start_run() as run: pass")
    run_id = on["run"].info.run_id
    assert connection.mlflow.get_run(run_id).info.status == "RUNNING"
    on.run("pass")
    assert connection.mlflow.get_run(run_id).info.status == "FINISHED"


JOB = """
import json, os, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
def run(cell):
    found = shell.run_cell(cell)
    found.raise_error()
    return found.result
run("%load_ext mlflow_aml_magics")
status = run("%aml_track --no-models")
run('''
import mlflow
from sklearn.linear_model import Ridge
with mlflow.start_run():
    mlflow.log_param("from", "cell")
    model = Ridge(alpha=0.5).fit([[1.0], [2.0]], [1, 2])
''')
run("%aml_track --off")
print(json.dumps({"status": repr(status), "uri": os.environ["MLFLOW_TRACKING_URI"]}))
"""


def test_inside_a_job_its_own_run_is_used(bridged: Connection, sandbox: Sandbox) -> None:
    assert bridged.azure is not None
    assert bridged.azure.credential is not None
    name = "test_inside_a_job_its_own_run_is_used"
    run = bridged.mlflow.create_run(mlflow.get_experiment_by_name(name).experiment_id)
    run_id, ref = run.info.run_id, bridged.azure.ref
    bridged.azure.credential.forget()  # another test may have had every token revoked
    token = bridged.azure.credential.get_token("https://management.azureml.test/.default").token
    gone = ("MSI_", "AZURE_SUBSCRIPTION", "AZURE_RESOURCE", "AZUREML_WORKSPACE")
    env = {k: v for k, v in os.environ.items() if not k.startswith(gone)}
    env |= {
        "MLFLOW_TRACKING_URI": bridged.uri.replace("/mlflow/v2.0/", "/mlflow/v1.0/"),
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_RUN_ID": run_id,
        "MLFLOW_EXPERIMENT_ID": run.info.experiment_id,
        "MLFLOW_EXPERIMENT_NAME": name,
        "AZUREML_RUN_ID": run_id,
        "AZUREML_ARM_SUBSCRIPTION": ref.subscription_id,
        "AZUREML_ARM_RESOURCEGROUP": ref.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": ref.name,
    }
    tokens = len(sandbox.requests("/msi/token"))
    done = subprocess.run(
        [sys.executable, "-c", JOB], env=env, cwd=Path.cwd(), capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert f"its run is {run_id}" in told["status"]
    assert told["uri"] == env["MLFLOW_TRACKING_URI"]
    assert token not in done.stdout + done.stderr
    found = bridged.mlflow.get_run(run_id)
    assert {"from": "cell", "alpha": "0.5"}.items() <= found.data.params.items()
    assert "training_score" in found.data.metrics
    assert "estimator.html" in [info.path for info in bridged.mlflow.list_artifacts(run_id)]
    assert len(bridged.mlflow.search_runs([run.info.experiment_id])) == 1
    assert len(sandbox.requests("/msi/token")) == tokens


def test_without_tracking_a_workspace_is_opened_once(shell: Any, in_sandbox: Sandbox) -> None:
    tokens = len(in_sandbox.requests("/msi/token"))
    shell.run("%aml_models")
    opened = shell.ip._aml_session.opened()
    shell.run("%aml_models")
    assert shell.ip._aml_session.opened() is opened
    assert len(in_sandbox.requests("/msi/token")) - tokens <= 1
