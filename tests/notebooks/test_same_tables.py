"""What the Azure notebook shows in the sandbox, its code shows on a local store too."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_azureml.ipynb"
CHECKED = "nbval-check-output"  # nbval compares these cells with what is stored when it runs them in the sandbox

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(900)]


def tables(notebook: nbformat.NotebookNode) -> list[str]:
    """What the checked cells show, as text."""
    shown = []
    for cell in notebook.cells:
        if CHECKED in cell.metadata.get("tags", ()):
            texts = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
            shown.append("".join(texts))
    return shown


def test_a_local_store_gives_the_same_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    stored = tables(notebook)
    assert len(stored) >= 4
    (connect,) = (cell for cell in notebook.cells if "connect" in cell.metadata.get("tags", ()))
    connect.source = "%aml_track"
    (tmp_path / "train.py").write_text((NOTEBOOK.parent / "train.py").read_text("utf-8"), "utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / NOTEBOOK.name))  # what JupyterLab's server tells a kernel
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    assert tables(notebook) == stored
