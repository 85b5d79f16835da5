"""A request for every kind of signature, accepted by the model as MLflow serves it and as Azure ML's script does."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_aml_magics.errors import InvokeError, UsageError
from mlflow_aml_magics.services.deploy import records
from mlflow_aml_magics.services.invoke import as_code, compare, invoke, sample_of, the_two
from mlflow_aml_magics.services.invoke.chunks import CHUNK_BYTES

KEY = "the key of many models"


@dataclass
class Many:
    """The models that one process serves, entered as local deployments: their books and Azure's ports."""

    state: Path
    azure: dict[str, int]

    def ask_azure(self, name: str, body: object) -> Any:
        """What Azure ML's script answers; raises what it says else."""
        connection = http.client.HTTPConnection("127.0.0.1", self.azure[name], timeout=30)
        connection.request("POST", "/score", json.dumps(body))
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        assert answer.status == 200, said
        return json.loads(said)


@pytest.fixture(scope="module")
def _many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    home = tmp_path_factory.mktemp("many")
    program = Path(__file__).with_name("many_models.py")
    with open(home / "log.txt", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, str(program), str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=program.parents[2],
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (home / "log.txt").read_text(encoding="utf-8")
    ports = json.loads(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AML_MAGICS_STATE_DIR", str(home / "state"))
        for name, (port, _) in ports.items():
            folder = records.new_folder(name)
            (folder / "key").write_text(KEY, encoding="utf-8")
            (folder / "about").symlink_to(home / name)
            told = {"ref": name, "model": f"{name} version 1", "uri": "", "run_id": None, "store": ""}
            started = datetime.now(timezone.utc).isoformat(timespec="seconds")
            who = records.Process.of(process.pid, str(home))
            records.write(
                records.Record(name=name, process=who, port=port, folder=str(folder), started=started, **told)
            )
    yield Many(home / "state", {name: port for name, (_, port) in ports.items()})
    process.communicate(timeout=20)


@pytest.fixture(autouse=True)
def many(_many: Many, importable: None, monkeypatch: pytest.MonkeyPatch) -> Many:
    """The served models, as this user's local deployments."""
    monkeypatch.setenv("AML_MAGICS_STATE_DIR", str(_many.state))
    return _many


# --- a sample for each kind


TYPES = {
    "boolean": "bool",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "string": "str",
    "binary": "bytes",
    "datetime": "Timestamp",
    "maybe": "float",
}
SAMPLES: dict[str, tuple[str, Any]] = {
    "types": ("signature", [TYPES]),
    "nested": ("signature", [{"words": "list", "thing": "dict", "weights": "dict", "any": "str"}]),
    "unnamed": ("signature", [0.0]),
    "tensor": ("signature", [0.0]),
    "tensors": ("signature", [0.0]),
    "array-example": ("input example", [3.0, 3.0]),
    "example": ("input example", [{"x": "float", "color": "str"}] * 3),
    "params": ("input example", [7.0]),
    "params-without-example": ("signature", [1.0]),
    "hint": ("signature", ["text"]),
    "hint-with-example": ("input example", ["one"]),
    "dict": ("input example", "Ada is 36"),
    "dict-without-signature": ("input example", "Ada is 36"),
}
# mlflow_score_script.py makes numpy arrays of what is no table, which neither hints nor dicts survive.
NOT_ON_AZURE = {"hint", "hint-with-example", "dict-without-signature"}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_accepted_by_the_served_model(many: Many, name: str) -> None:
    source, expected = SAMPLES[name]
    sample = sample_of(None, name)
    assert sample.source == source
    answer = invoke(None, name, sample=True)
    assert dict(answer.body) == dict(sample.body)
    got = answer.predictions.to_dict("records") if isinstance(answer.predictions, pd.DataFrame) else answer.predictions
    if name == "nested":  # MLflow's server makes arrays of lists
        got = [{key: "list" if value == "ndarray" else value for key, value in row.items()} for row in got]
    assert got == expected
    # either form may be pasted, and the form's rows make the same request
    for form in (sample.body, sample.azure, json.dumps(sample.azure)):
        assert invoke(None, name, data=form).body == answer.body
    if sample.rows:
        names = [field["name"] for field in sample.fields]
        filled = {"dataframe_split": {"columns": names, "data": [list(row) for row in sample.rows]}}
        assert invoke(None, name, data={**filled, "params": sample.body.get("params", {})}).body == answer.body


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - NOT_ON_AZURE))
def test_the_sample_is_accepted_by_azure_s_script(many: Many, name: str) -> None:
    expected = SAMPLES[name][1]
    if name == "types":  # the script hands base64 on as it comes
        expected = [{**TYPES, "binary": "str"}]
    assert many.ask_azure(name, sample_of(None, name).azure) == expected


