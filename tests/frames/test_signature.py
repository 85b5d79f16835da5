"""Signatures against mlflow's own: what we make up and coerce, mlflow accepts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.pyfunc.scoring_server import infer_and_parse_data
from mlflow.types.schema import (
    AnyType,
    Array,
    ColSpec,
    DataType,
    Map,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)

from mlflow_aml_magics.errors import InvokeError
from mlflow_aml_magics.frames.samples import made_up
from mlflow_aml_magics.frames.signature import Rows, Signature, Tensors, as_body, parse_signature, read_body

COLUMNS = Schema([ColSpec("double", "age"), ColSpec("long", "bmi count", required=False), ColSpec("string", "sex")])
EVERYTHING = Schema(
    [
        *(ColSpec(kind.name, kind.name) for kind in DataType if kind.name != "binary"),
        ColSpec(Array("string"), "words"),
        ColSpec(Object([Property("x", "long"), Property("y", "string", required=False)]), "thing"),
        ColSpec(Map("double"), "weights"),
        ColSpec(AnyType(), "any"),
    ]
)


def signature_of(inputs: Schema, **more: Any) -> Signature:
    signature = parse_signature(ModelSignature(inputs=inputs, **more).to_dict())
    assert signature is not None
    return signature


def enforced(body: dict[str, Any], schema: Schema) -> Any:
    """What mlflow's scoring server makes of a body; raises where it would answer 400."""
    from mlflow.models.utils import _enforce_schema

    return _enforce_schema(infer_and_parse_data(json.loads(json.dumps(body)), schema), schema)


# mlflow itself reads no nested types in the form "inputs".
@pytest.mark.parametrize(
    ("schema", "form"),
    [(COLUMNS, "dataframe_split"), (COLUMNS, "inputs"), (EVERYTHING, "dataframe_split")],
    ids=["split", "inputs", "everything"],
)
def test_mlflow_accepts_the_sample_of_columns(schema: Schema, form: Any) -> None:
    signature = signature_of(schema)
    sample = signature.fit(made_up(signature, 2))
    frame = enforced(as_body(sample, form), schema)
    assert list(frame.columns) == schema.input_names()
    assert len(frame) == 2


@pytest.mark.parametrize(
    "schema",
    [
        Schema([TensorSpec(np.dtype("float64"), (-1, 3))]),
        Schema([TensorSpec(np.dtype("float32"), (-1, 2, 2), "image"), TensorSpec(np.dtype("int64"), (-1,), "n")]),
    ],
    ids=["one", "named"],
)
def test_mlflow_accepts_the_sample_of_tensors(schema: Schema) -> None:
    signature = signature_of(schema)
    enforced(as_body(signature.fit(made_up(signature, 2))), schema)


def test_azure_s_form() -> None:
    body = as_body(made_up(signature_of(COLUMNS), 2), "input_data")
    assert body == {
        "input_data": {
            "columns": ["age", "bmi count", "sex"],
            "index": [0, 1],
            "data": [[0.0, 0, "text"], [0.0, 0, "text"]],
        }
    }


def test_rows_of_the_signature_for_people() -> None:
    signature = signature_of(
        COLUMNS,
        outputs=Schema([TensorSpec(np.dtype("float64"), (-1,))]),
        params=ParamSchema([ParamSpec("temperature", "double", 0.5)]),
    )
    assert signature.rows() == [
        ("input", "age", "double"),
        ("input", "bmi count", "long (optional)"),
        ("input", "sex", "string"),
        ("output", "0", "float64 (-1)"),
        ("param", "temperature", "double (optional)"),
    ]
    assert parse_signature(None) is None


