"""The stored form of runs side by side."""

from __future__ import annotations

import re

from mlflow_aml_magics.contract import ComparisonInfo
from mlflow_aml_magics.frames.comparison import compare
from mlflow_aml_magics.frames.runtable import RunTable, RunTableBuilder
from mlflow_aml_magics.render.comparison import comparison_document
from mlflow_aml_magics.render.explorer import BUDGET


def built(count: int) -> RunTable:
    builder = RunTableBuilder()
    for i in range(count):
        attributes: dict[str, object] = {"run_id": f"{i:032x}", "run_name": f"run-{i}", "status": "FINISHED"}
        builder.add(attributes, {"rmse": 60.0 - i, "n": 10.0}, {"alpha": str(i)}, {"team": "red"})
    return builder.build()


def side_by_side(runs: int = 2, rows: int = 2, value: str = "1") -> ComparisonInfo:
    table = built(runs)
    ids = [f"{i:032x}" for i in range(runs)]
    facts = {
        run_id: {"Environment": {f"package{k}": f"{value}.{i}" for k in range(rows)}} for i, run_id in enumerate(ids)
    }
    return compare(table, facts)


def test_a_comparison_shows_what_differs_and_folds_what_does_not() -> None:
    document = comparison_document(side_by_side())
    text = document.text()
    assert text.startswith("run-0 against run-1\n")
    assert re.search(r"rmse +60 +59 +−1 \(−1.7 %\) better", text)
    assert "<details><summary>Tags: all 1 the same</summary>" in document.html()


def test_of_many_runs_each_says_how_far_it_is_from_the_baseline() -> None:
    info = compare(built(20), baseline=f"{3:032x}")
    text = comparison_document(info).text()
    assert text.startswith("20 runs side by side\n")
    (rmse,) = (line for line in text.splitlines() if line.strip().startswith("rmse"))
    assert "60 · +3 (+5.3 %) worse" in rmse
    assert "41 · −16 (−28 %) better" in rmse
    assert "baseline" in text


def test_a_comparison_keeps_its_budget() -> None:
    for runs in (2, 20):
        html = comparison_document(side_by_side(runs, 3000, "<b>" + "v" * 500)).html()
        assert len(html.encode()) <= BUDGET
        assert re.search(r"showing \d+ of 3,000", html)
        assert "<b>v" not in html


def test_runs_of_one_name_are_told_apart() -> None:
    info = side_by_side()
    info["runs"][1]["name"] = info["runs"][0]["name"]
    info["runs"][1]["run_id"] = "f" * 32
    assert "run-0 (00000000) against run-0 (ffffffff)" in comparison_document(info).text()
