"""What two places say must be the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import mlflow_aml_magics


def test_the_typescript_contract_is_fresh(repo: Path) -> None:
    command = [sys.executable, "-m", "mlflow_aml_magics.contract"]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=repo).stdout
    stored = (repo / "labextension" / "src" / "contract.ts").read_text("utf-8")
    assert stored == made, f"stale: {' '.join(command[1:])} > labextension/src/contract.ts"


def test_one_version_everywhere(repo: Path) -> None:
    pyproject = (repo / "pyproject.toml").read_text("utf-8")
    found = re.search(r'^version = "([^"]+)"', pyproject, re.MULTILINE)
    assert found
    package = json.loads((repo / "labextension" / "package.json").read_text("utf-8"))
    lock = json.loads((repo / "labextension" / "package-lock.json").read_text("utf-8"))
    versions = {found[1], package["version"], lock["version"], mlflow_aml_magics.__version__}
    assert len(versions) == 1, versions


def test_one_licence_everywhere(repo: Path) -> None:
    package = json.loads((repo / "labextension" / "package.json").read_text("utf-8"))
    assert package["license"] == "MIT"
    assert 'license = "MIT"' in (repo / "pyproject.toml").read_text("utf-8")
