"""A snapshot opened from the disk in a real browser: no kernel, no network, and still the explorer."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from playwright.sync_api import Browser, expect

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.panels.explorer import ExplorerPanel

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def snapshot(store_uri: str, tmp_path: Path) -> Path:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine")
    for i in range(30):
        run = client.create_run(experiment, run_name=HOSTILE if i == 0 else f"run {i}").info.run_id
        client.log_param(run, "alpha", str(i % 3))
        client.log_param(run, "depth", str(i % 5))
        for step in range(3):
            client.log_metric(run, "rmse", i + 1 / (step + 1), step=step)
        client.set_terminated(run)
    panel = Workspace.connect(store_uri, experiment="wine").compare(metric="rmse")
    assert isinstance(panel, ExplorerPanel)
    panel.query = "metrics.rmse < 20"
    return panel.snapshot(tmp_path / "compare.html")


def test_a_snapshot_filters_and_draws_without_a_kernel(browser: Browser, snapshot: Path) -> None:
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
    page.goto(snapshot.as_uri())
    expect(page.get_by_text("20 of 30 runs").first).to_be_visible()
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    page.get_by_role("tab", name="Charts").click()
    expect(page.get_by_text("What matters for rmse")).to_be_visible()
    expect(page.get_by_text("10 best of 20 runs by rmse")).to_be_visible()
    expect(page.get_by_role("button", name="Deploy…")).to_be_hidden()
    assert wrong == []
    page.close()


def test_a_snapshot_has_a_table_without_script(browser: Browser, snapshot: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(snapshot.as_uri())
    expect(page.get_by_role("cell", name="run 7", exact=True)).to_be_visible()
    context.close()
