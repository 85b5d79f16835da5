"""JupyterLab starts with our extension in it, and a notebook runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_the_extension_is_enabled(lab: Any) -> None:
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    listed = subprocess.run(command, env=lab.env, capture_output=True, text=True, check=True)
    said = re.sub(r"\x1b\[[0-9;]*m", "", listed.stdout + listed.stderr)
    assert re.search(r"mlflow-aml-magics v\S+ enabled OK", said), said


@pytest.mark.parametrize("tone", ["Light", "Dark"])
def test_a_notebook_runs_in_the_page(lab: Any, open_notebook: Callable[..., Any], tone: str) -> None:
    lab.write("hello.ipynb", ["%load_ext mlflow_aml_magics", "%aml", "6 * 7"])
    notebook = open_notebook("hello.ipynb", theme=f"JupyterLab {tone}")
    notebook.run_all()
    assert notebook.page.get_by_text("aml_track").first.is_visible()
    assert notebook.python("_") == "42"
    assert notebook.page.evaluate("document.body.dataset.jpThemeLight") == str(tone == "Light").lower()
    notebook.screenshot(f"hello-{tone.lower()}")
