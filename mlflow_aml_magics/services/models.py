"""What is in the model registry: the versions of one model or of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..frames.goals import held_out
from ..render.document import Document, Note, Shown, Table
from ..render.format import number, plural, timestamp

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion, RegisteredModel

__all__ = ["ModelList", "common_metrics", "list_again", "list_models", "stage_of"]

ROWS = 50  # shown
METRICS = 4  # columns shown; the versions hold them all


@dataclass(frozen=True)
class ModelList(Shown):
    """Model versions, by name, the newest first. ``models`` also has those without a version."""

    versions: tuple[ModelVersion, ...]
    store: str
    name: str | None = None
    models: tuple[RegisteredModel, ...] = ()

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
        metrics = common_metrics(self.versions)[:METRICS]
        rows = tuple(
            (
                v.name,
                v.version,
                stage_of(v),
                ", ".join(v.aliases),
                v.run_id or "",
                timestamp(v.created),
                *(number(v.metrics.get(key)) for key in metrics),
                "" if v.status == "READY" else v.status,
            )
            for v in self.versions[:ROWS]
        )
        columns = ("model", "version", "stage", "aliases", "source run", "created (UTC)", *metrics, "status")
        numeric = (False, True, False, False, False, False, *(True for _ in metrics), False)
        # Without stages, and all of them ready, as they nearly always are: no columns of nothing.
        shown = [i for i, name in enumerate(columns) if name not in ("stage", "status") or any(row[i] for row in rows)]
        columns, numeric = tuple(columns[i] for i in shown), tuple(numeric[i] for i in shown)
        rows = tuple(tuple(row[i] for i in shown) for row in rows)
        title = f"{plural(len(self.versions), 'version')} of {self._models()}, {self.store}"
        return Document(title, (Table(columns, rows, numeric, total=len(self.versions)),))

    def _models(self) -> str:
        return f"'{self.name}'" if self.name else plural(len({v.name for v in self.versions}), "model")


def list_models(conn: Connection, name: str | None = None) -> ModelList:
    """The versions of one registered model or of all, with aliases, source runs and metrics.

    Raises:
        ModelNotFound: no registered model has that name.
    """
    from ..client.models import list_registry

    models, versions = list_registry(conn, name, metrics=True)
    return ModelList(tuple(versions), conn.label, name, tuple(models))


def list_again(conn: Connection, listed: ModelList, name: str) -> ModelList:
    """The list with one of its models read anew, or left out where it is gone.

    Metrics are read of versions that are new in it alone: a run that has ended does not change.
    """
    from ..client.models import exists, list_registry, with_details

    metrics = {v.version: v.metrics for v in listed if v.name == name}
    models, versions = list_registry(conn, name) if exists(conn, name) else ([], [])
    fresh = [
        replace(v, metrics=metrics[v.version]) if v.version in metrics else with_details(conn, v) for v in versions
    ]
    return replace(
        listed,
        versions=tuple(sorted([v for v in listed if v.name != name] + fresh, key=lambda v: v.name)),
        models=tuple(sorted([m for m in listed.models if m.name != name] + models, key=lambda m: m.name)),
    )


def common_metrics(versions: tuple[ModelVersion, ...]) -> list[str]:
    """The names of their metrics: those of held-out data first, then what most versions have."""
    counts: dict[str, int] = {}
    for version in versions:
        for key in version.metrics:
            counts[key] = counts.get(key, 0) + 1
    return sorted(counts, key=lambda key: (not held_out(key), -counts[key], key))


def stage_of(version: ModelVersion) -> str:
    """MLflow's stage, and the studio's where Azure ML says another there."""
    if version.studio_stage:
        return f"{version.stage or 'None'} (studio: {version.studio_stage})"
    return version.stage
