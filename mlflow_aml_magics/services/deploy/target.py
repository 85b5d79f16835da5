"""What every place to deploy to can do, and what the others know of a deployment there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ...client.paths import short_path
from ...errors import DeploymentNotFound, nearest
from ...render.document import Code, Document, Facts, Note, Shown, Table, Tone
from ...render.format import plural, timestamp

if TYPE_CHECKING:
    from ...client.connection import Progress
    from ...client.models import ModelFiles
    from ...client.scoring import Answer

__all__ = ["Deployment", "DeploymentList", "ModelToServe", "State", "Target", "not_deployed"]

State = Literal["running", "stopped", "failed"]
TONES: dict[State, Tone] = {"running": "good", "stopped": "warn", "failed": "bad"}


@dataclass(frozen=True)
class ModelToServe:
    """A model, found and on this machine.

    ``ref`` is what was asked for, ``label`` what that means today: "wine version 3"; ``store`` is
    the tracking URI without credentials.
    """

    ref: str
    label: str
    uri: str
    files: ModelFiles
    run_id: str | None
    tracking_uri: str
    registry_uri: str
    store: str


@dataclass(frozen=True)
class Deployment(Shown):
    """One deployment, as it is now. ``detail`` says why it does not run.

    Of one whose record cannot be read, ``ref``, ``model``, ``url`` and ``store`` are empty.
    """

    name: str
    target: str
    state: State
    model: str
    ref: str
    url: str
    store: str
    started: datetime
    pid: int | None = None
    log: Path | None = None
    detail: str = ""

    def _document(self) -> Document:
        facts = [
            ("model", self.model if self.ref in self.model else f"{self.model} (asked for as {self.ref})"),
            ("state", self.state),
            ("target", self.target if self.pid is None else f"{self.target}, process {self.pid}"),
            ("answers at", f"{self.url}/invocations" if self.state == "running" else ""),
            ("started", f"{timestamp(self.started)} UTC"),
            ("log", short_path(self.log)),
        ]
        blocks: list[Facts | Code | Note] = [Facts(tuple((k, v) for k, v in facts if v))]
        if self.state == "running":
            blocks.append(Note(f"next: %aml_invoke {self.name} --sample", "info"))
        else:
            if self.detail:
                blocks.append(Code(self.detail, "text"))
            again = f"{self.ref} --name {self.name}" if self.ref else f"--delete {self.name}"
            blocks.append(Note(f"next: %aml_deploy {again}", TONES[self.state]))
        return Document(f"deployment {self.name}", tuple(blocks))


@dataclass(frozen=True)
class DeploymentList(Shown):
    """Deployments, by name."""

    items: tuple[Deployment, ...]

    def __iter__(self) -> Iterator[Deployment]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Deployment:
        return self.items[index]

    def _document(self) -> Document:
        if not self.items:
            return Document("no deployments", (Note("next: %aml_deploy MODEL@ALIAS"),))
        rows = tuple((d.name, d.model, d.state, d.target, d.url, timestamp(d.started)) for d in self.items)
        tones = tuple((None, None, TONES[d.state], None, None, None) for d in self.items)
        columns = ("name", "model", "state", "target", "address", "started (UTC)")
        notes = [Note(f"{d.name}: {d.detail.splitlines()[-1]}", "bad") for d in self.items if d.detail]
        table = Table(columns, rows, tones=tones)
        return Document(plural(len(self.items), "deployment"), (table, *notes))


def not_deployed(name: str, known: Iterable[str]) -> DeploymentNotFound:
    """The failure to raise for a name that no deployment has."""
    names = list(known)
    meant = nearest(name, names)
    there = f"there are {', '.join(names[:8])}" if names else "there is none"
    hint = f"did you mean '{meant}'?" if meant else "%aml_deploy MODEL@ALIAS"
    return DeploymentNotFound(f"no deployment '{name}'; {there}", hint=hint)


class Target(Protocol):
    """A place to deploy to. One file each; `deploy.TARGETS` names them."""

    kind: str

    def deploy(
        self, model: ModelToServe, name: str, *, port: int | None, timeout: float, progress: Progress
    ) -> Deployment:
        """Serve the model under that name, in place of what had the name. Returns once it answers."""

    def list(self) -> tuple[Deployment, ...]:
        """All deployments here, also those that ended by themselves."""

    def find(self, name: str) -> Deployment | None:
        """The deployment of that name, whatever the others are like."""

    def delete(self, name: str) -> None:
        """End it, and confirm that it has ended."""

    def logs(self, name: str, tail: int) -> str:
        """The last lines of its log."""

    def about(self, name: str) -> ModelFiles:
        """What its model's folder says: signature, input example."""

    def send(self, name: str, body: str, *, timeout: float) -> Answer:
        """A scoring request, with the key."""

    def curl(self, name: str, body: str) -> str:
        """The same as a shell command, which reads the key where it is kept."""
