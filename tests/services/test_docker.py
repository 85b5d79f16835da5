"""--to docker: mlflow's own Dockerfile, complete; its entry command serves; the engine is asked the right things.

No engine is needed: its part is played by a program `docker` that keeps its containers in a file and really starts a
process for each, with the model of the build context. What only an engine can show is not shown here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow.sklearn
import pandas as pd
import psutil
import pytest
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.docker_files import copied_sources, write_context
from mlflow_aml_magics.client.scoring import ping, post
from mlflow_aml_magics.errors import DeploymentError, UsageError
from mlflow_aml_magics.services.deploy import DeployOptions, Ref, delete, deploy, deployments, get, logs, target
from mlflow_aml_magics.services.deploy.docker_engine import check_image
from mlflow_aml_magics.services.deploy.docker_image import default_image

ENGINE = '''#!{python}
"""As much of docker as we call: version, build, run, ps, logs, stop, start, rm."""
import json, os, re, signal, socket, subprocess, sys, time
from pathlib import Path
home = Path({home!r})
words = sys.argv[1:]
with (home / "calls").open("a") as calls:
    calls.write(json.dumps(words) + "\\n")
kept = home / "containers"
boxes = json.loads(kept.read_text()) if kept.exists() else []
save = lambda: kept.write_text(json.dumps(boxes))
after = lambda option: words[words.index(option) + 1]
def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)
def launch(box):
    log = (home / box["id"]).open("ab")
    box["pid"] = subprocess.Popen([sys.executable, "-c", box["server"], str(box["port"])], stdout=log, stderr=log,
                                  start_new_session=True).pid
def running(box):
    try:
        return Path(f"/proc/{{box['pid']}}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
def end(box):
    if running(box):
        os.kill(box["pid"], signal.SIGKILL)
    while running(box):
        time.sleep(0.01)
if (home / "down").exists():
    fail("Cannot connect to the Docker daemon. Is the docker daemon running?")
if words[0] == "version":
    print("28.2.2")
elif words[0] == "build":
    if not Path(words[-1], "Dockerfile").is_file():
        fail("ERROR: failed to read dockerfile")
    print("#5 [1/4] FROM docker.io/library/python:3.11-slim", flush=True)
    print("#8 [3/4] RUN pip install mlflow", flush=True)
    if (home / "no network").exists():
        print("#8 1.234 ERROR: No matching distribution found for cellar")
        print("ERROR: failed to solve: process /bin/sh did not complete successfully: exit code: 1")
        sys.exit(1)
elif words[0] == "run":
    port = after("--publish").split(":")[1]
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind(("127.0.0.1", int(port or 0)))
        except OSError:
            fail(f"docker: Error response from daemon: Bind for 127.0.0.1:{{port}} failed: port is already allocated.")
        port = free.getsockname()[1]
    label = after("--label").split("=")[1]
    server = (home / "server").read_text()
    box = dict(id=os.urandom(32).hex(), name=after("--name"), label=label, port=port, server=server)
    launch(box)
    boxes.insert(0, box)
    save()
    print(box["id"])
elif words[0] == "ps":
    label = after("--filter").split("=", 2)[2:]
    for box in boxes:
        if label in ([], [box["label"]]):
            up = running(box)
            ports = f"127.0.0.1:{{box['port']}}->8080/tcp" if up else ""
            print(box["id"], box["label"], "running" if up else "exited",
                  "Up 2 seconds" if up else "Exited (1) 2 seconds ago", ports, sep="\\t")
elif words[0] == "logs":
    print((home / words[-1]).read_text())
else:
    for box in [box for box in boxes if words[-1] in (box["id"], box["name"])]:
        launch(box) if words[0] == "start" else end(box)
        if words[0] == "rm":
            boxes.remove(box)
    save()
'''
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.answer(b"")
    def do_POST(self): self.answer(b'{"predictions": [7]}')
    def answer(self, body):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
print("the server begins", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
CRASHES = "import sys; print('OSError: weights.bin is not there'); sys.exit(3)"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a `docker` that is first on the PATH; its containers end with the test."""
    home = tmp_path / "engine"
    home.mkdir()
    (home / "server").write_text(SERVER)
    program = home / "docker"
    program.write_text(ENGINE.format(python=sys.executable, home=str(home)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(home), prepend=os.pathsep)
    yield home
    for box in json.loads((home / "containers").read_text()) if (home / "containers").exists() else []:
        if psutil.pid_exists(box["pid"]):
            os.kill(box["pid"], signal.SIGKILL)


@pytest.fixture
def no_engine(tmp_path: Path, engine: Path) -> Path:
    """A `docker` without its engine, as on this machine's terminal when the daemon is down."""
    (engine / "down").touch()
    return engine


@pytest.fixture
def model(fitted: ElasticNet, rows: pd.DataFrame, tmp_path: Path) -> Path:
    """A model's folder, with a name that a Dockerfile would trip over."""
    folder = tmp_path / "it's a model"
    mlflow.sklearn.save_model(fitted, folder, input_example=rows[:2], pip_requirements=["scikit-learn"])
    return folder


def containers(home: Path) -> list[dict[str, object]]:
    """Those of the engine."""
    found: list[dict[str, object]] = json.loads((home / "containers").read_text())
    return found


def calls(home: Path, verb: str) -> list[list[str]]:
    """How that verb was called."""
    found = [json.loads(line) for line in (home / "calls").read_text().splitlines()]
    return [words for words in found if words[0] == verb]


# --- the files


def test_the_files_are_complete_and_their_entry_command_serves(model: Path, tmp_path: Path, fitted: ElasticNet) -> None:
    context = tmp_path / "context"
    context.mkdir()
    write_context(model, context)
    dockerfile = (context / "Dockerfile").read_text()
    assert re.search(r"^FROM python:3\.\d+\.\d+-slim$", dockerfile, re.M)
    assert re.search(r"^RUN pip install mlflow==", dockerfile, re.M)
    (source,) = copied_sources(context / "Dockerfile")
    assert re.search(rf"^COPY {source} /opt/ml/model$", dockerfile, re.M)
    assert {p.name for p in model.iterdir()} <= {p.name for p in (context / source).iterdir()}
    install = re.search(r'^RUN python -c "(.+)"$', dockerfile, re.M)
    assert install is not None
    compile(install[1], "RUN", "exec")
    entry = re.search(r"^ENTRYPOINT (.+)$", dockerfile, re.M)
    assert entry is not None
    python, flag, code = json.loads(entry[1])
    assert (python, flag) == ("python", "-c")

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # As in the image, but for the model's place, the port, and nginx before it.
    moved = f"C.MODEL_PATH = {str(context / source)!r}; C.DEFAULT_INFERENCE_SERVER_PORT = {port}; "
    code = code.replace("C._serve", f"{moved}C._serve")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MLFLOW_"))}
    env |= {"DISABLE_NGINX": "true", "MLFLOW_MODELS_WORKERS": "1", "MLFLOW_DISABLE_ENV_CREATION": "True"}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while not ping(port):
            assert server.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
        body = {"dataframe_split": {"columns": list(fitted.feature_names_in_), "data": [[0.01] * 10]}}
        answer = post(port, json.dumps(body), key=None, timeout=60)
        assert json.loads(answer.body)["predictions"] == pytest.approx(list(fitted.predict([[0.01] * 10])))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def test_without_an_engine_the_files_are_there_and_it_says_how_to_go_on(
    conn: Connection, model: Path, no_engine: Path
) -> None:
    found = deploy(conn, model, to="docker", name="wine", options=DeployOptions(image="team/wine:3", port=5055))
    assert found.state == "stopped"
    build, run, why = found.detail.splitlines()
    assert why.startswith("no Docker engine answers here (Cannot connect to the Docker daemon")
    assert why in repr(deployments())
    assert "not run yet" in repr(found)
    assert "the files are in ./docker-wine; the commands above build" in why
    assert "next: the commands above where Docker is" in repr(found)
    assert repr(found).endswith("--to docker --name wine")
    assert shlex.split(build) == [
        "docker",
        "build",
        "--tag",
        "team/wine:3",
        "--label",
        "aml.deployment=wine",
        "docker-wine",
    ]
    assert "127.0.0.1:5055:8080" in shlex.split(run)
    assert (Path("docker-wine") / "Dockerfile").is_file()
    assert not list(Path().glob(".docker-wine*"))
    assert get(None, "wine").detail == found.detail
    assert target(None, "docker").about(Ref("wine")).servable
    with pytest.raises(DeploymentError, match="no Docker engine answers here"):
        target(None, "docker").send(Ref("wine"), "{}", timeout=5)
    said: list[str] = []
    delete(None, "docker:wine", said.append)
    assert said == ["docker-wine stays"]
    assert list(deployments()) == []
    assert Path("docker-wine").is_dir()
    deploy(conn, model, to="docker", name="wine")  # takes over what it left
    delete(None, "docker:wine")
    with Path("docker-wine/Dockerfile").open("a") as file:
        file.write("ENV MINE=1\n")
    with pytest.raises(UsageError, match="has a Dockerfile that was changed since"):
        deploy(conn, model, to="docker", name="wine")


def test_what_is_not_ours_is_not_overwritten(conn: Connection, model: Path, no_engine: Path) -> None:
    Path("docker-wine").mkdir()
    Path("docker-wine/notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="docker-wine is there, and not of this deployment"):
        deploy(conn, model, to="docker", name="wine")
    assert Path("docker-wine/notes.txt").read_text() == "mine"
    deploy(conn, model, to="docker", name="port")
    deploy(conn, model, to="docker", name="port")
    with Path("docker-port/Dockerfile").open("a") as file:
        file.write("ENV MINE=1\n")
    with pytest.raises(UsageError, match="has a Dockerfile that was changed since"):
        deploy(conn, model, to="docker", name="port")
    deploy(conn, model, to="docker", name="port", options=DeployOptions(force=True))
    assert "MINE" not in Path("docker-port/Dockerfile").read_text()


# --- the engine


def test_it_is_built_run_replaced_and_removed(conn: Connection, model: Path, engine: Path) -> None:
    said: list[str] = []
    first = deploy(conn, model, to="docker", name="wine", options=DeployOptions(image="wine:3"), progress=said.append)
    assert (first.state, first.machine) == ("running", "image wine:3")
    assert calls(engine, "build")[0][1:] == ["--tag", "wine:3", "--label", "aml.deployment=wine", "."]
    assert "127.0.0.1::8080" in calls(engine, "run")[0]
    assert target(None, "docker").send(Ref("wine"), "{}", timeout=5).body == '{"predictions": [7]}'
    assert "Authorization" not in target(None, "docker").curl(Ref("wine"), "{}")
    assert "the server begins" in logs(None, "wine")
    port = int(first.url.rpartition(":")[2])
    second = deploy(conn, model, to="docker", name="wine", options=DeployOptions(image="wine:3", port=port))
    assert second.url == first.url
    assert len(containers(engine)) == 1
    script = "from mlflow_aml_magics.services.deploy import get; print(get(None, 'wine').state)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "running\n"
    (engine / "down").touch()
    with pytest.raises(DeploymentError, match="'wine' cannot be ended"):
        delete(None, "wine")
    (engine / "down").unlink()
    delete(None, "wine", said.append)
    assert said[-1] == "docker-wine stays, and the image: docker image rm wine:3"
    assert containers(engine) == []
    assert not ping(port)
    assert list(deployments()) == []


def test_a_failed_replacement_leaves_the_old_one_running(conn: Connection, model: Path, engine: Path) -> None:
    first = deploy(conn, model, to="docker", name="wine")
    port = int(first.url.rpartition(":")[2])
    (engine / "server").write_text(CRASHES)
    with pytest.raises(
        DeploymentError, match=r"ended before it answered: OSError: weights\.bin is not there"
    ) as caught:
        deploy(conn, model, to="docker", name="wine", options=DeployOptions(port=port))
    log = Path((caught.value.hint or "").removeprefix("its log is "))
    assert "weights.bin" in log.read_text()
    assert [box["port"] for box in containers(engine)] == [port]
    (engine / "no network").touch()
    with pytest.raises(DeploymentError, match="cannot be built: No matching distribution found for cellar"):
        deploy(conn, model, to="docker", name="wine")
    (engine / "no network").unlink()
    with socket.create_server(("127.0.0.1", 0)) as held:
        taken = held.getsockname()[1]
        with pytest.raises(DeploymentError, match=f"port {taken} is taken"):
            deploy(conn, model, to="docker", name="wine", options=DeployOptions(port=taken))
    assert wait_until(lambda: get(None, "wine").state == "running")


def test_a_container_that_ended_is_said_to_have_failed(conn: Connection, model: Path, engine: Path) -> None:
    deploy(conn, model, to="docker", name="wine")
    os.kill(int(str(containers(engine)[0]["pid"])), signal.SIGKILL)
    assert wait_until(lambda: get(None, "wine").state == "failed")
    assert "Exited (1)" in get(None, "wine").detail
    with pytest.raises(DeploymentError, match="does not run"):
        target(None, "docker").send(Ref("wine"), "{}", timeout=5)


def wait_until(is_so: Callable[[], bool]) -> bool:
    """Whether it comes true in some seconds."""
    end = time.monotonic() + 15
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("image", ["Wine", "-v", "wine:3 --privileged", "", "a//b", "wine:", "wine;rm"])
def test_an_image_name_that_docker_refuses(image: str) -> None:
    with pytest.raises(UsageError, match="is no name of an image") as caught:
        check_image(image)
    assert check_image((caught.value.hint or "").removeprefix("--image "))


@pytest.mark.parametrize("image", ["wine", "wine:3", "team/wine:3.1-a", "registry.local:5000/team/wine:3"])
def test_an_image_name(image: str) -> None:
    assert check_image(image) == image


@pytest.mark.parametrize("name", ["Wine Model", "..", "ÄÖ", "a__b--c", "UPPER_case"])
def test_the_default_image_is_one(name: str) -> None:
    from types import SimpleNamespace

    version = SimpleNamespace(name=name, version="3")
    assert check_image(default_image(SimpleNamespace(version=version), "x")).endswith(":3")  # type: ignore[arg-type]
