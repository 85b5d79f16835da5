"""%aml_invoke: what is sent, what comes back, what is said when it does not work."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.errors import DeploymentNotFound, InvokeError, UsageError
from mlflow_aml_magics.services.deploy import logs
from mlflow_aml_magics.services.invoke import as_code, invoke

pytestmark = pytest.mark.usefixtures("served")


def test_predictions_equal_the_models_own(fitted: ElasticNet, rows: pd.DataFrame) -> None:
    assert invoke(None, "wine", data=rows).predictions == fitted.predict(rows).tolist()


def test_a_sample_is_the_models_input_example(fitted: ElasticNet, rows: pd.DataFrame) -> None:
    answer = invoke(None, "wine", sample=True)
    assert answer.predictions == fitted.predict(rows[:3]).tolist()
    assert answer.model == "wine version 1"
    assert answer.body["dataframe_split"]["columns"] == list(rows.columns)


def forms(rows: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """The same two rows in each form that people have them in."""
    two = rows[:2]
    split = {"columns": list(two.columns), "data": two.to_numpy().tolist()}
    (folder / "rows.json").write_text(json.dumps({"dataframe_split": split}))
    two.to_csv(folder / "rows.csv", index=False)
    return {
        "frame": two,
        "other order": two[list(reversed(two.columns))],
        "more columns": two.assign(id=["a", "b"]),
        "records": two.to_dict("records"),
        "columns": two.to_dict("list"),
        "lists": two.to_numpy().tolist(),
        "array": two.to_numpy(),
        "wire": {"dataframe_split": split},
        "azure": {"input_data": {**split, "index": [0, 1]}},
        "text": json.dumps({"dataframe_split": split}),
        "records as text": json.dumps(two.to_dict("records")),
        "json path": folder / "rows.json",
        "csv path": str(folder / "rows.csv"),
    }


@pytest.mark.parametrize(
    "form",
    [
        "frame",
        "other order",
        "more columns",
        "records",
        "columns",
        "lists",
        "array",
        "wire",
        "azure",
        "text",
        "records as text",
        "json path",
        "csv path",
    ],
)
def test_data_in_many_forms(fitted: ElasticNet, rows: pd.DataFrame, tmp_path: Path, form: str) -> None:
    answer = invoke(None, "wine", data=forms(rows, tmp_path)[form])
    np.testing.assert_allclose(answer.predictions, fitted.predict(rows[:2]), rtol=1e-12)


def test_one_row_as_a_series_or_a_record(fitted: ElasticNet, rows: pd.DataFrame) -> None:
    expected = fitted.predict(rows[:1]).tolist()
    assert invoke(None, "wine", data=rows.iloc[0]).predictions == expected
    assert invoke(None, "wine", data=rows.iloc[0].to_dict()).predictions == expected


def test_it_shows_request_answer_and_latency(rows: pd.DataFrame) -> None:
    answer = invoke(None, "wine", data=rows, repeat=3)
    assert len(answer.latencies_ms) == 3
    assert all(ms > 0 for ms in answer.latencies_ms)
    text = repr(answer)
    assert "wine version 1" in text
    assert "p95" in text
    assert "of 2 requests" in text
    assert answer.latency.p50 <= answer.latency.p95 <= max(answer.latencies_ms)
    assert "3 of 442 rows" in text
    assert "showing 20 of 442" in text
    columns, cells = answer.table()
    assert columns == ("age", "sex", "bmi", "bp", "prediction")
    assert len(cells) == 20
    assert len(answer.request) < 2000
    assert "…" in answer.request
    assert json.loads(invoke(None, "wine", sample=True).request) == invoke(None, "wine", sample=True).body


def test_code_is_the_same_request_and_has_not_the_key(key: str, fitted: ElasticNet, rows: pd.DataFrame) -> None:
    before = logs(None, "wine", 1000).count("POST /invocations")
    command, code = (as_code(None, "wine", language, data=rows[:2]) for language in ("curl", "python"))
    assert logs(None, "wine", 1000).count("POST /invocations") == before
    assert key not in command + code
    assert command.startswith("curl ")
    assert "-H @" in command
    programs = [[sys.executable, "-I", "-c", code]]
    if shutil.which("curl") is not None:
        programs.append(["sh", "-c", command])
    for program in programs:
        done = subprocess.run(program, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout.replace("'", '"'))["predictions"] == fitted.predict(rows[:2]).tolist()


def test_curl_has_the_key_on_no_command_line(served: Path, key: str) -> None:
    record = json.loads((served / "wine.json").read_text(encoding="utf-8"))
    header = Path(record["folder"]) / "header"
    assert header.read_text(encoding="utf-8") == f"Authorization: Bearer {key}\n"
    assert stat.S_IMODE(header.stat().st_mode) == 0o600
    command = as_code(None, "wine", "curl", sample=True)
    assert f"-H @{header}" in command  # curl opens it: the shell would put its text where `ps` shows it
    assert "$(" not in command


def test_the_key_is_in_no_output_and_no_error(key: str, rows: pd.DataFrame) -> None:
    answer = invoke(None, "wine", sample=True)
    texts = [repr(answer), *answer._repr_mimebundle_().values(), answer.request, logs(None, "wine", 1000)]
    with pytest.raises(InvokeError) as caught:
        invoke(None, "wine", data=rows[["age"]])
    texts += ["\n".join(caught.value._render_traceback_()), repr(caught.value)]
    assert all(key not in text for text in texts)


def test_a_request_that_does_not_fit_is_not_sent(rows: pd.DataFrame) -> None:
    before = logs(None, "wine", 1000).count("POST /invocations")
    with pytest.raises(InvokeError, match="column 'bmi' is missing") as caught:
        invoke(None, "wine", data=rows.rename(columns={"bmi": "bmi_"}))
    assert "'bmi_'" in (caught.value.hint or "")
    with pytest.raises(InvokeError, match="column 'sex', row 1 is 'male', and the model takes double"):
        invoke(None, "wine", data=rows[:2].assign(sex=["1", "male"]))
    with pytest.raises(InvokeError, match="row 0 has 2 values, the model takes 10"):
        invoke(None, "wine", data=[[1, 2]])
    assert logs(None, "wine", 1000).count("POST /invocations") == before


def test_bad_data(tmp_path: Path, rows: pd.DataFrame) -> None:
    with pytest.raises(InvokeError, match=r"there is no file nowhere\.csv"):
        invoke(None, "wine", data="nowhere.csv")
    with pytest.raises(InvokeError, match=r"there is no file x{60,}…") as caught:
        invoke(None, "wine", data="x" * 300)
    assert len(str(caught.value)) < 200
    with pytest.raises(InvokeError, match=r"there is no file ~nouser/x\.json"):
        invoke(None, "wine", data="~nouser/x.json")
    (tmp_path / "latin.json").write_bytes(b'["\xe9"]')
    with pytest.raises(InvokeError, match=r"latin\.json cannot be read"):
        invoke(None, "wine", data=tmp_path / "latin.json")
    with pytest.raises(InvokeError, match="the JSON cannot be read"):
        invoke(None, "wine", data="{'age': 1}")
    (tmp_path / "rows.xlsx").write_text("")
    with pytest.raises(InvokeError, match=r"rows\.xlsx is none of \.csv, \.json, \.jsonl, \.parquet"):
        invoke(None, "wine", data=tmp_path / "rows.xlsx")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InvokeError, match="cannot be read as CSV"):
        invoke(None, "wine", data=tmp_path / "empty.csv")
    with pytest.raises(InvokeError, match="there are no rows"):
        invoke(None, "wine", data=rows[:0])
    with pytest.raises(InvokeError, match="a object cannot be sent"):
        invoke(None, "wine", data=object())
    with pytest.raises(InvokeError):
        invoke(None, "wine", data=3)
    with pytest.raises(UsageError, match="either data or sample"):
        invoke(None, "wine")
    with pytest.raises(UsageError, match="either data or sample"):
        invoke(None, "wine", data=rows, sample=True)
    with pytest.raises(UsageError, match="0 times asks nothing"):
        invoke(None, "wine", sample=True, repeat=0)


def test_an_unknown_deployment() -> None:
    with pytest.raises(DeploymentNotFound, match="no deployment 'wein'") as caught:
        invoke(None, "wein", sample=True)
    assert "did you mean 'wine'" in (caught.value.hint or "")
