"""Start and stop tracking for a notebook, and one cell as one run."""

from __future__ import annotations

import json
import numbers
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, nearest
from ..render.document import Document, Facts, Link, Note, Shown, Table

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.tracking import Tracking

__all__ = ["CellRun", "TrackStatus", "WorkspaceList", "list_workspaces", "prepare_tracking", "run_cell", "status_of"]


@dataclass(frozen=True)
class TrackStatus(Shown):
    """What `%aml_track` chose, and why."""

    on: bool
    store: str = ""
    why_store: str = ""
    experiment: str = ""
    why_experiment: str = ""
    notebook: str = ""
    autolog: str = ""
    git: str = ""
    ended: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    note: str = ""
    login: str = ""
    studio: str = ""
    sandbox: str = ""

    def _document(self) -> Document:
        if not self.on:
            return Document("Tracking is off", (Note(self.note or "%aml_track starts it", "info"),))
        facts = [
            ("store", f"{self.store} ({self.why_store})"),
            ("experiment", f"{self.experiment} ({self.why_experiment})"),
            ("autolog", self.autolog),
        ]
        if self.login:
            facts.insert(1, ("login", self.login))
        if self.sandbox:
            facts.insert(1, ("sandbox", self.sandbox))
        if self.notebook:
            facts.append(("notebook", self.notebook))
        if self.git:
            facts.append(("commit", self.git))
        if self.serving:
            facts.append(("serving", ", ".join(self.serving)))
        notes = []
        if self.ended:
            names = ", ".join(self.ended)
            notes.append(Note(f"ended {len(self.ended)} left open by a kernel that is gone: {names}", "warn"))
        if self.note:
            notes.append(Note(self.note, "info"))
        links = (Link("open the workspace in the studio", self.studio),) if self.studio else ()
        return Document("Tracking is on", (Facts(tuple(facts)), *links, *notes))


@dataclass(frozen=True)
class WorkspaceList(Shown):
    """The workspaces that the login can see."""

    rows: tuple[tuple[str, str, str], ...]
    subscription: str

    def _document(self) -> Document:
        if not self.rows:
            return Document(f"No workspace in subscription {self.subscription} that this login can see")
        name, group, _ = self.rows[0]
        words = f"--workspace {name} --resource-group {group} --subscription {self.subscription}"
        table = Table(("workspace", "resource group", "region"), self.rows)
        return Document("Workspaces", (table, Note(f"%aml_track {words}", "info")))


def list_workspaces(
    subscription: str | None = None, *, resource_group: str | None = None, tenant: str | None = None, folder: Path
) -> WorkspaceList:
    """The Azure Machine Learning workspaces that the login can see.

    Args:
        subscription: its id; None takes the one that the environment or the nearest config.json names.
        resource_group: only those in it.
        folder: where the search for config.json starts.
    """
    from ..client.azure import list_workspaces as ask
    from ..client.workspace_ref import find_config, subscription_from

    config = find_config(folder)
    subscription = subscription or subscription_from() or (config[0].subscription_id if config else "")
    if not subscription:
        raise UsageError("which subscription?", hint="--subscription ID; az account list -o table tells yours")
    found = ask(subscription, resource_group=resource_group, tenant=tenant)
    return WorkspaceList(tuple((row.name, row.resource_group, row.region) for row in found), subscription)


def prepare_tracking(
    connection: Connection,
    *,
    experiment: str,
    folder: Path,
    notebook: Path | None,
    autolog: bool = True,
    log_models: bool = True,
    source: bool = True,
) -> tuple[Tracking, list[str]]:
    """Get ready to point this process, and the scripts that it starts, at an experiment; `Tracking.start` does it.

    Args:
        experiment: its name; made if there is none.
        folder: the notebook's folder, where git is asked.
        notebook: the notebook's file, when known.
        autolog: switch mlflow's autolog on.
        log_models: let autolog keep fitted models, with signature and input example.
        source: keep the executed cells' source with each run.

    Returns:
        The tracking, and the names of runs that it found open from a process that is gone, and ended.
    """
    from ..client.runs import create_experiment
    from ..client.tracking import Tracking

    found = create_experiment(connection, experiment)
    tracking = Tracking(connection, found.experiment_id, found.name, folder, notebook, autolog, log_models, source)
    return tracking, tracking.end_strays()