def test_a_model_of_chat_is_sent_messages() -> None:
    sample = sample_of(None, "chat")
    assert sample.fields == ()
    assert sample.body["messages"][0]["content"] == "hello"
    assert invoke(None, "chat", sample=True).predictions["choices"][0]["message"]["content"] == "hello at 0.5"
    own = {"messages": [{"role": "user", "content": "hi"}]}
    assert invoke(None, "chat", data=own).predictions["choices"][0]["message"]["content"] == "hi at 1.0"
    hot = invoke(None, "chat", data=own, params={"temperature": 2}).predictions
    assert hot["choices"][0]["message"]["content"] == "hi at 2.0"


def test_a_model_with_neither_says_what_to_do() -> None:
    with pytest.raises(InvokeError, match="'neither' has neither an input example nor a signature") as caught:
        sample_of(None, "neither")
    assert "--data" in (caught.value.hint or "")
    assert invoke(None, "neither", data=[{"a": 1}]).predictions.to_dict("records") == [{"a": "int"}]


def test_of_a_sample_only_the_rows_that_are_asked_for() -> None:
    assert len(invoke(None, "example", sample=True, rows=slice(1, 3)).predictions) == 2
    made_up = invoke(None, "params-without-example", sample=True, rows=slice(0, 1))
    assert made_up.body["dataframe_split"]["data"] == [[0.0]]
    with pytest.raises(UsageError, match="no rows from 3"):
        invoke(None, "example", sample=True, rows=slice(3, 5))


def test_the_fields_of_a_form_are_those_of_the_signature() -> None:
    fields = {field["name"]: field for field in sample_of(None, "types").fields}
    assert {name: field["kind"] for name, field in fields.items()} == {
        "boolean": "boolean",
        "integer": "integer",
        "long": "integer",
        "float": "number",
        "double": "number",
        "string": "text",
        "binary": "text",
        "datetime": "datetime",
        "maybe": "number",
    }
    assert not fields["maybe"]["required"]
    assert fields["double"]["required"]
    (tensor,) = sample_of(None, "tensor").fields
    assert (tensor["name"], tensor["kind"], tensor["type"]) == ("0", "json", "float32 (-1, 2, 3)")
    x, color = sample_of(None, "example").fields
    assert (x["minimum"], x["maximum"], color["choices"]) == (1.0, 2.0, ["red", "white"])
    blank = sample_of(None, "infinite")
    assert (blank.rows, blank.fields[0]["maximum"]) == (((None,), (2.0,)), None)
    assert "infinite values of the input example are left blank" in blank.notes[0]
    k, words = sample_of(None, "params").params
    assert (k["name"], k["kind"], k["value"]) == ("k", "number", 3.0)
    assert (words["kind"], words["type"], words["value"]) == ("json", "array(string)", ["a"])


def test_parameters_are_checked_by_the_signature() -> None:
    rows = pd.DataFrame({"x": [2.0, 3.0]})
    assert invoke(None, "params", data=rows, params={"k": "10", "words": []}).predictions == [20.0, 30.0]
    assert invoke(None, "params", data={"inputs": {"x": [2.0]}, "params": {"k": 5}}).predictions == [11.0]
    with pytest.raises(InvokeError, match="the model has no parameter 'kk'") as caught:
        invoke(None, "params", data=rows, params={"kk": 1})
    assert caught.value.hint == "is 'k' meant?"
    with pytest.raises(InvokeError, match="parameter 'k' is 'much', and the model takes double"):
        invoke(None, "params", data=rows, params={"k": "much"})
    with pytest.raises(InvokeError, match="parameter 'words', item 1 is 2, and the model takes string"):
        invoke(None, "params", data=rows, params={"words": ["a", 2]})


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("types", [{"boolean": True}], "column 'integer' is missing"),
        ("tensor", [[[1, 2, 3]]], r"the input has the shape \(1, 1, 3\), and the model takes float32 \(-1, 2, 3\)"),
        ("tensor", [[[1, 2, 3], [4, 5, "six"]]], r"the input at \[0, 1, 2\] is 'six', and the model takes float32"),
        ("tensors", {"image": [[1, 2]], "n": [1.5]}, r"input 'n' at \[0\] is 1.5, and the model takes int64"),
        ("tensors", {"image": [[1, 2]]}, "input 'n' is missing"),
        ("hint-with-example", [{"a": "one"}], "item 0, 'a' is 'one', and the model takes long"),
        ("hint-with-example", [{"b": "one"}], "item 0 has no 'a'"),
        ("dict", {"who": "Ada"}, "column 'age' is missing"),
        ("blue", [{"x": 10**400}], "column 'x', row 0 is 1000"),
        ("blue", {"x": [1, 2], "y": [1]}, "have different lengths: 'x' has 2, 'y' has 1"),
    ],
)
def test_what_does_not_fit_says_where(name: str, data: Any, says: str) -> None:
    with pytest.raises(InvokeError, match=says):
        invoke(None, name, data=data)


