"""Two versions of a model side by side, and what breaks where the one replaces the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import mlflow
import mlflow.sklearn
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.models import fetch
from mlflow_aml_magics.errors import ModelNotFound, UsageError
from mlflow_aml_magics.frames.signature import parse_signature
from mlflow_aml_magics.frames.version_diff import environment_lines, signature_lines
from mlflow_aml_magics.services.compare_versions import SECTIONS, compare_versions
from mlflow_aml_magics.services.register import register

LogRun = Callable[..., str]


def signed(inputs: list[dict[str, object]], outputs: list[dict[str, object]] | None = None) -> object:
    found = parse_signature({"inputs": json.dumps(inputs), "outputs": json.dumps(outputs or [])})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after", "breaks"),
    [
        ({"type": "long"}, {"type": "double"}, False),  # every whole number is a double as well
        ({"type": "double"}, {"type": "long"}, True),
        ({"type": "string"}, {"type": "double"}, True),
        ({"type": "double", "required": False}, {"type": "double", "required": True}, True),
        ({"type": "double", "required": True}, {"type": "double", "required": False}, False),
        (None, {"type": "double", "required": True}, True),
        (None, {"type": "double", "required": False}, False),
        ({"type": "double"}, None, True),
    ],
)
def test_what_a_change_of_an_input_breaks(
    before: dict[str, object] | None, after: dict[str, object] | None, breaks: bool
) -> None:
    sides = [[{"name": "kept", "type": "string"}] + ([{"name": "x", **s}] if s else []) for s in (before, after)]
    (line,) = signature_lines(signed(sides[0]), signed(sides[1]))  # type: ignore[arg-type]
    assert line.name == "input x"
    assert bool(line.risk) is breaks


def test_what_a_change_of_a_package_breaks() -> None:
    before = {"python": "3.10.4", "mlflow": "2.22.5", "scikit-learn": "1.5.0", "numpy": "1.26.4", "rich": "1.0"}
    after = {"python": "3.11.7", "mlflow": "3.15.0", "scikit-learn": "1.9.1", "numpy": "1.26.4", "rich": "2.0"}
    lines = {line.name: line for line in environment_lines(before, after)}
    assert lines.keys() == {"python", "mlflow", "scikit-learn", "rich"}
    assert [name for name, line in lines.items() if line.risk] == ["mlflow", "python"]
    assert environment_lines({"torch": "1.13.1"}, {"torch": "2.4.0"})[0].risk
    assert environment_lines({"a": "1"}, {"b": ""})[1].b == "any"


def test_two_versions(conn: Connection, log_run: LogRun, rows: pd.DataFrame) -> None:
    register(conn, log_run(), "wine", tags={"team": "red"})
    fewer = rows.drop(columns=["s6"])
    other = ElasticNet(alpha=0.7).fit(fewer, load_diabetes().target)
    with conn.as_current(), mlflow.start_run() as run:
        mlflow.log_metric("rmse", 50)
        mlflow.log_param("alpha", 0.7)
        mlflow.sklearn.log_model(other, name="model", input_example=fewer[:2], pip_requirements=["scikit-learn==0.1"])
    register(conn, run.info.run_id, "wine", alias="champion")
    found = compare_versions(conn, "wine:1", "wine@champion")
    assert [line.name for line in found.sections["signature"]] == ["input s6"]
    assert "requests still send s6" in found.hints[0]
    data = found.data()
    assert data == json.loads(json.dumps(data))
    assert tuple(data["sections"]) == SECTIONS
    assert data["sections"]["metrics"][0] | {"risk": ""} == {
        "name": "rmse", "a": "54.25", "b": "50", "change": "changed", "risk": "", "delta": "−4.25 (−7.8 %)",
    }  # fmt: skip
    assert [line["name"] for line in data["sections"]["params"]] == ["alpha"]
    assert [line["name"] for line in data["sections"]["tags"]] == ["team"]
    assert "scikit-learn" in [line["name"] for line in data["sections"]["environment"]]
    assert "MLmodel" in [line["name"] for line in data["sections"]["files"]]
    assert data["same"]["signature"] >= 9
    text = repr(found)
    assert "wine:1 and wine:2" in text
    assert "likely to break" in text
    with pytest.raises(UsageError, match="are one version"):
        compare_versions(conn, "wine:2", "wine@champion")
    with pytest.raises(ModelNotFound):
        compare_versions(conn, "wine:2", "wine:9")


def test_a_version_whose_run_and_files_are_gone_is_compared_by_what_is_left(
    conn: Connection, log_run: LogRun, rows: pd.DataFrame
) -> None:
    register(conn, log_run(), "wine")
    second = register(conn, log_run(ElasticNet(alpha=2).fit(rows, load_diabetes().target)), "wine")
    shutil.rmtree(fetch(conn, second.uri))
    found = compare_versions(conn, "wine:1", "wine:2")
    assert found.notes == ("the files of wine:2 are gone: they are not compared",)
    assert not found.hints
    assert found.same["metrics"] == 1
    assert "are gone" in repr(found)
