"""Runs side by side."""

from __future__ import annotations

import math
import time
from typing import Any

from mlflow_aml_magics.contract import ComparedRow, ComparisonInfo
from mlflow_aml_magics.frames.compared_files import FileFact, file_rows, paths_at, same_sized, series_of
from mlflow_aml_magics.frames.comparison import LONGEST, compare
from mlflow_aml_magics.frames.contents import as_lines, as_table, kind_of_file
from mlflow_aml_magics.frames.runtable import RunTable, RunTableBuilder
from mlflow_aml_magics.frames.textdiff import line_diff, table_diff


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
    told = {
        key: (row["deltas"][1], row["tones"][1], row["differs"])
        for key in first
        for row in [line(info, "Metrics", key)]
    }
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


def test_each_run_is_measured_against_the_baseline() -> None:
    runs = built(*({"metrics": {"rmse": value}} for value in (60.0, 50.0, 55.0)))
    info = compare(runs, baseline="1")
    assert info["baseline"] == "1"
    row = line(info, "Metrics", "rmse")
    assert row["deltas"] == ["+10 (+20 %)", "", "+5 (+10 %)"]
    assert row["tones"] == ["worse", "none", "worse"]
    assert compare(runs)["baseline"] == compare(runs, baseline="no such run")["baseline"] == "0"


def test_the_goal_may_be_told() -> None:
    runs = built({"metrics": {"odd": 1.0}}, {"metrics": {"odd": 2.0}})
    info = compare(runs, goal=lambda _metric: ("max", "you said so"))
    assert line(info, "Metrics", "odd")["tones"] == ["none", "better"]


def test_what_is_missing_differs_and_mlflow_s_own_tags_are_left_out() -> None:
    tags = {"mlflow.user": "ana", "mlflow.note.content": "hm", "team": "red"}
    info = compare(built({"params": {"a": "1", "b": "x"}, "tags": tags}, {"params": {"a": "1"}, "tags": tags}))
    assert line(info, "Parameters", "a")["differs"] is False
    missing = line(info, "Parameters", "b")
    assert (missing["values"], missing["differs"], missing["deltas"]) == (["x", None], True, [])
    tag_section = next(section for section in info["sections"] if section["title"] == "Tags")
    assert [row["key"] for row in tag_section["rows"]] == ["mlflow.note.content", "team"]


def test_a_tag_of_megabytes_is_compared_in_full_and_travels_in_part() -> None:
    info = compare(built({"tags": {"big": "x" * 10_000_000 + "a"}}, {"tags": {"big": "x" * 10_000_000 + "b"}}))
    row = line(info, "Tags", "big")
    assert row["differs"]
    assert len(str(row["values"][0])) < LONGEST + 100
    assert "of 10,000,001 characters" in str(row["values"][0])


def test_sections_of_the_client_follow_and_empty_ones_do_not_show() -> None:
    facts = {"0": {"Environment": {}, "Run": {"user": "ana"}}, "1": {"Signature": {"input a": "double"}}}
    files = file_rows(["0", "1"], {"0": [FileFact("model/MLmodel", 812)]})
    info = compare(built({"params": {"a": "1"}}, {}), facts, files=files, notes=["hm"])
    assert [section["title"] for section in info["sections"]] == ["Run", "Parameters", "Artifacts", "Signature"]
    assert line(info, "Artifacts", "model/MLmodel")["values"] == ["812 B", None]
    assert info["notes"] == ["hm"]


def test_headings() -> None:
    info = compare(built({}, {}, {}), deleted=["2"])
    assert info["runs"][2] == {
        "run_id": "2",
        "name": "r2",
        "status": "FINISHED",
        "started": "2026-01-01T00:00:00.000+00:00",
        "deleted": True,
    }


def test_sorted_runs_with_one_name_keep_their_ids() -> None:
    assert [run["run_id"] for run in compare(built({}, {}).take(["1", "0"]))["runs"]] == ["1", "0"]


# --- files


def test_files_are_told_apart_by_size_and_content() -> None:
    files = {
        "a": [
            FileFact("same", 3, "x"),
            FileFact("other", 3, "x"),
            FileFact("large", 9_000_000),
            FileFact("mine", None),
        ],
        "b": [FileFact("same", 3, "x"), FileFact("other", 3, "y"), FileFact("large", 9_000_000), FileFact("size", 4)],
    }
    told = {row["key"]: (row["values"], row["differs"], row["note"]) for row in file_rows(["a", "b"], files)}
    assert told == {
        "same": (["3 B", "3 B"], False, ""),
        "other": (["3 B", "3 B"], True, "same size, other content"),
        "large": (["9.0 MB", "9.0 MB"], False, "same size, content not compared"),
        "mine": (["there", None], True, ""),
        "size": ([None, "4 B"], True, ""),
    }
    assert same_sized(files) == {"same", "other", "large"}
    assert same_sized({"a": [FileFact("f", 1)], "b": [FileFact("f", 2)]}) == set()


