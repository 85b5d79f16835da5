"""Runs on their way to the browser: small, and the same to the last bit. labextension/test/parallel.test.ts reads the
fixture that is written here with ``python tests/frames/test_wire.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlflow_aml_magics.frames.columns import column_infos
from mlflow_aml_magics.frames.wire import to_ipc

FIXTURES = Path(__file__).parent.parent / "fixtures"
RUNS = 300


def columns() -> dict[str, Any]:
    """One column of each make."""
    random = np.random.default_rng(5)
    full = random.random(RUNS)
    some = random.random(RUNS) < 0.1
    odd = full.copy()
    odd[:4] = [np.nan, np.inf, -np.inf, -0.0]
    return {
        "run_id": pa.array([f"{i:032x}" for i in range(RUNS)]),
        "run_name": pa.array([f"Läufe {i} \U0001f600" for i in range(RUNS)]),
        "user": pa.array(["ana" if i % 2 else "bo" for i in range(RUNS)]),
        "metrics.full": pa.array(full, mask=some),
        "metrics.odd": pa.array(odd, mask=np.roll(some, 7) & (np.arange(RUNS) > 4)),
        "metrics.single": pa.array(full.astype(np.float32).astype(np.float64), mask=some),
        "metrics.decimals": pa.array(np.round(full * 3 - 1, 4), mask=some),
        "metrics.whole": pa.array(np.round(full * 1e6), mask=some),
        "metrics.shares": pa.array(random.integers(0, 97, RUNS) / 97, mask=some),
        "metrics.nothing": pa.nulls(RUNS, pa.float64()),
        "params.few": pa.array(["adam", "sgd", "<img src=x onerror=1>"] * (RUNS // 3), mask=some),
        "params.drawn": pa.array([repr(float(x)) for x in 10 ** random.uniform(-7, 18, RUNS)], mask=some),
        "params.ints": pa.array([str(i) for i in range(RUNS)], mask=some),
        "params.mixed": pa.array([str(x) for x in full[:-1]] + ["auto"]),
    }


def unpacked(field: pa.Field, array: pa.Array) -> list[Any]:
    """A column as the browser reads it."""
    if pa.types.is_dictionary(field.type):
        array = array.dictionary_decode()
    scale = int((field.metadata or {}).get(b"scale", b"0"))
    values = array.to_pylist()
    if field.name.startswith("metrics."):
        return [None if value is None else float(value) / 10**scale for value in values]
    return [repr(value) if isinstance(value, float) else value for value in values]


def test_every_value_arrives_as_it_was() -> None:
    table = pa.table(columns())
    batch = pa.ipc.open_stream(to_ipc(table, table.column_names)).read_next_batch()
    for field in batch.schema:
        wanted = table.column(field.name).to_pylist()
        assert list(map(repr, unpacked(field, batch.column(field.name)))) == list(map(repr, wanted)), field.name


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("metrics.full", pa.float64()),
        ("metrics.single", pa.float32()),
        ("metrics.decimals", pa.int16()),
        ("metrics.whole", pa.int32()),
        ("metrics.shares", pa.dictionary(pa.uint8(), pa.float64())),
        ("params.few", pa.dictionary(pa.uint8(), pa.string())),
        ("params.drawn", pa.float64()),
        ("params.ints", pa.string()),
        ("params.mixed", pa.string()),
    ],
)
def test_each_column_takes_the_least_room(key: str, kind: Any) -> None:
    table = pa.table(columns())
    assert pa.ipc.open_stream(to_ipc(table, [key])).schema.field(key).type == kind


def test_no_runs_travel_too() -> None:
    table = pa.table(columns()).slice(0, 0)
    assert pa.ipc.open_stream(to_ipc(table, table.column_names)).read_all().num_rows == 0


def write_fixture() -> None:
    """The stream, and what is in it as JSON: numbers as Python writes them."""
    table = pa.table(columns())
    values = {
        key: [
            None
            if v is None
            else repr(v).replace("inf", "Infinity").replace("nan", "NaN")
            if isinstance(v, float)
            else v
            for v in table.column(key).to_pylist()
        ]
        for key in table.column_names
    }
    infos = column_infos(table, table.column_names)
    (FIXTURES / "wire.arrow").write_bytes(to_ipc(table, table.column_names))
    (FIXTURES / "wire.json").write_text(json.dumps({"columns": infos, "values": values}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_fixture()
