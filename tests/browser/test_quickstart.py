"""The main job in a real JupyterLab: run the quickstart, brush, tick, register, deploy, predict; then reopen it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

NOTEBOOK = "01_quickstart.ipynb"
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


@pytest.fixture(scope="module")
def quickstart(lab: Any, repo: Path) -> Iterator[str]:
    """The quickstart's cells up to the explorer: one store for the tests of this file."""
    shutil.copy(repo / "notebooks" / "train.py", lab.root)
    notebook = nbformat.read(repo / "notebooks" / NOTEBOOK, as_version=4)
    last = next(i for i, cell in enumerate(notebook.cells) if cell.source.startswith("panel = %aml_compare"))
    notebook.cells = notebook.cells[: last + 1]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, lab.root / NOTEBOOK)
    yield NOTEBOOK
    (lab.root / NOTEBOOK).unlink()


SWEEP = (
    "%load_ext mlflow_aml_magics\n%aml_track --experiment sweep --no-autolog",
    "panel = %aml_compare --metric val_rmse\npanel",
)


@pytest.fixture(scope="module")
def sweep(lab: Any, _schema: Path) -> tuple[str, ...]:
    """Cells that open the explorer on an experiment of 40 runs, which lack models but not much else."""
    if not (lab.root / "mlflow.db").exists():
        shutil.copy(_schema, lab.root / "mlflow.db")
    client = MlflowClient(tracking_uri=f"sqlite:///{lab.root}/mlflow.db")
    experiment = client.create_experiment("sweep", artifact_location=(lab.root / "mlartifacts").as_uri())
    for n in range(40):
        run = client.create_run(experiment, run_name=f"run-{n}").info.run_id
        params = [Param("alpha", str(0.001 * 2 ** (n % 10))), Param("model", ("net", "forest", "ridge")[n % 3])]
        metrics = [Metric("val_rmse", 54 + (n * 7 % 40) / 3, 0, 0), Metric("val_mae", 41 + (n * 11 % 40) / 4, 0, 0)]
        client.log_batch(run, metrics[: 1 + n % 2] if n % 13 else [], params)
        client.set_terminated(run, "FAILED" if n % 13 == 0 else "FINISHED")
    return SWEEP


def explorer(page: Page) -> Locator:
    return page.locator(".jp-OutputArea").filter(has=page.get_by_role("group", name="Parallel coordinates")).last


def brush(panel: Locator, column: str, low: float, high: float) -> None:
    """Drag along an axis, between two heights given as parts of the plot (0 is its bottom)."""
    plot = panel.get_by_role("group", name="Parallel coordinates").bounding_box()
    title = panel.get_by_role("group", name=re.compile("^Axes")).get_by_text(column, exact=True).bounding_box()
    assert plot is not None
    assert title is not None
    x = title["x"] + title["width"] / 2
    top, height = plot["y"] + 48, plot["height"] - 96
    mouse = panel.page.mouse
    mouse.move(x, top + height * (1 - low))
    mouse.down()
    mouse.move(x, top + height * (1 - high), steps=8)
    mouse.up()


def test_from_training_to_predictions(lab: Any, open_notebook: Callable[..., Any], quickstart: str) -> None:
    notebook = open_notebook(quickstart)
    notebook.run_all(seconds=300)
    page, panel = notebook.page, explorer(notebook.page)
    panel.scroll_into_view_if_needed()
    expect(panel.get_by_text(re.compile(r"^43 runs$"))).to_be_visible()
    notebook.screenshot("quickstart-explorer")

    brush(panel, "val_rmse", 0.0, 0.4)
    expect(panel.get_by_text(re.compile(r"^\d+ of 43 runs$"))).to_be_visible()
    notebook.wait_for_python("'metrics.val_rmse' in panel.query")
    shown = int(notebook.python("len(panel.selected)"))
    assert 0 < shown < 43
    assert panel.get_by_text(f"{shown} of 43 runs", exact=True).is_visible()
    notebook.screenshot("quickstart-brushed")

    panel.get_by_role("button", name=re.compile("val_rmse")).last.click()
    first = panel.get_by_role("checkbox", name=re.compile("^Tick (?!all)")).first
    first.check()
    notebook.wait_for_python("len(panel.selected_run_ids) == 1")

    panel.get_by_role("button", name="Register…").click()
    panel.get_by_label("Model", exact=True).fill("diabetes")
    panel.get_by_role("button", name="Register", exact=True).click()
    expect(panel.get_by_text("diabetes version 1 created")).to_be_visible(timeout=60_000)
    notebook.screenshot("quickstart-registered")
    assert notebook.python("[v.aliases for v in panel.workspace.models().versions]") == "[('champion',)]"
    panel.get_by_role("button", name="Close", exact=True).click()

    panel.get_by_role("button", name="Deploy…").click()
    panel.get_by_label("Endpoint", exact=True).fill("diabetes")
    panel.get_by_role("button", name="Deploy", exact=True).click()
    panel.get_by_role("button", name="Try a sample").click(timeout=120_000)
    expect(panel.get_by_role("group", name="Answer")).to_be_visible(timeout=60_000)
    notebook.screenshot("quickstart-predicted")
    same = (
        "(lambda m: [round(float(p), 6) for p in panel.workspace.invoke('diabetes', sample=True).predictions] =="
        " [round(float(p), 6) for p in m.predict(X_train.head(3))])"
        "(mlflow.sklearn.load_model('models:/diabetes@champion'))"
    )
    assert notebook.python(same) == "True"
    notebook.python("panel.workspace.delete('diabetes')")

    panel.get_by_role("button", name="Copy as Python").click()
    page.keyboard.press("Escape")


