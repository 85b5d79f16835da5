"""A sandbox stays on this machine, keeps its secrets and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from mlflow_aml_magics.sandbox import Sandbox, SandboxError


def test_it_leaves_nothing(azure_python: str) -> None:
    with Sandbox() as box:
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


def test_two_sandboxes_do_not_share_a_folder(azure_python: str, tmp_path: Path) -> None:
    with Sandbox(tmp_path / "kept", keep=True), pytest.raises(SandboxError, match="another sandbox has its data in"):
        Sandbox(tmp_path / "kept", keep=True).start()


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


def program(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m mlflow_aml_magics.sandbox` with these words."""
    command = [sys.executable, "-m", "mlflow_aml_magics.sandbox", *words]
    return subprocess.run(command, check=False, timeout=120, capture_output=True, text=True, cwd=folder)


def leftovers(pid: int) -> list[psutil.Process]:
    """A process and all that it started, to be looked at after its end."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    _, left = psutil.wait_procs(processes, timeout=30)
    return not [each for each in left if each.status() != psutil.STATUS_ZOMBIE]


def test_run_gives_back_the_commands_exit_code(azure_python: str) -> None:
    inside = "import os; raise SystemExit(7 if 'MSI_SECRET' in os.environ else 1)"
    assert program("run", "--", sys.executable, "-c", inside).returncode == 7
    assert program("run", "--", "sh", "-c", "kill -9 $$").returncode == 128 + 9
    assert program("run", "--", "/no/such/command").returncode == 127
    assert program("run").returncode == 2


def test_run_writes_a_config_for_from_config_and_takes_it_away(azure_python: str, tmp_path: Path) -> None:
    inside = "import json; assert json.load(open('config.json'))['workspace_name'] == 'sandbox'"
    done = program("run", "--config", "--", sys.executable, "-c", inside, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, f"wrote {tmp_path / 'config.json'}\n")
    assert not (tmp_path / "config.json").exists()
    (tmp_path / "config.json").write_text("{}")
    done = program("run", "--config", "--", "true", folder=tmp_path)
    assert done.returncode == 1
    assert "stays as it is" in done.stderr
    assert (tmp_path / "config.json").read_text() == "{}"


def test_a_signal_ends_run_its_command_and_what_that_started(azure_python: str, tmp_path: Path) -> None:
    inside = "import subprocess, sys; print('on', flush=True); subprocess.run(['sleep', '600'])"
    command = [sys.executable, "-m", "mlflow_aml_magics.sandbox", "run", "--keep", str(tmp_path / "kept"), "--"]
    with subprocess.Popen([*command, sys.executable, "-c", inside], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        everybody = leftovers(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    assert gone(everybody)
    assert (tmp_path / "kept" / "documents.db").is_file()


def test_serve_prints_the_environment_and_ends_on_ctrl_c(azure_python: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mlflow_aml_magics.sandbox", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(18)]
        folder = Path(lines[0].partition(" in ")[2].strip())
        assert folder.is_dir()
        everybody = leftovers(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert all(line.startswith("export ") for line in lines[2:])
    assert gone(everybody)
    assert not folder.exists()


def test_one_in_the_background_is_found_by_every_shell(azure_python: str, tmp_path: Path) -> None:
    from mlflow_aml_magics.sandbox import background

    assert program("status").returncode == 3
    assert "no sandbox runs" in program("env").stderr
    told = program("start")
    assert told.returncode == 0, told.stderr
    running = background.find()
    assert running is not None
    try:
        home = Path(os.environ["AML_MAGICS_STATE_DIR"]) / "sandbox" / "default"
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "state.json").stat().st_mode) == 0o600
        assert program("start").stdout.startswith("runs already: default")
        card = program("status").stdout
        assert f"process {running.pid}" in card
        assert running.env["MSI_SECRET"] not in card + told.stdout + repr(running)
        assert running.memory() < 400 * 2**20
        exported = subprocess.run(
            ["sh", "-c", f'eval "$({sys.executable} -m mlflow_aml_magics.sandbox env)"; echo "$MSI_SECRET"'],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert exported.stdout == running.env["MSI_SECRET"] + "\n"
    finally:
        everybody = leftovers(running.pid)
        assert program("stop").stdout == "stopped default\n"
    assert gone(everybody)
    assert not Path(running.folder).exists()
    assert program("stop").returncode == 1


def test_a_killed_one_leaves_no_process_and_the_next_start_clears_up(azure_python: str) -> None:
    from mlflow_aml_magics.sandbox import background

    running, _ = background.start("killed")
    everybody = leftovers(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    assert gone(everybody)
    assert background.find("killed") is None
    assert Path(running.folder).exists()
    assert background.stop("killed") is False
    assert not Path(running.folder).exists()