def test_images_logged_by_step_are_one_line() -> None:
    logged = "images/eval~cm+step+{}+timestamp+1763700000000+0b1e2c3d-aaaa-bbbb-cccc-0123456789ab{}"
    old = "images/eval~cm%step%{}%timestamp%1763700000001%0b1e2c3d-aaaa-bbbb-cccc-0123456789ab{}"
    mine = [FileFact(logged.format(step, end)) for step in (0, 10) for end in (".png", "+compressed.webp")]
    rows = file_rows(["a", "b"], {"a": mine, "b": [FileFact(old.format(10, ".png"))]})
    assert [(row["key"], row["values"], row["steps"]) for row in rows] == [
        ("images/eval/cm", ["2 images", "1 image"], [0, 10])
    ]
    assert paths_at([fact.path for fact in mine], "images/eval/cm", 10)[0].endswith("ab.png")
    assert series_of("plots/roc_epoch_07.PNG") == ("plots/roc", 7)
    assert series_of("model.step3.pkl") is None
    assert paths_at(["a.txt", "b.txt"], "b.txt", None) == ["b.txt"]


def test_a_kind_of_file_is_told_by_its_bytes() -> None:
    told = {
        ("a.json", b'{"b": 1, "a": 2}', True): "json",
        ("a.json", b'{"b": 1, "a"', False): "text",
        ("a.json", b"[" * 100_000 + b"]" * 100_000, True): "text",
        ("a.json", b"[" * 500 + b"1," * 50_000 + b"1" + b"]" * 500, True): "text",
        ("a.csv", b"a,b\n1,2\n", True): "csv",
        ("a.txt", "grün".encode()[:-2], False): "text",
        ("a.txt", "grün".encode("latin-1"), True): "text",
        ("a.txt", "\ufeffgrün".encode("utf-16"), True): "text",
        ("a.png", b"not really", True): "text",
        ("weights", b"\x89PNG\r\n\x1a\n...", True): "image",
        ("drawing.svg", b"<svg onload=alert(1)>", True): "text",
        ("weights", b"\x00\x01", True): "binary",
        ("empty", b"", True): "text",
    }
    assert {key: kind_of_file(key[0], key[1], whole=key[2]) for key in told} == told
    assert as_lines(b'{"b": 1, "a": [2]}', "json", whole=True) == ["{", '  "a": [', "    2", "  ],", '  "b": 1', "}"]
    assert as_table("x.csv", b"a;b\n1;2\n3;", whole=False) == [["a", "b"], ["1", "2"]]


def test_lines_stand_beside_their_like() -> None:
    rows = line_diff(["a", "b", "c", "d"], ["a", "B", "c", "d", "e"])
    assert [(row["state"], *row["left"], *row["right"]) for row in rows] == [
        ("same", "a"),
        ("changed", "b", "B"),
        ("same", "c"),
        ("same", "d"),
        ("added", "e"),
    ]
    assert line_diff([], ["x"]) == [{"state": "added", "left": [], "right": ["x"]}]
    assert "(3,000 characters)" in line_diff(["x" * 3000], ["y"])[0]["left"][0]


def test_tables_are_compared_by_column_names() -> None:
    columns, rows = table_diff(
        [["id", "x"], ["1", "a"], ["2", "b"]], [["x", "id", "x"], ["a", "1", "z"], ["c", "2", ""]]
    )
    assert columns == ["id", "x", "x (2)"]
    assert [(row["state"], row["left"], row["right"]) for row in rows] == [
        ("changed", ["1", "a", ""], ["1", "a", "z"]),
        ("changed", ["2", "b", ""], ["2", "c", ""]),
    ]
    assert table_diff([], [["a"], ["1"]]) == (["a"], [{"state": "added", "left": [], "right": ["1"]}])


def test_long_texts_with_few_different_lines_take_no_time() -> None:
    start = time.perf_counter()
    line_diff([str(i % 200) for i in range(20_000)], [str(i * 7 % 200) for i in range(20_000)])
    assert time.perf_counter() - start < 5  # 0.1 s on two cores; 32 s with difflib's own shortcut
