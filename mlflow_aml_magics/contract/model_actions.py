"""What the registry panel does with whole models: compare, register, share, deploy."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = [
    "SHAPES",
    "CompareVersionsArgs",
    "CompareVersionsResult",
    "DeployVersionArgs",
    "DoneResult",
    "RegisterModelArgs",
    "ShareVersionArgs",
    "VersionDifference",
    "VersionSection",
]


class CompareVersionsArgs(TypedDict):
    """Arguments of `compare_versions`: two versions of any models, `a` is the older or the baseline: "wine:3"."""

    a: str
    b: str


class VersionDifference(TypedDict):
    """A line that differs, ready to show; None where a side has no such thing.

    `delta` is a metric's, "+0.02 (+2 %)" of b against a; `risk` says what is likely to break.
    """

    name: str
    a: str | None
    b: str | None
    delta: str
    risk: str


class VersionSection(TypedDict):
    """A titled group of what differs, and how many lines are the same in both."""

    title: str
    same: int
    rows: list[VersionDifference]


class CompareVersionsResult(TypedDict):
    """Answer to `compare_versions`. `hints` are what is likely to break where b takes a's place."""

    a: str
    b: str
    sections: list[VersionSection]
    hints: list[str]
    notes: list[str]


class ShareVersionArgs(TypedDict):
    """Arguments of `share_model`: a version to a registry, or to another workspace of the same login or another store.

    Of `registry`, `workspace` and `store` one is given, the others are empty.
    """

    name: str
    version: str
    registry: str
    workspace: str
    store: str


class RegisterModelArgs(TypedDict):
    """Arguments of `register_model`: `source` is a run, a model URI or a folder, as `%aml_register` takes it."""

    source: str
    name: str
    alias: str
    force: bool


class DeployVersionArgs(TypedDict):
    """Arguments of `deploy_version`; `name` is the deployment's, "" for the model's."""

    model: str
    target: str
    name: str


class DoneResult(TypedDict):
    """Answer to `register_model`, `share_model` and `deploy_version`: what was done; `name` of what it made."""

    message: str
    name: str


SHAPES: tuple[Any, ...] = (
    CompareVersionsArgs,
    VersionDifference,
    VersionSection,
    CompareVersionsResult,
    ShareVersionArgs,
    RegisterModelArgs,
    DeployVersionArgs,
    DoneResult,
)
