"""The static part of the panels: the plot, the table, their budget."""

from __future__ import annotations

import math
import random
import re
import time
import xml.etree.ElementTree as ET
from typing import Any

import pyarrow as pa
import pytest

from mlflow_aml_magics.contract import CONTRACT_VERSION, ExplorerInfo
from mlflow_aml_magics.frames.runtable import RunTable, RunTableBuilder
from mlflow_aml_magics.render.document import Figure, Table
from mlflow_aml_magics.render.explorer import BUDGET, explorer_document
from mlflow_aml_magics.render.parallel import LINES, parallel_caption, parallel_svg

HOSTILE = "<img src=x onerror=alert(1)>|`](javascript:alert(1))\n\u202e"


def sweep(count: int, *, extra: int = 0, name: str = "run", value: str = "") -> RunTable:
    """Runs of a sweep: two have no metrics, one a NaN, every sixth other params."""
    chance = random.Random(7)
    builder = RunTableBuilder()
    for i in range(count):
        params = (
            {"depth": str(i % 5)}
            if i % 6 == 5
            else {"alpha": repr(10 ** chance.uniform(-3, 0)), "l1": repr(chance.random())}
        )
        params |= {f"extra{k}{value[:20]}": f"{value}{chance.randint(0, 9)}" for k in range(extra)}
        metrics = (
            {}
            if i in (3, 9)
            else {"rmse": math.nan if i == 14 else 50 + chance.expovariate(0.2), "r2": chance.random()}
        )
        attributes: dict[str, object] = {
            "run_id": f"{i:032x}",
            "run_name": f"{name}-{i}",
            "status": "FAILED" if i == 3 else "FINISHED",
        }
        attributes["start_time"] = 1_794_000_000_000 + 60_000 * i
        builder.add(attributes, metrics, params, {"t": value})
    return builder.build()


def info_of(runs: RunTable, **more: Any) -> ExplorerInfo:
    info: ExplorerInfo = {
        "contract": CONTRACT_VERSION,
        "title": "diabetes",
        "store": "sqlite mlflow.db",
        "total": runs.total,
        "loaded": len(runs),
        "columns": runs.infos("rmse"),
        "metric": "rmse",
        "goal": "min",
        "why_goal": "lower rmse is better",
        "models": [],
    }
    return {**info, **more}  # type: ignore[typeddict-item]


def table_in(runs: RunTable, **more: Any) -> Table:
    document = explorer_document(runs, info_of(runs, **more), "", "rmse", "min")
    return next(block for block in document.blocks if isinstance(block, Table))


def test_the_table_is_the_best_fifty_of_all() -> None:
    runs = sweep(60)
    table = table_in(runs)
    assert len(table.rows) == 50
    assert table.shortened() == "showing 50 of 60"
    assert table.columns == ("run", "rmse", "status", "alpha", "depth", "l1", "r2", "started (UTC)")
    values = [float(row[1]) for row in table.rows]
    assert values == sorted(values)


def test_it_says_what_is_missing_and_what_was_filtered() -> None:
    runs = sweep(60)
    text = explorer_document(
        runs.filter("rmse < 55 OR rmse IS NULL"), info_of(runs), "rmse < 55 OR …", "rmse", "min"
    ).text()
    assert re.match(r"diabetes: \d+ of 60 runs\n", text)
    assert "filter  rmse < 55 OR …" in text
    assert "2 runs without rmse, shown last" in text
    none = explorer_document(runs.filter("rmse < 0"), info_of(runs), "rmse < 0", "rmse", "min").text()
    assert "no run fits the filter" in none
    part = explorer_document(runs, info_of(runs, total=2341), "", "rmse", "min").text()
    assert "60 of 2,341 runs were read" in part


def test_a_metric_that_no_run_has_left_is_said() -> None:
    runs = sweep(10)
    assert "none of these runs has a metric auc" in explorer_document(runs, info_of(runs), "", "auc", "max").text()


