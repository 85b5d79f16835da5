"""%aml_deploy --to local: a process of its own, found again, never orphaned, nothing left of what failed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import mlflow.sklearn
import pandas as pd
import psutil
import pytest
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.models import fetch, find_model
from mlflow_aml_magics.client.scoring import ping, post, read_status
from mlflow_aml_magics.errors import (
    AmlMagicsError,
    DeploymentError,
    DeploymentNotFound,
    ModelError,
    ModelNotFound,
    NoModelInRun,
    RunNotFound,
    UsageError,
)
from mlflow_aml_magics.services import deploy as deploying
from mlflow_aml_magics.services.deploy import (
    DeployOptions,
    Ref,
    delete,
    deploy,
    deployments,
    get,
    logs,
    state,
    stop_all,
)
from mlflow_aml_magics.services.deploy.state import locked
from mlflow_aml_magics.services.register import register

from .conftest import DoesNotLoad, HasWorker, scoring_processes

LogRun = Callable[..., str]


def books() -> Path:
    """The folder of this test's deployments."""
    return Path(os.environ["AML_MAGICS_STATE_DIR"]) / "local"


def left() -> list[str]:
    """What there is in it, but for the logs of failed attempts."""
    return sorted(p.name for p in books().iterdir() if not p.name.endswith(".failed.log"))


def port_of(url: str) -> int:
    """The port of an address."""
    return int(url.rpartition(":")[2])


# --- a deployment that another process made, and has since ended


def test_it_outlives_the_process_that_made_it(served: Path) -> None:
    wine = get(None, "wine")
    assert wine.state == "running"
    assert wine.model == "wine version 1"
    assert wine.ref == "wine@champion"
    assert wine.store == f"sqlite:///{served.parents[1] / 'mlflow.db'}"
    assert ping(port_of(wine.url))
    assert psutil.Process(wine.pid).ppid() != os.getpid()
    assert [d.name for d in deployments()] == ["wine"]


