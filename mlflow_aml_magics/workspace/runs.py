"""Finding runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import NotFound
from .store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..client.connection import Progress
    from ..client.runs import ExperimentRef
    from ..frames.runtable import RunTable
    from ..services.runs import BestRun, RunCard

__all__ = ["Runs", "run_id_of"]

_ID = re.compile("[0-9a-f]{32}")


class Runs(Store):
    """The runs of a store.

    ``cache`` is whether runs are kept on disk and taken from there; None is what the settings say.
    """

    cache: bool | None = None

    def run_table(
        self,
        query: str = "",
        *,
        order_by: str | Sequence[str] | None = None,
        experiment: str | Sequence[str] | None = None,
        children: object = None,
        limit: int | None = None,
        cache: bool | None = None,
        progress: Progress | None = None,
    ) -> RunTable:
        """The runs that match, as Arrow columns.

        Args:
            query: MLflow's filter syntax plus OR, NOT, !=, IN, RLIKE, IS NULL; "" is all.
            order_by: "metrics.rmse ASC", or several; the newest first otherwise. Missing values come last.
            experiment: a name or several; None is the workspace's own, or all.
            children: a run as in `find`, such as a sweep's parent, for its children only; they are looked for in its
                experiment too, where ``experiment`` is None.
            limit: at most so many; `RunTable.total` tells whether there are more.
            cache: whether all runs may be taken from disk where the store tells each change since, as SQLite does; None
                is as the workspace does.
            progress: told how many runs are read.
        """
        from ..client.runs import read_runs

        parent, own = self._parent(children, experiment)
        if not (query or order_by or limit is not None or parent):
            return self.open_table(self._experiments(experiment), cache=cache, exact=True, progress=progress)
        return read_runs(
            self._connection,
            own or self._experiments(experiment),
            query=query,
            order_by=order_by,
            limit=limit,
            parent=parent,
            progress=progress,
        )

    def open_table(
        self,
        experiments: Sequence[ExperimentRef],
        *,
        cache: bool | None = None,
        exact: bool = False,
        progress: Progress | None = None,
    ) -> RunTable:
        """All runs of some experiments, with the cache on disk, as `services.refresh.open_runs` has them.

        Args:
            experiments, exact, progress: as there.
            cache: None is as the workspace does.
        """
        from ..services.refresh import open_runs

        uses = self._caches() if cache is None else cache
        return open_runs(self._connection, experiments, cache=uses, exact=exact, progress=progress).table

    def _caches(self) -> bool:
        if self.cache is None:
            from ..config import load_settings

            return load_settings(Path.cwd()).flag("cache")
        return self.cache

    def _parent(
        self, run: object, experiment: str | Sequence[str] | None
    ) -> tuple[str | None, list[ExperimentRef] | None]:
        """The id of a parent, and the experiments to look for its children in where none are named."""
        if run is None:
            return None, None
        from ..client.runs import experiments_by_id, get_run

        parent = self.find(run)
        if experiment is not None or not self.experiments:
            return parent, None
        home = experiments_by_id(self._connection, [get_run(self._connection, parent).info.experiment_id])
        return parent, list(dict.fromkeys([*self._experiments(None), *home]))

    def runs(
        self,
        query: str = "",
        *,
        order_by: str | Sequence[str] | None = None,
        experiment: str | Sequence[str] | None = None,
        children: object = None,
        limit: int | None = None,
        cache: bool | None = None,
        progress: Progress | None = None,
    ) -> pd.DataFrame:
        """The runs that match, as a DataFrame with the columns of `mlflow.search_runs`.

        Args:
            query, order_by, experiment, children, cache, progress: as in `run_table`.
            limit: at most so many rows; None is all.

        Raises:
            QueryError: the query does not parse or names what no run has.
            ExperimentNotFound: with the nearest name.
        """
        return self.run_table(
            query,
            order_by=order_by,
            experiment=experiment,
            children=children,
            limit=limit,
            cache=cache,
            progress=progress,
        ).to_pandas()

    def best(
        self,
        metric: str | None = None,
        *,
        goal: Literal["min", "max"] | None = None,
        query: str = "",
        experiment: str | Sequence[str] | None = None,
        children: object = None,
        progress: Progress | None = None,
    ) -> BestRun:
        """The best run by a metric.

        Args:
            metric: its name; None takes the experiment's primary metric, or the only one.
            goal: "min" or "max"; None asks the experiment, then the metric's name (rmse, auc, …).
            query, experiment, children, progress: which runs, as in `run_table`.

        Raises:
            MetricNotFound: no run has it.
            UsageError: nothing says which metric or direction.
        """
        from ..services.runs import best_run

        runs = self.run_table(query, experiment=experiment, children=children, progress=progress)
        return best_run(runs, metric, goal=goal, experiments=self._experiments(experiment))

    def find(self, run: object) -> str:
        """The id of a run given by id, the beginning of an id, name, or anything with a ``run_id``.

        Raises:
            RunNotFound: none or several match, with what to type instead.
        """
        from ..client.runs import get_run, read_runs
        from ..services.runs import find_run

        text = str(run_id_of(run) or run)
        if text.startswith("runs:/"):
            text = text.removeprefix("runs:/").partition("/")[0]
        if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text):
            return str(get_run(self._connection, text).info.run_id)
        # There the runs of jobs have names for ids: brave_fox_x1y2z3.
        if self._connection.azure is not None and re.fullmatch(r"[a-zA-Z0-9][\w-]{0,255}", text, re.ASCII):
            with suppress(NotFound):
                return str(get_run(self._connection, text).info.run_id)
        runs = read_runs(self._connection, self._experiments(None if self.experiments else ()), metrics=False)
        return find_run(runs, text)

    def history(
        self,
        runs: object,
        metrics: str | Sequence[str],
        *,
        points: int | None = 1000,
        progress: Progress | None = None,
    ) -> pa.Table:
        """The logged points of some metrics of some runs, as one Arrow table.

        Args:
            runs: one or several, each as in `find`; or a `RunTable`, or a DataFrame of `runs`.
            metrics: one name or several.
            points: the most of each series (at least 4), its ends, lowest and highest among them; None is all. A server
                gives evenly spaced points instead where there are more than that.
            progress: told how many series are read.

        Returns:
            ``run_id``, ``metric``, ``step``, ``timestamp`` (UTC) and ``value``, by run and metric as they were named,
            then by step and time. The schema's metadata has ``note``: in words what was left out, or nothing.
        """
        from ..services.histories import histories

        names = [metrics] if isinstance(metrics, str) else list(metrics)
        found = histories(self._connection, self._several(runs), names, points=points, progress=progress)
        return found.table.replace_schema_metadata({"note": found.note})

    def metric_values(
        self, runs: object, metric: str, how: Literal["min", "max", "last", "step"] = "last", step: int | None = None
    ) -> pa.Array:
        """One number of a metric for each run, such as the lowest that it ever had.

        Args:
            runs: as in `history`.
            how: "min" or "max" of all points but NaN, "last", or "step" for the one at ``step``.

        Returns:
            float64, in the order of the runs; null where a run has none.
        """
        from ..services.histories import values

        return values(self._connection, self._several(runs), metric, how, step)

    def _several(self, runs: object) -> RunTable | list[str]:
        from ..frames.runtable import RunTable

        if isinstance(runs, RunTable):
            return runs
        if hasattr(runs, "columns") and "run_id" in runs.columns:  # a DataFrame
            return [str(run_id) for run_id in runs["run_id"]]  # type: ignore[index]
        each = list(runs) if isinstance(runs, (list, tuple, set)) else [runs]
        return [text if _ID.fullmatch(text := str(run_id_of(run) or run)) else self.find(run) for run in each]

    def show(self, run: object) -> RunCard:
        """One run in full: attributes, params, metrics, tags, models, artifacts."""
        from ..services.runs import show_run

        return show_run(self._connection, self.find(run))


def run_id_of(thing: object) -> str | None:
    """The id of whatever has one: a best run, a run card, mlflow's Run."""
    found = getattr(thing, "run_id", None) or getattr(getattr(thing, "info", None), "run_id", None)
    return found if isinstance(found, str) else None
