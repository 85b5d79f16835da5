"""Reading runs and experiments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow.entities import Experiment, Run

from ..errors import ExperimentNotFound, NotFound, RunNotFound, nearest
from ..frames.runtable import RunTable
from . import capabilities
from .capabilities import Capabilities
from .connection import Connection, Progress
from .search import RunSearch

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = [
    "ExperimentRef",
    "create_experiment",
    "experiments_by_id",
    "find_experiments",
    "get_run",
    "list_experiments",
    "read_runs",
]

PAGE = 900  # experiments a request; Azure ML answers no page of 1,000 elsewhere (mlflow/mlflow#10694)
GOAL_TAG = "mlflow.experiment.primaryMetric.greaterIsBetter"
METRIC_TAG = "mlflow.experiment.primaryMetric.name"
_ID = re.compile(r"\d+|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)  # Azure ML's are UUIDs


@dataclass(frozen=True)
class ExperimentRef:
    """An experiment by id and name; ``metric`` and ``goal`` are its primary metric's, where somebody set one."""

    experiment_id: str
    name: str
    metric: str | None = None
    goal: str | None = None


def list_experiments(connection: Connection) -> list[ExperimentRef]:
    """Every active experiment, newest first."""
    found: list[Experiment] = []
    token = None
    with connection.guard("listing the experiments of"):
        while True:
            page = connection.mlflow.search_experiments(max_results=PAGE, page_token=token)
            found += page
            token = page.token
            if not token:
                break
    return [_reference(experiment) for experiment in found]


def _reference(experiment: Experiment) -> ExperimentRef:
    tags = experiment.tags or {}
    goal = {"true": "max", "false": "min"}.get(str(tags.get(GOAL_TAG, "")).lower())
    return ExperimentRef(experiment.experiment_id, experiment.name, tags.get(METRIC_TAG), goal)


def find_experiments(connection: Connection, names: Sequence[str]) -> list[ExperimentRef]:
    """The experiments of these names or ids.

    Raises:
        ExperimentNotFound: with the nearest name, or with how to restore it.
    """
    found = []
    for name in names:
        experiment = _lookup(connection, name)
        if experiment is None:
            known = [known.name for known in list_experiments(connection)]
            close = nearest(name, known)
            raise ExperimentNotFound(
                f"no experiment '{name}' in {connection.label}",
                hint=f"did you mean '{close}'?" if close else f"there are: {', '.join(known[:10])}",
            )
        if experiment.lifecycle_stage == "deleted":
            raise ExperimentNotFound(
                f"experiment '{experiment.name}' in {connection.label} was deleted",
                hint=f"%aml_track --experiment {shlex.quote(experiment.name)} restores it",
            )
        found.append(_reference(experiment))
    return found


def _lookup(connection: Connection, name: str) -> Experiment | None:
    with connection.guard("looking up an experiment in"):
        experiment = connection.mlflow.get_experiment_by_name(name)
    if experiment is not None or not _ID.fullmatch(name):
        return experiment
    try:
        with connection.guard("looking up an experiment in"):
            return connection.mlflow.get_experiment(name)
    except NotFound:
        return None


def experiments_by_id(connection: Connection, ids: Iterable[str]) -> list[ExperimentRef]:
    """The experiments of these ids, each once; of names that look like ids there may be others."""
    with connection.guard("looking up an experiment in"):
        return [_reference(connection.mlflow.get_experiment(each)) for each in dict.fromkeys(ids)]


def create_experiment(connection: Connection, name: str) -> ExperimentRef:
    """The experiment of that name, made if there is none, restored if it was deleted.

    On a SQLite store its artifacts go beside the database, wherever the process was started: mlflow's own default
    follows the working directory, so that a script run elsewhere would scatter them.
    """
    client = connection.mlflow
    with connection.guard(f"opening experiment '{name}' in"):
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            experiment = client.get_experiment(_create(connection, client, name))
        elif experiment.lifecycle_stage == "deleted":
            client.restore_experiment(experiment.experiment_id)
    return _reference(experiment)


def _create(connection: Connection, client: MlflowClient, name: str) -> str:
    path = connection.local_path
    if path is None or not connection.uri.startswith("sqlite:"):
        return str(client.create_experiment(name))
    # The id is not known yet and names may hold anything, so the folder is shared; runs have folders of their own.
    return str(client.create_experiment(name, artifact_location=(path.parent / "mlartifacts").as_uri()))


def read_runs(
    connection: Connection,
    experiments: Sequence[ExperimentRef],
    *,
    query: str = "",
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    parent: str | None = None,
    metrics: bool = True,
    progress: Progress | None = None,
    able: Capabilities | None = None,
) -> RunTable:
    """The active runs of these experiments that a query keeps, the newest first.

    The answer is the same on every server, with the columns of the runs that it holds and of the query.

    Args:
        query: in the language of `frames.grammar`; "" keeps all.
        order_by: "metrics.rmse ASC, start_time DESC"; missing values and NaN come last.
        limit: at most so many runs. Reading stops there where the server has that order; ``total`` then is at least
            one more than the limit, if there are more.
        parent: id of a run, for its children only.
        metrics: False where metrics may be behind, or absent: on a store whose search is late that spares requests.
        progress: told after each page how many runs are read.
        able: what the server can do, where it is not what its kind can do.

    Raises:
        QueryError: the query does not parse, or names what no run has.
    """
    names = {experiment.experiment_id: experiment.name for experiment in experiments}
    able = able or capabilities.of(connection)
    return RunSearch(
        connection,
        names,
        able if metrics else replace(able, metrics_lag=0),
        query=query,
        order_by=order_by or (),
        limit=limit,
        parent=parent,
        progress=progress,
    ).find()


def get_run(connection: Connection, run_id: str) -> Run:
    """One run by id.

    Raises:
        RunNotFound: with the next step.
    """
    try:
        with connection.guard("reading a run of"):
            return connection.mlflow.get_run(run_id)
    except NotFound as exc:
        raise RunNotFound(f"no run '{run_id}' in {connection.label}", hint="%aml_runs lists them") from exc
