"""What the registry panel shows and asks for."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from . import model_actions

__all__ = [
    "SHAPES",
    "DataBox",
    "EditVersionArgs",
    "EditVersionResult",
    "FileRow",
    "LineageResult",
    "ListedModel",
    "ListedVersion",
    "ModelEdit",
    "ModelsInfo",
    "RunBox",
    "ServedBy",
    "SignatureRow",
    "ThreadEntry",
    "VersionArgs",
    "VersionFiles",
    "VersionResult",
]

ModelEdit = Literal[
    "stage", "set_alias", "remove_alias", "comment", "describe", "set_tag", "remove_tag", "archive", "restore", "delete"
]


class ListedModel(TypedDict):
    """A registered model as a whole."""

    name: str
    description: str
    tags: dict[str, str]


class ListedVersion(TypedDict):
    """A version as the table has it. `stage` is MLflow's, "" for none; `studio_stage` another that the studio has.

    `created` is ISO 8601 in UTC. `tags` are without those that keep the discussion. `metrics` are of its run;
    None is one that is no finite number, which JSON has not.
    """

    name: str
    version: str
    stage: str
    studio_stage: str
    aliases: list[str]
    run_id: str | None
    created: str | None
    status: str
    description: str
    tags: dict[str, str]
    metrics: dict[str, float | None]


class ModelsInfo(TypedDict):
    """All that the registry panel shows before it asks; also the answer to `models`, which reads the registry anew.

    `versions` are by model, the newest first, at most so many that a page takes them; `total` counts all. `metrics`
    names those of the versions, the ones to show first. `azure`: the store is an Azure ML workspace. `targets` are
    those that can be deployed to from here. `name` is the one model that was asked for, "" for all.
    """

    contract: int
    store: str
    name: str
    azure: bool
    models: list[ListedModel]
    versions: list[ListedVersion]
    total: int
    metrics: list[str]
    targets: list[str]


class VersionArgs(TypedDict):
    """Arguments of `version`, `version_files` and `lineage`."""

    name: str
    version: str


class ThreadEntry(TypedDict):
    """One entry of a discussion. `at` is ISO 8601 in UTC; `what` is stage, alias or comment; `did` the change in words.

    `text` is the comment.
    """

    at: str
    who: str
    what: str
    did: str
    text: str


class RunBox(TypedDict):
    """The run that logged a model; `link` is its page, `gone` says that it was deleted."""

    run_id: str
    name: str
    experiment: str
    user: str
    commit: str
    link: str
    gone: bool


class VersionResult(TypedDict):
    """Answer to `version`: it as it is now, its discussion, the oldest entry first, and its run.

    `link` is its page in the studio. `source` is where its files are.
    """

    row: ListedVersion
    thread: list[ThreadEntry]
    run: RunBox | None
    link: str
    source: str


class FileRow(TypedDict):
    """A file of a version; `size` in bytes, None where the store does not tell."""

    path: str
    size: int | None


class SignatureRow(TypedDict):
    """A line of a signature; `way` is input, output or param."""

    way: str
    name: str
    type: str


class VersionFiles(TypedDict):
    """Answer to `version_files`: what its files say. `size` in bytes. `environment` is package to version."""

    flavors: list[str]
    mlflow: str
    size: int | None
    signature: list[SignatureRow]
    environment: dict[str, str]
    files: list[FileRow]


class ServedBy(TypedDict):
    """A deployment that serves a version; `link` is its page in the studio, `url` where it answers."""

    name: str
    target: str
    state: str
    url: str
    link: str


class DataBox(TypedDict):
    """A dataset that the run read; `context` is "training" and the like, `where` its address."""

    name: str
    digest: str
    context: str
    where: str


class LineageResult(TypedDict):
    """Answer to `lineage`. `notes` says what could not be asked for."""

    data: list[DataBox]
    run: RunBox | None
    version: ListedVersion
    served: list[ServedBy]
    notes: list[str]


class EditVersionArgs(TypedDict):
    """Arguments of `edit_version`.

    `version` is "" for the model as a whole, which can be described, tagged and deleted. `key` is the alias's or the
    tag's name; `value` the stage, the tag's value, the description. `comment` says why. `force`: with "stage", archive
    the others in it; with "delete", although something needs it, which otherwise is the failure `in_use`.
    """

    action: ModelEdit
    name: str
    version: str
    key: str
    value: str
    comment: str
    force: bool


class EditVersionResult(TypedDict):
    """Answer to `edit_version`: what was done, in words. `others` are versions that are in the same stage.

    The list follows by itself.
    """

    message: str
    others: list[str]


SHAPES: tuple[Any, ...] = (
    ListedModel,
    ListedVersion,
    ModelsInfo,
    VersionArgs,
    ThreadEntry,
    RunBox,
    VersionResult,
    FileRow,
    SignatureRow,
    VersionFiles,
    ServedBy,
    DataBox,
    LineageResult,
    EditVersionArgs,
    EditVersionResult,
    *model_actions.SHAPES,  # their shapes are imported from there
)