def test_nested_types_are_spelled_out() -> None:
    told = {name: kind for _, name, kind in signature_of(EVERYTHING).rows()}
    assert told["words"] == "array(string)"
    assert told["thing"] == "object(x: long, y: string)"
    assert told["weights"] == "map(double)"


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["sex", "age"], "data": [["f", 1]]}},
        {"dataframe_records": [{"sex": "f", "age": 1}]},
        {"input_data": {"columns": ["sex", "age"], "index": [0], "data": [["f", 1]]}},
        {"inputs": {"sex": ["f"], "age": [1]}},
        {"sex": "f", "age": 1},
        [{"sex": "f", "age": "1.0", "extra": 9}],
    ],
    ids=["split", "records", "azure", "inputs", "record", "list"],
)
def test_every_form_becomes_rows_in_the_model_s_order(body: Any) -> None:
    assert signature_of(COLUMNS).fit(read_body(body)) == Rows(("age", "sex"), ((1.0, "f"),))


def test_rows_without_names_go_by_place() -> None:
    assert signature_of(COLUMNS).fit(read_body([[1, None, "f"]])) == Rows(
        ("age", "bmi count", "sex"), ((1.0, None, "f"),)
    )
    with pytest.raises(InvokeError, match="row 0 has 2 values, the model takes 3: age, bmi count, sex"):
        signature_of(COLUMNS).fit(read_body([[1, "f"]]))


def test_a_frame_s_values_become_json() -> None:
    frame = pd.DataFrame({"age": [np.float32(1.5), np.nan], "bmi count": [1, 2], "sex": ["f", "m"]})
    fitted = signature_of(COLUMNS).fit(read_body(frame.to_dict("split")))
    assert json.dumps(as_body(fitted)["dataframe_split"]["data"]) == '[[1.5, 1, "f"], [null, 2, "m"]]'


