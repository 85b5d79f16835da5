"""Scripts that run in the sandbox, and plain HTTP to it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from mlflow_aml_magics.sandbox import Sandbox

SCRIPTS = Path(__file__).parent / "scripts"
SECONDS = 240  # for a script; importing both SDKs alone takes 5 to 10


@pytest.fixture(scope="session")
def run_script(sandbox: Sandbox, azure_python: str) -> Callable[..., dict[str, Any]]:
    """Runs a script of `scripts` in the sandbox, or in another; what it printed as JSON in its last line."""

    def run(name: str, *, box: Sandbox = sandbox, **more: str) -> dict[str, Any]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "AZURE"))}
        environment |= box.env | more
        command = [azure_python, str(SCRIPTS / name)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stderr[-6000:]
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run


class Caller:
    """Asks the sandbox over plain HTTP, as the user that MSI_ENDPOINT gives a token for."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.proxies = {"https": box.env["HTTPS_PROXY"]}
        self._session.verify = box.env["REQUESTS_CA_BUNDLE"]
        scope = f"/subscriptions/{box.subscription_id}/resourceGroups/{box.resource_group}"
        self.arm_id = f"{scope}/providers/Microsoft.MachineLearningServices/workspaces/sandbox"
        self.sign_in()

    def sign_in(self) -> None:
        """Get a fresh token."""
        box = self.box
        answer = self._session.get(
            box.env["MSI_ENDPOINT"],
            params={"api-version": "2017-09-01", "resource": "https://management.azureml.test"},
            headers={"secret": box.env["MSI_SECRET"]},
        )
        self.token = answer.json()["access_token"]

    def arm(self, method: str, path: str = "", **more: Any) -> requests.Response:
        """Resource Manager, below the workspace."""
        more["params"] = {"api-version": "2023-08-01-preview"} | more.get("params", {})
        return self._ask(method, f"https://management.azureml.test{self.arm_id}{path}", **more)

    def workspaces(self) -> requests.Response:
        """The workspaces of the resource group."""
        url = f"https://management.azureml.test{self.arm_id.rpartition('/')[0]}"
        return self._ask("GET", url, params={"api-version": "2024-10-01-preview"})

    def mlflow(self, method: str, verb: str, **more: Any) -> requests.Response:
        """The MLflow endpoints of the workspace."""
        base = f"https://local.api.azureml.test/mlflow/v2.0{self.arm_id}/api/2.0/mlflow"
        return self._ask(method, f"{base}/{verb}", **more)

    def new_run(self, experiment: str = "") -> str:
        """A run of a new experiment, or of the default one; its id."""
        home = "0"
        if experiment:
            home = self.mlflow("POST", "experiments/create", json={"name": experiment}).json()["experiment_id"]
        answer = self.mlflow("POST", "runs/create", json={"experiment_id": home, "start_time": 1})
        answer.raise_for_status()
        run_id: str = answer.json()["run"]["info"]["run_id"]
        return run_id

    def upload(self, run_id: str, path: str, folder: Path) -> None:
        """The files of a folder as artifacts of a run."""
        base = f"https://local.api.azureml.test/history/v1.0{self.arm_id}/experimentids/0/runs/{run_id}/artifacts"
        for file in (file for file in folder.rglob("*") if file.is_file()):
            name = f"{path}/{file.relative_to(folder)}"
            made = self._ask("POST", f"{base}/batch/metadata", json={"paths": [{"path": name}]}).json()
            url = made["artifactContentInformation"][name]["contentUri"]
            headers = {"x-ms-blob-type": "BlockBlob"}
            self._session.put(url, data=file.read_bytes(), headers=headers, timeout=60).raise_for_status()

    def _ask(self, method: str, url: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        return self._session.request(method, url, headers=headers, timeout=60, **more)


@pytest.fixture(scope="session")
def caller(azure_python: str) -> Callable[[Sandbox], Caller]:
    """Makes the like of `ask` for another sandbox."""
    return Caller


@pytest.fixture(scope="session")
def ask(sandbox: Sandbox) -> Caller:
    """Plain HTTP to the sandbox."""
    return Caller(sandbox)


@pytest.fixture(scope="module", autouse=True)
def _signed_in(ask: Caller) -> None:
    """Anew for each module: another's tests may have had all tokens revoked."""
    ask.sign_in()
