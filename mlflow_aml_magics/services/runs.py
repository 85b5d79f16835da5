"""Questions about runs: the table, the best one, one in full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import MetricNotFound, NoModelInRun, RunNotFound, UsageError, nearest
from ..render.document import Block, Document, Facts, Note, Shown, Table
from ..render.format import number

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import RunModel
    from ..client.runs import ExperimentRef
    from ..frames.runtable import RunTable

__all__ = ["BestRun", "RunCard", "best_run", "choose_goal", "find_run", "show_run"]

Goal = Literal["min", "max"]


@dataclass(frozen=True)
class BestRun(Shown):
    """The best run by a metric. As text (``$best`` in a magic) it is its id."""

    run_id: str
    run_name: str
    metric: str
    value: float
    goal: Goal
    why: str
    runs: int
    without: int
    status: str
    params: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.run_id

    def _document(self) -> Document:
        word, having = "lowest" if self.goal == "min" else "highest", self.runs - self.without
        of_how_many = f"the {word} of {having:,} runs" if having > 1 else "the only run that has it"
        facts = (
            ("run", self.run_name),
            ("id", self.run_id),
            (self.metric, f"{number(self.value)}, {of_how_many} ({self.why})"),
            *self.params,
        )
        blocks: list[Block] = [Facts(facts)]
        if self.without:
            blocks.append(Note(f"{self.without:,} of {self.runs:,} runs have no {self.metric}", "info"))
        if self.status != "FINISHED":
            blocks.append(Note(f"this run is {self.status}", "warn"))
        return Document(f"Best run by {self.metric}", tuple(blocks))


def choose_goal(metric: str, asked: Goal | None, experiments: Sequence[ExperimentRef] = ()) -> tuple[Goal | None, str]:
    """Whether lower or higher is better, and who says so: the user, the sweep, or the metric's name."""
    from ..frames.goals import goal_of

    if asked:
        return asked, "you said so"
    for experiment in experiments:
        if experiment.metric == metric and experiment.goal in ("min", "max"):
            return ("min" if experiment.goal == "min" else "max"), f"the goal set on experiment {experiment.name}"
    return goal_of(metric) or (None, "")


def metric_names(runs: RunTable) -> list[str]:
    """The metrics that any of the runs has."""
    return [info["name"] for info in runs.infos() if info["kind"] == "metric"]


def choose_metric(runs: RunTable, asked: str | None, experiments: Sequence[ExperimentRef]) -> str | None:
    """The metric to judge by: the one asked for, the experiment's primary metric, or the only one there is.

    Raises:
        MetricNotFound: no run has the metric asked for.
    """
    known = metric_names(runs)
    if asked:
        name = asked.removeprefix("metrics.")
        if name not in known:
            close = nearest(name, known)
            raise MetricNotFound(
                f"none of the {len(runs):,} runs has a metric '{name}'",
                hint=f"did you mean '{close}'?" if close else f"there are: {', '.join(known[:12]) or 'none'}",
            )
        return name
    for experiment in experiments:
        if experiment.metric in known:
            return experiment.metric
    return known[0] if len(known) == 1 else None


def best_run(
    runs: RunTable, metric: str | None, *, goal: Goal | None = None, experiments: Sequence[ExperimentRef] = ()
) -> BestRun:
    """The run whose last value of ``metric`` is best.

    Args:
        metric: its name; None takes the experiment's primary metric, or the only one.
        goal: "min" or "max"; None asks the experiment, then the metric's name.

    Raises:
        MetricNotFound: no run has it.
        UsageError: nothing says which metric, or whether lower or higher is better.
    """
    if not len(runs):
        raise RunNotFound("there are no runs to choose from", hint="%aml_runs shows what matches")
    name = choose_metric(runs, metric, experiments)
    if name is None:
        known = metric_names(runs)
        raise UsageError(
            "which metric is to decide?", hint=f"--metric with one of: {', '.join(known[:12]) or '(none logged)'}"
        )
    chosen, why = choose_goal(name, goal, experiments)
    if chosen is None:
        raise UsageError(f"is lower or higher {name} better?", hint=f"--metric {name} --min, or --max")
    key = f"metrics.{name}"
    row = runs.sort([f"metrics.`{name}` {'ASC' if chosen == 'min' else 'DESC'}"]).row(0)
    value = row[key]
    if not isinstance(value, float) or math.isnan(value):
        raise MetricNotFound(f"{name} is NaN in every run that has it", hint="choose another metric")
    infos = runs.infos()
    params = tuple(
        (info["key"], str(row[info["key"]]))
        for info in infos
        if info["kind"] == "param" and info["varies"] and row[info["key"]] is not None
    )
    missing = sum(value is None or math.isnan(value) for value in runs.column(key).to_pylist())
    return BestRun(
        str(row["run_id"]),
        str(row["run_name"]),
        name,
        value,
        chosen,
        why,
        len(runs),
        missing,
        str(row["status"]),
        params,
    )


