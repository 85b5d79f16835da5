"""Reading runs and experiments: paged to the end, into Arrow columns."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow.entities import Experiment, Run, ViewType

from ..errors import ExperimentNotFound, NotFound, RunNotFound, nearest
from ..frames.runtable import RunTable, RunTableBuilder
from .connection import Connection, Progress

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = [
    "ExperimentRef",
    "create_experiment",
    "find_experiments",
    "get_run",
    "list_experiments",
    "read_runs",
]

PAGE = 1000  # runs a request; mlflow's servers allow 50,000, Azure ML fewer than 1,000 of some lists (mlflow#10694)
GOAL_TAG = "mlflow.experiment.primaryMetric.greaterIsBetter"
METRIC_TAG = "mlflow.experiment.primaryMetric.name"


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
    if experiment is not None or not name.isdigit():
        return experiment
    try:
        with connection.guard("looking up an experiment in"):
            return connection.mlflow.get_experiment(name)
    except NotFound:
        return None


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
    progress: Progress | None = None,
) -> RunTable:
    """Every active run of these experiments, newest first.

    Args:
        progress: told after each page how many runs are read.
    """
    builder = RunTableBuilder()
    names = {experiment.experiment_id: experiment.name for experiment in experiments}
    count, token = 0, None
    with connection.guard("reading the runs of"):
        while names:
            page = connection.mlflow.search_runs(
                list(names), "", ViewType.ACTIVE_ONLY, max_results=PAGE, page_token=token
            )
            for run in page:
                _add(builder, run, names)
            count += len(page)
            token = page.token
            if progress:
                progress(f"{count:,} runs read")
            if not token:
                break
    return builder.build()


def _add(builder: RunTableBuilder, run: Run, names: dict[str, str]) -> None:
    info, data = run.info, run.data
    attributes: dict[str, object] = {
        "run_id": info.run_id,
        "run_name": info.run_name,
        "status": info.status,
        "start_time": info.start_time,
        "end_time": info.end_time,
        "experiment_id": info.experiment_id,
        "user": data.tags.get("mlflow.user") or info.user_id,
        "artifact_uri": info.artifact_uri,
        "experiment": names.get(info.experiment_id, ""),
    }
    builder.add(attributes, data.metrics, data.params, data.tags)


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