def test_the_picture_is_sound_and_without_script() -> None:
    runs = sweep(60, name=HOSTILE, value=HOSTILE.replace("\n", ""), extra=2)
    svg = parallel_svg(runs, runs.infos("rmse"), color_by="metrics.rmse", goal="min", selected=[f"{5:032x}"])
    root = ET.fromstring(svg)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "g", "path", "polyline", "text", "title"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not any(name.startswith("on") or "href" in name for name in attributes)
    lines = [element for element in root.iter() if element.tag.endswith("polyline")]
    assert len(lines) == 60
    groups = [element for element in root.iter() if any(child in lines for child in element)]
    assert groups[-1].get("stroke-width") == "2.6"
    assert {element.get("stroke") for element in groups} > {"currentColor"}
    assert any("light-dark(" in (element.get("style") or "") for element in groups)


def test_missing_values_lie_on_a_lane_of_their_own() -> None:
    runs = sweep(30)
    root = ET.fromstring(parallel_svg(runs, runs.infos("rmse"), color_by="metrics.rmse", goal="min"))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert "3 missing" in texts  # rmse: two without, one NaN
    caption = parallel_caption(runs, runs.infos("rmse"), color_by="metrics.rmse", goal="min")
    assert caption.startswith("30 runs; strongest colour: low rmse, the better end, by rank; on the lowest lane: ")
    assert "3 without rmse" in caption


def test_categories_stand_in_the_order_of_the_live_panel() -> None:
    values = ["b", "10", "a", "9", "1e3"]
    columns = {"run_id": list("vwxyz"), "params.mixed": values, "metrics.rmse": [1.0, 2.0, 3.0, 4.0, 5.0]}
    runs = RunTable(pa.table(columns))
    root = ET.fromstring(parallel_svg(runs, runs.infos("rmse"), color_by="metrics.rmse"))
    texts = [element for element in root.iter() if element.tag.endswith("text") and element.text in values]
    from_below = sorted(texts, key=lambda element: -float(element.get("y", "0")))
    assert [element.text for element in from_below] == ["9", "10", "1e3", "b", "a"]


def test_a_beginning_that_many_axes_share_is_left_out() -> None:
    names = ("accuracy_score", "f1_score", "precision_score", "recall_score")
    columns = {f"metrics.training_{name}": [0.1, 0.2] for name in names}
    runs = RunTable(pa.table({"run_id": ["a", "b"], "params.lr": ["1", "2"], **columns}))
    many = runs.infos("training_f1_score")
    svg = parallel_svg(runs, many, color_by="metrics.training_f1_score", width=480)
    assert "<title>training_recall_score</title>" in svg
    assert ">…recall_score<" in svg


def test_at_most_two_hundred_lines_and_it_says_so() -> None:
    runs = sweep(500)
    svg = parallel_svg(runs, runs.infos("rmse"), color_by="metrics.rmse", goal="min", selected=[f"{499:032x}"])
    assert svg.count("<polyline") == LINES
    assert 'stroke-width="2.6"' in svg
    assert parallel_caption(runs, runs.infos(), color_by="metrics.rmse", goal="min").startswith(
        "the best 200 of 500 runs"
    )


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_runs_make_no_picture(count: int) -> None:
    runs = sweep(count)
    assert parallel_svg(runs, runs.infos(), color_by="metrics.rmse") == ""
    document = explorer_document(runs, info_of(runs), "", "rmse", "min")
    assert not any(isinstance(block, Figure) for block in document.blocks)


@pytest.mark.parametrize(("count", "extra"), [(60, 0), (3000, 40)])
def test_the_budget_holds(count: int, extra: int) -> None:
    runs = sweep(count, extra=extra, name=HOSTILE * 3, value="v" * 3000)
    html = explorer_document(runs, info_of(runs), "", "rmse", "min").html()
    assert len(html.encode()) <= BUDGET
    assert "<img" not in html
    assert "onerror=alert(1)&gt;" in html


def test_many_runs_take_no_time() -> None:
    runs = sweep(10_000)
    info = info_of(runs)
    start = time.perf_counter()
    explorer_document(runs, info, "", "rmse", "min").html()
    assert time.perf_counter() - start < 3  # 0.1 s on two cores
