"""The service's limits on what a run holds (resource-limits-capacity.md and the error texts in issues)."""

from __future__ import annotations

from typing import Any

from .errors import Refusal, mlflow

__all__ = ["PAGE", "check_write", "history_page"]

PAGE = 1000  # runs a page
HISTORY_BELOW = 1000  # "MaxResults must be less than 1000" (mlflow#10694)
PARAMS = 200  # a run; undocumented (azure-sdk-for-python#35685)
METRIC_ROWS = 250  # a batch (mlflow#11462)
TAGS = 50  # a run
TAG_KEY, TAG_VALUE = 100, 1000  # characters (mlflow#11103)


def _over(field: str, limit: int, size: int, region: str) -> Refusal:
    message = (
        f"A field of the entity is over the size limit. FieldName={field}, Limit={limit}, Size={size}. "
        "See https://aka.ms/azure-machine-learning-limits for service limits documentation."
    )
    return mlflow(400, message, code="ValidationError", region=region)


def check_write(verb: str, body: dict[str, Any], run: dict[str, Any], region: str) -> None:
    """Refuse a write that would take a run over a limit.

    Args:
        verb: runs/create, runs/log-batch, runs/log-parameter or runs/set-tag; others pass.
        body: of the request.
        run: as the server has it before; {} for none.
    """
    data = run.get("data", {})
    metrics = body.get("metrics") or []
    if len(metrics) > METRIC_ROWS:
        raise _over("MetricV2Dto.Value/Count", METRIC_ROWS, len(metrics), region)
    params = [*(body.get("params") or []), *([body] if verb == "runs/log-parameter" else [])]
    size = len({p.get("key") for p in [*data.get("params", []), *params]})
    if params and size > PARAMS:
        raise _over("Parameters", PARAMS, size, region)
    tags = [*(body.get("tags") or []), *([body] if verb == "runs/set-tag" else [])]
    for tag in tags:
        if len(str(tag.get("key", ""))) > TAG_KEY:
            raise _over("Tags/Key", TAG_KEY, len(str(tag["key"])), region)
        if len(str(tag.get("value", ""))) > TAG_VALUE:
            raise _over("Tags/Value", TAG_VALUE, len(str(tag["value"])), region)
    size = len({t.get("key") for t in [*data.get("tags", []), *tags]})
    if tags and size > TAGS:
        raise _over("Tags", TAGS, size, region)


def history_page(asked: str | None, region: str) -> int:
    """How many points a page of a metric's history has."""
    page = int(asked or HISTORY_BELOW - 1)
    if page >= HISTORY_BELOW:
        message = f"MaxResults = {page} is invalid: MaxResults must be less than {HISTORY_BELOW}."
        raise mlflow(400, message, error_code="BAD_REQUEST", region=region)
    return page
