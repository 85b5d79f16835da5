"""What is said of endpoints without asking Azure: names, shares, failures, rows, phases."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, cast

import pytest

from mlflow_aml_magics.client.azure import AzureWorkspace
from mlflow_aml_magics.client.azure_endpoints import Endpoint, Served, model_label, model_uri
from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.workspace_ref import WorkspaceRef
from mlflow_aml_magics.errors import DeploymentNotFound, StoreUnreachable, UsageError
from mlflow_aml_magics.services.deploy import following
from mlflow_aml_magics.services.deploy.costs import cost_hint, quota_hint
from mlflow_aml_magics.services.deploy.endpoint_names import endpoint_and_deployment, proposed
from mlflow_aml_magics.services.deploy.failures import decode
from mlflow_aml_magics.services.deploy.following import Followed, TooLong, follow
from mlflow_aml_magics.services.deploy.online_rows import rows
from mlflow_aml_magics.services.deploy.online_watch import phase_of
from mlflow_aml_magics.services.deploy.target import DeploymentList
from mlflow_aml_magics.services.deploy.traffic import check_shares, first_shares, parse_shares, trial_shares, worded

if TYPE_CHECKING:
    from collections.abc import Callable

ARM = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"

# Lines as they were reported: the number is that of the issue or pull request.
FAILURES = {
    "ModuleNotFoundError: No module named 'azureml'": "lacks azureml-ai-monitoring",  # azureml-examples#4031
    "ModuleNotFoundError: No module named 'azureml.ai'": "lacks azureml-ai-monitoring",
    "ModuleNotFoundError: No module named 'azureml.contrib.services'": "1.3.0 to 1.3.4",  # azureml-examples#3904
    "bash: azmlinfsrv: command not found": "lacks azureml-inference-server-http",
    "ModuleNotFoundError: No module named 'wine_tools'": "lacks the package of 'wine_tools'",
    "OutOfQuota: Not enough quota available for Standard_DS3_v2": "quota of cores",  # mslearn-azure-ml#30
    "ERROR: Package 'setuptools' requires a different Python: 3.7.13 not in '>=3.8'": "out of support",
    "ERROR: No matching distribution found for scikit-learn==99": "cannot be installed",
    "ImageBuildFailure: environment image building failed": "cannot be built",  # mslearn-mlops#60
    "BadRequest: The endpoint name 'wine' is already in use in this region": "unique in a region",
    "container was OOMKilled": "out of memory",
    "Worker (pid:12) was sent SIGKILL! Perhaps out of memory?": "out of memory",
    "Liveness probe failed: HTTP probe failed with statuscode: 502": "does not start",  # azureml-examples#3983
    "ValueError: node array from the pickle has an incompatible dtype": "the model's own code",
}


@pytest.mark.parametrize("line", FAILURES)
def test_a_failure_is_found_among_other_lines(line: str) -> None:
    log = f"Instance status:\nUserContainerStart: Failed\n\nContainer logs:\nstarting\n  File x.py\n{line}\nbye\n"
    found = decode("Liveness probe failed: 502", log)
    assert found is not None
    assert FAILURES[line] in found.meaning
    assert line in found.line
    assert found.fix


def test_what_is_no_failure_is_none() -> None:
    assert decode("", "azmlinfsrv - Server started\nPOST /score 200 3.1ms") is None
    assert decode("{module} {0} %s") is None


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("wine_v2", "wine-v2"),
        ("7", "model-7"),
        ("gr--n-", "gr-n"),
        ("x" * 40, "x" * 32),
        ("a", "a-model"),
        ("", "model"),
    ],
)
def test_a_name_that_azure_refuses_is_told_with_one_that_it_takes(name: str, valid: str) -> None:
    assert proposed(name) == valid
    assert endpoint_and_deployment(valid, "blue") == (valid, "blue")
    with pytest.raises(UsageError):
        endpoint_and_deployment(name, None)


def test_two_deployments_are_one_too_many() -> None:
    assert endpoint_and_deployment("wine/blue", None) == endpoint_and_deployment("wine", "blue") == ("wine", "blue")
    with pytest.raises(UsageError, match="names the deployment blue, and --deployment green"):
        endpoint_and_deployment("wine/blue", "green")


def test_shares() -> None:
    known = {"blue", "green"}
    assert check_shares("wine", {"green": 100}, known) == {"blue": 0, "green": 100}
    assert check_shares("wine", {"green": 0}, known) == {"blue": 0, "green": 0}
    with pytest.raises(UsageError, match="sum to 110") as caught:
        check_shares("wine", {"blue": 90, "green": 20}, known)
    assert "--traffic blue=82,green=18" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="is no share"):
        check_shares("wine", {"blue": 150, "green": -50}, known)
    with pytest.raises(DeploymentNotFound) as missing:
        check_shares("wine", {"gren": 100}, known)
    assert missing.value.hint == "did you mean 'green'?"
    assert first_shares({}, ["blue"], "blue") == {"blue": 100}
    assert first_shares({"blue": 100}, ["blue", "green"], "green") is None
    assert trial_shares({"blue": 60, "red": 40}, "green") == {"blue": 50, "red": 40, "green": 10}
    assert trial_shares({}, "green") == {"green": 100}
    assert parse_shares(worded({"green": 10, "blue": 90})) == {"blue": 90, "green": 10}
    assert parse_shares("none") == parse_shares("blue=<b>") == parse_shares("") == {}


def test_what_a_machine_costs_and_takes() -> None:
    assert cost_hint("standard_ds3_V2", 2).startswith("about 0.58 USD an hour (2 machines, list price")
    assert quota_hint("Standard_DS3_v2", 10) == "takes 48 cores of the quota, of which 8 for upgrades"
    assert cost_hint("Standard_Unheard_v9") == quota_hint("Standard_Unheard_v9") == ""


def test_models_by_their_ids() -> None:
    own, shared = f"{ARM}/models/wine/versions/3", "azureml://registries/cellar/models/wine/versions/3"
    assert (model_label(own), model_uri(own)) == ("wine version 3", "models:/wine/3")
    assert (model_label(shared), model_uri(shared)) == ("wine version 3 of the registry cellar", "")
    assert (model_label("<b>"), model_uri("")) == ("<b>", "")


def test_the_step_under_way_is_told() -> None:
    head = "Instance status:\nSystemSetup: Succeeded\nUserContainerImagePull: Succeeded\nModelDownload: Succeeded\n"
    log = f"{head}UserContainerStart: InProgress\n\nContainer events:\n\nContainer logs:\n"
    assert phase_of(log) == "starting the server"
    stamped = "2026-11-21 16:43:18 I [19769] azmlinfsrv - loading model"
    assert phase_of(log + stamped) == "starting the server: azmlinfsrv - loading model"
    told = "2026/11/21 18:09:53 WARNING mlflow.utils.requirements_utils: Detected one or more mismatches between\n"
    told += " - numpy (current: 2, required: numpy==1)\nTo fix the mismatches, call `get_model_dependencies`\n"
    assert phase_of(f"{log}{stamped}\n{told}") == "starting the server: azmlinfsrv - loading model"
    assert phase_of("") == ""


def connection() -> Connection:
    conn = Connection("azureml://somewhere")
    conn.azure = AzureWorkspace(WorkspaceRef("s", "rg", "ws"), cloud="AzureCloud", tenant="t")
    return conn


def test_rows_of_an_endpoint() -> None:
    day = datetime.now(timezone.utc) - timedelta(days=3)
    point = Endpoint("wine", "Succeeded", traffic={"blue": 100}, tags={"aml.at": "no time"})
    served = [
        Served("wine", "green", "Succeeded", f"{ARM}/models/wine/versions/4", "Standard_DS3_v2", created=day),
        Served("wine", "blue", "Succeeded", f"{ARM}/models/wine/versions/3", "Standard_DS3_v2", 2, created=day),
        Served("wine", "red", "Somersaulting", tags={"aml.model": "<b>", "aml.at": "yesterday"}),
        Served("wine", "old", "Failed", created=day),
    ]
    found = {row.name: row for row in rows("online", connection(), point, served)}
    assert next(iter(found)) == "wine/blue"  # whoever asks for the endpoint means this one
    blue, green, red = found["wine/blue"], found["wine/green"], found["wine/red"]
    assert (blue.state, blue.traffic, blue.machine, blue.detail) == ("running", 100, "Standard_DS3_v2 × 2", "")
    assert blue.link.startswith("https://ml.azure.com/endpoints/realtime/wine/detail?wsid=/subscriptions/s/")
    assert green.detail.startswith("idle: no traffic, and it costs about 0.29 USD an hour")
    assert (red.state, red.model) == ("changing", "<b>")
    assert found["wine/old"].state == "failed"
    shown = cast(dict[str, Any], DeploymentList(tuple(found.values()))._repr_mimebundle_())
    assert "<b>&lt;" not in shown["text/html"]
    assert "&lt;b&gt;" in shown["text/html"]
    (empty,) = rows("online", connection(), point, [])
    assert (empty.name, empty.state, empty.traffic) == ("wine", "empty", None)


def test_following_survives_an_absence_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FIRST_LOOK", 0.001)
    monkeypatch.setattr(following, "LAST_LOOK", 0.001)

    def scripted(*answers: Any) -> Callable[[], Followed[str]]:
        left = iter(answers)

        def look() -> Followed[str]:
            answer = next(left)
            if isinstance(answer, Exception):
                raise answer
            return cast(Followed[str], answer)

        return look

    said: list[str] = []
    away, busy, done = StoreUnreachable("away"), Followed("a", "building", False), Followed("b", "", True)
    assert follow(scripted(busy, away, away, busy, done), said.append, timeout=60) == "b"
    assert "0:00 building; Azure is not to be reached for now…" in said
    with pytest.raises(TooLong):
        follow(lambda: busy, said.append, timeout=0)
    monkeypatch.setattr(following, "PATIENCE", -1.0)
    with pytest.raises(StoreUnreachable):
        follow(scripted(busy, away), said.append, timeout=60)
