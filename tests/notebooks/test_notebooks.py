"""Every notebook in notebooks/ is stored with its outputs, and runs with nbval."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

REPO = Path(__file__).parents[2]
NOTEBOOKS = sorted((REPO / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.notebooks

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@each_notebook
def test_it_is_stored_as_it_ran(notebook: Path) -> None:
    stored = nbformat.read(notebook, as_version=4)
    nbformat.validate(stored)
    cells = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "not run from top to bottom"
    failed = [output.evalue for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert not failed
    assert str(REPO) not in notebook.read_text("utf-8"), "a path of the machine that ran it"


@each_notebook
@pytest.mark.timeout(900)
def test_it_runs(notebook: Path, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    shutil.copytree(
        notebook.parent, folder, ignore=shutil.ignore_patterns("mlflow.db*", "mlruns", "mlartifacts", ".aml-sandbox")
    )
    copy = folder / notebook.name
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=300", "-q", str(copy)]
    command += ["-p", "no:cacheprovider", "-o", "filterwarnings=", "--rootdir", str(folder)]
    env = {**os.environ, "JPY_SESSION_NAME": str(copy)}  # what JupyterLab's server tells a kernel
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    stop = "from mlflow_aml_magics.services.deploy import stop_all; stop_all()"
    subprocess.run([sys.executable, "-c", stop], cwd=folder, env=env, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
