"""The online and kubernetes targets against the sandbox: real Resource Manager calls, real scoring processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from mlflow_aml_magics.client import model_glance
from mlflow_aml_magics.errors import DeploymentError, DeploymentNotFound, ModelError, StoreUnreachable, UsageError
from mlflow_aml_magics.services import deploy as service
from mlflow_aml_magics.services.deploy import Deployment, DeployOptions, Ref, docker_books
from mlflow_aml_magics.services.deploy.plan import plan

if TYPE_CHECKING:
    from mlflow_aml_magics.client.connection import Connection
    from mlflow_aml_magics.sandbox import Sandbox

FRAME = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 1, 0]})
NO_CODE = ["mlflow==3.6.0", "scikit-learn==1.7.0", "azureml-ai-monitoring", "azureml-inference-server-http>=1.4"]
BODY = json.dumps({"input_data": {"columns": ["a", "b"], "index": [0], "data": [[1.0, 0.0]]}})


@pytest.fixture(scope="module")
def wine(sandbox: Sandbox, connected: Connection, tmp_path_factory: pytest.TempPathFactory) -> Connection:
    """Registered: wine versions 1 and 2, which answer differently, and plain, which lacks Azure's packages."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        from azure.ai.ml.entities import Model

        assert connected.azure is not None
        first, second, plain = (folder / name for name in ("first", "second", "plain"))
        for path, alpha in ((first, 1), (second, 50)):
            model = Ridge(alpha=alpha).fit(FRAME, [1, 2, 3])
            mlflow.sklearn.save_model(model, path, input_example=FRAME[:1], pip_requirements=NO_CODE)
        shutil.copytree(first, plain)
        for lines in ("conda.yaml", "requirements.txt"):
            kept = [line for line in (plain / lines).read_text().splitlines() if "azureml" not in line]
            (plain / lines).write_text("\n".join(kept))
        for name, path in (("wine", first), ("wine", second), ("plain", plain)):
            connected.azure.ml_client.models.create_or_update(Model(name=name, path=str(path), type="mlflow_model"))
    return connected


@pytest.fixture
def conn(in_sandbox: Sandbox, wine: Connection) -> Iterator[Connection]:
    """Connected; what a test leaves is removed."""
    assert wine.azure is not None
    assert wine.azure.credential is not None
    wine.azure.credential.forget()  # another test may have had every token revoked
    yield wine
    for name in {row.endpoint for row in service.deployments(wine) if row.target in ("online", "kubernetes")}:
        service.delete(wine, name)


def ask(conn: Connection, name: str, times: int = 1) -> list[tuple[int, str, str]]:
    place, _ = service.located(conn, name)
    answers = [place.send(Ref.parse(name), BODY, timeout=60) for _ in range(times)]
    return [(answer.status, answer.body, answer.deployment) for answer in answers]


def deploy(conn: Connection, model: str, name: str, **options: Any) -> tuple[Deployment, list[str]]:
    """The deployment, and what was said on the way."""
    said: list[str] = []
    to = str(options.pop("to", "online"))
    done = service.deploy(conn, model, to=to, name=name, options=DeployOptions(**options), progress=said.append)
    return done, said


