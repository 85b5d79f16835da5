"""Fixtures that any test may ask for. Every test runs in an empty folder of its own, with nothing set."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

if TYPE_CHECKING:
    from mlflow_aml_magics.client.connection import Connection
    from mlflow_aml_magics.sandbox import Sandbox

# A shell that starts us in the background has us ignore Ctrl-C, which tests send to themselves.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPO = Path(__file__).parents[1]
SERVER_SECONDS = 90  # a server on a busy machine
FOREIGN = ("MLFLOW_", "AML_MAGICS_", "AZUREML_", "AZURE_", "ARM_CLOUD_", "MSI_", "JPY_SESSION_NAME", "VSCODE_")


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(autouse=True)
def clean_slate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the machine or of another test reaches a test: no settings, no store, no tracking URI."""
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AML_MAGICS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield
    mlflow = sys.modules.get("mlflow")
    if mlflow is not None:
        while mlflow.active_run():
            mlflow.end_run()
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
        mlflow.tracking.fluent._active_experiment_id = None
        integrations = mlflow.utils.autologging_utils.AUTOLOGGING_INTEGRATIONS
        integrations.update({name: {} for name in integrations})  # as after their import: nobody has set them


@pytest.fixture(scope="session")
def _schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with mlflow's tables and nothing else: made by mlflow in seconds, copied in none."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("schema") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store_uri(_schema: Path, tmp_path: Path) -> str:
    """The tracking URI of an empty SQLite store of this test's own."""
    path = tmp_path / "store" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(_schema, path)
    return f"sqlite:///{path}"


@contextmanager
def _served(path: Path, folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{path}", "--artifacts-destination", str(folder / "files")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    uri = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + SERVER_SECONDS
    try:
        while True:
            try:
                urllib.request.urlopen(f"{uri}/health", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "server.log").read_text()
                assert time.monotonic() < deadline, (folder / "server.log").read_text()
                time.sleep(0.2)
        yield uri
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def serve() -> Callable[[Path, Path], AbstractContextManager[str]]:
    """Start a real `mlflow server` on a SQLite file: ``with serve(path, folder) as uri``; the folder is for its own."""
    return _served


@pytest.fixture(scope="session")
def server_uri(_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The tracking URI of a real `mlflow server` that tests share: name your experiments after your test."""
    folder = tmp_path_factory.mktemp("server")
    with _served(Path(shutil.copy(_schema, folder)), folder) as uri:
        yield uri


class Shell:
    """A real IPython shell whose cells fail the test unless the test expects them to.

    Example::

        shell.run("%load_ext mlflow_aml_magics")
        with pytest.raises(ExperimentNotFound): shell.run("%aml_runs --experiment nope")
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self.ip = ip

    def run(self, cell: str) -> object:
        """Run a cell as a notebook does; the value of its last expression. Its exception is raised."""
        result: ExecutionResult = self.ip.run_cell(cell, store_history=True)
        result.raise_error()
        return result.result

    def __getitem__(self, name: str) -> object:
        return self.ip.user_ns[name]


@pytest.fixture
def bare_shell() -> Iterator[Shell]:
    """An IPython shell without our extension."""
    InteractiveShell.clear_instance()
    ip = InteractiveShell.instance(colors="nocolor")
    yield Shell(ip)
    if "mlflow_aml_magics" in ip.extension_manager.loaded:
        ip.run_line_magic("unload_ext", "mlflow_aml_magics")
    ip.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare_shell: Shell) -> Shell:
    """An IPython shell with our extension."""
    bare_shell.run("%load_ext mlflow_aml_magics")
    return bare_shell


@pytest.fixture(scope="session")
def azure_python() -> str:
    """An interpreter that has Microsoft's SDKs: this one."""
    missing = [name for name in ("azureml", "azure", "trustme") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.fail(
            f"{sys.executable} has no {', '.join(missing)}: the sandbox's tests need the extra [sandbox]", pytrace=False
        )
    return sys.executable


@pytest.fixture(scope="session")
def sandbox(azure_python: str) -> Iterator[Sandbox]:
    """A strict sandbox with two workspaces, one for all tests: name your experiments and models after your test."""
    from mlflow_aml_magics.sandbox import Sandbox

    with Sandbox(closed_off=True) as box:
        yield box


@pytest.fixture
def in_sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with this process's environment as its `env` says: Microsoft's SDKs talk to it from here."""
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    return sandbox


@pytest.fixture(scope="session")
def connected(sandbox: Sandbox) -> Connection:
    """One login to the sandbox's first workspace, for all tests; use it with `in_sandbox`."""
    from mlflow_aml_magics.client.azure import connect_workspace

    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        return connect_workspace(sandbox.subscription_id, sandbox.resource_group, sandbox.workspaces[0])
