"""Runs side by side, and a file that several of them have."""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = [
    "ArtifactArgs",
    "CompareArgs",
    "ComparedArtifact",
    "ComparedFile",
    "ComparedRow",
    "ComparedRun",
    "ComparedSection",
    "ComparisonInfo",
    "DeltaTone",
    "DiffRow",
    "DiffState",
    "FileKind",
]

DeltaTone = Literal["better", "worse", "same", "none"]
DiffState = Literal["same", "changed", "added", "removed"]
FileKind = Literal["text", "json", "csv", "image", "binary", "missing"]


class CompareArgs(TypedDict):
    """Arguments of the request named `compare`; answered by a `ComparisonInfo`.

    `run_ids`: 2 to 20, in the order of the columns. `baseline`: one of them, "" for the first. `metrics_at`: which
    value of each metric: "last", "min", "max", or "step:10" for the one at step 10.
    """

    run_ids: list[str]
    baseline: str
    metrics_at: str


class ComparedRow(TypedDict):
    """One line of the side-by-side view; `values` in the order of `ComparisonInfo.runs`, None where absent.

    `deltas` are the runs against the baseline, ready to show ("−1.93 (−3.2 %)"), `tones` what they mean; both are
    empty for what is no metric. `note` says what the values cannot. `path` opens by the request `artifact`, empty where
    there is nothing to open; `steps` are those of a series of images.
    """

    key: str
    values: list[str | None]
    differs: bool
    deltas: list[str]
    tones: list[DeltaTone]
    note: str
    path: str
    steps: list[int]


class ComparedSection(TypedDict):
    """A titled group of lines: Run, Parameters, Metrics, Tags, Source, Artifacts, Signature, Environment."""

    title: str
    rows: list[ComparedRow]


class ComparedRun(TypedDict):
    """Heading of one column of the side-by-side view. `started` is ISO 8601 in UTC."""

    run_id: str
    name: str
    status: str
    started: str | None
    deleted: bool


class ComparisonInfo(TypedDict):
    """The side-by-side view of two or more runs. `baseline` is a run's id; `notes` say what could not be read."""

    contract: int
    runs: list[ComparedRun]
    baseline: str
    metrics_at: str
    sections: list[ComparedSection]
    notes: list[str]


class ArtifactArgs(TypedDict):
    """Arguments of the request named `artifact`; answered by a `ComparedArtifact`.

    `path` is that of a `ComparedRow`, `step` one of its steps, None where it has none. `chosen` is the run that is set
    against the `baseline`.
    """

    run_ids: list[str]
    path: str
    step: int | None
    baseline: str
    chosen: str


class ComparedFile(TypedDict):
    """A file as one run has it. `size` in bytes, of which the first `read` are here; None where nobody knows.

    `equal`: its bytes are the baseline's; None where too few were read to tell. `type` is the MIME type of an image,
    whose bytes are the answer's buffer number `buffer`; -1 where there is none. `note`: why it is not shown.
    """

    run_id: str
    kind: FileKind
    size: int | None
    read: int
    equal: bool | None
    type: str
    buffer: int
    note: str


class DiffRow(TypedDict):
    """A line of text, as one cell, or a row of a table: `left` is the baseline's, `right` the chosen run's.

    One of them is empty where a row was added or removed; `right` is empty too where both are the same.
    """

    state: DiffState
    left: list[str]
    right: list[str]


class ComparedArtifact(TypedDict):
    """A file of several runs, in their order; of text and tables the `rows` of the baseline against the chosen run.

    `columns` are a table's. `note` says what of it is not shown.
    """

    path: str
    step: int | None
    chosen: str
    files: list[ComparedFile]
    columns: list[str]
    rows: list[DiffRow]
    note: str
