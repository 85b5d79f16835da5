"""Runs to ask about, made by plain mlflow in the folder where the magics look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def here(_schema: Path) -> Path:
    """The working directory with an empty `mlflow.db`, so that no test waits for mlflow to lay its tables."""
    (Path.cwd() / "mlflow.db").write_bytes(_schema.read_bytes())
    return Path.cwd()


@pytest.fixture
def tracked(shell: Any, here: Path) -> Any:
    """A shell that tracks into experiment `wine`, without autolog."""
    shell.run("%aml_track --experiment wine --no-autolog")
    return shell


@pytest.fixture
def runs(tracked: Any) -> Any:
    """A tracked shell with three runs: two that have an rmse, one that has none."""
    tracked.run(
        "import mlflow\n"
        "for name, alpha, rmse in (('low', '0.1', 3.0), ('high', '0.5', 5.0), ('none', '0.9', None)):\n"
        "    with mlflow.start_run(run_name=name):\n"
        "        mlflow.log_params({'alpha': alpha, 'seed': '1'})\n"
        "        if rmse is not None:\n"
        "            mlflow.log_metrics({'rmse': rmse, 'oddness': rmse * 2})\n"
    )
    return tracked
