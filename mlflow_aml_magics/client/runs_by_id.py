"""A few runs by their ids, wherever they are, those that were deleted too."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa

from ..errors import RunNotFound
from ..frames.runtable import RunTable, RunTableBuilder
from . import bulk
from .run_rows import add_run
from .runs import experiments_by_id, get_run, list_experiments

if TYPE_CHECKING:
    from mlflow.entities import Run

    from .connection import Connection

__all__ = ["runs_by_id"]

AT_ONCE = 8  # requests under way, of runs that are asked for one by one


def runs_by_id(connection: Connection, run_ids: Sequence[str]) -> tuple[RunTable, frozenset[str]]:
    """These runs, in this order; those that are gone for good are left out.

    Returns:
        The runs, and the ids of those that are marked as deleted.
    """
    names = {experiment.experiment_id: experiment.name for experiment in list_experiments(connection)}
    active = bulk.read_all(connection, names, only=list(run_ids))
    known = set() if active is None else set(active.column("run_id").to_pylist())
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mlflow-aml-runs") as pool:
        others = [run for run in pool.map(lambda run_id: _found(connection, run_id), set(run_ids) - known) if run]
    missing = {run.info.experiment_id for run in others} - names.keys()  # deleted with their runs
    names |= {experiment.experiment_id: experiment.name for experiment in experiments_by_id(connection, missing)}
    builder = RunTableBuilder()
    for run in others:
        add_run(builder, run, names)
    tables = [builder.build().table] + ([] if active is None else [active.table])
    table = RunTable(pa.concat_tables(tables, promote_options="default"))
    there = set(table.column("run_id").to_pylist())
    deleted = frozenset(run.info.run_id for run in others if run.info.lifecycle_stage == "deleted")
    return table.take([run_id for run_id in run_ids if run_id in there]), deleted


def _found(connection: Connection, run_id: str) -> Run | None:
    try:
        return get_run(connection, run_id)
    except RunNotFound:
        return None
