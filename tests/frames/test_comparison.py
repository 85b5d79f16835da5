"""Runs side by side."""

from __future__ import annotations

import math
from typing import Any

from mlflow_aml_magics.contract import ComparedRow, ComparisonInfo
from mlflow_aml_magics.frames.comparison import compare
from mlflow_aml_magics.frames.runtable import RunTable, RunTableBuilder


def built(*runs: dict[str, Any]) -> RunTable:
    builder = RunTableBuilder()
    for i, run in enumerate(runs):
        attributes = {"run_id": str(i), "run_name": f"r{i}", "status": "FINISHED", "start_time": 1_767_225_600_000}
        builder.add(attributes, run.get("metrics", {}), run.get("params", {}), run.get("tags", {}))
    return builder.build()


def line(info: ComparisonInfo, title: str, key: str) -> ComparedRow:
    section = next(section for section in info["sections"] if section["title"] == title)
    return next(row for row in section["rows"] if row["key"] == key)


def test_metrics_say_by_how_much_and_which_way() -> None:
    first = {"rmse": 60.0, "r2": 0.4, "odd": 1.0, "acc": 0.5, "loss": math.nan, "gone": 1.0, "tiny": 1.0}
    second = {"rmse": 57.0, "r2": 0.3, "odd": 2.0, "acc": 0.5, "loss": 1.0, "tiny": 1.0 + 1e-9}
    info = compare(built({"metrics": first}, {"metrics": second}))
    told = {key: (row["delta"], row["tone"], row["differs"]) for key in first for row in [line(info, "Metrics", key)]}
    assert told == {
        "rmse": ("−3 (−5 %)", "better", True),
        "r2": ("−0.1 (−25 %)", "worse", True),
        "odd": ("+1 (+100 %)", "none", True),
        "acc": ("0", "same", False),
        "loss": ("", "none", True),
        "gone": ("", "none", True),
        "tiny": ("+1e-9 (+1e-7 %)", "none", True),
    }
    assert line(info, "Metrics", "gone")["values"] == ["1", None]
    assert line(info, "Metrics", "loss")["values"] == ["NaN", "1"]


def test_the_goal_may_be_told() -> None:
    runs = built({"metrics": {"odd": 1.0}}, {"metrics": {"odd": 2.0}})
    info = compare(runs, goal=lambda _metric: ("max", "you said so"))
    assert line(info, "Metrics", "odd")["tone"] == "better"


def test_what_is_missing_differs_and_mlflow_s_own_tags_are_left_out() -> None:
    tags = {"mlflow.user": "ana", "mlflow.note.content": "hm", "team": "red"}
    info = compare(built({"params": {"a": "1", "b": "x"}, "tags": tags}, {"params": {"a": "1"}, "tags": tags}))
    assert line(info, "Parameters", "a")["differs"] is False
    assert line(info, "Parameters", "b") == {
        "key": "b",
        "values": ["x", None],
        "differs": True,
        "delta": "",
        "tone": "none",
    }
    tag_section = next(section for section in info["sections"] if section["title"] == "Tags")
    assert [row["key"] for row in tag_section["rows"]] == ["mlflow.note.content", "team"]


def test_sections_of_the_client_follow_and_empty_ones_do_not_show() -> None:
    extra = {
        "0": {"Artifacts": {"model/MLmodel": "present"}, "Environment": {}},
        "1": {"Artifacts": {}, "Environment": {}},
    }
    info = compare(built({}, {}), extra)
    assert [section["title"] for section in info["sections"]] == ["Artifacts"]
    assert line(info, "Artifacts", "model/MLmodel")["values"] == ["present", None]


def test_headings() -> None:
    info = compare(built({}, {}, {}))
    assert info["runs"][2] == {
        "run_id": "2",
        "name": "r2",
        "status": "FINISHED",
        "started": "2026-01-01T00:00:00.000+00:00",
    }


def test_sorted_runs_with_one_name_keep_their_ids() -> None:
    assert [run["run_id"] for run in compare(built({}, {}).take(["1", "0"]))["runs"]] == ["1", "0"]