def test_blue_green_and_back(conn: Connection, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_glance, "_seen", {})
    before = len(sandbox.requests(r"GET .*\.blob\."))
    blue, said = deploy(conn, "wine:1", "wine-bg", tags={"team": "cellar"})
    read = {request.path.rpartition("/")[2] for request in sandbox.requests(r"GET .*\.blob\.")[before:]}
    assert "MLmodel" in read
    assert not any(name.startswith("model.") for name in read)  # its weights are not downloaded to check it
    assert said[1].startswith("the endpoint wine-bg in the Azure ML workspace")  # a link where there is a studio
    assert any(re.match(r"0:\d\d wine-bg/blue: .+ \(creating\)…", line) for line in said), said
    assert (blue.name, blue.state, blue.traffic, blue.model) == ("wine-bg/blue", "running", 100, "wine version 1")
    assert (blue.machine, blue.ref) == ("Standard_DS3_v2 × 1", "wine:1")
    ((status, first, who),) = ask(conn, "wine-bg")
    assert (status, who) == (200, "blue")
    green, said = deploy(conn, "wine:2", "wine-bg/green")
    assert (green.name, green.traffic) == ("wine-bg/green", 0)
    assert "%aml_invoke wine-bg/green" in said[-1]
    assert "--traffic blue=90,green=10" in said[-1]
    ((_, second, who),) = ask(conn, "wine-bg/green")
    assert who == "green"
    assert second != first
    assert {who for _, _, who in ask(conn, "wine-bg", 10)} == {"blue"}
    with pytest.raises(UsageError, match="has 2 deployments: blue, green") as caught:
        deploy(conn, "wine:2", "wine-bg")
    assert "--deployment blue" in (caught.value.hint or "")

    a_new_key_is_asked_for_and_none_is_shown(conn, "wine-bg", [repr(blue), *said])
    rows = service.set_traffic(conn, "wine-bg", {"blue": 60, "green": 40})
    assert [(row.name, row.traffic) for row in rows] == [("wine-bg/blue", 60), ("wine-bg/green", 40)]
    assert {who for _, _, who in ask(conn, "wine-bg", 40)} == {"blue", "green"}
    with pytest.raises(UsageError, match="answers 40 %") as caught:
        service.delete(conn, "wine-bg/green")
    assert "--traffic blue=100" in (caught.value.hint or "")
    rows = service.roll_back(conn, "wine-bg")
    assert [(row.name, row.traffic) for row in rows] == [("wine-bg/blue", 100), ("wine-bg/green", 0)]
    assert "POST /score 200" in service.logs(conn, "wine-bg/green")
    assert service.logs(conn, "wine-bg").startswith("log of wine-bg/")

    before = len(sandbox.requests("PUT .*wine-bg"))
    again, said = deploy(conn, "wine:2", "wine-bg/green")
    assert again.state == "running"
    assert "wine-bg/green serves wine version 2 already" in said
    assert len(sandbox.requests("PUT .*wine-bg")) == before
    service.delete(conn, "wine-bg/green")
    with pytest.raises(DeploymentNotFound, match="no deployment 'wine-bg/green'"):
        service.get(conn, "wine-bg/green")
    service.delete(conn, "wine-bg/blue")  # the only one: its traffic is taken first
    empty = service.get(conn, "wine-bg")
    assert (empty.name, empty.state) == ("wine-bg", "empty")
    with sandbox.fault("slow_deploy", path="wine-bg", seconds=1), pytest.raises(DeploymentError) as left:
        service.deploy(
            conn, "wine:1", to="online", name="wine-bg", options=DeployOptions(instance_count=2), progress=interrupt
        )
    assert str(left.value.hint).endswith("--count 2 goes on with it; %aml_endpoints wine-bg/blue --delete removes it")
    back, _ = deploy(conn, "wine:1", "online:wine-bg")
    assert (back.traffic, back.machine) == (100, "Standard_DS3_v2 × 2")  # the first again: it gets the requests
    looked = plan(conn, "wine:2", to="online", name="wine-bg", options=DeployOptions())
    assert looked.steps[1].startswith("update the deployment wine-bg/blue: wine version 2 on 2 × Standard_DS3_v2")
    assert "instance_count: 2" in dict(looked.yaml)["deployment.yml"]
    with pytest.raises(UsageError, match="is a name on the target online, not on batch"):
        deploy(conn, "wine:1", "online:wine-bg", to="batch")


def interrupt(line: str) -> None:
    if "(creating)" in line:
        raise KeyboardInterrupt


def a_new_key_is_asked_for_and_none_is_shown(conn: Connection, name: str, shown: list[str]) -> None:
    assert conn.azure is not None
    endpoints = conn.azure.ml_client.online_endpoints
    old = endpoints.get_keys(name).primary_key
    endpoints.begin_regenerate_keys(name, key_type="primary").result()
    new = endpoints.get_keys(name).primary_key
    assert ask(conn, name)[0][0] == 200
    place, _ = service.located(conn, name)
    curl = place.curl(Ref.parse(f"{name}/blue"), BODY)
    assert f"az ml online-endpoint get-credentials --name {name}" in curl
    assert "azureml-model-deployment: blue" in curl
    text = "\n".join([curl, repr(vars(place)), service.logs(conn, name), *shown])
    assert old not in text
    assert new not in text
    assert place.about(Ref.parse(name)).input_example is not None


