"""Each gesture of the explorer on 10,000 runs, in a real JupyterLab."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Locator, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

RUNS = 10_000
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
OPEN = (
    "%load_ext mlflow_aml_magics\n%aml_track sqlite:///big/mlflow.db --experiment big --no-autolog",
    "panel = %aml_compare --metric val_rmse\npanel",
)


def _sweeps(repo: Path) -> Any:
    spec = importlib.util.spec_from_file_location("sweeps", repo / "tests" / "sweeps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def big(lab: Any, repo: Path, _schema: Path) -> Iterator[Path]:
    """A store with 10,000 runs in one experiment."""
    path = lab.root / "big" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(_schema, path)
    _sweeps(repo).fill_sweep(path, "big", RUNS)
    yield path
    shutil.rmtree(path.parent)


@pytest.fixture
def explorer(
    lab: Any, open_notebook: Callable[..., Any], big: Path, request: pytest.FixtureRequest
) -> Callable[..., tuple[Any, Locator]]:
    """Open the explorer of the 10,000 runs: the notebook and the panel, at its default view."""

    def open_(**how: Any) -> tuple[Any, Locator]:
        name = f"{re.sub(r'[^a-z]+', '-', request.node.name)}.ipynb"
        shutil.rmtree(lab.env["AML_MAGICS_STATE_DIR"], ignore_errors=True)  # views that other tests have left
        lab.write(name, OPEN)
        notebook = open_notebook(name, **how)
        notebook.run_all()
        panel = notebook.page.locator(".jp-OutputArea").filter(has=_plot(notebook.page)).last
        panel.evaluate("el => el.scrollIntoView(true)")  # menus close when the page scrolls under them
        expect(panel.get_by_text("10,000 runs", exact=True)).to_be_visible()
        return notebook, panel

    return open_


def _plot(where: Any) -> Locator:
    return where.get_by_role("group", name="Parallel coordinates")


def _title(panel: Locator, axis: str) -> Locator:
    return _plot(panel).get_by_role("button", name=re.compile(rf"^(param|metric) {axis},"))


def _drag(panel: Locator, axis: str, low: float, high: float, *, shift: bool = False) -> None:
    """Along an axis, between two heights given as parts of it (0 is its bottom)."""
    line = _plot(panel).locator(".mam-axis").nth(_names(panel).index(axis)).locator(".mam-axis-line").bounding_box()
    assert line is not None
    mouse = panel.page.mouse
    at = lambda part: line["y"] + line["height"] * (1 - part)  # noqa: E731
    x = line["x"] + line["width"] / 2
    if shift:
        panel.page.keyboard.down("Shift")
    mouse.move(x, at(low))
    mouse.down()
    mouse.move(x, at(high), steps=6)
    mouse.up()
    if shift:
        panel.page.keyboard.up("Shift")


def _names(panel: Locator) -> list[str]:
    labels = [button.get_attribute("data-key") or "" for button in _plot(panel).locator("button[data-key]").all()]
    return [label.partition(".")[2] or label for label in labels]


def _shown(panel: Locator) -> int:
    text = panel.locator(".mam-count").inner_text()
    return int(text.split()[0].replace(",", ""))


def test_the_plot(explorer: Callable[..., tuple[Any, Locator]]) -> None:
    notebook, panel = explorer()
    keyboard = notebook.page.keyboard

    _drag(panel, "alpha", 0.3, 0.6)
    expect(panel.get_by_text(re.compile(r"^[\d,]+ of 10,000 runs"))).to_be_visible()
    one = _shown(panel)
    _drag(panel, "alpha", 0.8, 0.95, shift=True)
    expect(panel.locator(".mam-brush")).to_have_count(2)
    notebook.wait_for_python("' OR ' in panel.query")
    two = _shown(panel)
    assert 0 < one < two < RUNS
    assert notebook.python("len(panel.selected)") == str(two)

    _title(panel, "alpha").focus()
    keyboard.press("Delete")
    notebook.wait_for_python("panel.query == ''")

    _title(panel, "depth").focus()
    keyboard.press("f")
    notebook.wait_for_python("panel.view.get('flipped') == ['params.depth']")
    keyboard.press("Alt+ArrowRight")
    notebook.wait_for_python("panel.axes and panel.axes.index('params.depth') == 2")
    keyboard.press("Enter")
    notebook.page.get_by_role("menuitem", name="Hide").or_(
        notebook.page.get_by_role("menuitemcheckbox", name="Hide")
    ).click()
    notebook.wait_for_python("panel.axes and 'params.depth' not in panel.axes")
    _title(panel, "alpha").focus()
    keyboard.press("l")
    notebook.wait_for_python("panel.view.get('scales') == {'params.alpha': 'linear'}")

    panel.get_by_label("Color").select_option("params.model")
    notebook.wait_for_python("panel.color == 'params.model'")
    panel.get_by_role("button", name="Order by importance").click()
    notebook.wait_for_python("panel.axes and panel.axes[0] in ('params.model', 'params.alpha')", seconds=60)

    box = _plot(panel).bounding_box()
    assert box is not None
    notebook.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(panel.locator(".mam-label-hover")).to_be_visible()
    notebook.screenshot("explorer-plot")


def test_the_table(explorer: Callable[..., tuple[Any, Locator]]) -> None:
    notebook, panel = explorer()
    page = notebook.page
    table = panel.get_by_role("treegrid").or_(panel.get_by_role("grid"))

    assert page.evaluate("el => el.querySelectorAll('*').length", panel.element_handle()) <= 2000
    table.get_by_role("button", name="depth", exact=True).click()
    table.get_by_role("button", name="val_rmse", exact=True).click(modifiers=["Shift"])
    notebook.wait_for_python("[t['key'] for t in panel.view.get('sort') or []] == ['params.depth', 'metrics.val_rmse']")
    depths = notebook.python("panel.selected['params.depth'].astype(int).is_monotonic_increasing")
    assert depths in ("True", "False")  # the order of `selected` is the store's

    def menu(column: str, entry: str) -> None:
        # Of columns in sight only: where the page has to be scrolled for a click, the heading is drawn anew under it.
        table.get_by_role("button", name=f"Column {column}", exact=True).click()
        _entry(page, entry).click()

    menu("alpha", "Pinned at the left")
    notebook.wait_for_python("'params.alpha' in (panel.view.get('pinned') or [])")
    menu("features", "Hide")
    notebook.wait_for_python("panel.columns and 'params.features' not in panel.columns")
    menu("depth", "Move right")
    notebook.wait_for_python("panel.columns and panel.columns.index('params.depth') > 3")

    boxes = table.get_by_role("checkbox", name=re.compile("^Tick (?!all)"))
    boxes.nth(0).click()
    boxes.nth(4).click(modifiers=["Shift"])
    notebook.wait_for_python("len(panel.selected_run_ids) == 5")
    table.get_by_role("button", name=re.compile("^Star ")).first.click()
    notebook.wait_for_python("len(panel.view.get('starred') or []) == 1")

    edge = table.get_by_role("columnheader").filter(has_text="status").first.bounding_box()
    assert edge is not None
    x, y = edge["x"] + edge["width"] - 2, edge["y"] + edge["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    notebook.wait_for_python("panel.view.get('widths')")

    menu("val_rmse", "Minimum")
    notebook.wait_for_python("(panel.view.get('values') or {}).get('metrics.val_rmse') == 'min'")
    panel.get_by_role("button", name="Nested").click()
    notebook.wait_for_python("panel.view.get('tree')")
    notebook.screenshot("explorer-nested")
    panel.get_by_role("button", name="Nested").click()
    menu("model", "Group by this")
    notebook.wait_for_python("panel.view.get('group_by') == ['params.model']")
    expect(table.get_by_text(re.compile("±")).first).to_be_visible()
    assert page.evaluate("el => el.querySelectorAll('*').length", panel.element_handle()) <= 2000
    notebook.screenshot("explorer-grouped")


def _entry(page: Any, name: str) -> Locator:
    roles = ("menuitem", "menuitemcheckbox", "menuitemradio")
    found = page.get_by_role(roles[0], name=name)
    for role in roles[1:]:
        found = found.or_(page.get_by_role(role, name=name))
    return found.first


def test_editing_runs_in_place(explorer: Callable[..., tuple[Any, Locator]], big: Path) -> None:
    notebook, panel = explorer()
    page = notebook.page
    client = MlflowClient(f"sqlite:///{big}")
    best, name = (notebook.python(f"panel.best.{which}").strip("'") for which in ("run_id", "run_name"))

    def row_menu(entry: str) -> None:
        panel.get_by_role("button", name=re.compile("^Actions on ")).first.click()
        _entry(page, entry).click()

    row_menu("Rename…")
    page.get_by_label("New name").fill("the <b>winner</b>")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("gridcell").get_by_text("the <b>winner</b>")).to_be_visible()
    assert client.get_run(best).info.run_name == "the <b>winner</b>"

    row_menu("Note…")
    page.get_by_label("Note, Markdown").fill("look again")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Note, Markdown")).to_be_hidden()
    assert client.get_run(best).data.tags["mlflow.note.content"] == "look again"

    row_menu("Delete…")
    page.get_by_role("dialog", name=re.compile("^Delete the")).get_by_role("button", name="Delete", exact=True).click()
    expect(panel.get_by_text("9,999 runs", exact=True)).to_be_visible()
    assert client.get_run(best).info.lifecycle_stage == "deleted"
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_text("10,000 runs", exact=True)).to_be_visible()
    assert client.get_run(best).info.lifecycle_stage == "active"

    with page.expect_download() as download:
        panel.get_by_role("button", name="Export").click()
        _entry(page, "CSV file").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert len(lines) == RUNS + 1
    notebook.screenshot("explorer-edited")
    client.update_run(best, name=name)
    client.delete_tag(best, "mlflow.note.content")


def test_the_filter_box(explorer: Callable[..., tuple[Any, Locator]]) -> None:
    notebook, panel = explorer()
    box = panel.get_by_label("Filter runs")

    box.press_sequentially("params.mod")
    panel.get_by_role("listbox").get_by_role("option").filter(has_text="model").first.click()
    box.press_sequentially("= ")
    panel.get_by_role("listbox").get_by_role("option").filter(has_text="rf").first.click()
    notebook.wait_for_python("panel.query == \"params.model = 'rf'\"")
    rf = _shown(panel)
    assert 0 < rf < RUNS
    box.press_sequentially(" AND metrics.val_rmsee < 3")
    expect(panel.get_by_role("alert")).to_contain_text("val_rmse")
    notebook.screenshot("explorer-wrong-filter")
    box.fill("params.model = 'rf' AND params.depth > 6")
    box.press("Enter")
    panel.get_by_role("group", name="Conditions").get_by_role("button", name=re.compile("^Remove .*depth")).click()
    notebook.wait_for_python("panel.query == \"params.model = 'rf'\"")
    panel.get_by_role("button", name="Clear the filter").first.click()
    box.fill("gb-99")
    box.press("Enter")
    notebook.wait_for_python("0 < len(panel.selected) < 200")
    assert notebook.python("bool(panel.selected['tags.mlflow.runName'].str.contains('gb-99').all())") == "True"


def test_charts_comparison_and_views(explorer: Callable[..., tuple[Any, Locator]]) -> None:
    notebook, panel = explorer()
    panel.get_by_role("tab", name="Charts").click()
    expect(panel.get_by_text("What matters for val_rmse")).to_be_visible()
    expect(panel.get_by_text("10 best of 10,000 runs")).to_be_visible(timeout=30_000)
    notebook.screenshot("explorer-charts")

    panel.get_by_role("tab", name="Table").click()
    boxes = panel.get_by_role("checkbox", name=re.compile("^Tick (?!all)"))
    for n in range(3):
        boxes.nth(n).click()
    panel.get_by_role("tab", name=re.compile("^Compare")).click()
    expect(panel.get_by_text("3 runs side by side")).to_be_visible(timeout=30_000)
    notebook.screenshot("explorer-compare")

    notebook.run_cell("panel.save_view('three')")
    notebook.run_cell("again = %aml_compare --view three")
    assert notebook.python("again.view['tab']") == "'compare'"


def test_it_follows_a_run_that_is_still_training(explorer: Callable[..., tuple[Any, Locator]], big: Path) -> None:
    _notebook, panel = explorer()
    client = MlflowClient(f"sqlite:///{big}")
    experiment = client.get_experiment_by_name("big").experiment_id
    run = client.create_run(experiment, run_name="still-training").info.run_id
    client.log_metric(run, "val_rmse", 1.0)
    panel.get_by_role("button", name=re.compile("^Refresh")).click()
    expect(panel.get_by_text("10,001 runs")).to_be_visible()
    client.log_metric(run, "val_rmse", 0.25, step=1)
    expect(panel.get_by_role("gridcell").get_by_text("0.25").first).to_be_visible(timeout=20_000)
    client.set_terminated(run)
    client.delete_run(run)
    panel.get_by_role("button", name=re.compile("^Refresh")).click()
    expect(panel.get_by_text("10,000 runs", exact=True)).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [(LIGHT, 1280), (DARK, 1280), (LIGHT, 700)])
def test_pictures(explorer: Callable[..., tuple[Any, Locator]], theme: str, width: int) -> None:
    """For eyes; the test asserts only that the panel is whole."""
    notebook, panel = explorer(theme=theme)
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    tone = "dark" if theme == DARK else "light"
    notebook.page.wait_for_timeout(1000)
    notebook.screenshot(f"big-{tone}-{width}")
    panel.get_by_role("tab", name="Charts").click()
    if width > 1000:  # charts are drawn when they come in sight
        expect(panel.get_by_text("10 best of 10,000 runs")).to_be_visible(timeout=30_000)
        expect(panel.get_by_text(re.compile("fANOVA of boosted trees"))).to_be_visible(timeout=60_000)
    notebook.screenshot(f"big-charts-{tone}-{width}")
    box = panel.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
