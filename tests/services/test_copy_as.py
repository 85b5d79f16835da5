"""An action as code: it parses, it runs unmodified in the sandbox, and no name gets out of its quotes."""

from __future__ import annotations

import ast
import json
import os
import runpy
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.errors import ModelNotFound, UsageError
from mlflow_aml_magics.services.copy_as import ACTIONS, code_of
from mlflow_aml_magics.services.deploy import DeployOptions, delete, deployments
from mlflow_aml_magics.services.deploy.plan import plan
from mlflow_aml_magics.services.register import register

if TYPE_CHECKING:
    from sklearn.linear_model import ElasticNet

    from mlflow_aml_magics.sandbox import Sandbox

# The options of each command, from learn.microsoft.com/cli/azure/ml/{online-endpoint,online-deployment,batch-endpoint,
# batch-deployment,model,job} (extension ml 2.15 and later), as far as we use them. All take the first row.
EVERYWHERE = {"--workspace-name", "--resource-group", "--subscription", "--query", "--output"}
AZ = {
    "online-endpoint create": {"--file", "--name", "--auth-mode"},
    "online-endpoint update": {"--name", "--traffic", "--set"},
    "online-endpoint show": {"--name"},
    "online-endpoint invoke": {"--name", "--deployment-name", "--request-file"},
    "online-endpoint delete": {"--name", "--yes", "--no-wait"},
    "online-deployment create": {"--file", "--name", "--endpoint-name", "--all-traffic"},
    "online-deployment update": {"--file", "--name", "--endpoint-name"},
    "online-deployment get-logs": {"--name", "--endpoint-name", "--lines", "--container"},
    "online-deployment delete": {"--name", "--endpoint-name", "--yes"},
    "batch-endpoint create": {"--file", "--name"},
    "batch-endpoint update": {"--name", "--set"},
    "batch-endpoint invoke": {"--name", "--deployment-name", "--input", "--input-type"},
    "batch-endpoint delete": {"--name", "--yes"},
    "batch-deployment create": {"--file", "--endpoint-name", "--set-default"},
    "batch-deployment delete": {"--name", "--endpoint-name", "--yes"},
    "model create": {"--file", "--name", "--path", "--type"},
    "model update": {"--name", "--version", "--set"},
    "model archive": {"--name", "--version"},
    "model share": {"--name", "--version", "--registry-name", "--share-with-name", "--share-with-version"},
    "job stream": {"--name"},
    "job download": {"--name", "--output-name", "--download-path"},
}
HOSTILE = 'it\'s "$(touch gone)" `touch gone`; touch gone\n- é'
MODEL = "copied-wine"
NO_CODE = ["mlflow==3.6.0", "scikit-learn", "azureml-ai-monitoring", "azureml-inference-server-http>=1.4"]


@pytest.fixture(scope="module")
def azure(sandbox: Sandbox, connected: Connection, fitted: ElasticNet) -> Connection:
    """The sandbox's workspace, with a registered model."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        for alpha in (0.1, 0.2):
            fitted.alpha = alpha
            register(connected, fitted, MODEL, pip_requirements=NO_CODE)
    return connected


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an `az` and a `docker` that write down how they were called, first on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("az", "docker", "mlflow"):
        program = folder / name
        program.write_text(
            f"#!{sys.executable}\nimport json, sys\n"
            f"open({str(folder / 'calls')!r}, 'a').write(json.dumps([{name!r}, *sys.argv[1:]]) + '\\n')\n"
            "print('answer-1')\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


def called(folder: Path, script: str) -> list[list[str]]:
    """What a real shell makes of a script: the words of each command."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    calls = folder / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    assert not Path("gone").exists()
    return [json.loads(line) for line in lines]


def check_az(words: list[str]) -> None:
    """The command and its options are those of az ml."""
    assert words[:2] == ["az", "ml"]
    allowed = AZ[" ".join(words[2:4])] | EVERYWHERE
    options = [word.partition("=")[0] for word in words[4:] if word.startswith("--")]
    assert options, words
    assert set(options) <= allowed, words
    assert len(options) == len(set(options)), words


def documents(text: str) -> dict[str, dict[str, Any]]:
    """The files of a YAML text, by name."""
    found = {}
    for part in text.split("---\n"):
        name, _, content = part.partition("\n")
        found[name.removeprefix("# ")] = yaml.safe_load(content)
    return found


