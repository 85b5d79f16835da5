"""%aml_deploy --isolated: an environment of the model's own requirements, made once, never half, without us in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import mlflow.pyfunc
import mlflow.sklearn
import psutil
import pytest
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.client.models import read_model
from mlflow_aml_magics.client.scoring import ping, post
from mlflow_aml_magics.errors import DeploymentError, ModelError
from mlflow_aml_magics.services.deploy import DeployOptions, Ref, delete, deploy, get, target
from mlflow_aml_magics.services.deploy import environment as environments
from mlflow_aml_magics.services.deploy.environment import environment_of, needs_of
from mlflow_aml_magics.services.deploy.installer import decisive, find_uv

ISOLATED = DeployOptions(isolated=True)
MLFLOW = f"mlflow=={mlflow.__version__}"


def made() -> list[Path]:
    """The environments that are whole."""
    return sorted((Path(os.environ["AML_MAGICS_STATE_DIR"]) / "environments").glob("*/made.json"))


def left() -> list[str]:
    """What stands in the folder of environments, but for logs."""
    folder = Path(os.environ["AML_MAGICS_STATE_DIR"]) / "environments"
    return sorted(p.name for p in folder.iterdir() if p.suffix != ".log")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package index of our own: cellar 1.0, and an mlflow that is nothing, for environments that take no second."""
    folder = tmp_path_factory.mktemp("wheels")
    for name, version in (("cellar", "1.0"), ("mlflow", "99.0")):
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "WINE = 1\n")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n")
            wheel.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture
