"""What is to be known of each column of a run table: kind, type, whether it varies, whether it makes an axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..contract import ColumnInfo, ColumnKind, ColumnType
from .syntax import KEY_PREFIX

__all__ = ["ATTRIBUTES", "NUMBER", "as_numbers", "column_infos", "kind_of", "name_of", "type_of"]

ATTRIBUTES: dict[str, Any] = {
    "run_id": pa.string(),
    "run_name": pa.string(),
    "status": pa.string(),
    "start_time": pa.timestamp("ms", "UTC"),
    "end_time": pa.timestamp("ms", "UTC"),
    "experiment_id": pa.string(),
    "user": pa.string(),
    "artifact_uri": pa.string(),
    "experiment": pa.string(),
}
AXES = 12  # axes shown at first: more do not fit 960 px with their names readable
CATEGORIES = 30  # distinct texts of an axis; a parameter with more is a path or an id
# Texts that are numbers; not Python's float(), which takes 1_000 and spaces, nor JavaScript's, which takes 0x10 and "".
NUMBER = r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:nan|inf|infinity))"


def kind_of(key: str) -> ColumnKind:
    """The kind of column that a key names."""
    for kind, prefix in KEY_PREFIX.items():
        if prefix and key.startswith(prefix):
            return kind
    return "attribute"


def name_of(key: str) -> str:
    """The key without its prefix."""
    return key[len(KEY_PREFIX[kind_of(key)]) :]


def as_numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as numbers, null where one is not written as a number (NaN and inf are)."""
    parses = pc.match_substring_regex(texts, f"^{NUMBER}$")
    return pc.cast(pc.if_else(parses, texts, pa.scalar(None, texts.type)), pa.float64())


def type_of(key: str, values: pa.ChunkedArray) -> ColumnType:
    """number for metrics and for params whose every value is a finite number, time for times, else text."""
    if pa.types.is_timestamp(values.type):
        return "time"
    if pa.types.is_floating(values.type):
        return "number"
    present = len(values) - values.null_count
    if kind_of(key) != "param" or not present:
        return "text"
    finite = pc.sum(pc.is_finite(as_numbers(values))).as_py() or 0
    return "number" if finite == present else "text"


def column_infos(table: pa.Table, keys: Iterable[str], metric: str | None = None) -> list[ColumnInfo]:
    """Describe columns, in the order of ``keys``.

    Args:
        table: a RunTable's.
        metric: name of the metric asked for, which always gets an axis if it varies.
    """
    infos: list[ColumnInfo] = []
    candidates: dict[ColumnKind, list[ColumnInfo]] = {"param": [], "metric": []}
    for key in keys:
        values = table.column(key)
        distinct = pc.count_distinct(values, mode="only_valid").as_py()
        info: ColumnInfo = {
            "key": key,
            "kind": kind_of(key),
            "name": name_of(key),
            "type": type_of(key, values),
            "varies": distinct > 1,
            "missing": values.null_count,
            "axis": False,
        }
        infos.append(info)
        drawn = info["type"] == "number" or distinct <= CATEGORIES
        if info["varies"] and info["kind"] in candidates and drawn and (info["kind"] == "param" or _finite(values)):
            candidates[info["kind"]].append(info)
    params, metrics = candidates["param"], candidates["metric"]
    metrics.sort(key=lambda info: info["name"] != metric)
    for info in [*params[: AXES - min(1, len(metrics))], *metrics][:AXES]:
        info["axis"] = True
    return infos


def _finite(values: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.is_finite(values)).as_py())