def test_what_is_here_is_found_without_a_network(conn: Connection, sandbox: Sandbox) -> None:
    began = "2026-01-01T00:00:00+00:00"
    here = docker_books.DockerRecord("boxed", "wine", "wine", "", "wine:1", "docker-boxed", "", began)
    docker_books.write(here)
    with sandbox.fault("drop", path="(online|batch)Endpoints"):
        assert service.get(conn, "boxed").target == "docker"
        with pytest.raises(StoreUnreachable):
            service.get(conn, "online:wine-there")


def test_refused_before_anything_is_sent(conn: Connection, sandbox: Sandbox) -> None:
    sent = len(sandbox.requests("PUT .*onlineEndpoints"))
    with pytest.raises(UsageError, match="'wine_v2' cannot name an endpoint") as caught:
        deploy(conn, "wine:1", "wine_v2")
    assert (caught.value.hint or "").startswith("--name wine-v2")
    with pytest.raises(UsageError, match="cannot name a deployment"):
        deploy(conn, "wine:1", "wine/b")
    with pytest.raises(UsageError, match="sum to 90, not to 100"):
        deploy(conn, "wine:1", "wine-refused", traffic={"blue": 90})
    with pytest.raises(DeploymentNotFound, match="no deployment 'gren'"):
        deploy(conn, "wine:1", "wine-refused/green", traffic={"gren": 100})
    with pytest.raises(UsageError, match="knows no compute"):
        deploy(conn, "wine:1", "wine-refused", compute="k8s")
    with pytest.raises(ModelError, match="azureml-ai-monitoring"):
        deploy(conn, "plain:1", "plain-refused")
    foreseen = plan(conn, "plain:1", to="online", name="plain-refused", options=DeployOptions())
    assert any("would be refused: " in note.text and "azureml-ai-monitoring" in note.text for note in foreseen.warnings)
    assert "would be refused" in repr(foreseen)
    assert "refused:" not in repr(plan(conn, "wine:1", to="online", name="wine-refused", options=DeployOptions()))
    with pytest.raises(UsageError) as words:
        deploy(conn, "wine:1", "wine-refused", port=5001)
    assert words.value.hint == "it takes --deployment, --instance-type, --count, --auth, --traffic, --tag"
    assert len(sandbox.requests("PUT .*onlineEndpoints")) == sent


def test_a_failure_is_told_and_mended_by_the_next_call(conn: Connection, sandbox: Sandbox) -> None:
    with pytest.raises(DeploymentError, match="not supported for managed online") as odd:
        deploy(conn, "wine:1", "wine-odd", instance_type="Standard_D3")
    assert (odd.value.hint or "").startswith("--instance-type Standard_DS3_v2; known: ")
    assert (odd.value.hint or "").endswith("; left there: wine-odd, which %aml_endpoints wine-odd --delete removes")
    sandbox.quota_cores, before = 4, sandbox.quota_cores
    try:
        with pytest.raises(DeploymentError, match=r"quota of cores .* used up: .*Current usage/limit") as caught:
            deploy(conn, "wine:1", "wine-fails")
    finally:
        sandbox.quota_cores = before
    assert "left there: wine-fails, which %aml_endpoints wine-fails --delete removes" in (caught.value.hint or "")
    assert service.get(conn, "wine-fails").state == "empty"

    with pytest.raises(DeploymentError, match=r"lacks azureml-ai-monitoring.*No module named 'azureml'") as caught:
        deploy(conn, "plain:1", "wine-fails", force=True)
    assert "--fix" in (caught.value.hint or "")
    assert "left there: wine-fails/blue" in (caught.value.hint or "")
    failed = service.get(conn, "wine-fails/blue")
    assert failed.state == "failed"
    assert "No module named 'azureml'" in failed.detail
    with pytest.raises(DeploymentError, match="does not serve"):
        service.set_traffic(conn, "wine-fails", {"blue": 100})

    with (
        sandbox.fault("drop", path="PUT .*wine-fails/deployments"),
        pytest.raises(StoreUnreachable, match="wine-fails/blue is being made"),
    ):
        deploy(conn, "wine:1", "wine-fails")
    with sandbox.fault("drop", path=r"GET .*mfeOperations", times=5):
        mended, said = deploy(conn, "wine:1", "wine-fails")
    assert any("not to be reached for now" in line for line in said)
    assert (mended.state, mended.traffic, mended.model) == ("running", 100, "wine version 1")
    assert ask(conn, "wine-fails")[0][0] == 200
    assert service.delete(conn, "wine-fails").under == ("blue",)


