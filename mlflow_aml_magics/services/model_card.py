"""One version in full: what it is, what its files say, and who changed it and why."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import AmlMagicsError
from ..render.document import Block, Code, Document, Facts, Note, Shown, Table
from ..render.format import number, plural, size, timestamp
from .model_facts import ModelFacts, read_facts
from .model_history import Change, history_of, is_history
from .models import stage_of

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion

__all__ = ["ModelCard", "Thread", "show_model"]


@dataclass(frozen=True)
class ModelCard(Shown):
    """One version in full, with who changed it and why, the newest change first.

    ``message`` says what was just done, ``warnings`` what should be known of it, ``others`` which versions are in the
    same stage. ``facts`` is None where nobody read the version's files, or they cannot be read.
    """

    model_version: ModelVersion
    history: tuple[Change, ...]
    store: str
    message: str = ""
    warnings: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    facts: ModelFacts | None = None
    link: str = ""

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

    @property
    def thread(self) -> Thread:
        """What was said and done about the version, the newest last."""
        return Thread(self.model_version.label, self.history[::-1])

    def _document(self) -> Document:
        v, files = self.model_version, self.facts
        facts = (
            ("stage", stage_of(v)),
            ("aliases", ", ".join(v.aliases)),
            ("source run", v.run_id or ""),
            ("created (UTC)", timestamp(v.created)),
            ("status", "" if v.status == "READY" else v.status),
            ("description", v.description),
            ("flavors", ", ".join(files.flavors) if files else ""),
            ("size", _size(files) if files else ""),
            ("files", _short_source(v)),
            ("studio", self.link),
            ("store", self.store),
        )
        blocks: list[Block] = [Facts(tuple((k, value) for k, value in facts if value))]
        blocks[:0] = [Note(warning, "warn") for warning in self.warnings]
        if self.message:
            blocks.insert(0, Note(self.message, "good"))
        if v.metrics:
            blocks.append(
                Table(("metric", "value"), tuple((k, number(x)) for k, x in v.metrics.items()), (False, True))
            )
        if files and files.signature:
            blocks.append(Table(("signature", "name", "type"), files.signature))
        if files and files.environment:
            blocks.append(Code("\n".join(f"{k} {x}" for k, x in files.environment.items()), title="environment"))
        if tags := tuple((k, text) for k, text in sorted(v.tags.items()) if not is_history(k)):
            blocks.append(Table(("tag", "value"), tags))
        if self.history:
            changes = tuple((timestamp(c.at), c.who, c.sentence) for c in self.history)
            blocks.append(Table(("when (UTC)", "who", "what"), changes))
        is_aside = v.stage == "Archived"
        blocks.append(Note(f"next: %aml_models {v.label} --restore" if is_aside else f"next: %aml_deploy {v.label}"))
        return Document(f"{v.name} version {v.version}", tuple(blocks))


@dataclass(frozen=True)
class Thread(Shown):
    """What was said and done about one version, the oldest first."""

    label: str
    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.changes)

    def _document(self) -> Document:
        if not self.changes:
            return Document(f"nobody wrote about {self.label} yet", (Note(f'next: %aml_models {self.label} -c "…"'),))
        rows = tuple((timestamp(c.at), c.who, c.sentence) for c in self.changes)
        return Document(f"discussion of {self.label}", (Table(("when (UTC)", "who", "what"), rows),))


def show_model(
    conn: Connection,
    ref: str,
    *,
    message: str = "",
    warnings: tuple[str, ...] = (),
    others: tuple[str, ...] = (),
    files: bool = False,
) -> ModelCard:
    """One version with its stage, aliases, metrics, tags and history.

    Args:
        ref: "wine:3", "wine@champion", "wine" for the newest, or a models:/ URI.
        files: read flavors, size, signature and environment too, a few small files; unreadable ones are left out.

    Raises:
        ModelNotFound: with what there is.
    """
    from ..client.models import resolve, with_details

    version = with_details(conn, resolve(conn, ref))
    facts = None
    if files:
        with suppress(AmlMagicsError):  # a version whose files are gone is still a version
            facts = read_facts(conn, version)
    link = conn.azure.studio.model(version.name, version.version) if conn.azure is not None else ""
    return ModelCard(version, history_of(version.tags), conn.label, message, warnings, others, facts, link)


def _size(files: ModelFacts) -> str:
    count = plural(len(files.files), "file")
    return f"{size(files.size)} in {count}" if files.size is not None else count


def _short_source(version: ModelVersion) -> str:
    """Where the files are; runs:/ID/path where that is all there is to say of a long address."""
    before, found, path = version.source.rpartition(f"/{version.run_id}/artifacts/")
    return f"runs:/{version.run_id}/{path}" if version.run_id and found and before else version.source
