"""Runs side by side."""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = [
    "ComparedRow",
    "ComparedRun",
    "ComparedSection",
    "ComparisonInfo",
    "DeltaTone",
]

DeltaTone = Literal["better", "worse", "same", "none"]


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
