"""`%aml_track --sandbox`: a workspace on this machine for a notebook and for what is started from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import psutil
import pytest

from mlflow_aml_magics.errors import StoreUnreachable, UsageError
from mlflow_aml_magics.sandbox import background

TRAIN = """
import mlflow
with mlflow.start_run(run_name="script"):
    mlflow.log_param("depth", 3)
    mlflow.log_metric("rmse", 0.5)
    mlflow.log_text("hello", "notes/hello.txt")
"""


@pytest.fixture
def here(azure_python: str, _schema: Path) -> Iterator[Path]:
    """The working directory; sandboxes that were started in it end with the test."""
    (Path.cwd() / "train.py").write_text(TRAIN)
    shutil.copy(_schema, "mlflow.db")
    yield Path.cwd()
    for running in background.everything():
        background.stop(running.name)


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("_MLFLOW_TELEMETRY")}  # mlflow's own to and fro


def test_a_notebook_gets_a_workspace_and_gives_it_back(shell: Any, here: Path) -> None:
    before = environment()
    status = shell.run("%aml_track --sandbox --experiment wine --no-autolog")
    assert status.store == "Azure ML workspace sandbox in resource group sandbox-rg"
    assert status.sandbox == "data in .aml-sandbox, kept; the sandbox ends with this kernel"
    assert status.sandbox in repr(shell.run("%aml_track --status"))
    (running,) = background.everything()
    assert running.env["MSI_SECRET"] not in repr(running) + repr(status) + repr(shell.ip._aml_session.sandbox)
    shell.run(f"import subprocess\nsubprocess.run([{sys.executable!r}, 'train.py'], check=True)")
    shell.run("import mlflow\nwith mlflow.start_run(run_name='cell'): mlflow.log_metric('rmse', 0.7)")
    found = shell.run("%aml_runs --order-by metrics.rmse")
    assert list(found["tags.mlflow.runName"]) == ["script", "cell"]
    text = mlflow.artifacts.load_text(f"runs:/{found['run_id'][0]}/notes/hello.txt")
    assert text == "hello"

    with pytest.raises(UsageError, match="a cloud of its own"):
        shell.run("%aml_track --sandbox --subscription x")
    shell.run("%aml_track --off")
    assert environment() == before
    assert running.is_alive  # other notebooks of the folder, and the next %aml_track, find it

    shell.run("%aml_track --sandbox --experiment wine --no-autolog")
    assert [each.pid for each in background.everything()] == [running.pid]
    assert len(shell.run("%aml_runs")) == 2
    shell.run("%aml_track sqlite:///mlflow.db --no-autolog")
    assert "MSI_SECRET" not in os.environ
    shell.run("%aml_track --sandbox --experiment wine --no-autolog")
    shell.run("%unload_ext mlflow_aml_magics")
    assert environment() == before


KERNEL = """
import json, os, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def run(cell):
    result = shell.run_cell(cell)
    result.raise_error()
    return result.result
run("%load_ext mlflow_aml_magics")
run("%aml_track --sandbox --experiment wine --no-autolog")
before = len(run("%aml_runs"))
run("import mlflow\\nwith mlflow.start_run(): mlflow.log_metric('m', 1.0)")
from mlflow_aml_magics.sandbox import background
(running,) = background.everything()
print(json.dumps([before, running.pid]), flush=True)
os.kill(os.getpid(), 9)
"""


def test_it_ends_with_its_kernel_and_the_next_one_finds_the_runs(here: Path) -> None:
    told = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", KERNEL], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == -9, done.stderr
        runs, pid = json.loads(done.stdout.splitlines()[-1])
        told.append(runs)
        process = psutil.Process(pid) if psutil.pid_exists(pid) else None
        if process and told == [0, 1]:  # the first time the next kernel comes at once
            psutil.wait_procs([process, *process.children(recursive=True)], timeout=30)
    assert told == [0, 1]
    assert background.everything() == []
    assert (here / ".aml-sandbox" / ".gitignore").read_text() == "*\n"


def test_a_sandbox_that_died_is_told_at_once(shell: Any, here: Path) -> None:
    shell.run("%aml_track --sandbox --no-autolog")
    (running,) = background.everything()
    process = psutil.Process(running.pid)
    process.kill()
    process.wait(20)
    for verb in ("%aml_runs", "%aml_track --status", "%aml_doctor"):
        with pytest.raises(StoreUnreachable, match="the sandbox has died"):
            shell.run(verb)
    shell.run("%aml_track --off")
    shell.run("%aml_track --sandbox --no-autolog")
    assert shell.run("%aml_runs") is not None
