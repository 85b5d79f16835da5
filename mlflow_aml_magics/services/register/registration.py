"""What came of registering, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...render.document import Block, Document, Facts, Note, Shown, Table

if TYPE_CHECKING:
    from ...client.models import ModelVersion
    from ..preflight import Preflight

__all__ = ["Registration"]


@dataclass(frozen=True)
class Registration(Shown):
    """A version of a registered model. ``created`` is False when the same content was there before.

    ``alias`` is the one asked for; ``moved_from`` the version that had it until now; ``check`` what was found before
    it was registered, None where that was not asked for or it was there already; ``fixed`` what was changed in the
    copy that is registered; ``kind`` is "mlflow", "custom" or "triton"; ``described`` tells whether a version that was
    there got another description.
    """

    name: str
    version: str
    created: bool
    model_version: ModelVersion
    store: str
    alias: str | None = None
    moved_from: str | None = None
    check: Preflight | None = None
    fixed: tuple[str, ...] = ()
    kind: str = "mlflow"
    described: bool = False

    @property
    def run_id(self) -> str | None:
        """The run that made the model."""
        return self.model_version.run_id

    @property
    def uri(self) -> str:
        """models:/wine/3"""
        return self.model_version.uri

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        did = "created" if self.created else "was there already, with the same content"
        text = f"{self.name} version {self.version} {did}"
        if self.described:
            text += "; its description is changed"
        if self.alias is None:
            return text
        moved = f", until now of version {self.moved_from}" if self.moved_from else ""
        return f"{text}; alias {self.alias}{moved}"

    @property
    def reference(self) -> str:
        """What to deploy it by: wine@champion, or wine:3."""
        return f"{self.name}@{self.alias}" if self.alias else f"{self.name}:{self.version}"

    def _document(self) -> Document:
        facts = (
            ("model", self.name),
            ("version", self.version),
            ("type", "" if self.kind == "mlflow" else self.kind),
            ("aliases", ", ".join(self.model_version.aliases)),
            ("source run", self.run_id or ""),
            ("checked", self._checked()),
            ("store", self.store),
        )
        blocks: list[Block] = [Facts(tuple((k, v) for k, v in facts if v))]
        blocks.append(Note(self.message, "good" if self.created else "info"))
        if self.fixed:
            blocks.append(Table(("changed in the copy that is registered",), tuple((change,) for change in self.fixed)))
        blocks += [finding.note for finding in (self.check.worth_telling() if self.check else ())]
        verb = "%aml_deploy" if self.kind == "mlflow" else "%aml_download"
        blocks.append(Note(f"next: {verb} {self.reference}"))
        return Document(f"{self.name} version {self.version}", tuple(blocks))

    def _checked(self) -> str:
        """How the model did when it was tried; nothing where it was only read."""
        if self.check is None or self.check.load_seconds is None:
            return ""
        tried = (finding.what for finding in self.check.findings if finding.level == "good")
        return "; ".join(what for what in tried if what.startswith(("loads", "scores")))
