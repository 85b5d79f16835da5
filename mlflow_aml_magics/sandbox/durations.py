"""Runs in the order of `attributes.duration`, which only the service has (support matrix of
how-to-track-experiments-mlflow.md): mlflow's server is asked for all runs, and the order made here.

A run that has not ended has no duration and comes last; where the service puts it is not documented.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .filters import ATTRIBUTES

__all__ = ["by_duration", "wants_duration"]

PAGE = 1000  # runs a request
_TOKEN = "duration-"


def wants_duration(order_by: list[str]) -> bool:
    """Whether an order names it."""
    return any(_name(clause) == "duration" for clause in order_by)


def by_duration(body: dict[str, Any], search: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """One page of a search.

    Args:
        body: of the request.
        search: asks mlflow's server.
    """
    order_by = [str(clause) for clause in body["order_by"]]
    last = max(index for index, clause in enumerate(order_by) if _name(clause) == "duration")
    asked = {**body, "order_by": order_by[last + 1 :], "max_results": PAGE, "page_token": None}
    runs: list[dict[str, Any]] = []
    while True:
        answer = search(asked)
        runs += answer.get("runs", [])
        asked["page_token"] = answer.get("next_page_token")
        if not asked["page_token"]:
            break
    for clause in reversed(order_by[: last + 1]):
        runs = _sorted(runs, _name(clause), is_descending=clause.strip().lower().endswith(" desc"))
    start = int(str(body.get("page_token") or "0").removeprefix(_TOKEN))
    end = start + int(body.get("max_results") or PAGE)
    return {"runs": runs[start:end]} | ({"next_page_token": f"{_TOKEN}{end}"} if len(runs) > end else {})


def _name(clause: str) -> str:
    prefix, _, name = clause.strip().partition(" ")[0].partition(".")
    if not name:
        return prefix
    return name.strip("`\"'") if prefix.lower() in ATTRIBUTES else ""


def _sorted(runs: list[dict[str, Any]], name: str, *, is_descending: bool) -> list[dict[str, Any]]:
    """Stable; runs without a value come last in both directions."""
    with_value = [run for run in runs if _value(run["info"], name) is not None]
    without = [run for run in runs if _value(run["info"], name) is None]
    return sorted(with_value, key=lambda run: _value(run["info"], name), reverse=is_descending) + without


def _value(info: dict[str, Any], name: str) -> Any:
    if name != "duration":
        return info.get(name)
    if not info.get("end_time") or not info.get("start_time"):
        return None
    return int(info["end_time"]) - int(info["start_time"])
