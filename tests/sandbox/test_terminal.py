"""`python -m mlflow_aml_magics env`: an unchanged script in a terminal is tracked where a notebook's would be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.sandbox import Sandbox

TRAIN = """
import mlflow
with mlflow.start_run(run_name="script"):
    mlflow.log_metrics({f"m{n}": float(n) for n in range(300)})
    mlflow.log_text("hello", "notes/hello.txt")
"""


def in_a_shell(*lines: str) -> subprocess.CompletedProcess[str]:
    text = "\n".join(lines).replace("python", sys.executable)
    return subprocess.run(["sh", "-ec", text], capture_output=True, text=True, check=False, timeout=200)


@pytest.fixture
def store_here(_schema: Path) -> None:
    """An empty `mlflow.db` in the working directory."""
    shutil.copy(_schema, "mlflow.db")


@pytest.mark.usefixtures("store_here")
def test_a_script_goes_to_the_store_beside_it() -> None:
    Path("train.py").write_text("import mlflow\nwith mlflow.start_run(run_name='script'): mlflow.log_metric('m', 1)\n")
    done = in_a_shell(
        'eval "$(python -m mlflow_aml_magics env --experiment \'it is "quoted"\')"',
        "python train.py",
    )
    assert done.returncode == 0, done.stderr
    assert "# SQLite store mlflow.db in this folder (the default, beside the notebook), experiment it is" in done.stderr
    found = Workspace.connect("mlflow.db").runs(experiment='it is "quoted"')
    assert list(found["tags.mlflow.runName"]) == ["script"]
    assert found["tags.aml.session"][0]
    assert not mlflow.is_tracking_uri_set()


def test_a_script_goes_to_the_workspace_with_the_bridge(in_sandbox: Sandbox) -> None:
    Path("train.py").write_text(TRAIN)
    before = len(in_sandbox.requests("GET 127.0.0.1/msi/token"))
    done = in_a_shell(
        'eval "$(python -m mlflow_aml_magics env --workspace sandbox --experiment terminal)"', "python train.py"
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "# Azure ML workspace sandbox in resource group sandbox-rg (you named it)" in done.stderr
    assert "eyJ" not in done.stdout + done.stderr  # how every token begins
    assert len(in_sandbox.requests("GET 127.0.0.1/msi/token")) - before == 2  # one a process
    ws = Workspace.connect(workspace="sandbox", experiment="terminal")
    found = ws.runs()
    assert len([name for name in found if name.startswith("metrics.m")]) == 300


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", """export MLFLOW_EXPERIMENT_NAME='it'"'"'s'"""),
        ("fish", r"set -gx MLFLOW_EXPERIMENT_NAME 'it\'s'"),
        ("powershell", "$env:MLFLOW_EXPERIMENT_NAME = 'it''s'"),
    ],
)
@pytest.mark.usefixtures("store_here")
def test_shells_have_their_own_quotes(shell: str, line: str, capsys: Any) -> None:
    from mlflow_aml_magics.__main__ import main

    before = dict(os.environ)
    assert main(["env", "--shell", shell, "--experiment", "it's"]) == 0
    assert line in capsys.readouterr().out.splitlines()
    assert {k: v for k, v in os.environ.items() if "TELEMETRY" not in k} == {
        k: v for k, v in before.items() if "TELEMETRY" not in k
    }


def test_a_failure_says_why_and_sets_nothing() -> None:
    done = in_a_shell("python -m mlflow_aml_magics env http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert "StoreUnreachable" in done.stderr
    assert "try: is the server running?" in done.stderr
