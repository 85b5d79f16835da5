"""What is in the model registry, and changes of a version's stage and aliases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..frames.goals import held_out
from ..render.document import Block, Document, Facts, Note, Shown, Table
from ..render.format import number, plural, timestamp
from .model_history import Change, history_of, is_history, recorded
from .model_names import check_alias, stage_named

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion

__all__ = ["ModelCard", "ModelList", "comment", "list_models", "remove_alias", "set_alias", "set_stage", "show_model"]

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
                _stage(v),
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


@dataclass(frozen=True)
class ModelCard(Shown):
    """One version in full, with who changed it and why, the newest change first."""

    model_version: ModelVersion
    history: tuple[Change, ...]
    store: str
    message: str = ""

    @property
    def name(self) -> str:
        """The registered model."""
        return self.model_version.name

    @property
    def version(self) -> str:
        """Its number."""
        return self.model_version.version

    @property
    def stage(self) -> str:
        """MLflow's, "" for none."""
        return self.model_version.stage

    @property
    def aliases(self) -> tuple[str, ...]:
        """Those that it has now."""
        return self.model_version.aliases

    def _document(self) -> Document:
        v = self.model_version
        facts = (
            ("stage", _stage(v)),
            ("aliases", ", ".join(v.aliases)),
            ("source run", v.run_id or ""),
            ("created (UTC)", timestamp(v.created)),
            ("status", "" if v.status == "READY" else v.status),
            ("description", v.description),
            ("files", _short_source(v)),
            ("store", self.store),
        )
        blocks: list[Block] = [Facts(tuple((k, value) for k, value in facts if value))]
        if self.message:
            blocks.insert(0, Note(self.message, "good"))
        if v.metrics:
            blocks.append(
                Table(("metric", "value"), tuple((k, number(x)) for k, x in v.metrics.items()), (False, True))
            )
        if tags := tuple((k, text) for k, text in sorted(v.tags.items()) if not is_history(k)):
            blocks.append(Table(("tag", "value"), tags))
        if self.history:
            changes = tuple((timestamp(c.at), c.who, c.sentence) for c in self.history)
            blocks.append(Table(("when (UTC)", "who", "what"), changes))
        blocks.append(Note(f"next: %aml_deploy {v.name}/{v.version}"))
        return Document(f"{v.name} version {v.version}", tuple(blocks))


def _short_source(version: ModelVersion) -> str:
    """Where the files are; runs:/ID/path where that is all there is to say of a long address."""
    before, found, path = version.source.rpartition(f"/{version.run_id}/artifacts/")
    return f"runs:/{version.run_id}/{path}" if version.run_id and found and before else version.source


def show_model(conn: Connection, ref: str, *, message: str = "") -> ModelCard:
    """One version with its stage, aliases, metrics, tags and history.

    Args:
        ref: "wine:3", "wine@champion", "wine" for the newest, or a models:/ URI.

    Raises:
        ModelNotFound: with what there is.
    """
    from ..client.models import resolve, with_details

    version = with_details(conn, resolve(conn, ref))
    return ModelCard(version, history_of(version.tags), conn.label, message)


def set_stage(conn: Connection, ref: str, stage: str, *, text: str = "") -> ModelCard:
    """Move a version to a stage and keep who did it, when and why. Other versions stay in theirs.

    Args:
        ref: as in `show_model`.
        stage: None, Staging, Production or Archived, in any case of letters.
        text: the comment.
    """
    from ..client.models import resolve
    from ..client.models import set_stage as move

    wanted = stage_named(stage)
    version = resolve(conn, ref)
    before = version.stage or "None"
    if before == wanted:
        return _stays(conn, version, f"{version.name} version {version.version} was in {wanted} already", text)
    with recorded(conn, version, ("stage", before, wanted), text):
        move(conn, version, wanted)
    return show_model(conn, version.uri, message=f"{version.name} version {version.version}: {before} → {wanted}")


def set_alias(conn: Connection, ref: str, alias: str, *, text: str = "") -> ModelCard:
    """Give an alias to a version, taking it from the one that had it, and keep who did it, when and why."""
    from ..client.models import alias_holder, resolve
    from ..client.models import set_alias as give

    check_alias(alias)
    version = resolve(conn, ref)
    holder = alias_holder(conn, version.name, alias)
    if holder == version.version:
        return _stays(conn, version, f"{version.name} version {version.version} had the alias {alias} already", text)
    with recorded(conn, version, ("alias", holder or "", alias), text):
        give(conn, version, alias)
    moved = f", until now of version {holder}" if holder else ""
    return show_model(conn, version.uri, message=f"{version.name} version {version.version}: alias {alias}{moved}")


def remove_alias(conn: Connection, ref: str, alias: str, *, text: str = "") -> ModelCard:
    """Take an alias from a version, and keep who did it, when and why.

    Raises:
        UsageError: the alias is not this version's.
    """
    from ..client.models import remove_alias as take
    from ..client.models import resolve

    version = resolve(conn, ref)
    with recorded(conn, version, ("alias", alias, ""), text):
        take(conn, version, alias)
    return show_model(conn, version.uri, message=f"{version.name} version {version.version}: alias {alias} removed")


def comment(conn: Connection, ref: str, text: str) -> ModelCard:
    """Keep a comment on a version."""
    from ..client.models import resolve

    if not text.strip():
        raise UsageError("the comment is empty", hint='--comment "why"')
    return _stays(conn, resolve(conn, ref), "the comment is kept", text)


def _stays(conn: Connection, version: ModelVersion, message: str, text: str) -> ModelCard:
    """Nothing changes but for the comment."""
    if text.strip():
        with recorded(conn, version, ("comment", "", ""), text):
            pass
    return show_model(conn, version.uri, message=message)


def _stage(version: ModelVersion) -> str:
    """MLflow's stage, and the studio's where Azure ML says another there."""
    if version.studio_stage:
        return f"{version.stage or 'None'} (studio: {version.studio_stage})"
    return version.stage