def script_environment(connection: Connection, *, experiment: str, folder: Path) -> dict[str, str]:
    """What a script needs in its environment to be tracked as one that is started from a notebook, the bridge included.

    Args:
        experiment: its name; made if there is none.
        folder: where git is asked.
    """
    from ..client.run_context import CONTEXT_VARIABLE
    from ..client.runs import create_experiment
    from ..client.tracking import VARIABLES, Tracking

    found = create_experiment(connection, experiment)
    tracking = Tracking(
        connection, found.experiment_id, found.name, folder, None, autolog=False, log_models=False, source=False
    )
    tracking.start()
    try:
        variables = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    finally:
        tracking.stop()
    context = json.loads(variables[CONTEXT_VARIABLE])
    variables[CONTEXT_VARIABLE] = json.dumps(context | {"pid": 0})  # no kernel's: every process is a script
    return variables


def status_of(
    tracking: Tracking | None,
    *,
    why_store: str = "",
    why_experiment: str = "",
    ended: Sequence[str] = (),
    sandbox: str = "",
) -> TrackStatus:
    """The status card."""
    from ..client.paths import short_path
    from .deploy import deployments

    if tracking is None:
        return TrackStatus(False)
    git = tracking.git()
    commit = git.get("mlflow.source.git.commit", "")[:10]
    dirty = " with uncommitted changes" if git.get("aml.git.dirty") == "true" else ""
    azure = tracking.connection.azure
    return TrackStatus(
        True,
        tracking.connection.label,
        why_store,
        tracking.experiment,
        why_experiment,
        short_path(tracking.notebook),
        _autolog(tracking),
        f"{commit}{dirty}" if commit else "",
        tuple(ended),
        tuple(deployment.name for deployment in deployments() if deployment.state == "running"),
        login=f"{azure.who}, by {azure.source}" if azure else "",
        studio=azure.studio.home() if azure else "",
        sandbox=sandbox,
    )


def _autolog(tracking: Tracking) -> str:
    own = ", ".join(tracking.own_settings())
    if not tracking.autolog:
        return f"as you had set it for {own}" if own else "off"
    kept = "params, metrics, models with signature and input example"
    text = f"on: {kept}" if tracking.log_models else "on: params and metrics, no models"
    return f"{text}; {own} as you had set it" if own else text


@dataclass(frozen=True)
class CellRun(Shown):
    """A cell that ran as one run."""

    run_id: str
    run_name: str
    experiment: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]

    def __str__(self) -> str:
        return self.run_id

    def _document(self) -> Document:
        from ..render.format import number

        facts = [("run", self.run_name), ("id", self.run_id), ("experiment", self.experiment)]
        facts += [(f"param {key}", value) for key, value in self.params.items()]
        facts += [(f"metric {key}", number(value)) for key, value in self.metrics.items()]
        return Document("Run finished", (Facts(tuple(facts)),))


@contextmanager
def run_cell(
    tracking: Tracking,
    namespace: Mapping[str, Any],
    *,
    experiment: str | None = None,
    run_name: str | None = None,
    tags: Mapping[str, str] | None = None,
    params: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> Iterator[list[CellRun]]:
    """Run the body as one run; what it assigns to the named variables is logged at its end.

    Args:
        namespace: where the cell's variables are.
        experiment: where this one run goes; None is where tracking points.
        params, metrics: names of variables; a metric must be a number.

    Yields:
        A list that holds the `CellRun` after the body.

    Raises:
        UsageError: a named variable was not assigned, or a metric is no number; the run is FAILED then, with the
            others logged.
    """
    from ..client.runs import create_experiment
    from ..client.tracking import cell_run, log_assigned

    connection, result = tracking.connection, list[CellRun]()
    home = create_experiment(connection, experiment).experiment_id if experiment else tracking.experiment_id
    with cell_run(connection, run_name, dict(tags or {}), home) as run_id:
        yield result
        found_params: dict[str, Any] = {}
        found_metrics: dict[str, float] = {}
        try:
            for name in params:
                found_params[name] = _assigned(namespace, name)
            for name in metrics:
                found_metrics[name] = _number(name, _assigned(namespace, name))
        finally:
            log_assigned(connection, run_id, found_params, found_metrics)
    run = tracking.connection.mlflow.get_run(run_id)
    result.append(
        CellRun(
            run_id, run.info.run_name or run_id, experiment or tracking.experiment, run.data.params, run.data.metrics
        )
    )


def _assigned(namespace: Mapping[str, Any], name: str) -> Any:
    if name not in namespace:
        close = nearest(name, [key for key in namespace if not key.startswith("_")])
        raise UsageError(f"the cell assigned no variable '{name}'", hint=f"did you mean '{close}'?" if close else None)
    return namespace[name]


def _number(name: str, value: Any) -> float:
    item = getattr(value, "item", None)
    if not isinstance(value, numbers.Real) and callable(item) and getattr(value, "size", 1) == 1:
        value = item()  # numpy and torch scalars
    if not isinstance(value, numbers.Real):
        raise UsageError(f"the metric '{name}' is a {type(value).__name__}, not a number")
    return float(value)
