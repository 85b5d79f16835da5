"""The bridge works with mlflow 2.22 and with mlflow 3: one script, in an environment of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]  # installs some 120 packages

SCRIPT = Path(__file__).parents[1] / "azure" / "scripts" / "bridge_story.py"
# mlflow 2.22 itself asks for neither cap, and does not import without them.
OLD = ["mlflow==2.22.*", "sqlalchemy<2.1", "starlette<1", "azureml-mlflow>=1.62.0.post6", "azure-ai-ml>=1.35"]
OURS = [
    "anywidget", "azure-identity", "ipython", "pandas", "platformdirs", "psutil", "pyarrow", "pyyaml", "scikit-learn",
    "tomli",
]  # fmt: skip


@pytest.fixture(scope="module")
def mlflow_2(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter with mlflow 2.22, and all that this package needs but the package itself."""
    home, uv = tmp_path_factory.mktemp("mlflow-2") / "venv", Path(sys.executable).parent / "uv"
    for words in (["venv", "--python", sys.executable, home], ["pip", "install", "--python", home, *OLD, *OURS]):
        done = subprocess.run([uv, *words, "--quiet"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return str(home / "bin" / "python")


def story(python: str, name: str, sandbox: Sandbox, repo: Path) -> dict[str, Any]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIRTUAL_ENV")}
    environment |= {**sandbox.env, "STORY": name, "PYTHONPATH": str(repo)}
    done = subprocess.run([python, SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def check(told: dict[str, Any]) -> None:
    assert told["autolog"] == ["0.5", True]
    assert {"model", "training_confusion_matrix.png"} <= set(told["files"])
    assert (told["version"], told["folder"]) == ("2", "model/MLmodel")
    assert told["loads"] == [True, True, True]  # from the run, by version, by alias
    assert told["models"] is True
    assert (told["history"], told["params"]) == (1100, 200)
    assert told["asked"] == 1  # of the credential, by twenty log_metric
    assert told["rows"] == ["autologged", "logged", "twenty"]


def test_with_mlflow_2(mlflow_2: str, sandbox: Sandbox, repo: Path) -> None:
    told = story(mlflow_2, "story-2", sandbox, repo)
    assert told["mlflow"].startswith("2.22.")
    check(told)


def test_with_this_mlflow(azure_python: str, sandbox: Sandbox, repo: Path) -> None:
    told = story(azure_python, "story-3", sandbox, repo)
    assert told["mlflow"].startswith("3.")
    check(told)
