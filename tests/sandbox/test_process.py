"""A sandbox stays on this machine, keeps its secrets and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from mlflow_aml_magics.sandbox import Sandbox


def test_it_is_ready_at_once_and_leaves_nothing(azure_python: str) -> None:
    start = time.monotonic()
    with Sandbox() as box:
        assert time.monotonic() - start < 5
        (server,) = box.processes
        children = psutil.Process(server).children(recursive=True)
        folder = box.folder
        assert folder.is_dir()
    assert not folder.exists()
    assert not [p for p in (psutil.Process(p.pid) for p in children if p.is_running()) if p.status() != "zombie"]
    assert not psutil.pid_exists(server)


def test_all_ends_when_the_block_fails(azure_python: str) -> None:
    with pytest.raises(ZeroDivisionError), Sandbox() as box:
        raise ZeroDivisionError
    assert not box.folder.exists()
    assert not any(psutil.pid_exists(pid) for pid in box.processes)


def test_the_server_ends_with_a_process_that_is_killed(azure_python: str) -> None:
    program = (
        "import os, time\n"
        "from mlflow_aml_magics.sandbox import Sandbox\n"
        "box = Sandbox().start()\n"
        "print(*box.processes, box.folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid, folder = process.stdout.readline().split()
        process.kill()
    psutil.wait_procs([psutil.Process(int(pid))] if psutil.pid_exists(int(pid)) else [], timeout=10)
    shutil.rmtree(folder)  # nobody was left to do it
    assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == "zombie"


def test_a_kept_folder_is_found_again(caller: Callable[[Sandbox], Any], tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with Sandbox(folder, keep=True) as box:
        body = {"properties": {"modelUri": "azureml://jobs/a/outputs/artifacts/paths/model/"}}
        caller(box).arm("PUT", "/models/m/versions/1", json=body).raise_for_status()
    with Sandbox(folder, keep=True) as box:
        assert caller(box).arm("GET", "/models/m/versions/1").status_code == 200


def test_nothing_listens_beyond_loopback(sandbox: Sandbox, ask: Any) -> None:
    ask.new_run()  # the MLflow server is up
    processes = [psutil.Process(os.getpid()), *(psutil.Process(pid) for pid in sandbox.processes)]
    processes += [child for process in processes[1:] for child in process.children(recursive=True)]
    listening = {c.laddr.ip for p in processes for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_no_secret_is_written(sandbox: Sandbox, ask: Any) -> None:
    ask.new_run()
    secrets = [ask.token, sandbox.env["MSI_SECRET"], sandbox.client_secret, "sig="]
    for path in sandbox.folder.rglob("*.log"):
        text = path.read_text("utf-8", "replace")
        assert not [secret for secret in secrets if secret in text], path
    assert not [s for s in secrets if s in repr(sandbox.requests())]
    assert not [s for s in secrets if s in repr(sandbox)]


def test_a_closed_sandbox_lets_nobody_out(sandbox: Sandbox) -> None:
    with pytest.raises(requests.exceptions.ProxyError):
        requests.get("https://example.org", proxies={"https": sandbox.env["HTTPS_PROXY"]}, timeout=10)


def test_a_lenient_sandbox_lets_more_through(caller: Callable[[Sandbox], Any]) -> None:
    with Sandbox(strict=False) as box:
        ask = caller(box)
        run_id = ask.new_run()
        params = [{"key": f"p{n}", "value": "1"} for n in range(100)]
        for letter in "abc":
            batch = [{**p, "key": p["key"] + letter} for p in params]
            ask.mlflow("POST", "runs/log-batch", json={"run_id": run_id, "params": batch}).raise_for_status()
        search = {"experiment_ids": ["0"], "filter": "tags.team != 'red'", "order_by": ["params.p1a ASC"]}
        assert ask.mlflow("POST", "runs/search", json=search).status_code == 200


def test_the_program_runs_a_command_in_it(azure_python: str) -> None:
    program = "import os; raise SystemExit(7 if 'MSI_SECRET' in os.environ else 1)"
    command = [sys.executable, "-m", "mlflow_aml_magics.sandbox", "run", "--", sys.executable, "-c", program]
    assert subprocess.run(command, check=False, timeout=60).returncode == 7


def test_the_program_prints_the_environment_and_ends_on_a_signal(azure_python: str, tmp_path: Path) -> None:
    folder = tmp_path / "box"
    command = [sys.executable, "-m", "mlflow_aml_magics.sandbox", "--folder", str(folder), "--print-env"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(16)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert all(line.startswith("export ") for line in lines)
    assert not folder.exists()