def find_run(runs: RunTable, text: str) -> str:
    """The id of the run that ``text`` names: an id, the beginning of one (6 characters or more), or a run's name.

    Raises:
        RunNotFound: none, or several, with what to type instead.
    """
    ids = [str(value) for value in runs.column("run_id").to_pylist()]
    if text in ids:
        return text
    names = [str(value) for value in runs.column("run_name").to_pylist()]
    found = [run_id for run_id, name in zip(ids, names, strict=True) if name == text]
    if not found and len(text) >= 6:
        found = [run_id for run_id in ids if run_id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise RunNotFound(
            f"{len(found)} runs are called '{text}'", hint=f"use an id: {', '.join(run[:8] for run in found[:8])}"
        )
    close = nearest(text, names)
    raise RunNotFound(
        f"no run '{text}' among {len(runs):,}", hint=f"did you mean '{close}'?" if close else "%aml_runs lists them"
    )


@dataclass(frozen=True)
class RunCard(Shown):
    """One run in full. As text it is its id."""

    run_id: str
    run_name: str
    status: str
    facts: tuple[tuple[str, str], ...]
    params: tuple[tuple[str, str], ...]
    metrics: tuple[tuple[str, float], ...]
    tags: tuple[tuple[str, str], ...]
    models: tuple[str, ...]
    artifacts: tuple[str, ...]

    def __str__(self) -> str:
        return self.run_id

    def _document(self) -> Document:
        blocks: list[Block] = [Facts(self.facts)]
        if self.metrics:
            rows = tuple((name, number(value)) for name, value in self.metrics)
            blocks.append(Table(("metric", "last value"), rows, (False, True)))
        for title, pairs in (("param", self.params), ("tag", self.tags)):
            if pairs:
                blocks.append(Table((title, "value"), pairs))
        if self.models:
            blocks.append(Facts((("models", ", ".join(self.models)),)))
        if self.artifacts:
            shown = self.artifacts[:50]
            blocks.append(Table(("artifact",), tuple((path,) for path in shown), total=len(self.artifacts)))
        return Document(f"Run {self.run_name}", tuple(blocks))


def show_run(connection: Connection, run_id: str) -> RunCard:
    """Everything about one run: attributes, params, metrics, tags, models, artifacts."""
    from ..client.artifacts import list_files
    from ..client.runs import get_run
    from ..render.format import duration, timestamp

    run = get_run(connection, run_id)
    info = run.info
    facts = [
        ("id", run_id),
        ("status", info.status),
        ("started", timestamp(info.start_time)),
    ]
    if info.end_time:
        facts.append(("took", duration((info.end_time - info.start_time) / 1000)))
    if run.data.tags.get("mlflow.user"):
        facts.append(("user", run.data.tags["mlflow.user"]))
    models = [f"{model.name} ({model.uri})" for model in _models(connection, run_id)]
    return RunCard(
        run_id,
        info.run_name or run_id,
        info.status,
        tuple(facts),
        tuple(sorted(run.data.params.items())),
        tuple(sorted(run.data.metrics.items())),
        tuple(sorted((k, v) for k, v in run.data.tags.items() if k != "mlflow.log-model.history")),
        tuple(models),
        tuple(list_files(connection, run_id)),
    )


def _models(connection: Connection, run_id: str) -> list[RunModel]:
    from ..client.models import models_of_run

    try:
        return models_of_run(connection, run_id)
    except NoModelInRun:
        return []