@pytest.mark.parametrize(
    ("row", "message", "hint"),
    [
        ({"age": 1}, "column 'sex' is missing", "the model takes: age, bmi count, sex"),
        ({"agee": 1, "sex": "f"}, "column 'age' is missing", "is 'agee' meant?"),
        ({"age": "old", "sex": "f"}, "column 'age', row 0 is 'old', and the model takes double", None),
        ({"age": True, "sex": "f"}, "column 'age', row 0 is True, and the model takes double", None),
        ({"age": 1, "sex": 5}, "column 'sex', row 0 is 5, and the model takes string", None),
        ({"age": 1, "sex": "f", "bmi count": 1.5}, "column 'bmi count', row 0 is 1.5, and the model takes long", None),
    ],
)
def test_what_does_not_fit_names_the_column(row: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(InvokeError) as caught:
        signature_of(COLUMNS).fit(read_body([row]))
    assert message in caught.value.message
    assert caught.value.hint == hint


def test_an_integer_may_not_be_missing() -> None:
    with pytest.raises(InvokeError, match="column 'n', row 0 is missing, and the model takes integer"):
        signature_of(Schema([ColSpec("integer", "n")])).fit(read_body([{"n": None}]))


def test_nested_values_are_checked() -> None:
    signature = signature_of(Schema([ColSpec(Object([Property("x", "long")]), "thing")]))
    assert signature.fit(read_body([{"thing": {"x": 1, "more": 2}}])) == Rows(("thing",), (({"x": 1},),))
    with pytest.raises(InvokeError, match="has no 'x'"):
        signature.fit(read_body([{"thing": {}}]))


def test_shapes_are_checked() -> None:
    signature = signature_of(Schema([TensorSpec(np.dtype("float64"), (-1, 3))]))
    assert signature.fit(read_body({"inputs": [[1, 2, 3]]})) == Tensors([[1, 2, 3]])
    with pytest.raises(InvokeError, match=r"has the shape \(1, 2\), and the model takes float64 \(-1, 3\)"):
        signature.fit(read_body([[1, 2]]))
    with pytest.raises(InvokeError, match="ragged"):
        signature.fit(read_body([[1, 2, 3], [1]]))


def test_what_is_no_table_says_what_is() -> None:
    with pytest.raises(InvokeError, match="no table") as caught:
        read_body("age=1")
    assert "DataFrame" in str(caught.value.hint)


def test_what_has_no_name_goes_by_its_place() -> None:
    columns = signature_of(Schema([ColSpec("double"), ColSpec("string")]))
    assert columns.fit(read_body([{"1": "a", "0": 2}])) == Rows(None, ((2.0, "a"),))
    array = signature_of(Schema([TensorSpec(np.dtype("float64"), (-1, 2))]))
    assert array.fit(read_body([{"0": [[1, 2]]}])) == Tensors([[1, 2]])
    one = signature_of(Schema([ColSpec("long", "n")]))
    assert one.fit(read_body([1, 2, 3])) == Rows(("n",), ((1,), (2,), (3,)))


def test_a_record_of_arrays_is_arrays_and_several_are_rows_of_them() -> None:
    named = signature_of(Schema([TensorSpec(np.dtype("int64"), (-1, 2), "x")]))
    expected = Tensors({"x": [[1, 2], [3, 4]]})
    assert named.fit(read_body([{"x": [[1, 2], [3, 4]]}])) == expected
    assert named.fit(read_body({"instances": [{"x": [1, 2]}, {"x": [3, 4]}]})) == expected
    assert named.fit(read_body({"inputs": {"x": [[1, 2], [3, 4]]}})) == expected


@pytest.mark.parametrize(
    ("kind", "value", "fitted"),
    [
        ("datetime", "2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00"),
        ("datetime", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00"),
        ("datetime", "2026-01-01", "2026-01-01"),
        ("datetime", "yesterday", None),
        ("binary", b"\x00\xff", "AP8="),
        ("binary", "AP8=\n", "AP8=\n"),
        ("binary", "no base64!", None),
        ("long", "9007199254740993", 9007199254740993),
        ("long", 2**63, None),
        ("long", "1_000", None),
        ("integer", 2**31, None),
        ("double", 10**400, None),
        ("double", float("inf"), None),
        ("double", "1e3", 1000.0),
        ("boolean", "TRUE", True),
        ("boolean", 1, None),
    ],
)
def test_values_become_what_mlflow_s_server_reads(kind: str, value: Any, fitted: Any) -> None:
    schema = Schema([ColSpec(kind, "c")])
    signature = signature_of(schema)
    if fitted is None:
        with pytest.raises(InvokeError, match=f"column 'c', row 0 is .*, and the model takes {kind}"):
            signature.fit(Rows(("c",), ((value,),)))
        return
    rows = signature.fit(Rows(("c",), ((value,),)))
    assert rows == Rows(("c",), ((fitted,),))
    enforced(as_body(rows), schema)


def test_a_column_may_be_called_as_a_wire_form_is() -> None:
    signature = signature_of(Schema([ColSpec("double", "inputs"), ColSpec("double", "age")]))
    assert signature.fit(read_body([{"inputs": 1, "age": 2}])) == Rows(("inputs", "age"), ((1.0, 2.0),))
    assert signature.fit(read_body({"inputs": 1, "age": 2})) == Rows(("inputs", "age"), ((1.0, 2.0),))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([[1, 2], [3]], "ragged"),
        ([[1, 2.5]], r"input 'x' at \[0, 1\] is 2.5, and the model takes int64"),
        ([[1, None]], r"input 'x' at \[0, 1\] is None"),
        ([[1, True]], r"input 'x' at \[0, 1\] is True"),
        ([[1, 2**80]], r"input 'x' at \[0, 1\] is 1208925819614629174706176"),
        (5, r"input 'x' has the shape \(none: it is a single value\)"),
    ],
)
def test_arrays_are_checked_number_by_number(value: Any, says: str) -> None:
    signature = signature_of(Schema([TensorSpec(np.dtype("int64"), (-1, 2), "x")]))
    with pytest.raises(InvokeError, match=says):
        signature.fit(Tensors({"x": value}))
