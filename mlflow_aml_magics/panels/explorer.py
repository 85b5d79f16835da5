"""The run explorer: the run table, parallel coordinates and charts, linked, and what can be done with a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import traitlets

from ..contract import ExplorerInfo, RefreshResult
from ..errors import UsageError
from ..render.document import Document
from ..services.views import Views
from .answers import explorer_answers
from .answers.refresh import Following
from .base import asset
from .kept_view import KeptView, as_traits

if TYPE_CHECKING:
    import pandas as pd

    from ..frames.runtable import RunTable
    from ..services.explore import Exploration
    from ..services.runs import BestRun
    from ..workspace import Workspace

__all__ = ["ExplorerPanel"]


class ExplorerPanel(KeptView):
    """Every run of some experiments, in the cell.

    `query`, `selected_run_ids`, `columns`, `axes`, `color` and `view` follow the panel and may be set: a brush writes
    `query`. `view` has all keys of `contract.View` that have no trait of their own; absent ones are at their default.

        >>> panel = ws.compare(metric="val_rmse")            # doctest: +SKIP
        >>> panel.query = "params.model = 'forest'"          # doctest: +SKIP
        >>> panel.best, panel.selected                       # doctest: +SKIP
        >>> panel.figure("parallel"); panel.snapshot("wine.html")  # doctest: +SKIP
    """

    _runs = traitlets.Bytes().tag(sync=True)
    _changes = traitlets.Bytes(help="runs that changed or came since _runs").tag(sync=True)
    _info = traitlets.Dict().tag(sync=True)
    error = traitlets.Dict(allow_none=True, default_value=None, help="a failure to show").tag(sync=True)

    def __init__(
        self, workspace: Workspace, exploration: Exploration, *, view: Mapping[str, Any] | None = None
    ) -> None:
        """A panel of these runs.

        Args:
            view: how to show them, as `view_json` has it; what it lacks is at its default.
        """
        self._esm, self._css = asset("explorer.js"), asset("explorer.css")
        self.workspace = workspace
        self.exploration = exploration
        self.saved_views = Views(workspace.connection, exploration.experiments, exploration.parent)
        traits = as_traits({**(view or {}), "query": exploration.query})
        super().__init__(_runs=exploration.runs.to_ipc(), _info=exploration.info, **traits)
        self._following = Following(self)
        self._handlers |= explorer_answers(self)
        self._keep_as_left()

    @property
    def info(self) -> ExplorerInfo:
        """The columns and counts that the panel shows."""
        return cast(ExplorerInfo, self._info)

    # ---- runs

    def refresh(self, progress: Callable[[str], None] | None = None) -> RefreshResult:
        """Read what changed in the store since; filter, ticks and view stay.

        Raises:
            StoreError: the store does not answer; the panel keeps what it has.
        """
        return self._following.refresh(progress)

    @property
    def run_table(self) -> RunTable:
        """All runs of the panel, as Arrow columns."""
        return self.exploration.runs

    @property
    def shown(self) -> RunTable:
        """The runs that the filter lets through."""
        return self.exploration.shown(self.query)

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked runs; while none is ticked, those that the filter lets through."""
        return (self.known(self.selected_run_ids) if self.selected_run_ids else self.shown).to_pandas()

    @property
    def best(self) -> BestRun:
        """The best of the runs that the filter lets through, by the metric asked for.

        Raises:
            RunNotFound: the filter lets none through.
            UsageError: nothing says which metric, or whether lower or higher is better.
        """
        from ..services.runs import best_run

        found = best_run(self.shown, self.info["metric"], goal=self.info["goal"])
        return replace(found, why=self.info["why_goal"])

    def on_select(self, callback: Callable[[pd.DataFrame], object]) -> Callable[[], None]:
        """Call back with `selected` whenever runs are ticked or the filter changes; what is returned ends that."""

        def called(_change: object) -> None:
            callback(self.selected)

        names = ["selected_run_ids", "query"]
        self.observe(called, names=names)
        return lambda: self.unobserve(called, names=names)

    def known(self, run_ids: Sequence[str]) -> RunTable:
        """Those of these runs that the panel has, in this order: a ticked one may have been deleted since."""
        ids = set(self.run_table.column("run_id").to_pylist())
        return self.run_table.take([run_id for run_id in run_ids if run_id in ids])

    # ---- statistics

    def groups(self, by: str | Sequence[str] = (), *, metrics: Sequence[str] | None = None) -> pd.DataFrame:
        """The shown runs grouped by params: how many, and mean, std, min and max of each metric.

        Args:
            by: one column or several, "alpha" or "params.alpha"; none takes the panel's grouping, else all params that
                vary but seeds.
            metrics: names; None is all.

        Raises:
            QueryError: no column has such a name.
        """
        from ..frames.groups import group_runs, params_but_seeds

        runs = self.shown
        wanted = [by] if isinstance(by, str) else list(by) or self.view.get("group_by") or params_but_seeds(runs)
        frame: pd.DataFrame = group_runs(runs, wanted, metrics=metrics).to_pandas()
        return frame

    def importance(self, metric: str | None = None) -> pd.DataFrame:
        """How much of what varies in a metric each param explains among the shown runs.

        Args:
            metric: its name; None takes the metric asked for.

        Returns:
            ``param``, ``importance``, ``low``, ``high`` and ``direction``; ``attrs["note"]`` says how far to trust it.

        Raises:
            MetricNotFound: no run has it.
        """
        import pandas as pd

        from ..services.importance import importance_of

        found = importance_of(self.shown, metric or self._metric())
        frame: pd.DataFrame = pd.DataFrame(found["rows"], columns=["key", "importance", "low", "high", "direction"])
        frame.attrs |= {"note": found["note"], "method": found["method"], "runs": found["runs"]}
        frame.insert(0, "param", frame.pop("key").str.removeprefix("params."))
        return frame

    def noise(self, *runs: object, metric: str | None = None, group_by: Sequence[str] = ()) -> pd.DataFrame:
        """Whether runs differ from the first of them by more than chance, judged by their repeats.

        Args:
            runs: each as in `Workspace.find`; none takes the ticked ones, the baseline first.
            metric: its name; None takes the metric asked for.
            group_by: params whose equal values make runs repeats of each other; none takes the panel's grouping, else
                all params but seeds.

        Returns:
            A row a run: mean, std and ``n`` of its repeats, the ``difference`` with its 95 % interval from ``low`` to
            ``high``, the ``verdict``, and what is ``said`` of it.

        Raises:
            UsageError: fewer than two runs.
        """
        import pandas as pd

        from .answers.charts import noise_of

        baseline = str(self.view.get("baseline") or "")
        ids = [self.workspace.find(run) for run in runs] or list(self.selected_run_ids)
        if baseline in ids and not runs:
            ids = [baseline, *(run_id for run_id in ids if run_id != baseline)]
        if len(ids) < 2:
            raise UsageError("noise is judged between two runs or more", hint="name them, or tick them in the panel")
        found = noise_of(self, ids, metric or self._metric(), group_by=group_by)
        frame: pd.DataFrame = pd.DataFrame(found["groups"])
        return frame

    def _metric(self) -> str:
        metric = self.info["metric"]
        if metric is None:
            raise UsageError("which metric?", hint='metric="rmse"')
        return metric

    # ---- what leaves the panel

    def figure(self, chart: str | Mapping[str, Any] = "parallel", **columns: Any) -> Any:
        """A plotly figure of the shown runs, to publish or to go on with.

        Args:
            chart: "parallel", "history", "scatter", "contour", "box", "histogram", "importance", "slice", "pareto"; or
                one of ``view["charts"]``.
            columns: ``x``, ``y``, ``color``, ``size`` as column keys or names, and ``options`` of the kind.

        Raises:
            MissingDependency: plotly is not installed.
            QueryError: no column has such a name.
        """
        from ..services.figures import Seen, figure_of

        seen = Seen(self.shown, self.info, self.whole_view(), tuple(self.selected_run_ids))
        return figure_of(self.workspace.connection, seen, chart, columns)

    def snapshot(self, path: str | Path) -> Path:
        """Write the explorer as one HTML file that works by itself, without a kernel, to send around.

        Args:
            path: of the file, which is replaced; its folder must be there.

        Raises:
            UsageError: it cannot be written.
        """
        from .snapshot import snapshot_html

        target = Path(path).expanduser()
        try:
            target.write_text(snapshot_html(self), encoding="utf-8")
        except OSError as exc:
            raise UsageError(f"{target} cannot be written: {exc.strerror or exc}") from exc
        return target

    def _document(self) -> Document:
        return self.exploration.document(self.query)
