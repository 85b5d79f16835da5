"""Runs side by side, read from a real store: numbers, files, model, environment, and what cannot be read."""

from __future__ import annotations

import json
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pytest

from mlflow_aml_magics.contract import ComparedRow, ComparisonInfo
from mlflow_aml_magics.errors import RunNotFound, UsageError
from mlflow_aml_magics.services.run_facts import facts_of_files, model_folders, requirement
from mlflow_aml_magics.services.run_files import all_at_once
from mlflow_aml_magics.workspace import Workspace

if TYPE_CHECKING:
    from mlflow_aml_magics.client.connection import Connection
    from mlflow_aml_magics.sandbox import Sandbox

Made = tuple[Workspace, list[str]]


def png(shade: int) -> bytes:
    """A grey picture of 2 x 2."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(bytes([0, shade, shade] * 2))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def logged(client: mlflow.MlflowClient, experiment: str, tmp_path: Path, i: int) -> str:
    """A run with a bit of everything, and what differs by ``i``."""
    run = str(client.create_run(experiment, run_name=f"run-{i}").info.run_id)
    client.log_param(run, "alpha", str(i))
    client.log_param(run, "same", "x")
    for step, rmse in enumerate((5.0 - i, 3.0 - i, 4.0 - i)):
        client.log_metric(run, "rmse", rmse, step=step)
    client.set_tag(run, "mlflow.source.git.commit", "abc")
    client.log_text(run, f"alpha = {i}\nfit(alpha)\n", "notebook/cells.py")
    client.log_text(run, json.dumps({"b": i, "a": 1} if i else {"a": 1, "b": i}), "report.json")
    client.log_text(run, f"id,score\n1,0.{i}\n2,0.9\n", "tables/scores.csv")
    client.log_text(run, "the same\n", "same.txt")
    client.log_text(run, "x" * 199_999 + "\n" + f"{i}" * 300_000, "long.log")
    picture = tmp_path / f"roc_step_{i}.png"
    for step in (0, i + 1):
        picture = tmp_path / f"roc_step_{step}.png"
        picture.write_bytes(png(40 * i + step))
        client.log_artifact(run, str(picture), "plots")
    if i == 1:
        client.log_text(run, "<img src=x>", "<img src=x onerror=alert(1)>.txt")
    client.set_terminated(run)
    return run


@pytest.fixture
def made(store_uri: str, tmp_path: Path) -> Made:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.create_experiment("wine", artifact_location=(tmp_path / "files").as_uri())
    runs = [logged(client, experiment, tmp_path, i) for i in range(3)]
    return Workspace.connect(store_uri, experiment="wine"), runs


def line(info: ComparisonInfo, title: str, key: str) -> ComparedRow:
    section = next(section for section in info["sections"] if section["title"] == title)
    return next(row for row in section["rows"] if row["key"] == key)


def test_numbers_files_and_source_of_three_runs(made: Made) -> None:
    workspace, _ = made
    said: list[str] = []
    info = workspace.side_by_side("run-0", "run-1", "run-2", baseline="run-1", progress=said.append)
    assert [run["name"] for run in info["runs"]] == ["run-0", "run-1", "run-2"]
    assert info["notes"] == []
    assert line(info, "Metrics", "rmse")["tones"] == ["worse", "none", "better"]
    assert not line(info, "Parameters", "same")["differs"]
    assert line(info, "Source", "git commit")["values"] == ["abc"] * 3
    cells = line(info, "Source", "executed cells")
    assert (cells["differs"], cells["path"]) == (True, "notebook/cells.py")
    files = {row["key"]: row for row in next(s for s in info["sections"] if s["title"] == "Artifacts")["rows"]}
    assert files["same.txt"]["values"] == ["9 B"] * 3
    assert (files["same.txt"]["differs"], files["same.txt"]["note"]) == (False, "")
    assert (files["report.json"]["differs"], files["report.json"]["note"]) == (True, "same size, other content")
    assert files["long.log"]["note"] == "same size, content not compared"
    assert files["plots/roc"]["steps"] == [0, 1, 2, 3]
    assert "reading runs: 3 of 3" in said


@pytest.mark.parametrize(
    ("at", "values"), [("min", ["3", "2"]), ("max", ["5", "4"]), ("step:1", ["3", "2"]), ("step:9", None)]
)
def test_metrics_at_other_places_of_their_history(made: Made, at: str, values: list[str] | None) -> None:
    info = made[0].side_by_side("run-0", "run-1", metrics_at=at)
    assert info["metrics_at"] == at
    if values is None:
        assert "Metrics" not in [section["title"] for section in info["sections"]]
    else:
        assert line(info, "Metrics", "rmse")["values"] == values


def test_what_cannot_be_compared_is_refused_with_the_reason(made: Made) -> None:
    workspace, runs = made
    for wrong in (["run-0"], [], ["run-0", runs[0]], ["run-0"] * 21):
        with pytest.raises(UsageError) as refused:
            workspace.side_by_side(*wrong)
        assert refused.value.hint
    with pytest.raises(UsageError, match="20 at most"):
        workspace.compare(*[f"run-{i}" for i in range(21)])
    with pytest.raises(UsageError, match="not compared at 'sometimes'"):
        workspace.side_by_side("run-0", "run-1", metrics_at="sometimes")
    with pytest.raises(UsageError, match="baseline"):
        workspace.side_by_side("run-0", "run-1", baseline="run-2")


def test_deleted_runs_are_said_to_be(made: Made) -> None:
    from mlflow_aml_magics.services import compare

    workspace, runs = made
    workspace.connection.mlflow.delete_run(runs[1])
    info = compare.compare_runs(workspace.run_files, workspace.connection, runs)
    assert [run["deleted"] for run in info["runs"]] == [False, True, False]
    gone = compare.compare_runs(workspace.run_files, workspace.connection, [*runs, "f" * 32], baseline="f" * 32)
    assert gone["notes"] == [f"not there any more: {'f' * 32}"]
    assert gone["baseline"] == runs[0]
    with pytest.raises(RunNotFound):
        compare.compare_runs(workspace.run_files, workspace.connection, [runs[0], "f" * 32])
    with pytest.raises(RunNotFound, match="f" * 32):
        workspace.side_by_side(*runs, "f" * 32)


def test_artifacts_that_cannot_be_read_are_a_note(made: Made, tmp_path: Path, store_uri: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store_uri)
    away = client.create_experiment("away", artifact_location="s3://no-such-bucket-anywhere/x")
    run = client.create_run(away, run_name="lost").info.run_id
    client.log_param(run, "alpha", "9")
    info = made[0].side_by_side("run-0", str(run))
    assert line(info, "Parameters", "alpha")["values"] == ["0", "9"]
    assert info["notes"][0].startswith("the artifacts of lost cannot be read: ")


def test_a_text_a_json_and_a_table_are_compared(made: Made) -> None:
    workspace, runs = made

    def changed(path: str) -> Any:
        found, buffers = workspace.artifact_side_by_side(*runs[:2], path=path)
        assert buffers == []
        return found

    cells = changed("notebook/cells.py")
    assert [(row["state"], row["left"], row["right"]) for row in cells["rows"]] == [
        ("changed", ["alpha = 0"], ["alpha = 1"]),
        ("same", ["fit(alpha)"], []),
    ]
    report = changed("report.json")
    assert [row["state"] for row in report["rows"]] == ["same", "same", "changed", "same"]
    scores = changed("tables/scores.csv")
    assert scores["columns"] == ["id", "score"]
    assert [row["state"] for row in scores["rows"]] == ["changed", "same"]
    only = changed("<img src=x onerror=alert(1)>.txt")
    assert [file["kind"] for file in only["files"]] == ["missing", "text"]
    assert only["rows"] == [{"state": "added", "left": [], "right": ["<img src=x>"]}]
    assert changed("../../mlflow.db")["files"][0]["kind"] == "missing"


def test_no_more_than_the_beginning_of_a_long_file_is_read(made: Made) -> None:
    workspace, runs = made
    found, _ = workspace.artifact_side_by_side(*runs, path="long.log")
    assert {(file["size"], file["read"], file["equal"], file["note"]) for file in found["files"][1:]} == {
        (500_000, 200_000, None, "the first 200.0 kB of 500.0 kB")
    }
    assert len(found["rows"]) == 1


def test_images_travel_as_bytes_of_a_checked_type(made: Made) -> None:
    workspace, runs = made
    found, buffers = workspace.artifact_side_by_side(*runs, path="plots/roc", step=0)
    assert buffers == [png(0), png(40), png(80)]
    assert [(file["type"], file["buffer"], file["equal"]) for file in found["files"]] == [
        ("image/png", 0, True),
        ("image/png", 1, False),
        ("image/png", 2, False),
    ]
    found, buffers = workspace.artifact_side_by_side(*runs, path="plots/roc", step=2)
    assert [file["note"] for file in found["files"]] == ["no step 2", "", "no step 2"]
    assert len(buffers) == 1


def test_waiting_ends_at_once_when_the_user_gives_up() -> None:
    go_on, begun = threading.Event(), []

    def slow() -> None:
        begun.append(1)
        go_on.wait(30)

    def give_up(_said: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        all_at_once([lambda: None, *[slow] * 50], give_up, "reading")
    go_on.set()
    assert len(begun) <= 8


def test_a_second_look_reads_no_file_again(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, runs = made
    first = workspace.side_by_side(*runs)
    monkeypatch.setattr("mlflow_aml_magics.client.remote.LocalFiles.head", lambda *_: pytest.fail("read again"))
    monkeypatch.setattr("mlflow_aml_magics.client.remote.LocalFiles.files", lambda *_: pytest.fail("listed again"))
    assert workspace.side_by_side(*runs) == first


def test_signature_and_environment_of_models(conn: Connection, log_run: Callable[..., str]) -> None:
    workspace = Workspace(conn)
    with_model, bare = log_run(), log_run(names=())
    info = workspace.side_by_side(with_model, bare)
    assert info["notes"] == []
    assert line(info, "Model", "flavors")["values"] == ["python_function, sklearn", None]
    assert line(info, "Signature", "input age")["values"] == ["double", None]
    assert line(info, "Environment", "scikit-learn")["values"] == ["any", None]
    assert str(line(info, "Environment", "conda pip")["values"][0]).startswith("<=")
    assert line(info, "Environment", "python")["values"][0].startswith("3.")  # type: ignore[union-attr]
    sizes = line(info, "Artifacts", "model/MLmodel")["values"]
    assert str(sizes[0]).endswith(("B", "kB"))


def test_a_model_inside_a_model_is_part_of_it() -> None:
    paths = ["a/MLmodel", "a/artifacts/inner/MLmodel", "b/MLmodel", "notes/MLmodel.txt"]
    assert model_folders(paths) == ["a", "b"]
    assert model_folders(["MLmodel", "x/MLmodel"]) == [""]
    assert requirement("Scikit_Learn == 1.7.2") == ("scikit-learn", "1.7.2")
    assert requirement("torch>=2,<3") == ("torch", ">=2,<3")
    assert requirement("--index-url https://user:secret@host/simple") is None
    assert "secret" not in str(requirement("pkg @ https://user:secret@host/pkg.whl"))


def test_a_hostile_mlmodel_is_no_more_than_not_readable() -> None:
    bomb = b"a: &a [x, x]\n" + b"".join(
        b"b%d: &b%d [*%s, *%s]\n" % (i, i, p, p) for i, p in enumerate([b"a", *(b"b%d" % k for k in range(29))])
    )
    texts = [
        bomb + b"flavors: {sklearn: {}}\nmlflow_version: *b29\nsignature: {inputs: *b29}\n",
        b"flavors: {sklearn: {}}\nsignature: {inputs: 'not json'}\n",
        b"[1, 2",
        b"\xff\xfe\x00",
    ]
    found = [facts_of_files(["model/MLmodel"], lambda _path, text=text: text) for text in texts]  # type: ignore[misc]
    assert [facts["Model"].get("flavors") for facts in found] == ["sklearn", "sklearn", None, None]
    assert [facts["Signature"] for facts in found] == [{}, {"signature": "not readable"}, {}, {}]


def test_the_same_on_azure_ml(in_sandbox: Sandbox, connected: Connection) -> None:
    workspace = Workspace(connected, experiments=["side-by-side"])
    runs = []
    with connected.as_current():
        mlflow.set_experiment("side-by-side")
        for i in range(2):
            with mlflow.start_run(run_name=f"sbs-{i}") as run:
                mlflow.log_metric("rmse", 3.0 - i)
                mlflow.log_text("the same", "same.txt")
                mlflow.log_text("", "empty.txt")
                mlflow.log_text("x" * 300_000 + str(i), "long.txt")
            runs.append(run.info.run_id)
    info = workspace.side_by_side(*runs)
    assert line(info, "Metrics", "rmse")["tones"] == ["none", "better"]
    assert line(info, "Artifacts", "same.txt")["values"] == ["8 B", "8 B"]
    assert line(info, "Artifacts", "empty.txt")["values"] == ["0 B", "0 B"]
    assert line(info, "Artifacts", "long.txt")["values"] == ["300.0 kB", "300.0 kB"]
    found, _ = workspace.artifact_side_by_side(*runs, path="long.txt")
    assert [(file["size"], file["read"]) for file in found["files"]] == [(300_001, 200_000)] * 2
