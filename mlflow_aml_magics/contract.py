"""Every shape that crosses between the kernel and the browser; ``labextension/src/contract.ts`` is made from it.

    python -m mlflow_aml_magics.contract > labextension/src/contract.ts

Bulk data does not appear here: runs travel as one Arrow IPC stream whose columns `ColumnInfo` describes, in order.
"""

from __future__ import annotations

import types
from typing import Any, Literal, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["CONTRACT_VERSION", "typescript"]

CONTRACT_VERSION = 1  # raised when a shape changes in a way an older front end cannot read

ColumnKind = Literal["attribute", "param", "metric", "tag"]
ColumnType = Literal["number", "text", "time"]
Goal = Literal["min", "max"]
DeltaTone = Literal["better", "worse", "same", "none"]


class ColumnInfo(TypedDict):
    """One column of the run table. `key` is the name in the Arrow stream and in queries.

    `varies`: it has several values among the runs that have it. `axis`: it is one of the plot's first axes.
    """

    key: str
    kind: ColumnKind
    name: str
    type: ColumnType
    varies: bool
    missing: int
    axis: bool


class ExplorerInfo(TypedDict):
    """What the explorer needs to know beside the runs themselves.

    `total` is how many runs matched in the store; the Arrow stream holds `loaded` of them.
    """

    contract: int
    title: str
    store: str
    total: int
    loaded: int
    columns: list[ColumnInfo]
    metric: str | None
    goal: Goal | None
    why_goal: str
    models: list[str]


class Failure(TypedDict):
    """A failure that the panel shows: code for programs, message and hint for people."""

    code: str
    message: str
    hint: str | None


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
    """Arguments of the request named `copy_as_python`: which action, on which run."""

    action: Literal["runs", "register", "deploy"]
    run_id: str | None
    name: str | None
    alias: str | None
    query: str


class CopyResult(TypedDict):
    """Answer to `copy_as_python`."""

    code: str


class CancelArgs(TypedDict):
    """Arguments of the request named `cancel`: the id of the request to give up."""

    request: str


RequestName = Literal["register", "deploy", "invoke", "copy_as_python", "cancel"]


class Request(TypedDict):
    """Browser to kernel. Always answered by one `Reply` with the same id, after any number of `Progress`."""

    id: str
    kind: Literal["request"]
    name: RequestName
    args: dict[str, Any]


class Progress(TypedDict):
    """Kernel to browser while a request runs: one line to show."""

    id: str
    kind: Literal["progress"]
    message: str


class Reply(TypedDict):
    """Kernel to browser, once a request: exactly one of `result` and `error` is not None."""

    id: str
    kind: Literal["reply"]
    result: dict[str, Any] | None
    error: Failure | None


class ComparedRow(TypedDict):
    """One line of the side-by-side view; `values` in the order of `ComparisonInfo.runs`, None where absent.

    `delta` is the last run against the first, ready to show ("−1.93 (−3.2 %)"), empty where it means nothing.
    """

    key: str
    values: list[str | None]
    differs: bool
    delta: str
    tone: DeltaTone


class ComparedSection(TypedDict):
    """A titled group of lines: Parameters, Metrics, Tags, Artifacts, Signature, Environment."""

    title: str
    rows: list[ComparedRow]


class ComparedRun(TypedDict):
    """Heading of one column of the side-by-side view. `started` is ISO 8601 in UTC."""

    run_id: str
    name: str
    status: str
    started: str | None


class ComparisonInfo(TypedDict):
    """The side-by-side view of two or more runs."""

    contract: int
    runs: list[ComparedRun]
    sections: list[ComparedSection]


SHAPES: tuple[Any, ...] = (
    ColumnInfo,
    ExplorerInfo,
    Failure,
    RegisterArgs,
    RegisterResult,
    DeployArgs,
    DeployResult,
    InvokeArgs,
    InvokeResult,
    CopyArgs,
    CopyResult,
    CancelArgs,
    Request,
    Progress,
    Reply,
    ComparedRow,
    ComparedSection,
    ComparedRun,
    ComparisonInfo,
)

_PRIMITIVES = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}


def _ts_type(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f"'{value}'" for value in args)
    if origin in (Union, types.UnionType):
        return " | ".join(_ts_type(arg) for arg in args)
    if origin is list:
        inner = _ts_type(args[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<{_ts_type(args[0])}, {_ts_type(args[1])}>"
    if is_typeddict(hint):
        return str(hint.__name__)
    return _PRIMITIVES[hint]


def typescript() -> str:
    """The text of ``labextension/src/contract.ts``: one interface a shape, its docstring as the comment."""
    lines = [
        "// Made from mlflow_aml_magics/contract.py by `python -m mlflow_aml_magics.contract`. Do not edit.",
        "",
        f"export const CONTRACT_VERSION = {CONTRACT_VERSION};",
    ]
    for shape in SHAPES:
        comment = [line.strip() for line in (shape.__doc__ or "").strip().splitlines()]
        lines += ["", "/**", *(f" * {line}".rstrip() for line in comment), " */"]
        lines.append(f"export interface {shape.__name__} {{")
        lines += [f"  {key}: {_ts_type(hint)};" for key, hint in get_type_hints(shape).items()]
        lines.append("}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(typescript(), end="")