REF = {"name": MODEL, "version": "1"}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "online": ("deploy", {"model": f"{MODEL}:1", "to": "online", "name": "copy-online", "tags": {"why": HOSTILE}}),
    "kubernetes": (
        "deploy",
        {
            "model": f"{MODEL}:1", "to": "kubernetes", "name": "copy-kube/green", "compute": "k8s",
            "instance_type": "big", "instance_count": 2, "auth": "aml_token",
        },
    ),
    "batch": (
        "deploy", {"model": f"{MODEL}:1", "to": "batch", "name": "copy-batch", "compute": "cpu", "mini_batch_size": 3},
    ),
    "local": ("deploy", {"model": f"{MODEL}:1", "to": "local", "name": "here", "isolated": True, "port": 5009}),
    "docker": ("deploy", {"model": f"{MODEL}:1", "to": "docker", "name": "boxed", "image": "wine:1"}),
    "traffic": ("traffic", {"name": "online:copy-online", "shares": {"blue": 90, "green": 10}}),
    "default": ("traffic", {"name": "batch:copy-batch", "shares": {"blue": 0, "green": 100}}),
    "copy": ("share", {**REF, "workspace": "sandbox-2"}),
    "roll back": ("roll_back", {"name": "kubernetes:copy-online"}),
    "invoke": ("invoke", {"name": "online:copy-online/blue", "body": {"input_data": [[HOSTILE]]}}),
    "invoke a file": ("invoke", {"name": "online:copy-online"}),
    "score": ("invoke", {"name": "batch:copy-batch", "data_path": "azureml:rows:1"}),
    "logs": ("logs", {"name": "online:copy-online/blue", "tail": 7}),
    "delete": ("delete", {"name": "online:copy-online"}),
    "delete one": ("delete", {"name": "online:copy-online/blue"}),
    "delete batch": ("delete", {"name": "batch:copy-batch"}),
    "delete one batch": ("delete", {"name": "batch:copy-batch/blue"}),
    "delete container": ("delete", {"name": "docker:boxed"}),
    "register": ("register", {"source": "./folder", "name": HOSTILE, "alias": "champion", "description": HOSTILE}),
    "alias": ("alias", {**REF, "alias": HOSTILE}),
    "no alias": ("alias", {**REF, "alias": "champion", "remove": True}),
    "stage": ("stage", {**REF, "stage": "Production"}),
    "tags": ("tags", {**REF, "tags": {"team": HOSTILE}}),
    "odd tag": ("tags", {**REF, "tags": {HOSTILE: "x"}}),
    "describe": ("describe", {**REF, "description": HOSTILE}),
    "archive": ("archive", {**REF, "name": HOSTILE}),
    "delete version": ("delete_version", {**REF, "name": HOSTILE}),
    "share": ("share", {**REF, "registry": "common"}),
}  # fmt: skip


def test_every_action_has_a_case() -> None:
    assert {action for action, _ in CASES.values()} == set(ACTIONS)


@pytest.mark.parametrize("case", CASES)
def test_the_code_parses(azure: Connection, in_sandbox: Sandbox, commands: Path, case: str) -> None:
    action, args = CASES[case]
    code = code_of(azure, action, args)
    assert set(code) <= {"python", "sdk", "cli", "yaml"}
    assert azure.azure is not None
    secret = in_sandbox.env.get("AZURE_CLIENT_SECRET", "no secret")
    assert all(secret not in text for text in code.values())
    for key in ("python", "sdk"):
        if key in code:
            ast.parse(code[key])
    for value in (v for v in args.values() if v == HOSTILE):
        assert repr(value)[1:-1] in code["python"]
    for words in called(commands, code.get("cli", "")):
        if words[0] == "az":
            check_az(words)
            assert words[words.index("--workspace-name") + 1] == azure.azure.ref.name
    for name, content in documents(code["yaml"]).items() if "yaml" in code else ():
        if name.endswith(".yml"):
            assert content["$schema"].startswith("https://azuremlschemas.azureedge.net/latest/")


def test_a_shell_gives_names_to_az_as_they_are(azure: Connection, in_sandbox: Sandbox, commands: Path) -> None:
    (words,) = called(commands, code_of(azure, "archive", {"name": HOSTILE, "version": "1"})["cli"])
    assert words[4:8] == ["--name", HOSTILE, "--version", "1"]
    (words,) = called(commands, code_of(azure, "traffic", CASES["traffic"][1])["cli"])
    assert words[4:8] == ["--name", "copy-online", "--traffic", "blue=90 green=10"]
    show, update = called(commands, code_of(azure, "roll_back", CASES["roll back"][1])["cli"])
    assert show[6:8] == ["--query", 'tags."aml.traffic.before"']
    assert update[6:8] == ["--traffic", "answer-1"]
    invoke, stream, download = called(commands, code_of(azure, "invoke", CASES["score"][1])["cli"])
    assert "--input" in invoke
    assert stream[4:6] == download[4:6] == ["--name", "answer-1"]
    write, build, run = [
        words
        for words in called(commands, code_of(azure, "deploy", CASES["docker"][1])["cli"])
        if words[:2] != ["docker", "version"]  # the plan asks whether there is an engine
    ]
    assert write == ["mlflow", "models", "generate-dockerfile", "--model-uri", f"models:/{MODEL}/1",
                     "--output-directory", "docker-boxed"]  # fmt: skip
    assert build == ["docker", "build", "--tag", "wine:1", "--label", "aml.deployment=boxed", "docker-boxed"]
    assert "127.0.0.1:5001:8080" in run


