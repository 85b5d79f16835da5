"""The process that scores files, as Azure's no-code batch deployment of an MLflow model does.

`main` reads FOLDER/order.json (`Order`) and writes FOLDER/scored.csv; what it does stands in FOLDER/phase, what it has
to say goes to its standard output. Rules from how-to-mlflow-batch.md: `predict` is called once a file, tables are CSV
and Parquet, their columns are cast to the types of the signature, a file of another type or one that cannot be read
fails the job. Images, which the service reads too, are not imitated.

How a prediction of several columns is written is not documented; here each is a column of its own.
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .score import leave_plugins_out

__all__ = ["Order", "main"]

TABLES = (".csv", ".parquet", ".pqt")


@dataclass(frozen=True)
class Order:
    """What to score.

    Args:
        model: its folder.
        files: paths, in order.
        mini_batch_size: files that are handed out together.
        error_threshold: files that may fail before the job does; -1 for any number. One that scores nothing fails.
    """

    model: str
    files: list[str] = field(default_factory=list)
    mini_batch_size: int = 10
    error_threshold: int = -1


class _Fatal(Exception):
    """What ends the job whatever its error threshold is."""


def main(home: str) -> int:
    """Load the model, score the files. Returns the exit code."""
    folder = Path(home)
    order = Order(**json.loads((folder / "order.json").read_text(encoding="utf-8")))
    try:
        model = _loaded(order.model)
        (folder / "phase").write_text("running", encoding="utf-8")
        _score(model, order, folder / "scored.csv")
        return 0
    except _Fatal as exc:
        _say(f"ERROR:azureml:{exc}")
    except Exception as exc:  # noqa: BLE001 - whatever a model's code raises is in the log
        _say(f"{traceback.format_exc()}ERROR:azureml:{type(exc).__name__}: {exc}")
    return 1


def _loaded(folder: str) -> Any:
    _say("loading the model")
    leave_plugins_out()
    return importlib.import_module("mlflow.pyfunc").load_model(folder)  # the one thing here that needs mlflow


def _score(model: Any, order: Order, output: Path) -> None:
    failed = scored = 0
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for number, batch in enumerate(_batches(order.files, order.mini_batch_size), 1):
            for path in map(Path, batch):
                data = _table(path, model)
                try:
                    writer.writerows([*_rows(model.predict(data), len(data), path.name)])
                    scored += 1
                except Exception:
                    failed += 1
                    _say(f"ERROR:azureml:Error processing input file: '{path.name}'\n{traceback.format_exc()}")
                    if 0 <= order.error_threshold < failed:
                        raise
            _say(f"mini batch {number}: {len(batch)} files; {scored} scored, {failed} failed")
    if failed and not scored:
        raise _Fatal(f"none of {failed} files could be scored")


def _batches(files: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(files), max(1, size)):
        yield files[start : start + max(1, size)]


def _table(path: Path, model: Any) -> Any:
    """A file as the model takes it, in the types of its signature."""
    import pandas as pd

    suffix = path.suffix.lower()
    if suffix not in TABLES:
        raise _Fatal(f"Error processing input file: '{path.name}'. File type '{suffix[1:]}' is not supported.")
    try:
        frame = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
        return _cast(frame, model.metadata.signature)
    except Exception as exc:
        raise _Fatal(f"Error processing input file: '{path.name}'. Exception: {exc}") from exc


def _cast(frame: Any, signature: Any) -> Any:
    schema = signature.inputs if signature is not None else None
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return frame
    types = dict(zip(schema.input_names(), schema.pandas_types(), strict=True))
    return frame.astype({name: kind for name, kind in types.items() if name in frame.columns})


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _rows(predictions: Any, count: int, name: str) -> Iterator[list[Any]]:
    """Row, prediction, file name, as predictions.csv has them; without a header."""
    if hasattr(predictions, "columns"):
        values = predictions.to_numpy().tolist()
    elif hasattr(predictions, "tolist"):
        values = [[value] for value in predictions.tolist()]
    else:
        values = [[value] for value in predictions]
    if len(values) != count:
        raise ValueError(f"the model gave {len(values)} predictions for {count} rows")
    for row, value in enumerate(values):
        yield [row, *value, name]
