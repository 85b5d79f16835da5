"""What every place to deploy to can do, and what the others know of a deployment there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from ...client.paths import short_path
from ...errors import DeploymentNotFound, ModelError, nearest
from ...render.document import Code, Document, Facts, Note, Shown, Table, Tone
from ...render.format import plural, timestamp
from .options import ON_AZURE

if TYPE_CHECKING:
    from ...client.connection import Progress
    from ...client.models import ModelFiles, ModelVersion
    from ...client.scoring import Answer
    from ...frames.signature import Form
    from .options import DeployOptions, Ref

__all__ = [
    "Deployment",
    "DeploymentList",
    "ModelToServe",
    "SharesTraffic",
    "State",
    "Target",
    "not_deployed",
    "servable",
]

# "changing": the service makes, updates or deletes it now; "empty": an endpoint without a deployment.
State = Literal["running", "stopped", "failed", "changing", "empty"]
_DETAILS: dict[State, Tone] = {"running": "warn", "changing": "info", "empty": "warn"}
TONES: dict[State, Tone] = {"running": "good", "stopped": "warn", "failed": "bad", "changing": "info", "empty": "warn"}


@dataclass(frozen=True)
class ModelToServe:
    """A model, found.

    ``ref`` is what was asked for, ``label`` what that means today: "wine version 3"; ``version`` is None for a model
    that is not registered; ``store`` is the tracking URI without credentials.
    """

    ref: str
    label: str
    uri: str
    fetch: Callable[[], ModelFiles]
    run_id: str | None
    tracking_uri: str = field(repr=False)  # with what may be a password
    registry_uri: str = field(repr=False)
    store: str
    version: ModelVersion | None = None

    @cached_property
    def files(self) -> ModelFiles:
        """Its files on this machine, downloaded where they are not."""
        return self.fetch()


@dataclass(frozen=True)
class Deployment(Shown):
    """One deployment, as it is now. ``detail`` says why it does not run.

    ``name`` is what other calls take: "wine", or "wine/blue" of an endpoint that may have several; ``traffic`` is its
    share in percent, None where there is none to share; ``machine`` what it runs on, ``cost`` a hint of what that
    costs, ``link`` its page in the studio; ``ran`` is False of one that was only written, ``replaced`` the other model
    that it was just put in place of, ``under`` what was deleted with an endpoint. Of one whose record cannot be read,
    ``ref``, ``model``, ``url`` and ``store`` are empty.
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
    traffic: int | None = None
    machine: str = ""
    cost: str = ""
    link: str = ""
    ran: bool = True
    replaced: str = field(default="", compare=False)
    under: tuple[str, ...] = field(default=(), compare=False)

    @property
    def endpoint(self) -> str:
        """The endpoint that it is under; of a target without endpoints its own name."""
        return self.name.partition("/")[0]

    @property
    def reference(self) -> str:
        """Its name with the target, which names it for sure."""
        return f"{self.target}:{self.name}"

    @property
    def share(self) -> str:
        """Its traffic in words: a batch endpoint's jobs all go to one, its default."""
        if self.traffic is None:
            return ""
        if self.target == "batch":
            return "default" if self.traffic else "not the default"
        return f"{self.traffic} %"

    @property
    def _address(self) -> str:
        return self.url if self.target in ON_AZURE else f"{self.url}/invocations"

    def _document(self) -> Document:
        is_said = self.ref.replace(":", " version ") in self.model
        facts = [
            ("model", self.model if is_said else f"{self.model} (asked for as {self.ref})"),
            ("in place of", self.replaced),
            ("state", self.state if self.ran else "not run yet"),
            ("target", self.target if self.pid is None else f"{self.target}, process {self.pid}"),
            ("runs on", self.machine),
            ("traffic", self.share),
            ("costs", self.cost),
            ("answers at", self._address if self.state == "running" else ""),
            ("started" if self.ran else "written", f"{timestamp(self.started)} UTC"),
            ("log", short_path(self.log)),
            ("page", self.link),
        ]
        blocks: list[Facts | Code | Note] = [Facts(tuple((k, v) for k, v in facts if v))]
        if self.state == "running":
            if self.traffic == 0:
                percent = "100" if self.target == "batch" else "10,…"  # a batch endpoint's jobs all go to one
                share = f"%aml_deploy --name {self.endpoint} --traffic {self.name.partition('/')[2]}={percent}"
                blocks.append(Note(f"it answers only who names it; {share} gives it requests", "warn"))
            what = "--data FOLDER" if self.target == "batch" else "--sample"
            blocks.append(Note(f"next: %aml_invoke {self.name} {what}", "info"))
        else:
            if self.detail:
                blocks.append(Code(self.detail, "text"))
            to = "" if self.target == "local" else f" --to {self.target}"
            to += " --isolated" if self.machine.startswith("isolated,") else ""
            again = f"{self.ref}{to} --name {self.name}" if self.ref else f"--delete {self.name}"
            then = "the commands above where Docker is; with Docker started here, " if not self.ran else ""
            blocks.append(Note(f"next: {then}%aml_deploy {again}", TONES[self.state] if self.ran else "info"))
        return Document(f"deployment {self.name}", tuple(blocks))


