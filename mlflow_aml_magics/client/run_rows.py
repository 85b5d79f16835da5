"""mlflow's runs as rows of a run table."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow.entities import Run

from ..frames.runtable import RunTableBuilder

__all__ = ["add_run"]


def add_run(builder: RunTableBuilder, run: Run, names: Mapping[str, str]) -> None:
    """Add a run.

    Args:
        names: of the experiments, by id.
    """
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