STEPS = """
import sys
from mlflow_aml_magics.client.azure import connect_workspace
from mlflow_aml_magics.services import deploy
conn = connect_workspace(*sys.argv[1:4])
deploy.deploy(conn, "wine:1", to="online", name="wine-killed", progress=lambda line: print(line, flush=True))
"""


def test_killed_in_each_phase_it_is_found_and_goes_on(conn: Connection, sandbox: Sandbox) -> None:
    assert conn.azure is not None
    ref = conn.azure.ref
    command = [sys.executable, "-c", STEPS, ref.subscription_id, ref.resource_group, ref.name]

    def kill_at(phase: str) -> None:
        with subprocess.Popen(command, env={**os.environ, **sandbox.env}, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            seen = next((line for line in process.stdout if phase in line), None)
            process.send_signal(signal.SIGKILL)
        assert seen is not None, f"it never said {phase!r}"

    def state() -> str:
        return next(row.state for row in service.deployments(conn) if row.endpoint == "wine-killed")

    kill_at("0:00 making the endpoint")
    assert state() in ("changing", "empty")
    with sandbox.fault("slow_deploy", path="wine-killed", seconds=2):
        kill_at("pulling the image")
    assert state() == "changing"
    with sandbox.fault("drop", path="PUT .*onlineEndpoints/wine-killed$"), pytest.raises(StoreUnreachable) as caught:
        deploy(conn, "wine:1", "wine-killed")
    assert "wine-killed/blue serves, its traffic is not set yet" in caught.value.message
    done, _ = deploy(conn, "wine:1", "wine-killed")
    assert (done.state, done.traffic) == ("running", 100)
    assert len(sandbox.requests("PUT .*wine-killed/deployments")) == 1
    (row,) = [row for row in service.deployments(conn) if row.endpoint == "wine-killed"]
    assert row == done


def test_kubernetes_with_tokens_and_an_interrupt(conn: Connection, sandbox: Sandbox) -> None:
    with pytest.raises(
        UsageError, match="'cpu-cluster' is no Kubernetes cluster but amlcompute; attached: k8s"
    ) as named:
        deploy(conn, "wine:1", "wine-k8s", to="kubernetes", compute="cpu-cluster")
    assert named.value.hint == "--compute k8s"

    options = DeployOptions(auth="aml_token")  # on the only cluster of its kind
    with sandbox.fault("slow_deploy", path="wine-k8s", seconds=1), pytest.raises(DeploymentError) as caught:
        service.deploy(conn, "wine:1", to="kubernetes", name="wine-k8s", options=options, progress=interrupt)
    assert "interrupted: the deployment wine-k8s/blue is being made; Azure goes on" in caught.value.message
    again = "%aml_deploy wine:1 --to kubernetes --name wine-k8s/blue --auth aml_token --compute k8s goes on with it"
    assert caught.value.hint == f"{again}; %aml_endpoints wine-k8s --delete removes it"  # there was none before
    with pytest.raises(UsageError, match="is one of the target kubernetes"):
        deploy(conn, "wine:1", "wine-k8s")
    done, said = deploy(conn, "wine:1", "wine-k8s", to="kubernetes")
    assert "wine-k8s/blue is being made already; following it" in said
    assert (done.target, done.machine, done.traffic, done.cost) == ("kubernetes", "k8s, × 1", 100, "")
    assert ask(conn, "wine-k8s")[0][0] == 200
    with sandbox.fault("expired_token"):
        assert ask(conn, "wine-k8s")[0][0] == 200
    with pytest.raises(UsageError, match="takes aml_token, not key"):
        deploy(conn, "wine:1", "wine-k8s", to="kubernetes", auth="key")
