"""The registry panel in a real JupyterLab: found, staged with a reason, discussed, deleted only after a second look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SETUP = """\
import mlflow
%load_ext mlflow_aml_magics
%aml_track sqlite:///models.db --experiment wine --no-autolog
client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name("wine").experiment_id
for name, count in (("beer", 1), ("wine", 3)):
    client.create_registered_model(name)
    for i in range(count):
        run = client.create_run(experiment, run_name=f"{name}-run-{i}")
        client.log_metric(run.info.run_id, "val_rmse", 1 - i / 10)
        client.log_text(run.info.run_id, "flavors: {sklearn: {}}\\n", "model/MLmodel")
        client.set_terminated(run.info.run_id)
        client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
client.set_registered_model_alias("wine", "champion", "2")
"""


def test_a_version_is_found_staged_discussed_and_deleted(lab: Any, open_notebook: Callable[..., Any]) -> None:
    lab.write("models.ipynb", [SETUP, "panel = %aml_models\npanel"])
    notebook = open_notebook("models.ipynb")
    notebook.run_all()
    page = notebook.page
    panel = page.locator(".mam-models")
    expect(panel.get_by_text("2 models, 4 versions", exact=True)).to_be_visible()

    panel.get_by_role("option", name="wine").click()
    table = panel.get_by_role("table", name="Versions")
    expect(table.get_by_role("row")).to_have_count(4)  # with the heading
    panel.get_by_role("searchbox", name="Search models").fill("champion")
    expect(panel.get_by_text("1 of 4 versions", exact=True)).to_be_visible()
    table.get_by_role("row", name="@champion").click()
    notebook.wait_for_python("panel.selected == 'wine:2' and panel.search == 'champion'")
    expect(panel.get_by_role("tabpanel")).to_contain_text("wine-run-1")
    expect(panel.get_by_role("tabpanel")).to_contain_text("sklearn")

    panel.get_by_role("button", name="Stage None, change it").click()
    dialog = page.get_by_role("dialog", name="Stage of wine:2")
    dialog.get_by_label("Stage", exact=True).select_option("Production")
    dialog.get_by_label("Why").fill("won the blind tasting")
    dialog.get_by_role("button", name="Move").click()
    expect(panel.get_by_role("button", name="Stage Production, change it")).to_be_visible()
    panel.get_by_role("tab", name="Discussion 1").click()
    expect(panel.get_by_role("list", name="Discussion")).to_contain_text("won the blind tasting")
    panel.get_by_role("textbox", name="Comment").fill("agreed")
    panel.get_by_role("textbox", name="Comment").press("Control+Enter")
    expect(panel.get_by_role("list", name="Discussion")).to_contain_text("agreed")
    notebook.wait_for_python("[c.text for c in panel.workspace.model('wine:2').history][0] == 'agreed'")

    panel.get_by_role("tab", name="Lineage").click()
    expect(panel.get_by_role("list", name="Lineage")).to_contain_text("wine-run-1")
    notebook.screenshot("models-panel")

    panel.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete wine:2?")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("the alias champion")
    dialog.get_by_label("Delete it all the same").check()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_be_hidden()
    notebook.wait_for_python("[v.label for v in panel] == ['beer:1', 'wine:3', 'wine:1']")
    expect(panel.get_by_text("No model and no version has these words.")).to_be_visible()
