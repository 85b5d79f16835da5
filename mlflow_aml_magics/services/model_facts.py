"""What the files of a version say of it: flavors, size, signature, environment. Small files are read, no model is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .run_facts import facts_of_files

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion

__all__ = ["ModelFacts", "read_facts"]

READ = 1_000_000  # bytes of MLmodel, requirements.txt …; a longer one is not ours to show


@dataclass(frozen=True)
class ModelFacts:
    """A version's files: paths with bytes (None where the store does not tell), and what the known ones say.

    ``signature`` has rows of (input, output or param; name; type), ``environment`` package -> version.
    """

    files: tuple[tuple[str, int | None], ...] = ()
    flavors: tuple[str, ...] = ()
    mlflow: str = ""
    size: int | None = None
    signature: tuple[tuple[str, str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def read_facts(conn: Connection, version: ModelVersion) -> ModelFacts:
    """What a version's files say; a version that is no MLflow model has files only.

    Costs a listing and at most four small files.

    Raises:
        ModelError, StoreError: its files cannot be listed.
    """
    from ..client.models import open_files

    with conn.guard(f"reading the files of {version.label}"):
        remote = open_files(conn, version.uri)
        listed = {file.path: file for file in remote.files()}
        heads: dict[str, bytes] = {}

        def read(path: str) -> bytes:
            heads[path] = remote.head(listed[path], READ).data
            return heads[path]

        facts = facts_of_files(sorted(listed), read)
    sizes = [file.size for file in listed.values()]
    known = sum(size for size in sizes if size is not None)
    about = facts["Model"]
    return ModelFacts(
        files=tuple(sorted((path, file.size) for path, file in listed.items())),
        flavors=tuple(filter(None, about.get("flavors", "").split(", "))),
        mlflow=about.get("written by mlflow", ""),
        size=known if sizes and None not in sizes else _told_size(heads),
        signature=tuple((*key.partition(" ")[::2], kind) for key, kind in facts["Signature"].items()),
        environment=facts["Environment"],
    )


def _told_size(heads: Mapping[str, bytes]) -> int | None:
    """What the MLmodel says, where the store lists no sizes, as Azure ML does."""
    for path, data in heads.items():
        if path.rpartition("/")[2] == "MLmodel" and (told := re.search(rb"(?m)^model_size_bytes: (\d+)$", data)):
            return int(told[1])
    return None
