"""What a deployment would do, without doing it: the steps, and the same as Python, az CLI and YAML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...render.document import Code, Document, Shown
from .options import DeployOptions

if TYPE_CHECKING:
    from ...client.connection import Connection

__all__ = ["Plan", "plan"]


@dataclass(frozen=True)
class Plan(Shown):
    """``steps`` in words; ``yaml`` is file name -> text, which ``cli`` reads."""

    title: str
    steps: tuple[str, ...]
    python: str
    cli: str = ""
    yaml: tuple[tuple[str, str], ...] = ()

    def _document(self) -> Document:
        return Document(self.title, (Code(self.python, "python"),))


def plan(conn: Connection, ref: str | Path, *, to: str, name: str | None, options: DeployOptions) -> Plan:
    """What `deploy` would do with the same arguments."""
    return Plan(f"deploy {ref} to {to}", (), f"ws.deploy({str(ref)!r}, to={to!r})")
