"""What is in the model registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..frames.goals import held_out
from ..render.document import Document, Note, Shown, Table
from ..render.format import number, plural, timestamp

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion

__all__ = ["ModelList", "list_models"]

ROWS = 50  # shown
METRICS = 4  # columns shown; the versions hold them all


@dataclass(frozen=True)
class ModelList(Shown):
    """Model versions, by name, the newest first."""

    versions: tuple[ModelVersion, ...]
    store: str
    name: str | None = None

    def __iter__(self) -> Iterator[ModelVersion]:
        return iter(self.versions)

    def __len__(self) -> int:
        return len(self.versions)

    def __getitem__(self, index: int) -> ModelVersion:
        return self.versions[index]

    def _document(self) -> Document:
        if not self.versions:
            what = f"'{self.name}' has no versions" if self.name else f"no models in {self.store}"
            return Document(what, (Note(f"next: %aml_register RUN --name {self.name or 'NAME'}"),))
        metrics = self._metrics()
        rows = tuple(
            (
                v.name,
                v.version,
                ", ".join(v.aliases),
                v.run_id or "",
                timestamp(v.created),
                *(number(v.metrics.get(key)) for key in metrics),
                "" if v.status == "READY" else v.status,
            )
            for v in self.versions[:ROWS]
        )
        columns = ("model", "version", "aliases", "source run", "created (UTC)", *metrics, "status")
        numeric = (False, True, False, False, False, *(True for _ in metrics), False)
        if not any(row[-1] for row in rows):  # all are ready, as they nearly always are
            columns, numeric, rows = columns[:-1], numeric[:-1], tuple(row[:-1] for row in rows)
        title = f"{plural(len(self.versions), 'version')} of {self._models()}, {self.store}"
        return Document(title, (Table(columns, rows, numeric, total=len(self.versions)),))

    def _models(self) -> str:
        return f"'{self.name}'" if self.name else plural(len({v.name for v in self.versions}), "model")

    def _metrics(self) -> list[str]:
        """The metrics that most versions have, those of held-out data first."""
        counts: dict[str, int] = {}
        for version in self.versions:
            for key in version.metrics:
                counts[key] = counts.get(key, 0) + 1
        return sorted(counts, key=lambda key: (not held_out(key), -counts[key], key))[:METRICS]


def list_models(conn: Connection, name: str | None = None) -> ModelList:
    """The versions of one registered model or of all, with aliases, source runs and metrics.

    Raises:
        ModelNotFound: no registered model has that name.
    """
    from ..client.models import list_versions

    return ModelList(tuple(list_versions(conn, name, metrics=True)), conn.label, name)
