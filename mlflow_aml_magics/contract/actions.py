"""What the buttons on a run ask for, and the answers."""

from __future__ import annotations

from typing import Literal, TypedDict

from .view import SortTerm

__all__ = [
    "CopyArgs",
    "CopyResult",
    "DeployArgs",
    "DeployResult",
    "InvokeArgs",
    "InvokeResult",
    "RegisterArgs",
    "RegisterResult",
]


class RegisterArgs(TypedDict):
    """Arguments of the request named `register`."""

    run_id: str
    name: str
    alias: str | None


class RegisterResult(TypedDict):
    """Answer to `register`. `created` is False when the same content was registered before."""

    name: str
    version: str
    alias: str | None
    created: bool
    message: str


class DeployArgs(TypedDict):
    """Arguments of the request named `deploy`; the run's model is served as it is."""

    run_id: str
    name: str


class DeployResult(TypedDict):
    """Answer to `deploy`."""

    name: str
    url: str
    target: str
    model: str
    message: str


class InvokeArgs(TypedDict):
    """Arguments of the request named `invoke`: the deployment is asked with a sample of the model's own."""

    name: str


class InvokeResult(TypedDict):
    """Answer to `invoke`."""

    request: str
    columns: list[str]
    rows: list[list[str]]
    latency_ms: float


class CopyArgs(TypedDict):
    """Arguments of the request named `copy_as_python`: which action, on which run.

    The action "cell" gives a cell that reproduces the run. "runs" gives the rows as they are shown: `run_ids` are the
    ticked ones, in the order of the table, else `query` says which; `sort` is the one in force, chosen or by default;
    `columns` are the table's, empty for all.
    """

    action: Literal["runs", "register", "deploy", "cell"]
    run_id: str | None
    name: str | None
    alias: str | None
    query: str
    run_ids: list[str]
    sort: list[SortTerm]
    columns: list[str]


class CopyResult(TypedDict):
    """Answer to `copy_as_python`."""

    code: str
