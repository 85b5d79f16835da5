"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...errors import ModelError
from ...render.document import Block, Document, Note, Shown
from ...render.format import one_line

__all__ = ["Finding", "Level", "Preflight", "ranked", "refuse_bad"]

Level = Literal["good", "info", "warn", "bad"]  # bad: it will fail; warn: it may
_RANK: dict[Level, int] = {"bad": 0, "warn": 1, "info": 2, "good": 3}


@dataclass(frozen=True)
class Finding:
    """One thing found: ``what`` it is, and the ``fix``, a command or a step, where there is one."""

    level: Level
    what: str
    fix: str = ""

    @property
    def note(self) -> Note:
        """As it is shown."""
        return Note(one_line(f"{self.what}; {self.fix}" if self.fix else self.what, 600), self.level)


@dataclass(frozen=True)
class Preflight(Shown):
    """All that was found about a model before something is done with it, the worst first.

    ``load_seconds`` and ``score_ms`` are None where it was not loaded, or has no input example.
    """

    model: str
    findings: tuple[Finding, ...]
    load_seconds: float | None = None
    score_ms: float | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was found that will fail."""
        return all(finding.level != "bad" for finding in self.findings)

    def worth_telling(self) -> tuple[Finding, ...]:
        """What will fail or may."""
        return tuple(finding for finding in self.findings if finding.level in ("bad", "warn"))

    @property
    def verdict(self) -> str:
        """The outcome in a few words."""
        bad, warn = (sum(f.level == level for f in self.findings) for level in ("bad", "warn"))
        said = [f"{bad} will fail" if bad else "", f"{warn} may fail" if warn else ""]
        return ", ".join(filter(None, said)) or "nothing found that fails"

    def _document(self) -> Document:
        blocks: tuple[Block, ...] = tuple(finding.note for finding in self.findings)
        return Document(f"check of {self.model}: {self.verdict}", blocks)


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first; else as they came."""
    return tuple(sorted(findings, key=lambda finding: _RANK[finding.level]))


def refuse_bad(model: str, doing: str, findings: Sequence[Finding]) -> None:
    """Stop where something was found that will fail.

    Args:
        model: "wine version 3".
        doing: what is not done, "registered", "deployed".

    Raises:
        ModelError: with each bad finding, and as the hint what mends the first.
    """
    bad = [finding for finding in ranked(findings) if finding.level == "bad"]
    if bad:
        reasons = "; ".join(one_line(finding.what, 600) for finding in bad)  # of a model of whoever
        fix = next((one_line(finding.fix, 600) for finding in bad if finding.fix), "")
        hint = f"{fix}; or --force" if fix else "--force does it nevertheless"
        raise ModelError(f"{model} is not {doing}: {reasons}", hint=hint)