def test_what_is_left_out_and_what_was_never_seen_is_told() -> None:
    answer = invoke(None, "types", data=[{**dict.fromkeys(TYPES, 1), **_fitting(), "id": 7, "more": 8}])
    assert answer.notes == ("the model takes no id, more: left out",)
    (note,) = invoke(None, "example", data=[{"x": 1, "color": "<b>blue</b>"}]).notes
    assert note == "column 'color' has '<b>blue</b>', which the input example has not: red, white"


def _fitting() -> dict[str, Any]:
    return {
        "boolean": True,
        "string": "s",
        "binary": b"\x00\xff",
        "datetime": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }


def test_a_frame_of_all_types_arrives_as_it_is() -> None:
    frame = pd.DataFrame(
        {
            "boolean": [True],
            "integer": np.array([1], dtype="int32"),
            "long": pd.array([2], dtype="Int64"),
            "float": np.array([1.5], dtype="float32"),
            "double": [2.5],
            "string": pd.Categorical(["a"]),
            "binary": [b"\x00\xff"],
            "datetime": pd.to_datetime(["2026-01-01"]),
            "maybe": [np.nan],
        }
    )
    assert invoke(None, "types", data=frame).predictions.to_dict("records") == [TYPES]


def test_a_model_that_fails_says_why() -> None:
    with pytest.raises(InvokeError, match=r"^the model of 'blue' failed: ArithmeticError: x is beyond") as caught:
        invoke(None, "blue", data=[{"x": 9000}])
    assert caught.value.hint == "%aml_deploy --logs blue"
    assert caught.value.done is None


# --- many rows


def test_many_rows_go_in_parts_and_come_back_in_order() -> None:
    said: list[str] = []
    x = np.arange(2500.0)
    answer = invoke(None, "green", data=pd.DataFrame({"x": x}), progress=said.append)
    np.testing.assert_allclose(answer.predictions, x + (x > 2) * 0.5)
    assert (answer.parts, len(answer.latencies_ms)) == (3, 3)
    assert said == [f"'green' has scored {n} of 2,500 rows" for n in ("1,000", "2,000", "2,500")]
    assert "2,500 in 3 requests" in repr(answer)
    assert list(answer.frame().columns) == ["x", "prediction"]
    assert len(answer.frame()) == 2500
    tensor = np.ones((5, 2, 3))
    assert invoke(None, "tensor", data=tensor, chunk=2).predictions == [6.0] * 5
    named = {"image": np.ones((3, 2)), "n": np.arange(3)}
    assert invoke(None, "tensors", data=named, chunk=2).predictions == [2.0, 3.0, 4.0]
    table = invoke(None, "kinds", data=[{"x": 1}, {"x": 3}], chunk=1).predictions
    assert list(table["kind"]) == ["white", "red"]