@dataclass(frozen=True)
class DeploymentList(Shown):
    """Deployments, by name. ``notes`` tells which could not be asked for, and why."""

    items: tuple[Deployment, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Deployment]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Deployment:
        return self.items[index]

    def _document(self) -> Document:
        if not self.items:
            untold = (Note(note, "warn") for note in self.notes)
            return Document("no deployments", (*untold, Note("next: %aml_deploy MODEL@ALIAS")))
        told: dict[str, list[str]] = {
            "name": [d.name for d in self.items],
            "model": [d.model for d in self.items],
            "state": [d.state if d.ran else "not run yet" for d in self.items],
            "traffic": [d.share for d in self.items],
            "target": [d.target for d in self.items],
            "runs on": [d.machine for d in self.items],
            "costs": [d.cost.partition(" (")[0] for d in self.items],
            "page or address": [d.link or d.url for d in self.items],
            "started (UTC)": [timestamp(d.started) for d in self.items],
        }
        columns = tuple(name for name, values in told.items() if any(values))
        rows = tuple(zip(*(told[name] for name in columns), strict=True))
        tones = tuple(tuple(TONES[d.state] if name == "state" else None for name in columns) for d in self.items)
        notes = [
            Note(f"{d.name}: {d.detail.splitlines()[-1]}", _DETAILS.get(d.state, "bad")) for d in self.items if d.detail
        ]
        notes += [Note(note, "warn") for note in self.notes]
        table = Table(columns, rows, tones=tones)
        return Document(plural(len(self.items), "deployment"), (table, *notes))


def not_deployed(name: str, known: Iterable[str]) -> DeploymentNotFound:
    """The failure to raise for a name that no deployment has."""
    names = list(known)
    meant = nearest(name, names)
    there = f"there are {', '.join(names[:8])}" if names else "there is none"
    hint = f"did you mean '{meant}'?" if meant else "%aml_deploy MODEL@ALIAS"
    return DeploymentNotFound(f"no deployment '{name}'; {there}", hint=hint)


def servable(model: ModelToServe) -> None:
    """See that a model can answer requests.

    Raises:
        ModelError: it has no python_function.
    """
    if not model.files.servable:
        flavors = ", ".join(model.files.flavors)
        raise ModelError(
            f"{model.label} cannot be served: it has the flavors {flavors}, not python_function",
            hint="log it with a flavor that has a predict, or as mlflow.pyfunc.PythonModel",
        )


class Target(Protocol):
    """A place to deploy to. One file each, called as `options.KINDS` has it.

    ``wire`` is the form in which its scoring server takes requests.
    """

    kind: str
    wire: Form

    def deploy(self, model: ModelToServe, name: str, options: DeployOptions, progress: Progress) -> Deployment:
        """Serve the model under that name, in place of what had the name. Returns once it answers.

        Called again after an interruption, it goes on where that left it.
        """

    def list(self) -> tuple[Deployment, ...]:
        """All deployments here, also those that ended by themselves or were left half made."""

    def find(self, ref: Ref) -> Deployment | None:
        """The deployment of that name, whatever the others are like. Of an endpoint the one with most traffic."""

    def delete(self, ref: Ref, progress: Progress) -> tuple[str, ...]:
        """End it, and confirm that it has ended; an endpoint with all its deployments, whose names it returns."""

    def logs(self, ref: Ref, tail: int) -> str:
        """The last lines of its log."""

    def about(self, ref: Ref) -> ModelFiles:
        """What its model's folder says: signature, input example."""

    def send(self, ref: Ref, body: str, *, timeout: float) -> Answer:
        """A scoring request, with the key."""

    def curl(self, ref: Ref, body: str) -> str:
        """The same as a shell command, which reads the key where it is kept."""


@runtime_checkable
class SharesTraffic(Protocol):
    """A target whose endpoints share their requests among several deployments."""

    def set_traffic(self, endpoint: str, shares: Mapping[str, int], progress: Progress) -> DeploymentList:
        """Percent by deployment. Returns the endpoint's deployments."""

    def roll_back(self, endpoint: str, progress: Progress) -> DeploymentList:
        """The traffic before the last change."""
