"""Requests of a panel to the kernel, and how they are answered."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

__all__ = ["CancelArgs", "Failure", "Progress", "Reply", "Request", "RequestName"]

RequestName = Literal[
    "register",
    "deploy",
    "invoke",
    "copy_as_python",
    "cancel",
    "history",
    "metric_values",
    "importance",
    "figure",
    "snapshot",
    "noise",
    "compare",
    "artifact",
    "edit_run",
    "export",
    "refresh",
    "views",
    "save_view",
    "delete_view",
    "link",
    # of the registry panel
    "models",
    "version",
    "version_files",
    "lineage",
    "edit_version",
    "compare_versions",
    "preflight",
    "register_model",
    "share_model",
    "deploy_version",
    # of the panel of deployments
    "endpoints",
    "deploy_model",
    "delete_deployment",
    "set_traffic",
    "roll_back",
    "deployment_logs",
    "sample_request",
    "send_request",
    "copy_code",
    "deploy_choices",
    "stop_deploy",
]


class Failure(TypedDict):
    """A failure that the panel shows: code for programs, message and hint for people."""

    code: str
    message: str
    hint: str | None


class CancelArgs(TypedDict):
    """Arguments of the request named `cancel`: the id of the request to give up."""

    request: str


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