def test_azure_loads_the_files(azure: Connection, in_sandbox: Sandbox, tmp_path: Path) -> None:
    from azure.ai.ml import entities, load_batch_endpoint, load_model, load_online_deployment, load_online_endpoint
    from azure.ai.ml.entities import _load_functions

    load_model_batch_deployment = _load_functions.load_model_batch_deployment  # as `az ml` does; not in azure.ai.ml

    def files(case: str) -> Path:
        folder = tmp_path / case
        folder.mkdir()
        text = code_of(azure, *CASES[case])["yaml"]
        for part in text.split("---\n"):
            name, _, content = part.partition("\n")
            (folder / name.removeprefix("# ")).write_text(content)
        return folder

    online = files("online")
    endpoint = load_online_endpoint(online / "endpoint.yml")
    assert isinstance(endpoint, entities.ManagedOnlineEndpoint)
    assert (endpoint.name, endpoint.auth_mode, endpoint.tags) == ("copy-online", "key", {"why": HOSTILE})
    blue = load_online_deployment(online / "deployment.yml")
    assert isinstance(blue, entities.ManagedOnlineDeployment)
    assert (blue.name, blue.endpoint_name, blue.instance_type) == ("blue", "copy-online", "Standard_DS3_v2")
    assert str(blue.model).endswith(f"{MODEL}:1")

    kube = files("kubernetes")
    endpoint = load_online_endpoint(kube / "endpoint.yml")
    assert isinstance(endpoint, entities.KubernetesOnlineEndpoint)
    assert (endpoint.compute, endpoint.auth_mode) == ("k8s", "aml_token")
    green = load_online_deployment(kube / "deployment.yml")
    assert isinstance(green, entities.KubernetesOnlineDeployment)
    assert (green.name, green.instance_type, green.instance_count) == ("green", "big", 2)

    batch = files("batch")
    assert load_batch_endpoint(batch / "endpoint.yml").name == "copy-batch"
    scoring = load_model_batch_deployment(batch / "deployment.yml")
    assert (scoring.name, scoring.compute, scoring.settings.mini_batch_size) == ("blue", "cpu", 3)

    model = load_model(files("register") / "model.yml")
    assert (model.name, model.type, model.description) == (HOSTILE, "mlflow_model", HOSTILE)
    assert model.tags == {"aml.alias.champion": "true"}


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Runs a program as it was copied; what it prints. In this process, which has the SDKs loaded."""
    from azure.ai.ml.constants._common import LROConfigurations
    from azureml.mlflow._internal.service_context_loader import _AzureMLServiceContextLoader as Loader

    monkeypatch.setattr(LROConfigurations, "POLL_INTERVAL", 0.2)  # 5 s for each step otherwise
    # A program's own login is not to take the place of the one that other tests have in this process.
    monkeypatch.setattr(Loader, "_tracking_uri_to_service_context", dict(Loader._tracking_uri_to_service_context))

    def run(code: str) -> str:
        Path("program.py").write_text(code)
        capsys.readouterr()
        runpy.run_path("program.py", run_name="__main__")
        return capsys.readouterr().out

    return run


def test_it_runs_unmodified(azure: Connection, in_sandbox: Sandbox, program: Callable[[str], str]) -> None:
    def do(action: str, **args: Any) -> str:
        return program(code_of(azure, action, args)["sdk"])

    def shares() -> dict[str, int | None]:
        return {d.name: d.traffic for d in deployments(azure) if d.endpoint == "copied"}

    try:
        do("deploy", model=f"{MODEL}:1", to="online", name="copied", tags={"why": HOSTILE})
        assert shares() == {"copied/blue": 100}
        do("deploy", model=f"{MODEL}:2", to="online", name="copied", deployment="green")
        assert shares() == {"copied/blue": 100, "copied/green": 0}
        do("traffic", name="online:copied", shares={"blue": 30, "green": 70})
        assert shares() == {"copied/blue": 30, "copied/green": 70}
        do("roll_back", name="online:copied")
        assert shares() == {"copied/blue": 100, "copied/green": 0}
        columns = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
        body = {"input_data": {"columns": columns, "index": [0], "data": [[0.01] * 10]}}
        assert "[" in do("invoke", name="online:copied/green", body=body)
        assert do("logs", name="online:copied/green", tail=5).strip()
        do("traffic", name="online:copied", shares={"blue": 100, "green": 0})
        do("delete", name="online:copied/green")
        assert shares() == {"copied/blue": 100}
        do("delete", name="online:copied")
        assert shares() == {}
    finally:
        if shares():
            delete(azure, "online:copied")


def test_batch_runs_unmodified(azure: Connection, in_sandbox: Sandbox, program: Callable[[str], str]) -> None:
    args = {"model": f"{MODEL}:1", "to": "batch", "name": "copied-batch", "compute": "cpu-cluster"}
    program(code_of(azure, "deploy", args)["sdk"])
    (found,) = [d for d in deployments(azure) if d.endpoint == "copied-batch"]
    assert (found.name, found.target, found.traffic) == ("copied-batch/blue", "batch", 100)
    program(code_of(azure, "delete", {"name": "batch:copied-batch"})["sdk"])
    assert [d for d in deployments(azure) if d.endpoint == "copied-batch"] == []


def test_models_run_unmodified(azure: Connection, in_sandbox: Sandbox, program: Callable[[str], str]) -> None:
    from mlflow_aml_magics.client.models import resolve

    for action, args in (
        ("alias", {"alias": "champion"}),
        ("tags", {"tags": {"team": HOSTILE}}),
        ("describe", {"description": "as copied"}),
    ):
        program(code_of(azure, action, {**REF, **args})["sdk"])
    found = resolve(azure, f"{MODEL}@champion")
    assert (found.version, found.tags["team"]) == ("1", HOSTILE)
    program(code_of(azure, "alias", {**REF, "alias": "champion", "remove": True})["sdk"])
    with pytest.raises(ModelNotFound):
        resolve(azure, f"{MODEL}@champion")


def test_the_plan_says_what_would_be_done_and_does_nothing(azure: Connection, in_sandbox: Sandbox) -> None:
    found = plan(azure, f"{MODEL}:1", to="online", name="planned", options=DeployOptions(instance_count=2))
    assert found.steps[0] == "create the online endpoint planned, which asks for key"
    assert f"planned/blue: {MODEL} version 1 on 2 × Standard_DS3_v2, about 0.5" in found.steps[1]
    assert found.steps[2] == "give blue all traffic"
    assert [name for name, _ in found.yaml] == ["endpoint.yml", "deployment.yml"]
    assert "nothing was done" in repr(found)
    assert [d for d in deployments(azure) if d.endpoint == "planned"] == []
    batch = plan(azure, f"{MODEL}:1", to="batch", name="planned", options=DeployOptions())
    assert batch.steps[1].endswith(f"{MODEL} version 1 on the cluster cpu-cluster")  # the only one there is
    assert dict(batch.yaml)["deployment.yml"].count("compute: azureml:cpu-cluster") == 1
    with pytest.raises(UsageError, match="--to online knows no port"):
        plan(azure, f"{MODEL}:1", to="online", name="planned", options=DeployOptions(port=5))
    with pytest.raises(UsageError, match="cannot name an endpoint"):
        plan(azure, f"{MODEL}:1", to="online", name="not_a_name", options=DeployOptions())
    with pytest.raises(ModelNotFound):
        plan(azure, "nobodys", to="batch", name=None, options=DeployOptions())


def test_a_store_without_azure(
    store_uri: str, fitted: ElasticNet, commands: Path, program: Callable[[str], str]
) -> None:
    conn = open_connection(store_uri)
    register(conn, fitted, "wine", pip_requirements=["scikit-learn"])
    found = plan(conn, "wine", to="local", name=None, options=DeployOptions(isolated=True))
    assert found.steps[1].startswith("make an environment")
    assert repr(store_uri) in found.python
    (words,) = called(commands, found.cli)
    assert words[-2:] == ["--env-manager", "uv"]
    assert not (Path(os.environ["AML_MAGICS_STATE_DIR"])).exists()
    program(code_of(conn, "alias", {"name": "wine", "version": "1", "alias": "best"})["sdk"])
    boxed = plan(conn, "wine@best", to="docker", name="x", options=DeployOptions())
    assert boxed.steps[-1] == "run it on 127.0.0.1, a free port, and wait until it answers"
    assert not Path("docker-x").exists()
    with pytest.raises(UsageError, match="an Azure Machine Learning workspace"):
        code_of(conn, "traffic", {"name": "online:wine", "shares": {"blue": 100}})
    with pytest.raises(UsageError, match="no action 'deplyo'") as caught:
        code_of(conn, "deplyo", {})
    assert caught.value.hint == "deploy"
    with pytest.raises(UsageError, match="takes no 'colour'"):
        code_of(conn, "deploy", {"model": "wine", "colour": "red"})
    with pytest.raises(UsageError, match="argument 'model'"):
        code_of(conn, "deploy", {})
