"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...render.document import Document, Note, Shown

__all__ = ["Finding", "Level", "Preflight"]

Level = Literal["good", "info", "warn", "bad"]  # bad: it will fail; warn: it may


@dataclass(frozen=True)
class Finding:
    """One thing found: ``what`` it is, and the ``fix``, a command or a step, where there is one."""

    level: Level
    what: str
    fix: str = ""


@dataclass(frozen=True)
class Preflight(Shown):
    """All that was found about a model before something is done with it."""

    model: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found that will fail."""
        return all(finding.level != "bad" for finding in self.findings)

    def _document(self) -> Document:
        return Document(self.model, tuple(Note(f.what, f.level) for f in self.findings))
