"""The explorer while training goes on: runs appear, cells are inserted, a restarted kernel is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SETUP = """\
import mlflow
from mlflow_aml_magics import Workspace
client = mlflow.MlflowClient("sqlite:///follow.db")
wine = client.create_experiment("wine", artifact_location="follow-artifacts")
def add(name, rmse, ended=True):
    run_id = client.create_run(wine, run_name=name).info.run_id
    client.log_param(run_id, "alpha", rmse / 10)
    client.log_metric(run_id, "rmse", rmse)
    if ended:
        client.set_terminated(run_id)
    return run_id
for i in range(8):
    add(f"first-{i}", 5 + i)
training = add("training", 9, ended=False)
"""
PANEL = 'panel = Workspace.connect("sqlite:///follow.db", experiment="wine").compare(metric="rmse")\npanel'


def test_the_explorer_follows_a_training(lab: Any, open_notebook: Callable[..., Any]) -> None:
    lab.write("follow.ipynb", [SETUP, PANEL])
    notebook = open_notebook("follow.ipynb")
    notebook.run_all()
    page = notebook.page
    explorer = page.locator(".mam-explorer")
    expect(explorer.get_by_text("9 runs", exact=True)).to_be_visible()
    expect(explorer.get_by_text("live", exact=True)).to_be_visible()

    # The best run so far comes while the kernel runs a cell, without being asked for.
    notebook.start_cell("import time\nadd('newest', 1)\ntime.sleep(12)\nclient.set_terminated(training)")
    expect(explorer.get_by_text("10 runs", exact=True)).to_be_visible(timeout=11_000)
    expect(page.locator(".jp-Notebook .jp-InputPrompt").last).to_have_text("[*]:")
    expect(explorer.get_by_role("button", name="Pause following")).to_be_hidden(timeout=40_000)

    box = explorer.get_by_role("combobox", name="Filter runs")
    box.press_sequentially("params.al", delay=20)
    expect(explorer.get_by_role("option", name="alpha param")).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    box.press_sequentially("< 0.6", delay=20)
    box.press("Enter")
    notebook.wait_for_python("panel.query == 'params.alpha < 0.6'")
    expect(explorer.get_by_text("2 of 10 runs", exact=True)).to_be_visible()

    cells = page.locator(".jp-Notebook .jp-CodeCell")
    count = cells.count()
    explorer.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Insert a cell").click()
    expect(cells).to_have_count(count + 1)
    expect(cells.nth(2)).to_contain_text("Reproduces run newest")

    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart().then(() => null)"
    )
    expect(explorer.get_by_text("run the cell again")).to_be_visible(timeout=20_000)
    expect(explorer.get_by_role("button", name="Register…")).to_be_disabled()
    explorer.get_by_role("button", name="Clear the filter").first.click()
    expect(explorer.get_by_text("10 runs", exact=True)).to_be_visible()
    notebook.screenshot("follow-kernel-gone")
