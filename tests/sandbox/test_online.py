"""Online endpoints of the sandbox: Microsoft's clients, the service's rules, and what becomes of the processes."""

from __future__ import annotations

import shutil
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlflow_aml_magics.sandbox import Sandbox, arm_online_deployments

NEEDED = ["mlflow==3.6.0", "azureml-ai-monitoring", "azureml-inference-server-http"]
SECONDS = 180  # for a deployment on a busy machine; a quiet one needs 4
TABLE = {"input_data": {"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2], [3, 4]]}}

# A model that takes anything: tables are added up by row, arrays wholly; params may have it sleep or fail.
ANYTHING = """
import time
import mlflow

class Anything(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        if params and params["seconds"] < 0:
            raise ValueError("asked to fail")
        time.sleep(params["seconds"] if params else 0)
        if hasattr(model_input, "columns"):
            return model_input.sum(axis=1).to_numpy()
        if isinstance(model_input, dict):
            return {name: float(value.sum()) for name, value in model_input.items()}
        return [float(model_input.sum())]

mlflow.models.set_model(Anything())
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of models: blue and green, ten times as much; bad does not come up; anything; broken does not load."""
    import mlflow
    import pandas as pd
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ParamSchema, ParamSpec
    from sklearn.linear_model import LinearRegression

    folder = tmp_path_factory.mktemp("models")
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 0.0, 2.0]})
    for name, factor in (("blue", 1), ("green", 10)):
        model = LinearRegression().fit(table, [factor, 2 * factor, 3 * factor])
        signature = infer_signature(table, model.predict(table))
        needed = [*NEEDED, "scikit-learn"]
        mlflow.sklearn.save_model(model, str(folder / name), signature=signature, pip_requirements=needed)
    (folder / "anything.py").write_text(ANYTHING)
    params = ModelSignature(params=ParamSchema([ParamSpec("seconds", "double", 0.0)]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow would like an example
        mlflow.pyfunc.save_model(
            str(folder / "anything"),
            python_model=str(folder / "anything.py"),
            pip_requirements=NEEDED,
            signature=params,
        )
    for name in ("bad", "broken"):
        shutil.copytree(folder / "blue", folder / name)
    conda = folder / "bad" / "conda.yaml"
    conda.write_text(conda.read_text().replace("  - azureml-ai-monitoring\n", ""))
    for file in (folder / "broken").glob("model.*"):
        file.write_bytes(b"no model")
    return folder


class Online:
    """Asks one sandbox about online endpoints over plain HTTP."""

    def __init__(self, ask: Any, models: Path) -> None:
        self.ask, self._models, self._registered = ask, models, set[str]()

    def model(self, name: str) -> str:
        """The id of a model, registered when it is first asked for."""
        path = f"/models/online-{name}/versions/1"
        if name not in self._registered:
            run_id = self.ask.new_run()
            self.ask.upload(run_id, "model", self._models / name)
            uri = f"azureml://jobs/{run_id}/outputs/artifacts/paths/model/"
            body = {"properties": {"modelType": "mlflow_model", "modelUri": uri}}
            self.ask.arm("PUT", path, json=body).raise_for_status()
            self._registered.add(name)
        return f"{self.ask.arm_id}{path}"

    def endpoint(self, name: str, **properties: Any) -> Any:
        """Make or change an endpoint."""
        body = {"location": "local", "properties": {"authMode": "Key", **properties}}
        return self.ask.arm("PUT", f"/onlineEndpoints/{name}", json=body)

    def deploy(self, path: str, what: str, *, capacity: int = 1, method: str = "PUT", **properties: Any) -> Any:
        """Make or change "ENDPOINT/DEPLOYMENT"; does not wait."""
        given = {"endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2", "model": self.model(what)}
        body = {"location": "local", "sku": {"capacity": capacity}, "properties": given | properties}
        return self.ask.arm(method, self.path(path), json=body)

    def wait(self, path: str, *states: str) -> str:
        """Until a deployment is Succeeded or Failed, or in one of the given states."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            state: str = self.ask.arm("GET", self.path(path)).json()["properties"]["provisioningState"]
            if state in (states or ("Succeeded", "Failed")):
                return state
            time.sleep(0.1)
        raise AssertionError(f"{path} is still {state}")

    def log(self, path: str, **body: Any) -> str:
        """What getLogs gives."""
        return str(self.ask.arm("POST", f"{self.path(path)}/getLogs", json=body).json()["content"])

    def keys(self, name: str) -> dict[str, str]:
        """Both keys."""
        found: dict[str, str] = self.ask.arm("POST", f"/onlineEndpoints/{name}/listKeys").json()
        return found

    def score(self, name: str, body: Any = TABLE, key: str = "", **headers: str) -> Any:
        """Ask an endpoint, with its key unless another is given."""
        headers["Authorization"] = f"Bearer {key or self.keys(name)['primaryKey']}"
        url = f"https://{name}.local.inference.ml.azureml.test/score"
        return self.ask._ask("POST", url, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    @staticmethod
    def path(name: str) -> str:
        """Below the workspace."""
        endpoint, _, deployment = name.partition("/")
        return f"/onlineEndpoints/{endpoint}/deployments/{deployment}"


@pytest.fixture(scope="module")
def online(ask: Any, models: Path) -> Online:
    """The shared sandbox: name your endpoints after your test."""
    return Online(ask, models)


@pytest.fixture(scope="module")
def two(online: Online) -> Iterator[str]:
    """An endpoint with two deployments, which take anything, and no traffic."""
    online.endpoint("two").raise_for_status()
    for name in ("blue", "green"):
        online.deploy(f"two/{name}", "anything", requestSettings={"requestTimeout": "PT2S"}).raise_for_status()
    assert [online.wait(f"two/{name}") for name in ("blue", "green")] == ["Succeeded"] * 2
    before = online.ask.box.scoring_processes
    assert len(before) >= 2
    yield "two"
    online.ask.arm("DELETE", "/onlineEndpoints/two").raise_for_status()
    assert not [pid for pid in before if psutil.pid_exists(pid) and "/online/sandbox/two/" in command_of(pid)]


def command_of(pid: int) -> str:
    """How a process was started."""
    return " ".join(psutil.Process(pid).cmdline())


# --- Microsoft's clients


def test_azure_ai_ml_does_it_all(run_script: Callable[..., dict[str, Any]], models: Path) -> None:
    folders = {name.upper(): str(models / name) for name in ("blue", "green", "bad")}
    told = run_script("online_sdk.py", **folders)
    assert told["nowhere"][0] == "ResourceNotFoundError"
    url = "https://sdk-online.local.inference.ml.azureml.test/score"
    assert told["endpoint"] == ["sdk-online", "Succeeded", url, "key", {"team": "ours"}]
    assert told["blue"] == ["blue", "Succeeded", 1, True, {"a": "b"}]
    assert (told["before"], told["after"]) == ({"blue": 0}, {"blue": 100})
    assert told["blue scores"] == pytest.approx([1, 3])
    assert told["green scores"] == pytest.approx([10, 30])
    assert told["listed"] == [["blue", "green"], True]
    assert told["traffic"] == {"blue": 0, "green": 100}
    assert "must be either 0 or 100; it is 60" in told["sixty percent"][1]
    assert told["logs"][0] == "UserContainerStart: Succeeded"
    assert "POST /score 200" in told["logs"][1]
    assert "Downloaded MLmodel" in told["storage"]
    assert told["keys"] == [True, True]
    assert "Liveness probe failed: HTTP probe failed with statuscode: 502" in told["bad"][1]
    assert told["bad state"] == "Failed"
    assert "ModuleNotFoundError: No module named 'azureml'" in told["bad logs"]
    assert "Not enough quota available for Standard_DS3_v2" in told["too many cores"][1]
    assert "Additional needed: 240" in told["too many cores"][1]
    assert "100 percent of traffic" in told["has traffic"][1]
    assert told["changed"] == [2, True, pytest.approx([10, 30])]
    assert told["token"] == ["EndpointAuthToken", True]
    assert told["kubernetes"] == ["k8s", "Succeeded", "KubernetesOnlineDeployment"]
    assert told["gone"][0] == "ResourceNotFoundError"
    assert told["left"] == []


def test_mlflow_deployments_does_it_all(run_script: Callable[..., dict[str, Any]], models: Path) -> None:
    told = run_script("online_mlflow_deployments.py", BLUE=str(models / "blue"))
    assert told["endpoint"] == ["plugin-online", "Succeeded", "Key"]
    assert told["blue"] == ["blue", "python_function", "Succeeded"]
    assert told["traffic"] == {"blue": 100}
    assert told["scores"] == told["scores of blue"] == pytest.approx([1, 3])
    assert told["updated"] == 2
    assert (told["listed"], told["endpoints"]) == (["blue"], True)
    assert told["after"] == told["left"] == []


@pytest.mark.filterwarnings("ignore")  # azure-ai-ml's import
def test_resources_have_the_properties_of_their_definitions(online: Online, two: str) -> None:
    from azure.ai.ml._restclient.arm_ml_service import models as definitions

    for path, kind, unasked in (
        ("/onlineEndpoints/two", "OnlineEndpointProperties", {"keys"}),
        (online.path("two/blue"), "ManagedOnlineDeployment", {"startupProbe", "dataCollector"}),
    ):
        definition = getattr(definitions, kind)
        definition()  # its fields are collected with the first one
        known = {field._rest_name for field in definition._attr_to_rest_field.values()}
        body = online.ask.arm("GET", path).json()
        assert set(body) >= {"id", "name", "type", "location", "tags", "kind", "systemData", "properties"}
        assert known - set(body["properties"]) == unasked
        assert set(body["properties"]) - known == set()


# --- scoring


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (TABLE, [3.0, 7.0]),
        ({"input_data": [[1, 2], [3, 4]]}, [10.0]),
        ({"input_data": {"x": [1, 2], "y": [[3]]}}, {"x": 3.0, "y": 3.0}),
        ({"input_data": [[1]], "params": {"seconds": 0.0}}, [1.0]),
    ],
    ids=["table", "tensor", "named tensors", "params"],
)
def test_the_forms_that_are_read(online: Online, two: str, body: Any, answer: Any) -> None:
    found = online.score(two, body, azureml_model_deployment="green")
    assert (found.status_code, found.json()) == (200, answer)
    assert found.headers["azureml-model-deployment"] == "green"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"dataframe_split": TABLE["input_data"]}, "400", "A value is not provided for the 'input_data' parameter."),
        ([1, 2], "400", "A value is not provided"),
        ({"input_data": "text"}, "400", "must be a list or an object"),
        ({"input_data": [[1]], "params": {"seconds": -1.0}}, "500", "An unexpected error occurred in scoring script."),
        ({"input_data": [[1]], "params": {"nope": 1}}, "200", "[1.0]"),  # mlflow leaves out, and warns
    ],
    ids=["of mlflow", "no object", "text", "fails", "unknown param"],
)
def test_what_the_container_refuses_is_a_424(online: Online, two: str, body: Any, status: str, words: str) -> None:
    found = online.score(two, body, azureml_model_deployment="blue")
    assert found.status_code == (200 if status == "200" else 424)
    assert found.headers.get("ms-azureml-model-error-statuscode", "200") == status
    assert words in found.text


def test_a_failing_model_tells_why_in_the_log(online: Online, two: str) -> None:
    online.score(two, {"input_data": [[1]], "params": {"seconds": -1.0}}, azureml_model_deployment="blue")
    log = online.log(f"{two}/blue", tail=200)
    assert "ValueError: asked to fail" in log
    assert "POST /score 500" in log
    last = online.log(f"{two}/blue", tail=1).partition("Container logs:\n")[2]
    assert last.splitlines() == log.splitlines()[-1:]


def test_only_who_has_a_key_may_ask(online: Online, two: str) -> None:
    keys = online.keys(two)
    assert keys["primaryKey"] != keys["secondaryKey"]
    assert online.score(two, key=keys["secondaryKey"], azureml_model_deployment="blue").status_code == 200
    for wrong in ("nonsense", online.ask.token, "a.b.c"):
        assert online.score(two, key=wrong, azureml_model_deployment="blue").status_code == 401
    nobody = online.ask._session.post("https://two.local.inference.ml.azureml.test/score", json=TABLE, timeout=60)
    assert nobody.status_code == 401
    assert online.ask._session.post("https://none.local.inference.ml.azureml.test/score", timeout=60).status_code == 404


def test_no_key_is_written(online: Online, two: str, sandbox: Sandbox) -> None:
    keys = online.keys(two)
    online.score(two, azureml_model_deployment="blue")
    written = [(sandbox.folder / "requests.log").read_text(), online.log(f"{two}/blue"), repr(sandbox.requests("two"))]
    written += [command_of(pid) for pid in sandbox.scoring_processes]
    assert sandbox.scoring_processes
    assert not [text for text in written for key in keys.values() if key in text]


def test_traffic_is_split_by_weight(online: Online, two: str) -> None:
    assert online.score(two).status_code == 404  # nobody has any
    online.endpoint(two, traffic={"blue": 80, "green": 20}).raise_for_status()
    key = online.keys(two)["primaryKey"]
    found = Counter(online.score(two, key=key).headers["azureml-model-deployment"] for _ in range(60))
    assert found["blue"] > found["green"] > 0  # 1 in a million that it is not
    body = {"properties": {"traffic": {"green": 100}}}
    assert online.ask.arm("PATCH", "/onlineEndpoints/two", json=body).status_code == 200
    assert online.score(two, key=key).headers["azureml-model-deployment"] == "green"
    online.endpoint(two).raise_for_status()
    assert online.score(two, key=key, azureml_model_deployment="red").status_code == 404


def test_mirrored_requests_are_answered_by_another(online: Online, two: str) -> None:
    before = online.log(f"{two}/blue").count("POST /score 200")
    online.endpoint(two, traffic={"green": 100}, mirrorTraffic={"blue": 50}).raise_for_status()
    key = online.keys(two)["primaryKey"]
    for _ in range(20):  # 1 in a million that none is mirrored
        assert online.score(two, key=key).headers["azureml-model-deployment"] == "green"
    online.endpoint(two).raise_for_status()
    end = time.monotonic() + 30
    while online.log(f"{two}/blue").count("POST /score 200") == before:
        assert time.monotonic() < end


def test_requests_time_out_and_are_not_too_many(online: Online, two: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    key = online.keys(two)["primaryKey"]
    slow = {"input_data": [[1]], "params": {"seconds": 3.0}}
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(online.score, two, slow, key, azureml_model_deployment="blue") for _ in range(4)]
        found = Counter(each.result().status_code for each in asked)
    assert found == {408: 2, 429: 2}
    assert online.score(two, {"input_data": "x" * 10_000_001}, key).status_code == 413


def test_tokens_open_their_endpoint_only(online: Online, two: str) -> None:
    for name, mode in (("token-ml", "AMLToken"), ("token-entra", "AADToken")):
        online.endpoint(name, authMode=mode).raise_for_status()
        assert online.ask.arm("POST", f"/onlineEndpoints/{name}/listKeys").status_code == 400
    token = online.ask.arm("POST", "/onlineEndpoints/token-ml/token").json()
    assert token["expiryTimeUtc"] > token["refreshAfterTimeUtc"] > time.time()
    entra, _ = online.ask.box._identity.token("https://ml.azure.com")
    # 404: let in, and there is nothing deployed
    assert online.score("token-ml", key=token["accessToken"]).status_code == 404
    assert online.score("token-entra", key=entra).status_code == 404
    assert online.score("token-ml", key=entra).status_code == 401
    assert online.score("token-entra", key=token["accessToken"]).status_code == 401
    assert online.score(two, key=token["accessToken"]).status_code == 401
    url = f"https://management.azureml.test{online.ask.arm_id}?api-version=1"
    assert online.ask._session.get(url, headers={"Authorization": f"Bearer {token['accessToken']}"}).status_code == 401


# --- what is refused


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"traffic": {"nope": 100}}, "deployments that do not exist: nope"),
        ({"traffic": {"nope": "all"}}, "do not exist"),
        ({"mirrorTraffic": {"nope": 10}}, "do not exist"),
        ({"authMode": "Password"}, "not known"),
        ({"name": "a--b"}, "single dashes"),
        ({"compute": "cpu-cluster"}, "AmlCompute"),
        ({"compute": "nope"}, "nope"),
    ],
)
def test_endpoints_that_are_refused(online: Online, properties: dict[str, Any], words: str) -> None:
    answer = online.endpoint(properties.pop("name", "refused"), **properties)
    assert answer.status_code in (400, 404)
    assert words in answer.text
    assert online.ask.arm("GET", "/onlineEndpoints/refused").json()["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"instanceType": "Standard_Nothing"}, "is not supported"),
        ({"model": "/models/nope/versions/1"}, "nope:1"),
        ({"model": None}, "has no model"),
        ({"endpointComputeType": "Kubernetes"}, "not that of the endpoint"),
        ({"codeConfiguration": {"codeId": "x", "scoringScript": "score.py"}}, "without code"),
        ({"environmentId": "x"}, "it has no environmentId"),
        ({"requestSettings": {"requestTimeout": "PT3M1S"}}, "at most 180 seconds"),
        ({"environmentVariables": {"A=B": "1"}}, "'A=B' is invalid"),
        ({"environmentVariables": {"A": "\0"}}, "is invalid"),
    ],
)
def test_deployments_that_are_refused(online: Online, two: str, properties: dict[str, Any], words: str) -> None:
    answer = online.deploy(f"{two}/refused", "blue", **properties)
    assert answer.status_code in (400, 404)
    assert words in answer.text
    assert online.ask.arm("GET", online.path(f"{two}/refused")).status_code == 404


def test_models_that_are_refused(online: Online, two: str, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (models / "plain").mkdir()
    (models / "plain" / "weights.bin").write_text("1")
    assert "only MLflow models" in online.deploy(f"{two}/plain", "plain").text
    assert arm_online_deployments.MAX_FILES == 1500
    monkeypatch.setattr(arm_online_deployments, "MAX_FILES", 4)
    assert "has 5 files; a model has at most 4" in online.deploy(f"{two}/huge", "blue").text
    assert arm_online_deployments.MAX_DEPLOYMENTS == 20
    monkeypatch.setattr(arm_online_deployments, "MAX_DEPLOYMENTS", 2)
    assert "at most 2 deployments" in online.deploy(f"{two}/third", "blue").text


def test_cores_are_counted(online: Online, two: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "quota_cores", 12)  # two has 8
    answer = online.deploy(f"{two}/third", "blue")
    details = answer.json()["error"]["details"]
    assert details[0]["code"] == "InferencingClientCreateDeploymentFailed"
    assert "Current usage/limit: 8/12. Additional needed: 8 Please see" in details[0]["message"]


def test_what_has_traffic_is_not_deleted(online: Online, two: str) -> None:
    online.endpoint(two, traffic={"blue": 100}).raise_for_status()
    assert online.ask.arm("DELETE", online.path(f"{two}/blue")).status_code == 400
    online.endpoint(two).raise_for_status()
    assert online.ask.arm("DELETE", online.path(f"{two}/nope")).status_code == 204
    assert online.ask.arm("DELETE", "/onlineEndpoints/nope").status_code == 204


# --- how a deployment goes


def test_phases_are_seen_and_may_be_broken_off(online: Online, sandbox: Sandbox) -> None:
    online.endpoint("phases").raise_for_status()
    with sandbox.fault("slow_deploy", path="^phases/", seconds=60):
        answer = online.deploy("phases/blue", "blue")
        assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
        followed = answer.headers["Azure-AsyncOperation"]
        assert online.ask._ask("GET", followed).json()["status"] == "Creating"
        end = time.monotonic() + 30
        while "SystemSetup: InProgress" not in (log := online.log("phases/blue")):
            assert time.monotonic() < end
        assert "UserContainerStart: Waiting" in log
        assert online.ask.arm("DELETE", "/onlineEndpoints/phases").status_code == 202
    done = online.ask._ask("GET", followed).json()
    assert (done["status"], done["error"]["code"]) == ("Canceled", "Canceled")
    assert not (sandbox.folder / "online" / "sandbox" / "phases" / "blue").exists()


def test_a_failed_change_leaves_what_answers(online: Online, two: str, sandbox: Sandbox) -> None:
    before = sandbox.scoring_processes
    assert online.deploy(f"{two}/green", "broken").status_code == 200
    assert online.wait(f"{two}/green") == "Failed"
    log = online.log(f"{two}/green")
    assert "Traceback" in log
    assert "Name: LivenessProbeFailed, Type: Warning" in log
    assert online.score(two, azureml_model_deployment="green").json() == [3.0, 7.0]
    with sandbox.fault("fail_deploy", path=f"^{two}/green$", times=1) as fault:
        online.deploy(f"{two}/green", "blue", method="PATCH").raise_for_status()
        assert (online.wait(f"{two}/green"), fault.hits) == ("Failed", 1)
    assert online.score(two, azureml_model_deployment="green").json() == [3.0, 7.0]
    assert set(before) <= set(sandbox.scoring_processes)


def test_more_instances_need_no_other_process(online: Online, two: str, sandbox: Sandbox) -> None:
    before = sandbox.scoring_processes
    body = {"sku": {"capacity": 2}, "tags": {"a": "b"}}
    online.ask.arm("PATCH", online.path(f"{two}/blue"), json=body).raise_for_status()
    found = online.ask.arm("GET", online.path(f"{two}/blue")).json()
    assert (found["sku"]["capacity"], found["tags"]) == (2, {"a": "b"})
    assert found["properties"]["provisioningState"] == "Succeeded"
    assert sandbox.scoring_processes == before
    online.ask.arm("PATCH", online.path(f"{two}/blue"), json={"sku": {"capacity": 1}}).raise_for_status()


def test_a_request_may_be_made_to_fail(online: Online, two: str, sandbox: Sandbox) -> None:
    with sandbox.fault("error", path="POST two.*/score", times=1):
        found = [online.score(two, azureml_model_deployment="blue") for _ in range(2)]
    assert [each.status_code for each in found] == [500, 200]
    assert found[0].text == "An internal error occurred."


def test_it_goes_on_after_a_restart(caller: Callable[[Sandbox], Any], models: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with Sandbox(folder, keep=True) as box:
        online = Online(caller(box), models)
        online.endpoint("kept").raise_for_status()
        online.deploy("kept/blue", "blue").raise_for_status()
        assert online.wait("kept/blue") == "Succeeded"
        online.endpoint("kept", traffic={"blue": 100}).raise_for_status()
        key = online.keys("kept")["primaryKey"]
        with box.fault("slow_deploy", seconds=60):
            online.deploy("kept/green", "green").raise_for_status()
            before = box.scoring_processes
            box.stop()
    assert before
    assert not any(psutil.pid_exists(pid) for pid in before)
    with Sandbox(folder, keep=True) as box:
        online = Online(caller(box), models)
        assert online.keys("kept")["primaryKey"] == key
        assert online.score("kept").json() == pytest.approx([1, 3])
        assert online.wait("kept/green") == "Succeeded"
        assert online.score("kept", azureml_model_deployment="green").json() == pytest.approx([10, 30])
