"""Trying a deployment from the panel: a request that nobody had to write, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from ...contract.trying import SampleField, SampleResult, SendResult, SentSide
from ...errors import UsageError

if TYPE_CHECKING:
    from ...services.invoke import Comparison, Invocation
    from ..base import Handler
    from ..endpoints import EndpointsPanel

__all__ = ["trying_answers"]

MOST_TIMES = 1000  # more is for a load generator
SHOWN_CELL = 200  # characters of one value of a prediction
SHOWN_RAW = 20_000  # characters of an answer as JSON
FORM_ROWS = 20  # of a sample; the form takes no more


def trying_answers(panel: EndpointsPanel) -> dict[str, Handler]:
    """Handlers of sample_request and send_request."""
    serving = panel.serving

    def sample(args: Mapping[str, Any], _progress: Callable[[str], None]) -> SampleResult:
        from ...services.invoke import sample_of

        found = sample_of(serving._served_by(), str(args["name"]))
        rows = [list(row) for row in found.rows[:FORM_ROWS]]
        return {
            "fields": [cast(SampleField, dict(field)) for field in found.fields] if rows else [],
            "params": [cast(SampleField, dict(field)) for field in found.params],
            "rows": rows,
            "body": json.dumps(found.body),
            "azure": json.dumps(found.azure),
            "wire": "azure" if found.wire == "azure" else "mlflow",
            "source": found.source,
            "note": "; ".join(found.notes),
        }

    def send(args: Mapping[str, Any], progress: Callable[[str], None]) -> SendResult:
        from ...services.invoke import compare, invoke

        name, other = str(args["name"]), str(args.get("compare") or "")
        try:
            body = json.loads(str(args["body"]))
        except ValueError as exc:
            raise UsageError(f"the request is no JSON: {exc}") from exc
        repeat = max(1, min(MOST_TIMES, int(args.get("repeat") or 1)))
        progress(f"asking {name}…")
        conn = serving._served_by()
        if other:
            return _compared(compare(conn, name, other, data=body, repeat=repeat, progress=progress))
        return _answered(invoke(conn, name, data=body, repeat=repeat, progress=progress))

    return {"sample_request": sample, "send_request": send}


def _answered(done: Invocation) -> SendResult:
    from ...services.deploy import Ref

    columns, rows = done.table()
    return {
        "sides": [{**side_of(done), "name": Ref.parse(done.deployment).name}],
        "table": {"columns": list(columns), "rows": _shown(rows), "total": len(done.frame())},
        "summary": list(done.notes),
        "raw": _raw(done.predictions),
    }


def _compared(done: Comparison) -> SendResult:
    columns, rows = done.table()
    return {
        "sides": [side_of(done.a), side_of(done.b)],
        "table": {"columns": list(columns), "rows": _shown(rows), "total": done.rows},
        "summary": [*done.summary(), *done.notes],
        "raw": "",
    }


def side_of(done: Invocation) -> SentSide:
    """Who answered, and how quickly."""
    latency = done.latency
    several = len(latency.ms) > 1
    return {
        "name": done.deployment,
        "status": done.status,
        "first": latency.first,
        "p50": latency.p50 if several else None,
        "p95": latency.p95 if several else None,
        "times": len(latency.ms),
        "by": dict(done.answered_by),
        "failure": None,
    }


def _shown(rows: Any) -> list[list[str]]:
    return [[str(value)[:SHOWN_CELL] for value in row] for row in rows]


def _raw(predictions: Any) -> str:
    plain = predictions.to_dict(orient="records") if hasattr(predictions, "to_dict") else predictions
    text = json.dumps(plain, default=str, indent=1)
    return text if len(text) <= SHOWN_RAW else f"{text[:SHOWN_RAW]}… ({len(text):,} characters)"
