"""The wheel, built from the working tree and installed where there is no Node, gives the whole product."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]  # installs some 150 packages

MAX_WHEEL = 1_200_000  # bytes; it is some 1 MB, three quarters of it Python
# bytes of each panel's JavaScript, unpacked; of the explorer's 257 KB a quarter is charts
MAX_PANEL = {"explorer": 270_000, "comparison": 30_000, "models": 60_000, "endpoints": 60_000}
DATA = r"mlflow_aml_magics-[^/]+\.data/data/share/jupyter/labextensions/mlflow-aml-magics/"


def run(*command: str | Path, env: dict[str, str], cwd: Path | None = None) -> str:
    """What a program prints; its failure fails the test with all that it said."""
    done = subprocess.run(list(map(str, command)), env=env, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def without_node(bin_folder: Path) -> dict[str, str]:
    """An environment in which only one folder's programs are found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON"))}
    return {**kept, "PATH": str(bin_folder), "SHELL": "/bin/sh", "NO_COLOR": "1"}  # "!" in a cell looks for a shell


@pytest.fixture(scope="module")
def wheel(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the working tree with its built front end: without Node, none can be built anew."""
    out = tmp_path_factory.mktemp("dist")
    env = without_node(Path(sys.executable).parent)
    uv = Path(sys.executable).parent / "uv"
    run(
        uv,
        "build",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        out,
        repo,
        env=env,
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel and its [lab] extra in it."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).parent / "uv"
    env = without_node(home / "bin")
    run(uv, "venv", "--quiet", "--python", sys.executable, home, env=env)
    pins = ["--constraints", str(repo / "constraints.txt")]
    run(uv, "pip", "install", "--quiet", "--python", home, *pins, f"{wheel}[lab]", env=env)
    return home


def test_it_holds_what_people_need_and_no_more(wheel: Path) -> None:
    assert wheel.stat().st_size <= MAX_WHEEL
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    for panel, most in MAX_PANEL.items():
        assert 0 < sizes[f"mlflow_aml_magics/panels/static/{panel}.js"] <= most
        assert sizes[f"mlflow_aml_magics/panels/static/{panel}.css"] > 0
    lab = [name for name in sizes if re.match(DATA, name)]
    for needed in (r"package\.json", r"install\.json", r"static/remoteEntry\.[^/]+\.js"):
        assert any(re.fullmatch(DATA + needed, name) for name in lab), f"no {needed} in {lab}"
    wrong = r"\.map$|\.ts$|(^|/)(tests?|node_modules|notebooks|tools)/|^mlflow_aml_magics/labextension/|\.db$"
    assert not [name for name in sizes if re.search(wrong, name)]
    assert {name.split("/")[0].partition("-")[0] for name in sizes} == {"mlflow_aml_magics"}


def test_the_front_end_in_it_is_fresh(repo: Path) -> None:
    sources = [*(repo / "labextension" / "src").rglob("*.ts"), repo / "labextension" / "package.json"]
    newest = max(sources, key=lambda path: path.stat().st_mtime)
    for built in ("panels/static/explorer.js", "panels/static/comparison.js", "labextension/package.json"):
        stamp = (repo / "mlflow_aml_magics" / built).stat().st_mtime
        assert stamp >= newest.stat().st_mtime, f"{built} is older than {newest.name}: make setup"


def test_the_magics_load_from_it(environment: Path, tmp_path: Path) -> None:
    program = """
import mlflow_aml_magics
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "mlflow_aml_magics")
print(shell.run_line_magic("aml", ""))
print(mlflow_aml_magics.__file__)
from importlib.metadata import entry_points
providers = entry_points(group="mlflow.run_context_provider")
print([entry.load().__name__ for entry in providers if entry.name == "aml_magics"])
"""
    env = without_node(environment / "bin") | {"IPYTHONDIR": str(tmp_path)}
    said = run(environment / "bin" / "python", "-c", program, env=env, cwd=tmp_path)
    assert "%aml_track" in said
    assert str(environment) in said
    assert "['NotebookRunContext']" in said


def test_jupyterlab_lists_its_extension(environment: Path, tmp_path: Path) -> None:
    env = without_node(environment / "bin") | {"JUPYTER_CONFIG_DIR": str(tmp_path)}
    said = run(environment / "bin" / "jupyter", "labextension", "list", env=env, cwd=tmp_path)
    assert re.search(r"mlflow-aml-magics v\S+ enabled OK \(python, mlflow_aml_magics\)", said), said


@pytest.mark.notebooks
def test_the_quickstart_runs_from_it(environment: Path, repo: Path, tmp_path: Path) -> None:
    demo, notebook = repo / "tools" / "demo.py", repo / "notebooks" / "01_quickstart.ipynb"
    env = without_node(environment / "bin")
    said = run(environment / "bin" / "python", demo, notebook, "--html", "page.html", env=env, cwd=tmp_path)
    assert "✓" in said
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<svg" in page
    assert "<table" in page
