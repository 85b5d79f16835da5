"""The panel of deployments in a real JupyterLab: deploy from the form, try it, delete it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SETUP = """\
%load_ext mlflow_aml_magics
%aml_track sqlite:///tasting.db --experiment tasting --no-autolog
import pandas as pd
from sklearn.linear_model import LinearRegression
rows = pd.DataFrame({"acid": [1.0, 2.0, 3.0], "sugar": [0.5, 0.1, 0.3]})
model = LinearRegression().fit(rows, [1.0, 2.0, 3.0])
from mlflow_aml_magics import Workspace
ws = Workspace.connect("sqlite:///tasting.db", experiment="tasting")
done = ws.register(model, "tasting", alias="champion", input_example=rows[:2], pip_requirements=["scikit-learn"])
"""


def test_deployed_from_the_form_tried_and_deleted(lab: Any, open_notebook: Callable[..., Any]) -> None:
    lab.write("tasting.ipynb", [SETUP, "panel = %aml_deploy\npanel"])
    notebook = open_notebook("tasting.ipynb")
    notebook.run_all()
    page = notebook.page
    panel = page.locator(".mam-endpoints")
    form = panel.get_by_role("region", name="New deployment")
    expect(form.get_by_label("Version")).to_have_value("@champion")
    form.get_by_label("Name").fill("from-the-form")
    form.get_by_label("Name").press("Enter")
    expect(form.get_by_role("button", name="Deploying…")).to_be_disabled()

    # Its work ends in the test, with a request that nobody had to write.
    acid = panel.get_by_label("acid")
    expect(acid).to_have_value("1", timeout=60_000)
    expect(panel.get_by_role("row", name="from-the-form")).to_contain_text("running")
    acid.fill("sour")
    panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_role("alert")).to_contain_text("acid")
    acid.fill("2.5")
    panel.get_by_label("repeat").fill("5")
    panel.get_by_role("button", name="Send").click()
    expect(panel.get_by_role("group", name="Answer")).to_contain_text("prediction")
    expect(panel.get_by_text("p95")).to_be_visible()
    panel.get_by_text("Azure ML JSON").click()
    sent = json.loads(panel.get_by_label("Request as JSON").input_value())
    assert sent == {"input_data": {"columns": ["acid", "sugar"], "index": [0], "data": [[2.5, 0.5]]}}
    panel.get_by_role("tab", name="Logs").click()
    expect(panel.get_by_label("Log", exact=True)).to_contain_text("/invocations")
    assert notebook.python("(panel.selected, panel.tab, len(panel))") == "('local:from-the-form', 'logs', 1)"

    panel.get_by_role("button", name="Delete…").click()
    question = page.get_by_role("dialog", name="Delete from-the-form?")
    expect(question).to_contain_text("of tasting version 1")
    question.get_by_role("button", name="Delete").click()
    expect(panel.get_by_text("No deployments")).to_be_visible(timeout=20_000)
    notebook.wait_for_python("len(panel) == 0 and panel.selected == ''")
