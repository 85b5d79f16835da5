"""``%aml``: every verb in a line."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, nearest
from ..render.document import Document, Note, Shown, Table
from . import CELL_VERBS, VERBS
from .parsing import run_verb

if TYPE_CHECKING:
    from .session import Session

__all__ = ["VerbList", "run_index"]


@dataclass(frozen=True)
class VerbList(Shown):
    """Every verb, what it does, and an example."""

    rows: tuple[tuple[str, str, str], ...]

    def _document(self) -> Document:
        return Document(
            "What you can type",
            (
                Table(("magic", "what it does", "example"), self.rows),
                Note(
                    "%aml_track? or %aml_track --help tells all; all but %aml_track are methods of Workspace too",
                    "info",
                ),
            ),
        )


def verb_list() -> VerbList:
    """The verbs with the first example of each."""
    rows = []
    for name, summary in VERBS.items():
        parser = import_module(f".{name}", __package__).parser()
        rows.append((f"%aml_{name}", summary, parser.examples[0]))
    return VerbList(tuple(rows))


def run_index(session: Session, line: str, cell: str | None) -> Any:
    """List the verbs, or run the one that the line begins with."""
    __tracebackhide__ = True
    name, _, rest = line.strip().partition(" ")
    if not name or name in ("--help", "-h"):
        return verb_list()
    if name in VERBS:
        if cell is not None and name not in CELL_VERBS:
            raise UsageError(f"%%aml_{name} is no cell magic", hint=f"%aml_{name} {rest}")
        return run_verb(import_module(f".{name}", __package__), session, rest, cell)
    close = nearest(name, VERBS)
    raise UsageError(
        f"there is no magic %aml_{name}", hint=f"did you mean %aml_{close}?" if close else "%aml lists them"
    )
