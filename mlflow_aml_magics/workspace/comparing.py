"""Runs side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import RunNotFound
from .models import Models
from .runs import run_id_of

if TYPE_CHECKING:
    from ..client.connection import Progress
    from ..contract import ComparedArtifact, ComparisonInfo
    from ..frames.runtable import RunTable
    from ..services.run_files import RunFiles

__all__ = ["Comparing"]

_ID = re.compile("[0-9a-f]{32}")


class Comparing(Models):
    """A few runs, compared line by line and file by file."""

    @cached_property
    def run_files(self) -> RunFiles:
        """The artifacts of this store's runs; what was read is kept for a minute."""
        from ..services.run_files import RunFiles

        return RunFiles(self._connection)

    def side_by_side(
        self,
        *runs: object,
        baseline: object = None,
        metrics_at: str = "last",
        progress: Progress | None = None,
    ) -> ComparisonInfo:
        """Two to twenty runs side by side, as data: what differs, and by how much from the baseline.

        Args:
            runs: each as in `find`.
            baseline: one of them; None is the first.
            metrics_at: "last", "min", "max", or "step:10" for the value at step 10.
            progress: told how many runs are read.

        Raises:
            UsageError: fewer than two runs, or more than twenty.
            RunNotFound: one of them is none.
        """
        from ..services.compare import check_count, compare_runs

        check_count(runs)
        ids = self._ids(runs)
        against = "" if baseline is None else self._ids([baseline])[0]
        info = compare_runs(
            self.run_files, self._connection, ids, baseline=against, metrics_at=metrics_at, progress=progress
        )
        there = {run["run_id"] for run in info["runs"]}
        for run_id in ids:
            if run_id not in there:
                raise RunNotFound(f"no run '{run_id}' in {self._connection.label}", hint="%aml_runs lists them")
        return info

    def artifact_side_by_side(
        self, *runs: object, path: str, step: int | None = None, progress: Progress | None = None
    ) -> tuple[ComparedArtifact, list[bytes]]:
        """A file as each of the runs has it: what it is, and what changed from the first to the first that differs.

        Args:
            runs: each as in `find`.
            path: below the runs' artifacts, or the name of a series of images.
            step: of a series of images.
            progress: told how many files are read.

        Returns:
            Its description with the changes, of which `contract.ComparedArtifact` says more, and the images' bytes.
        """
        from ..services.compare_artifact import compare_artifact

        return compare_artifact(self.run_files, self._ids(runs), path, step=step, progress=progress)

    def _ids(self, runs: Sequence[object]) -> list[str]:
        """As `find`, but whole ids are not looked up: that reads all there is of a run."""
        return [text if _ID.fullmatch(text := str(run_id_of(run) or run)) else self.find(run) for run in runs]

    def runs_around(self, run_ids: Sequence[str], progress: Progress | None = None) -> RunTable:
        """All active runs of the experiments that these runs are in: where repeats of them are to be found."""
        from ..client.runs import experiments_by_id, get_run, read_runs

        owners = {get_run(self._connection, run_id).info.experiment_id for run_id in run_ids}
        return read_runs(self._connection, experiments_by_id(self._connection, sorted(owners)), progress=progress)
