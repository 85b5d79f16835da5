"""One page of a server's search, from the bytes of its answer into Arrow arrays."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from mlflow.entities import Run

from .schema import ATTRIBUTES

__all__ = ["Page", "next_token", "page_of_runs", "parsed"]

_PAIR = [("key", pa.string()), ("value", pa.string())]
_LISTS = {
    "metrics": pa.list_(pa.struct([("key", pa.string()), ("value", pa.float64())])),
    "params": pa.list_(pa.struct(_PAIR)),
    "tags": pa.list_(pa.struct(_PAIR)),
}
_INFO = {
    "run_id": pa.string(),
    "run_name": pa.string(),
    "status": pa.string(),
    "start_time": pa.int64(),
    "end_time": pa.int64(),
    "experiment_id": pa.string(),
    "user_id": pa.string(),
    "artifact_uri": pa.string(),
}
_RUN = pa.struct([("info", pa.struct(list(_INFO.items()))), ("data", pa.struct(list(_LISTS.items())))])
_SCHEMA = pa.schema([("runs", pa.list_(_RUN))])
# Metrics that are no numbers are texts in MLflow's JSON; Arrow takes them without the quotes. Inside of a text these
# quotes would be escaped, and only metrics have a timestamp after the value.
_NO_NUMBER = re.compile(rb'("value":\s*)"(NaN|-?Infinity)"(,\s*"timestamp")')
_TOKEN = re.compile(rb'"next_page_token":\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True)
class Page:
    """Runs in the server's order.

    Args:
        attributes: by the names of a run table, times as integers in milliseconds.
        rows: for "metrics", "params" and "tags": which run each row is of, the keys, and the values.
    """

    attributes: dict[str, Any]
    rows: dict[str, tuple[Any, Any, Any]]

    def __len__(self) -> int:
        return len(self.attributes["run_id"])


def next_token(body: bytes) -> str | None:
    """The token of the page after this one."""
    found = _TOKEN.search(body, max(0, body.rfind(b'"next_page_token"')))
    return (json.loads(found[1]) or None) if found else None


def parsed(body: bytes) -> Page:
    """The page that an answer holds.

    Raises:
        mlflow.exceptions.MlflowException: it is no such answer.
    """
    for read in (_by_arrow, _by_arrow_with_nan):
        try:
            return read(body)
        except pa.ArrowException:  # not as mlflow's own server writes it: as text where a number should be, say
            continue
    return page_of_runs(_by_mlflow(body))


def _by_arrow_with_nan(body: bytes) -> Page:
    return _by_arrow(_NO_NUMBER.sub(rb"\1\2\3", body))


def _by_arrow(body: bytes) -> Page:
    found = pj.read_json(
        pa.BufferReader(body),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(body) + 1),
        parse_options=pj.ParseOptions(
            explicit_schema=_SCHEMA, newlines_in_values=True, unexpected_field_behavior="ignore"
        ),
    )
    runs = pa.concat_arrays([chunk.flatten() for chunk in found.column("runs").chunks])
    info, data = (pc.struct_field(runs, name) for name in ("info", "data"))
    attributes = {}
    for name, kind in _INFO.items():  # what is absent is what protocol buffers make of it
        values = pc.struct_field(info, name)
        attributes[ATTRIBUTES.get(name, name)] = pc.fill_null(values, "" if kind == pa.string() else 0)
    ends = attributes["end_time"]
    attributes["end_time"] = pc.if_else(pc.equal(ends, 0), pa.scalar(None, pa.int64()), ends)
    rows = {}
    for name in _LISTS:
        lists = pc.struct_field(data, name)
        items = pc.list_flatten(lists)
        values = pc.fill_null(pc.struct_field(items, "value"), 0.0 if name == "metrics" else "")
        keys = pc.fill_null(pc.struct_field(items, "key"), "")
        rows[name] = (pc.list_parent_indices(lists).to_numpy(), keys, values)
    return Page(attributes, rows)


def _by_mlflow(body: bytes) -> list[Run]:
    from mlflow.protos.service_pb2 import SearchRuns
    from mlflow.utils.proto_json_utils import parse_dict

    response = SearchRuns.Response()
    parse_dict(json.loads(body), response)
    return [Run.from_proto(each) for each in response.runs]


def page_of_runs(runs: Sequence[Run]) -> Page:
    """The same of mlflow's own runs."""
    attributes = {
        ATTRIBUTES.get(name, name): _array([getattr(run.info, name) for run in runs], kind)
        for name, kind in _INFO.items()
    }
    rows = {}
    for name in _LISTS:
        pairs = [(i, *pair) for i, run in enumerate(runs) for pair in getattr(run.data, name).items()]
        places, keys, values = zip(*pairs, strict=True) if pairs else ((), (), ())
        kind = pa.float64() if name == "metrics" else pa.string()
        rows[name] = (np.array(places, "i8"), _array(keys, pa.string()), _array(values, kind))
    return Page(attributes, rows)


def _array(values: Sequence[Any], kind: Any) -> Any:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a lone surrogate, which some stores let through, is no UTF-8
        return pa.array([each if each is None else each.encode("utf-8", "replace").decode() for each in values], kind)
