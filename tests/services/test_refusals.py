"""What is said when a deployment answers with an error."""

from __future__ import annotations

import json

import pytest

from mlflow_aml_magics.client.scoring import Answer
from mlflow_aml_magics.errors import InvokeError
from mlflow_aml_magics.services.invoke.predictions import as_columns, joined, values_in
from mlflow_aml_magics.services.invoke.refusals import check


@pytest.mark.parametrize(
    ("status", "body", "says", "hint"),
    [
        (400, {"message": "long story Error: no column a"}, "'wine' refused the request: no column a", "--logs wine"),
        (
            400,
            {"stack_trace": "Traceback\n  x\nKeyError: 'a'\n"},
            "the model of 'wine' failed: KeyError: 'a'",
            "--logs",
        ),
        (400, {"error": {"code": "x", "message": "not so"}}, "'wine' refused the request: not so", "--logs"),
        (401, "", "'wine' refused its key", "deploy it again"),
        (408, "", "'wine' took too long: HTTP status 408", "--chunk"),
        (413, "too much", "the request is too large for 'wine': too much", "--chunk"),
        (
            424,
            "An unexpected error\noccurred",
            "the model of 'blue' of 'wine' failed: An unexpected error ↵ occ",
            "--logs",
        ),
        (500, ["odd", "{name}"], r"the model of 'wine' failed: \['odd', '{name}'\]", "--logs"),
        (418, "x" * 9000, "refused the request: x{400,}…", "--logs"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, body: object, says: str, hint: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(InvokeError, match=says) as caught:
        check("wine", Answer(status, text, 1.0, "blue" if status == 424 else ""))
    assert hint in (caught.value.hint or "")
    assert len(caught.value.message) < 700


def test_answers_to_parts_become_one() -> None:
    assert joined([[1, 2], [3]]) == [1, 2, 3]
    assert joined([{"a": [1], "b": [2]}, {"a": [3], "b": [4]}]) == {"a": [1, 3], "b": [2, 4]}
    assert joined(["one", "two"]) == ["one", "two"]
    assert as_columns([[1, 2], [3, 4]]) == {"prediction 0": [1, 3], "prediction 1": [2, 4]}
    assert as_columns([[1, 2], [3]]) == {"prediction": [[1, 2], [3]]}
    assert as_columns([]) == {"prediction": []}
    assert values_in("wine", Answer(200, '{"predictions": [NaN, 1]}', 1.0))[1] == 1
    with pytest.raises(InvokeError, match="answered what is no JSON: '<html>'"):
        values_in("wine", Answer(200, "<html>", 1.0))
