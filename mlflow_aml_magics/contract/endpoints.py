"""What the panel of deployments shows and asks for."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from . import trying
from .requests import Failure

__all__ = [
    "SHAPES",
    "CheckArgs",
    "CheckFinding",
    "CheckResult",
    "CodeArgs",
    "CodeResult",
    "ComputeChoice",
    "DeployChoices",
    "DeployForm",
    "DeployWork",
    "DeploymentArgs",
    "DeploymentRow",
    "EndpointsInfo",
    "LogsArgs",
    "LogsResult",
    "MachineChoice",
    "ModelChoice",
    "TrafficArgs",
    "VersionChoice",
    "WorkLine",
]


class DeploymentRow(TypedDict):
    """One deployment as it is now; `reference` names it for sure: "online:wine/blue".

    `deployment` is its name under the endpoint, empty where the target has no endpoints. `started` is ISO 8601 in UTC,
    None where nobody knows. `pointed` says why it should be looked at: it failed, or costs and is not asked. `shares`:
    its endpoint shares requests by percent.
    """

    name: str
    endpoint: str
    deployment: str
    reference: str
    target: str
    state: Literal["running", "stopped", "failed", "changing", "empty"]
    model: str
    ref: str
    url: str
    store: str
    started: str | None
    process: int | None
    log: str
    detail: str
    traffic: int | None
    shares: bool
    machine: str
    cost: str
    link: str
    pointed: str


class EndpointsInfo(TypedDict):
    """All that the panel of deployments shows before it asks.

    `targets` are those that can be deployed to from here, none without a store. `model` is what the form of a new
    deployment begins with. `notes` tells which targets could not be asked, and why.
    """

    contract: int
    store: str
    targets: list[str]
    model: str
    rows: list[DeploymentRow]
    notes: list[str]


class WorkLine(TypedDict):
    """What a deployment that is being made said, and when: seconds after its beginning."""

    at: float
    text: str


class CheckFinding(TypedDict):
    """One thing that the check before a deployment found: "bad" will fail, "warn" may."""

    level: Literal["good", "info", "warn", "bad"]
    what: str
    fix: str


class DeployWork(TypedDict):
    """The deployment that the panel makes, or made last. It goes on when the page is reloaded.

    `number` counts them, 0 before the first. `started` is in ms since 1970; `seconds` it took, None while it runs.
    `reference` is what came of it. `failure` says what is left and how to go on. "refused": the check found what will
    fail.
    """

    number: int
    state: Literal["none", "running", "stopping", "done", "failed", "refused"]
    title: str
    reference: str
    started: float
    seconds: float | None
    lines: list[WorkLine]
    findings: list[CheckFinding]
    failure: Failure | None


class VersionChoice(TypedDict):
    """A version of a registered model."""

    version: str
    aliases: list[str]
    stage: str


class ModelChoice(TypedDict):
    """A registered model with its versions, the newest first."""

    name: str
    versions: list[VersionChoice]


class MachineChoice(TypedDict):
    """A size of machine, and about what it costs."""

    name: str
    hint: str


class ComputeChoice(TypedDict):
    """A cluster of the workspace; `targets` are those that can use it."""

    name: str
    hint: str
    targets: list[str]


class DeployChoices(TypedDict):
    """Answer to `deploy_choices`. `notes` tells what could not be asked, and why."""

    models: list[ModelChoice]
    machines: list[MachineChoice]
    computes: list[ComputeChoice]
    notes: list[str]


class DeployForm(TypedDict):
    """Arguments of the request named `deploy_model`; what is empty, 0 or None is left to the target.

    The answer comes at once; `DeployWork` tells how it goes.
    """

    model: str
    target: str
    name: str
    deployment: str
    instance_type: str
    instance_count: int
    auth: str
    compute: str
    image: str
    port: int
    isolated: bool
    tags: dict[str, str]
    force: bool


class CheckArgs(TypedDict):
    """Arguments of the request named `preflight`: would this model work there? `load` tries it, which takes a while."""

    model: str
    target: str
    load: bool


class CheckResult(TypedDict):
    """Answer to `preflight`."""

    findings: list[CheckFinding]


class DeploymentArgs(TypedDict):
    """Arguments of `delete_deployment`, `roll_back` and `sample_request`: a deployment or endpoint, by reference."""

    name: str


class TrafficArgs(TypedDict):
    """Arguments of the request named `set_traffic`: percent by deployment of an endpoint."""

    name: str
    shares: dict[str, int]


class LogsArgs(TypedDict):
    """Arguments of the request named `deployment_logs`: the last lines."""

    name: str
    tail: int


class LogsResult(TypedDict):
    """Answer to `deployment_logs`."""

    text: str


class CodeArgs(TypedDict):
    """Arguments of the request named `copy_code`: an action, and its arguments as `DeployForm` and others have them."""

    action: str
    args: dict[str, Any]


class CodeResult(TypedDict):
    """Answer to `copy_code`: texts by kind, "python", "sdk", "cli", "yaml", where there is one."""

    codes: dict[str, str]


SHAPES: tuple[Any, ...] = (
    DeploymentRow,
    EndpointsInfo,
    WorkLine,
    CheckFinding,
    DeployWork,
    VersionChoice,
    ModelChoice,
    MachineChoice,
    ComputeChoice,
    DeployChoices,
    DeployForm,
    CheckArgs,
    CheckResult,
    DeploymentArgs,
    TrafficArgs,
    LogsArgs,
    LogsResult,
    *trying.SHAPES,
    CodeArgs,
    CodeResult,
)
