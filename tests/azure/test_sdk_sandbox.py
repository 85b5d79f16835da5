"""The whole way, with Microsoft's own SDKs against the sandbox: login, workspace, tracking, a script, the doctor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, os, subprocess, sys
from pathlib import Path
import mlflow
from mlflow_aml_magics import Workspace
from mlflow_aml_magics.client import bridge
from mlflow_aml_magics.errors import WorkspaceNotFound
from mlflow_aml_magics.services.doctor import diagnose
from mlflow_aml_magics.services.track import list_workspaces, start_tracking

ids = json.loads(sys.argv[1])
told = {"listed": [row[0] for row in list_workspaces(ids["subscription"], folder=Path.cwd()).rows]}
ws = Workspace.connect(**ids)
told["uri"], told["label"], told["who"] = ws.uri, ws.connection.label, ws.connection.azure.who
tracking, _ = start_tracking(ws.connection, experiment="e2e", folder=Path.cwd(), notebook=None, autolog=False)
with mlflow.start_run(run_name="kernel") as run:
    for step in range(20):
        mlflow.log_metric("m", 1.0, step=step)
    mlflow.log_text("hello", "a.txt")
told["asked"] = ws.connection.azure.credential.asked
told["text"] = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt")
Path("train.py").write_text(
    "import mlflow\\nfrom sklearn.linear_model import Ridge\\n"
    "with mlflow.start_run(run_name='script'):\\n"
    "    mlflow.sklearn.log_model(Ridge().fit([[1.0], [2.0]], [1, 2]), name='model', pip_requirements=['x'])\\n"
)
subprocess.run([sys.executable, "train.py"], check=True)
told["runs"] = sorted(ws.runs(experiment="e2e")["tags.mlflow.runName"])
told["doctor"] = repr(diagnose(Path.cwd(), connection=ws.connection))
tracking.stop()
told["left"] = [unit.name for unit in bridge.installed()]
try:
    Workspace.connect(**ids | {"workspace": "nowhere"})
except WorkspaceNotFound as exc:
    told["missing"] = exc.message
print(json.dumps(told))
"""


@pytest.fixture
def box() -> Iterator[Any]:
    for module in ("azure.ai.ml", "azureml.mlflow", "trustme"):
        try:
            there = find_spec(module) is not None
        except ModuleNotFoundError:
            there = False
        if not there:
            pytest.fail(f"{module} is not installed: pip install 'mlflow-aml-magics[sandbox]'", pytrace=False)
    from mlflow_aml_magics.sandbox import Sandbox

    with Sandbox() as box:
        yield box


def test_connect_track_script_doctor(box: Any) -> None:
    ids = {"subscription": box.subscription_id, "resource_group": box.resource_group, "workspace": box.workspaces[0]}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(ids)], env={**os.environ, **box.env}, cwd=Path.cwd(),
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert box.workspaces[0] in told["listed"]
    assert told["uri"].startswith("azureml://")
    assert told["label"].startswith(f"Azure ML workspace {box.workspaces[0]}")
    assert told["asked"] == 1
    assert told["text"] == "hello"
    assert told["runs"] == ["kernel", "script"]
    assert "answers" in told["doctor"]
    assert told["left"] == []
    assert "nowhere" in told["missing"]
    assert "eyJ" not in done.stdout + done.stderr  # how every token begins
