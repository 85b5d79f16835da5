"""The whole way, in a process of its own: login, workspace, tracking, a script, the doctor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

SECONDS = 200  # importing both SDKs alone takes 5 to 10

SCRIPT = Path(__file__).parent / "scripts" / "whole_way.py"


def test_connect_track_script_doctor(sandbox: Sandbox) -> None:
    ids = {
        "subscription": sandbox.subscription_id, "resource_group": sandbox.resource_group,
        "workspace": sandbox.workspaces[0],
    }  # fmt: skip
    asleep = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "PYTEST_CURRENT_TEST", "CI", "GITHUB_ACTIONS")
    env = {name: value for name, value in {**os.environ, **sandbox.env}.items() if name not in asleep}
    tokens = len(sandbox.requests("/msi/token"))
    done = subprocess.run(
        [sys.executable, SCRIPT, json.dumps(ids)], env=env, cwd=Path.cwd(), capture_output=True, text=True,
        check=False, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert sandbox.workspaces[0] in told["listed"]
    assert told["uri"].startswith("azureml://")
    assert told["label"].startswith(f"Azure ML workspace {sandbox.workspaces[0]}")
    assert told["asked"] == 1
    assert (
        len(sandbox.requests("/msi/token")) - tokens <= 6
    )  # list, connect, connect to nowhere, a script, the other twice
    assert told["text"] == "hello"
    assert (told["reports to mlflow"], told["reports to Microsoft"], told["reports again"]) == (False, [], True)
    assert told["scripts"] == [0, 0]
    assert told["runs"] == ["client", "kernel", "script"]
    assert "answers" in told["doctor"]
    assert told["left"] == told["environment"] == []
    assert "nowhere" in told["missing"]
    said = done.stdout + done.stderr
    assert "eyJ" not in said  # how every token begins
    assert [line for line in said.splitlines() if "experimental" in line] == []