def tiny(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model folder whose requirements are those two packages, without the network."""
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors:\n  python_function:\n    env: {virtualenv: python_env.yaml}\n")
    (folder / "requirements.txt").write_text("mlflow==99.0\ncellar\n")
    (folder / "python_env.yaml").write_text(f"python: {environments.OWN}\n")
    return folder


# --- a real model in a real environment of its own


def test_it_serves_in_an_environment_of_its_own(
    store_uri: str, fitted: ElasticNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_leftovers: None
) -> None:
    mlflow.sklearn.save_model(fitted, tmp_path / "model", pip_requirements=[MLFLOW, "scikit-learn"])
    conn, said = open_connection(store_uri), []
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    found = deploy(conn, tmp_path / "model", name="wine", options=ISOLATED, progress=said.append)
    assert found.machine == f"isolated, Python {environments.OWN}, mlflow {mlflow.__version__}"
    assert found.machine in repr(found)
    assert any(re.match(r"\d+ packages installed in", line) for line in said)
    process = psutil.Process(found.pid)
    python = made()[0].parent / "env" / "bin" / "python"
    assert process.cmdline()[0] == str(python)
    assert not {"PYTHONPATH", "MPLBACKEND", "VIRTUAL_ENV"} & set(process.environ())
    row = json.dumps({"dataframe_split": {"columns": list(fitted.feature_names_in_), "data": [[0.01] * 10]}})
    answer = target(None, "local").send(Ref("wine"), row, timeout=60)
    assert answer.status == 200
    assert json.loads(answer.body)["predictions"] == pytest.approx([float(fitted.predict([[0.01] * 10])[0])])
    missing = [str(python), "-I", "-c", "import mlflow_aml_magics"]
    assert subprocess.run(missing, capture_output=True, check=False).returncode == 1

    said.clear()
    again = deploy(conn, tmp_path / "model", name="wine", options=ISOLATED, progress=said.append)
    assert again.machine == found.machine
    assert not any("install" in line or "resolving" in line for line in said)
    assert len(made()) == 1
    psutil.Process(again.pid).terminate()
    psutil.wait_procs([psutil.Process(again.pid)] if psutil.pid_exists(again.pid or 0) else [], timeout=20)
    assert get(None, "wine").state == "stopped"  # it wrote so itself
    assert repr(get(None, "wine")).endswith("--isolated --name wine")
    delete(None, "wine")


# --- making environments


def test_one_is_made_once(tiny: Path) -> None:
    said: list[str] = []
    first = environment_of(read_model(tiny), said.append)
    assert first.machine == f"isolated, Python {environments.OWN}, mlflow 99.0"
    assert "2 packages installed" in said[-1]
    done = subprocess.run(
        [str(first.python), "-c", "import cellar; print(cellar.WINE)"], capture_output=True, check=True
    )
    assert done.stdout == b"1\n"
    said.clear()
    assert environment_of(read_model(tiny), said.append) == first
    assert said == []
    (tiny / "requirements.txt").write_text("mlflow==99.0\n")
    assert environment_of(read_model(tiny), said.append) != first
    assert len(made()) == 2


def test_without_uv_pip_makes_it(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "find_uv", lambda: None)
    (tiny / "python_env.yaml").write_text("python: 3.9.1\n")
    said: list[str] = []
    found = environment_of(read_model(tiny), said.append)
    assert found.machine == f"isolated, Python {environments.OWN}, mlflow 99.0"
    assert any("without uv, pip makes" in line for line in said)
    assert f"Python {environments.OWN} in place of 3.9.1, which the model was logged with" in said


def test_a_python_that_cannot_be_had_is_said(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_OFFLINE", "1")
    (tiny / "python_env.yaml").write_text("python: 3.6.99\n")
    said: list[str] = []
    used = environment_of(read_model(tiny), said.append).machine.split(",")[1].removeprefix(" Python ")
    assert f"Python {used} in place of 3.6.99, which the model was logged with" in said


def test_what_cannot_be_resolved_is_told(tiny: Path) -> None:
    (tiny / "requirements.txt").write_text("mlflow==99.0\ncellar==7\n")
    with pytest.raises(DeploymentError, match=r"cannot be installed: .*cellar==7") as caught:
        environment_of(read_model(tiny), lambda _: None)
    log = Path((caught.value.hint or "").rpartition("the log is ")[2])
    assert "cellar" in log.read_text()
    assert left() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_half_an_environment_is_none(tiny: Path, error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_args: object, **_named: object) -> tuple[int, str]:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(environments._Making, "run_or_fail", interrupt)
        with pytest.raises(error):
            environment_of(read_model(tiny), lambda _: None)
    assert left() == []
    whole = environment_of(read_model(tiny), lambda _: None)
    (whole.folder / "made.json").unlink()  # as if the kernel had been killed before that was written
    (whole.folder / "env" / "half").write_text("")
    assert environment_of(read_model(tiny), lambda _: None) == whole
    assert not (whole.folder / "env" / "half").exists()


def test_an_environment_nobody_has_goes_after_a_month(tiny: Path) -> None:
    old = environment_of(read_model(tiny), lambda _: None)
    os.utime(old.folder / "made.json", (0, 0))
    (tiny / "requirements.txt").write_text("mlflow==99.0\n")
    kept = environment_of(read_model(tiny), lambda _: None, in_use=[str(old.folder)])
    assert old.python.exists()
    (tiny / "requirements.txt").write_text("cellar\nmlflow==99.0\n")
    environment_of(read_model(tiny), lambda _: None)
    assert not old.folder.exists()
    assert kept.python.exists()


def test_a_failure_leaves_no_deployment(conn: Connection, tiny: Path, no_leftovers: None) -> None:
    with pytest.raises(DeploymentError):  # this mlflow has no pyfunc
        deploy(conn, tiny, name="wine", options=ISOLATED)
    with pytest.raises(DeploymentError):
        deploy(conn, tiny, name="wine", options=ISOLATED)
    assert not (Path(os.environ["AML_MAGICS_STATE_DIR"]) / "local" / "wine.json").exists()
    assert len(made()) == 1


def test_what_a_model_says_that_it_needs(tiny: Path) -> None:
    assert needs_of(read_model(tiny)).lines == ("mlflow==99.0", "cellar")
    (tiny / "requirements.txt").unlink()
    (tiny / "python_env.yaml").unlink()
    with pytest.raises(ModelError, match="names no requirements"):
        needs_of(read_model(tiny))
    (tiny / "conda.yaml").write_text("dependencies: [python=3.11.4, pip, {pip: [mlflow-skinny, cellar]}]")
    needs = needs_of(read_model(tiny))
    assert needs.python == "3.11.4"
    assert needs.lines == ("mlflow-skinny", "cellar", MLFLOW)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("warning: x\nerror: No solution found\n  cause: Because a,\n    we cannot.\n", "Because a, we cannot."),
        ("  × No solution found:\n  ╰─▶ Because a\n      and b.\n\n      hint: c\n", "Because a and b."),
        ("error: Request failed\n  cause: Failed to fetch: https://u:p@h/x\n  cause: refused\n",
         "Failed to fetch: https://***@h/x: refused"),
        ("ERROR: Could not find a version\nERROR: No matching distribution found for x\n",
         "No matching distribution found for x"),
        ("", "it said nothing"),
    ],
)  # fmt: skip
def test_the_decisive_line(output: str, says: str) -> None:
    assert decisive(output) == says


FLASK_LIKE = """
from mlflow_aml_magics.client import scoring
class App:
    def __call__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]
sock = scoring._bind(0)
print(sock.getsockname()[1], flush=True)
scoring._run(App(), sock, "secret")
"""


def test_the_server_of_mlflow_2_is_behind_the_key_too() -> None:
    with subprocess.Popen([sys.executable, "-c", FLASK_LIKE], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            assert ping(port, timeout=30)
            assert post(port, "{}", key="secret", timeout=30).body == "/invocations"
            for wrong in ("other", "", None):
                assert post(port, "{}", key=wrong, timeout=30).status == 401
        finally:
            server.kill()


def test_uv_is_found() -> None:
    assert find_uv() is not None
    assert shutil.which(str(find_uv())) is not None
    assert sys.executable