def test_a_part_has_at_most_a_megabyte() -> None:
    rows = pd.DataFrame({"x": np.arange(900.0), "color": ["x" * 3000] * 900})
    answer = invoke(None, "example", data=rows)
    assert answer.parts == -(-(900 * 3012) // CHUNK_BYTES)
    assert len(answer.predictions) == 900


def test_a_part_that_fails_says_which_rows_and_loses_nothing() -> None:
    rows = pd.DataFrame({"x": np.arange(2600.0)})
    with pytest.raises(InvokeError, match=r"rows 2,000 to 2,599 of 2,600: .*ArithmeticError: x is beyond") as caught:
        invoke(None, "blue", data=rows)
    done: Any = caught.value.done
    assert done.predictions == [float(x) for x in range(2000)]
    assert len(done.frame()) == 2000
    assert (caught.value.hint or "").startswith("--rows 2000:2600 goes on; the rows before are in sys.last_value.done")
    with pytest.raises(InvokeError, match=r"rows 2,450 to 2,549 of 2,600: ") as caught:
        invoke(None, "blue", data=rows, rows=slice(2350, None), chunk=100)
    assert getattr(caught.value.done, "predictions", None) == [float(x) for x in range(2350, 2450)]
    with pytest.raises(InvokeError, match=r"rows 2,590 to 2,594 of 2,600: ") as caught:
        invoke(None, "blue", data=rows, rows=slice(2590, 2600), chunk=5)
    assert caught.value.done is None


def test_an_interruption_loses_nothing() -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(InvokeError, match="after row 1,000 of 2,000: interrupted") as caught:
        invoke(None, "blue", data=pd.DataFrame({"x": np.arange(2000.0)}), progress=interrupt)
    assert len(getattr(caught.value.done, "predictions", ())) == 1000


def test_rows_of_files(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(10.0)})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    frame.to_json(tmp_path / "rows.json", orient="split")
    for kind in ("csv", "parquet", "jsonl", "json"):
        path = tmp_path / f"rows.{kind}"
        assert invoke(None, "blue", data=path, rows=slice(3, 6)).predictions == [3.0, 4.0, 5.0], kind
        assert invoke(None, "blue", data=path, rows=slice(-2, None)).predictions == [8.0, 9.0], kind
    with pytest.raises(UsageError, match="there are no rows from 10 to 20: the data has 10"):
        invoke(None, "blue", data=tmp_path / "rows.parquet", rows=slice(12, 20))
    (tmp_path / "bad.jsonl").write_text('{"x": 1}\n{"x": }\n')
    with pytest.raises(InvokeError, match=r"bad.jsonl, line 2, cannot be read: Expecting value, at .*column 7: }$"):
        invoke(None, "blue", data=tmp_path / "bad.jsonl")
    with pytest.raises(InvokeError, match="two columns 'x'"):
        invoke(None, "blue", data=pd.concat([frame, frame], axis=1))


# --- two deployments


def test_two_deployments_are_compared_row_by_row() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    found = compare(None, "blue", "green", data=rows, repeat=3)
    (one,) = found.differences
    assert one.each == (0.0, 0.0, 0.5, 0.5)
    assert (one.share_equal, one.max_abs, one.mean_abs) == (0.5, 0.5, 0.25)
    assert not found.same
    assert found.table() == (
        ("row", "x", "blue", "green", "difference"),
        (("2", "3", "3", "3.5", "0.5"), ("3", "4", "4", "4.5", "0.5")),
    )
    assert list(found.frame()["prediction (difference)"]) == [0.0, 0.0, 0.5, 0.5]
    assert "50 % equal (2 of 4), |difference| at most 0.5, 0.25 on average" in repr(found)
    assert "p95" in repr(found)
    assert compare(None, "blue", "blue", sample=True).same
    assert compare(None, "blue", "green", data=rows, tolerance=0.3).same
    assert compare(None, "blue", "green", data=rows, rows=slice(3, None)).table()[1][0][0] == "3"


def test_classes_are_counted() -> None:
    found = compare(None, "kinds", "kinds2", data=pd.DataFrame({"x": [1.0, 1.8, 1.9, 3.0, 4.0]}))
    kind, p = found.differences
    assert kind.confusion == {("white", "white"): 1, ("white", "red"): 2, ("red", "red"): 2}
    assert (kind.share_equal, kind.max_abs, p.kind) == (0.6, None, "numbers")
    text = repr(found)
    assert "kinds ↓ kinds2 →" in text
    with pytest.raises(InvokeError, match="have no column of predictions in common"):
        compare(None, "kinds", "blue", data=pd.DataFrame({"x": [1.0]}))
    with pytest.raises(UsageError, match="two deployments"):
        the_two(None, "blue", ["blue"])
    assert the_two(None, "blue", ["green"]) == ("blue", "green")


# --- code


def test_python_code_is_the_same_request_and_has_not_the_key(many: Many) -> None:
    code = as_code(None, "params", "python", data={"x": [2.0, None]}, params={"k": 4.0})
    assert KEY not in code
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'predictions': [9.0, nan]}\n"
    long = as_code(None, "blue", "python", data=pd.DataFrame({"x": np.arange(2400.0)}))
    assert long.startswith("# the first 1,000 of 2,400 rows\n")
    with pytest.raises(UsageError, match="no code in 'pyton'") as caught:
        as_code(None, "blue", "pyton", sample=True)  # type: ignore[arg-type]
    assert caught.value.hint == "python"