def test_a_reopened_notebook_still_shows_table_and_plot(
    lab: Any, open_notebook: Callable[..., Any], sweep: tuple[str, ...]
) -> None:
    lab.write("kept.ipynb", sweep)
    notebook = open_notebook("kept.ipynb")
    notebook.run_all()
    expect(explorer(notebook.page)).to_be_visible()
    notebook.command("docmanager:save")
    notebook.page.close()
    for session in lab.get("api/sessions"):
        lab.delete(f"api/sessions/{session['id']}")

    again = open_notebook("kept.ipynb", theme=DARK)
    output = again.page.locator(".jp-OutputArea").last
    expect(output.get_by_role("table").first).to_be_visible()
    expect(output.locator("svg").first).to_be_visible()
    expect(output).not_to_contain_text("model not found")
    again.screenshot("reopened-dark")


def test_a_click_is_answered_while_a_cell_runs(
    lab: Any, open_notebook: Callable[..., Any], sweep: tuple[str, ...]
) -> None:
    lab.write("busy.ipynb", sweep)
    notebook = open_notebook("busy.ipynb")
    notebook.run_all()
    panel = explorer(notebook.page)
    panel.get_by_role("checkbox", name=re.compile("^Tick (?!all)")).first.check()
    notebook.wait_for_python("len(panel.selected_run_ids) == 1")
    notebook.start_cell("import time\nfor _ in range(100): time.sleep(0.1)")
    panel.get_by_role("button", name="Copy as Python").click()
    expect(panel.get_by_text("Workspace.connect")).to_be_visible(timeout=3_000)
    assert notebook.page.locator(".jp-InputPrompt").last.inner_text() == "[*]:", "the cell had ended"
    notebook.command("notebook:interrupt-kernel")


def test_a_hostile_run_name_is_shown_as_text(lab: Any, open_notebook: Callable[..., Any]) -> None:
    name = "<img src=x onerror=window.hacked=1>"
    lab.write(
        "hostile.ipynb",
        [
            "%load_ext mlflow_aml_magics\n%aml_track --experiment hostile --no-autolog",
            "import mlflow\nfor n in (1, 2):\n    with mlflow.start_run(run_name="
            f"{name!r}):\n        mlflow.log_metric('rmse', n); mlflow.log_param('kind', {name!r} + str(n))",
            "panel = %aml_compare --metric rmse\npanel",
            "%aml_best --metric rmse",
        ],
    )
    notebook = open_notebook("hostile.ipynb")
    notebook.run_all()
    expect(explorer(notebook.page).get_by_text(name).filter(visible=True).first).to_be_visible()
    assert notebook.page.evaluate("window.hacked === undefined")


@pytest.mark.parametrize(("theme", "width"), [(LIGHT, 1280), (DARK, 1280), (LIGHT, 700), (DARK, 700)])
def test_pictures(lab: Any, open_notebook: Callable[..., Any], sweep: tuple[str, ...], theme: str, width: int) -> None:
    """Light and dark, wide and narrow: for eyes; the test asserts only that the panels are whole."""
    lab.write("pictures.ipynb", [*sweep, "%aml_compare run-1 run-2"])
    notebook = open_notebook("pictures.ipynb", theme=theme)
    notebook.page.set_viewport_size({"width": width, "height": 900})
    notebook.run_all()
    tone = "dark" if theme == DARK else "light"
    for name in ("Parallel coordinates", "Runs side by side"):
        group = notebook.page.get_by_role("group", name=name).last
        group.scroll_into_view_if_needed()
        box, window = group.bounding_box(), notebook.page.viewport_size
        assert box is not None
        assert window is not None
        assert box["x"] + box["width"] <= window["width"], f"{name} is cut off at {width} pixels"
        notebook.screenshot(f"{name.lower().replace(' ', '-')}-{tone}-{width}")