def test_it_listens_on_the_loopback_alone(served: Path) -> None:
    wine = get(None, "wine")
    listening = [c.laddr for c in psutil.Process(wine.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == [("127.0.0.1", port_of(wine.url))]


@pytest.mark.parametrize("path", ["/invocations", "/version", "/docs", "/openapi.json", "/ping/../version"])
@pytest.mark.parametrize("given", [None, "Bearer wrong", "Bearer ", "Basic {key}"])
def test_nobody_gets_in_without_the_key(served: Path, key: str, path: str, given: str | None) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port_of(get(None, "wine").url), timeout=10)
    headers = {"Authorization": given.format(key=key)} if given is not None else {}
    connection.request("POST" if path == "/invocations" else "GET", path, "{}", headers)
    response = connection.getresponse()
    assert response.status == 401
    assert key not in response.read().decode()
    connection.close()


def test_the_key_is_seen_nowhere(served: Path, key: str, shared_output: str) -> None:
    wine = get(None, "wine")
    target = deploying.target(None, "local")
    bundle = [*wine._repr_mimebundle_().values(), *deployments()._repr_mimebundle_().values()]
    texts = [shared_output, repr(wine), *bundle, logs(None, "wine", 1000), target.curl(Ref("wine"), "{}")]
    texts += [" ".join(psutil.Process(wine.pid).cmdline()), (served / "wine.json").read_text()]
    assert all(key not in text for text in texts)
    environment = psutil.Process(wine.pid).environ()
    assert key not in environment.values()


def test_only_the_owner_reads_the_books(served: Path) -> None:
    record = json.loads((served / "wine.json").read_text())
    assert set(record) >= {"name", "ref", "model", "uri", "process", "port", "folder", "started", "store"}
    for path in (served / "wine.json", Path(record["folder"]) / "key", Path(record["folder"]) / "log.txt"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(served.stat().st_mode) == 0o700


def test_its_log_is_at_hand(served: Path) -> None:
    assert "startup complete" in logs(None, "wine").lower()
    assert len(logs(None, "wine", 1).splitlines()) == 1
    assert logs(None, "wine", 0) == ""


def test_a_fresh_process_finds_it_without_loading_mlflow(served: Path) -> None:
    script = (
        "import sys; from mlflow_aml_magics.services.deploy import get; print(repr(get(None, 'wine')));"
        "print('mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "running" in done.stdout
    assert "%aml_invoke wine --sample" in done.stdout
    assert done.stdout.endswith("False\n")


def test_an_unknown_name(served: Path) -> None:
    for act in (get, delete, logs):
        with pytest.raises(DeploymentNotFound, match="no deployment 'wein'; there are wine") as caught:
            act(None, "wein")
        assert "did you mean 'wine'" in (caught.value.hint or "")


def test_a_taken_port_is_named_with_who_has_it(served: Path, shared_conn: Connection, tmp_path: Path) -> None:
    port = port_of(get(None, "wine").url)
    with pytest.raises(DeploymentError, match=f"port {port} is taken by the deployment 'wine'"):
        deploy(shared_conn, "wine@champion", name="second", options=DeployOptions(port=port))
    assert [d.name for d in deployments()] == ["wine"]
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(DeploymentError, match=f"port {port} is taken by process {os.getpid()}") as caught:
            deploy(shared_conn, "wine@champion", name="second", options=DeployOptions(port=port))
    assert "another --port" in (caught.value.hint or "")
    assert len(scoring_processes(str(served.parent))) == 1


def test_a_failed_replacement_leaves_the_old_one_running(served: Path, shared_conn: Connection, tmp_path: Path) -> None:
    before = get(None, "wine")
    broken = shutil.copytree(fetch(shared_conn, "models:/wine@champion"), tmp_path / "broken")
    (broken / "model.skops").unlink()
    with pytest.raises(DeploymentError, match="the model does not load"):
        deploy(shared_conn, broken, name="wine")
    assert get(None, "wine") == before
    assert ping(port_of(before.url))
    assert len(scoring_processes(str(served.parent))) == 1


# --- deployments of a test's own


@pytest.mark.usefixtures("no_leftovers")
def test_start_replace_and_delete(conn: Connection, log_run: LogRun, rows: pd.DataFrame) -> None:
    run_id = log_run()
    said: list[str] = []
    first = deploy(conn, f"runs:/{run_id}", name="wine", progress=said.append)
    assert first.model == f"model of run {run_id}"
    assert any(line.startswith("loading the model…") for line in said)
    second = deploy(conn, log_run(), name="wine", options=DeployOptions(port=port_of(first.url)))  # the port is its own
    assert second.replaced == first.model
    assert f"in place of  {first.model}" in repr(second)
    assert second.url == first.url
    assert second.pid != first.pid
    assert not psutil.pid_exists(first.pid or 0)
    assert scoring_processes(str(books())) == [second.pid]
    assert len(left()) == 2  # one record, one folder
    delete(None, "wine")
    assert not ping(port_of(second.url))
    assert left() == []
    with pytest.raises(DeploymentNotFound, match="there is none"):
        get(None, "wine")


@pytest.mark.usefixtures("no_leftovers")
def test_what_died_is_not_said_to_run(conn: Connection, log_run: LogRun) -> None:
    folder = fetch(conn, find_model(conn, log_run()).uri)
    killed = deploy(conn, folder, name="killed")
    ended = deploy(conn, folder, name="ended")
    psutil.Process(killed.pid).kill()
    psutil.Process(ended.pid).terminate()
    psutil.wait_procs([psutil.Process(p) for p in (killed.pid, ended.pid)], timeout=20)
    assert (get(None, "killed").state, get(None, "ended").state) == ("failed", "stopped")
    assert "ended without a word" in get(None, "killed").detail
    assert "startup complete" in get(None, "killed").detail  # its log's last lines
    with pytest.raises(DeploymentError, match=r"'killed' has failed: its process .* killed") as caught:
        deploying.target(None, "local").send(Ref("killed"), "{}", timeout=5)
    assert "%aml_deploy" in (caught.value.hint or "")
    assert "failed" in repr(deployments())
    assert sorted(stop_all()) == ["ended", "killed"]
    assert left() == []


@pytest.mark.usefixtures("no_leftovers")
def test_a_pid_that_went_to_another_process_is_not_it(conn: Connection) -> None:
    books().mkdir(parents=True, mode=0o700)
    home = books() / "wine-0"
    home.mkdir()
    record = {
        "name": "wine", "ref": "wine", "model": "wine version 1", "uri": "", "run_id": None, "store": "",
        "process": {"pid": os.getpid(), "created": 1.0, "mark": str(home)},
        "port": 1, "folder": str(home), "started": "2020-01-01T00:00:00+00:00",
    }  # fmt: skip
    (books() / "wine.json").write_text(json.dumps(record))
    assert get(None, "wine").state == "stopped"
    assert "restarted" in get(None, "wine").detail
    delete(None, "wine")  # and this process still runs
    assert left() == []


@pytest.mark.usefixtures("no_leftovers")
def test_a_broken_record_is_named(conn: Connection) -> None:
    books().mkdir(parents=True, mode=0o700)
    (books() / "wine.json").write_text("{")
    for act in (logs, lambda _, name: deploying.target(None, "local").about(Ref(name))):
        with pytest.raises(DeploymentError, match="the record of the deployment 'wine' cannot be read") as caught:
            act(None, "wine")
        assert caught.value.hint == "%aml_deploy --delete wine"
    assert "%aml_deploy --delete wine" in repr(get(None, "wine"))


GARBLED = {
    "half": "{",
    "no bytes of text": b"\xff\xfe\x00",
    "no object": "[]",
    "no fields": "{}",
    "no process": '{"process": null}',
    "a folder": None,
}


@pytest.mark.parametrize("content", GARBLED.values(), ids=GARBLED)
def test_a_broken_record_is_in_nobodys_way(served: Path, content: str | bytes | None) -> None:
    broken = served / "old.json"
    if content is None:
        broken.mkdir()
    else:
        broken.write_bytes(content if isinstance(content, bytes) else content.encode())
    home = served / "old-0a1b2c3d"
    home.mkdir()
    assert get(None, "wine").state == "running"
    assert deploying.target(None, "local").about(Ref("wine")).servable
    listed = {d.name: d for d in deployments()}
    assert sorted(listed) == ["old", "wine"]
    assert (listed["old"].state, listed["old"].detail) == ("failed", "its record cannot be read")
    assert "its record cannot be read" in repr(deployments())
    assert delete(None, "old").name == "old"
    assert not broken.exists()
    assert not home.exists()
    assert [d.name for d in deployments()] == ["wine"]


@pytest.mark.parametrize(
    "change", [{"started": "yesterday"}, {"process": {"pid": -1, "created": 1.0}}, {"port": "x"}, {"name": "port"}]
)
def test_a_record_with_a_wrong_value_is_broken(served: Path, change: dict[str, object]) -> None:
    record = json.loads((served / "wine.json").read_text())
    (served / "old.json").write_text(json.dumps(record | {"name": "old"} | change))
    try:
        assert {d.name: d.state for d in deployments()} == {"old": "failed", "wine": "running"}
    finally:
        (served / "old.json").unlink()


def test_a_record_of_a_later_version_is_read(served: Path) -> None:
    path = served / "wine.json"
    kept = path.read_text()
    record = json.loads(kept)
    record |= {"colour": "red", "process": record["process"] | {"host": "here"}}
    path.write_text(json.dumps(record))
    try:
        assert get(None, "wine").state == "running"
    finally:
        path.write_text(kept)


@pytest.mark.usefixtures("no_leftovers")
def test_deleting_a_broken_record_ends_its_process(conn: Connection, log_run: LogRun) -> None:
    deploy(conn, log_run(), name="wine")
    (books() / "wine.json").write_text("{")
    assert stop_all() == ["wine"]
    assert scoring_processes(str(books())) == []
    assert left() == []


@pytest.mark.usefixtures("no_leftovers")
def test_one_that_cannot_be_ended_does_not_keep_the_others(conn: Connection, log_run: LogRun) -> None:
    deploy(conn, log_run(), name="wine")
    broken = books().with_name("docker") / "boxed.json"
    broken.parent.mkdir()
    broken.write_text("{")
    with pytest.raises(DeploymentError, match=r"not stopped: .*'boxed' cannot be read.*; stopped: wine"):
        stop_all()
    broken.unlink()
    assert left() == []


@pytest.mark.parametrize("name", ["a" * 300, "x\0y", "<img src=x onerror=1>", "..", "a\nb"])
def test_a_name_that_no_file_can_have_is_no_deployment(name: str) -> None:
    books().mkdir(parents=True)
    books().with_name("docker").mkdir()
    for call in (get, delete):
        with pytest.raises(DeploymentNotFound):
            call(None, name)


def test_looking_makes_no_folder() -> None:
    assert list(deployments()) == []
    with pytest.raises(DeploymentNotFound):
        get(None, "wine")
    assert not books().exists()


def test_a_folder_that_cannot_be_made_is_named(
    conn: Connection, log_run: LogRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AML_MAGICS_STATE_DIR", str(tmp_path / "file" / "state"))
    assert list(deployments()) == []
    with pytest.raises(DeploymentError, match=r"cannot keep deployments in .*/file/state") as caught:
        deploy(conn, log_run(), name="wine")
    assert "AML_MAGICS_STATE_DIR" in (caught.value.hint or "")


def test_only_one_at_a_time_has_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "LOCK_SECONDS", 0.2)
    with locked("wine"):
        with pytest.raises(DeploymentError, match="another session"), locked("wine"):
            pass
        with locked("port"):
            pass
    with locked("wine"):
        pass
    assert left() == []


def test_the_lock_is_never_held_twice() -> None:
    inside, most = [0], [0]

    def work() -> None:
        for _ in range(5):
            with locked("wine"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside[0], most[0]) == (0, 1)


def test_garbled_status_is_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}"):
        (tmp_path / "status.json").write_text(text)
        assert read_status(tmp_path) is None


@pytest.mark.parametrize("ref", ["x" * 300, "~nouser/model"])
def test_what_names_no_folder_is_no_folder(conn: Connection, ref: str) -> None:
    with pytest.raises(AmlMagicsError):
        deploy(conn, ref)
    with pytest.raises(UsageError):
        register(conn, ref, "wine")


@pytest.mark.usefixtures("no_leftovers", "models_by_value")
def test_the_processes_that_a_model_starts_end_with_it(
    conn: Connection, log_run: LogRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AML_MAGICS_CONTEXT", "of this notebook")
    first = deploy(conn, log_run(HasWorker(), input_example=None), name="wine")
    assert "AML_MAGICS_CONTEXT" not in psutil.Process(first.pid).environ()
    [worker] = psutil.Process(first.pid).children()
    delete(None, "wine")
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


@pytest.mark.usefixtures("no_leftovers", "models_by_value")
def test_a_model_that_does_not_load_leaves_nothing(conn: Connection, log_run: LogRun) -> None:
    run_id = log_run(DoesNotLoad(), input_example=None)
    with pytest.raises(DeploymentError, match=r"FileNotFoundError: weights\.bin is not where it was") as caught:
        deploy(conn, run_id, name="sour")
    kept = Path((caught.value.hint or "").removeprefix("its log is "))
    assert "Traceback" in kept.read_text()
    assert left() == []
    assert scoring_processes(str(books())) == []


@pytest.mark.usefixtures("no_leftovers")
def test_a_missing_package_is_named(conn: Connection, log_run: LogRun, tmp_path: Path) -> None:
    folder = shutil.copytree(fetch(conn, find_model(conn, log_run()).uri), tmp_path / "foreign")
    meta = (folder / "MLmodel").read_text().replace("loader_module: mlflow.sklearn", "loader_module: cellar")
    (folder / "MLmodel").write_text(meta)
    with pytest.raises(DeploymentError, match="No module named 'cellar'") as caught:
        deploy(conn, folder)
    assert "requirements.txt" in (caught.value.hint or "")
    assert left() == []


@pytest.mark.usefixtures("no_leftovers")
def test_a_model_that_takes_too_long_is_given_up(conn: Connection, log_run: LogRun) -> None:
    with pytest.raises(DeploymentError, match=r"after 0\.2 s") as caught:
        deploy(conn, log_run(), name="slow", options=DeployOptions(timeout=0.2))
    assert "its log is" in (caught.value.hint or "")
    assert left() == []


@pytest.mark.usefixtures("no_leftovers")
def test_an_interrupt_leaves_nothing(conn: Connection, log_run: LogRun) -> None:
    def interrupt(line: str) -> None:
        if "…" in line:
            raise KeyboardInterrupt

    run_id = log_run()
    with pytest.raises(KeyboardInterrupt):
        deploy(conn, run_id, name="wine", progress=interrupt)
    assert left() == []
    assert scoring_processes(str(books())) == []


@pytest.mark.usefixtures("no_leftovers")
def test_a_kernel_that_dies_while_deploying_leaves_nothing(conn: Connection, log_run: LogRun) -> None:
    folder = fetch(conn, find_model(conn, log_run()).uri)
    script = f"""
import os, signal
from pathlib import Path
from mlflow_aml_magics.client.connection import open_connection
from mlflow_aml_magics.services.deploy import deploy
def die(line):
    if "…" in line:
        os.kill(os.getpid(), signal.SIGKILL)
deploy(open_connection({conn.uri!r}), Path({str(folder)!r}), name="wine", progress=die)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    alive = [psutil.Process(pid) for pid in scoring_processes(str(books()))]
    psutil.wait_procs(alive, timeout=30)
    assert scoring_processes(str(books())) == []
    assert left() == ["wine.lock"]  # which a later deploy sees to be of a dead process
    with pytest.raises(DeploymentError, match="after 0 s"):
        deploy(conn, folder, name="wine", options=DeployOptions(timeout=0))
    assert left() == []


def test_what_cannot_be_served_is_said_before_anything_starts(
    conn: Connection, log_run: LogRun, fitted: ElasticNet, tmp_path: Path
) -> None:
    register(conn, log_run(), "wine", alias="champion")
    with pytest.raises(ModelNotFound, match="no alias 'x'"):
        deploy(conn, "wine@x")
    with pytest.raises(ModelNotFound, match="no version 7"):
        deploy(conn, "wine/7")
    with pytest.raises(ModelNotFound, match="no registered model 'wein'"):
        deploy(conn, "wein@champion")
    with pytest.raises(RunNotFound):
        deploy(conn, "0" * 32)
    with pytest.raises(NoModelInRun):
        deploy(conn, conn.mlflow.create_run("0").info.run_id)
    with pytest.raises(ModelError, match="no file MLmodel"):
        deploy(conn, tmp_path)
    with pytest.raises(UsageError, match="no target 'dokcer'; known: local, docker, online") as caught:
        deploy(conn, "wine@champion", to="dokcer")
    assert caught.value.hint == "--to docker"
    with pytest.raises(UsageError, match="--to local knows no instance-type"):
        deploy(conn, "wine@champion", options=DeployOptions(instance_type="Standard_DS3_v2"))
    with pytest.raises(UsageError, match="--to online needs an Azure Machine Learning workspace"):
        deploy(conn, "wine@champion", to="online")
    with pytest.raises(UsageError, match="'a b' cannot name a deployment") as caught:
        deploy(conn, "wine@champion", name="a b")
    assert caught.value.hint == "--name a-b"
    with pytest.raises(UsageError, match="70000 is no port"):
        deploy(conn, "wine@champion", options=DeployOptions(port=70000))
    mlflow.sklearn.save_model(fitted, tmp_path / "bare", pip_requirements=["scikit-learn"])
    meta = (tmp_path / "bare" / "MLmodel").read_text()
    (tmp_path / "bare" / "MLmodel").write_text(meta.replace("python_function:", "r_function:"))
    with pytest.raises(ModelError, match="r_function, sklearn, not python_function"):
        deploy(conn, tmp_path / "bare")
    with contextlib.suppress(FileNotFoundError):
        assert left() == []


def test_no_deployments_says_how_to_begin() -> None:
    assert "%aml_deploy" in repr(deployments())


def test_a_request_to_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    assert not ping(port)
    with pytest.raises(OSError, match="refused"):
        post(port, "{}", key="x", timeout=2)
