"""The whole API: runs, models, panels, deployments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ..errors import ModelNotFound, RunNotFound, UsageError
from .models import Models

if TYPE_CHECKING:
    from ..client.connection import Progress
    from ..panels.comparison import ComparisonPanel
    from ..panels.explorer import ExplorerPanel
    from ..render.document import Document
    from ..services.deploy import Deployment, DeploymentList
    from ..services.invoke import Invocation

__all__ = ["Workspace"]


class Workspace(Models):
    """One store of runs and models, and what can be done with it.

    Make one with `Workspace.connect`. Methods may be called from several threads.

        >>> ws = Workspace.connect("sqlite:///mlflow.db", experiment="wine")  # doctest: +SKIP
        >>> best = ws.best("val_rmse")                                        # doctest: +SKIP
        >>> ws.register(best, name="wine", alias="champion")                  # doctest: +SKIP
        >>> ws.deploy("wine@champion")                                        # doctest: +SKIP
    """

    def compare(
        self,
        *runs: object,
        query: str = "",
        metric: str | None = None,
        goal: Literal["min", "max"] | None = None,
        experiment: str | Sequence[str] | None = None,
        children: object = None,
        static: bool = False,
        progress: Progress | None = None,
    ) -> ExplorerPanel | ComparisonPanel | Document:
        """The explorer of all runs, or two or more runs side by side.

        Args:
            runs: nothing for the explorer; else two or more runs, each as in `find`.
            query: the explorer's filter to begin with.
            metric, goal: what to colour and rank by; found as in `best` where they are not given.
            experiment, children, progress: which runs the explorer has, as in `run_table`.
            static: no live panel, but the document that it would leave in the notebook.
        """
        if len(runs) == 1:
            raise UsageError("one run cannot be compared", hint="name two runs, or none for the explorer")
        if runs:
            return self._side_by_side([self.find(run) for run in runs], static=static)
        from ..services.explore import explore

        found = explore(
            self.run_table(experiment=experiment, children=children, progress=progress),
            self._experiments(experiment),
            store=self._connection.label,
            query=query,
            metric=metric,
            goal=goal,
            models=self._model_names(),
            everything=not (self.experiments if experiment is None else experiment),
        )
        if static:
            return found.document()
        from ..panels.explorer import ExplorerPanel

        return ExplorerPanel(self, found)

    def _side_by_side(self, run_ids: Sequence[str], *, static: bool) -> ComparisonPanel | Document:
        from ..client.runs import experiments_by_id, get_run, read_runs
        from ..render.explorer import comparison_document
        from ..services.runs import compare_runs

        owners = {get_run(self._connection, run_id).info.experiment_id for run_id in run_ids}
        only = f"run_id IN ({', '.join(repr(run_id) for run_id in run_ids)})"
        table = read_runs(self._connection, experiments_by_id(self._connection, sorted(owners)), query=only)
        comparison = compare_runs(self._connection, table.take(run_ids))
        if static:
            return comparison_document(comparison)
        from ..panels.comparison import ComparisonPanel

        return ComparisonPanel(comparison)

    # ---- deployments

    def deploy(
        self,
        model: object,
        *,
        to: str = "local",
        name: str | None = None,
        port: int | None = None,
        timeout: float = 300,
        progress: Progress | None = None,
    ) -> Deployment:
        """Serve a model.

        Args:
            model: "wine@champion", "wine:3", "wine" (its latest version), a model URI, a run, or a folder.
            to: the target; "local" is a process of its own on this machine.
            name: the deployment's name; None takes the model's.
            port: of the local server; None takes a free one.
            timeout: seconds until it must answer.
            progress: told what it waits for.

        Raises:
            ModelNotFound, DeploymentError: with the log's decisive line; nothing is left running.
        """
        from ..services.deploy import deploy

        def serve(ref: str) -> Deployment:
            return deploy(self._connection, ref, to=to, name=name, port=port, timeout=timeout, progress=progress)

        ref = self._served(model)
        try:
            return serve(ref)
        except ModelNotFound as missing:
            try:
                return serve(f"runs:/{self.find(ref)}")  # a run's name, or the beginning of its id
            except RunNotFound:
                raise missing from None

    @staticmethod
    def endpoints() -> DeploymentList:
        """Every deployment that was started on this machine, running or not. Needs no connection."""
        from ..services.deploy import deployments

        return deployments()

    @staticmethod
    def invoke(name: str, data: object = None, *, sample: bool = False, repeat: int = 1) -> Invocation:
        """Ask a deployment for predictions. Needs no connection.

        Args:
            name: the deployment's.
            data: a DataFrame, rows, JSON text, or the path of a .json or .csv file.
            sample: build the request from the model's input example, else from its signature.
            repeat: ask so many times, to measure.

        Raises:
            DeploymentNotFound
            InvokeError: the request does not fit the signature (the column is named), or the model failed.
        """
        from ..services.invoke import invoke

        return invoke(name, data=data, sample=sample, repeat=repeat)

    @staticmethod
    def logs(name: str, *, tail: int = 50) -> str:
        """The last lines that a deployment wrote."""
        from ..services.deploy import logs

        return logs(name, tail)

    @staticmethod
    def delete(name: str) -> None:
        """Stop a deployment and forget it.

        Raises:
            DeploymentNotFound: with the nearest name.
        """
        from ..services.deploy import delete

        delete(name)

    @staticmethod
    def stop_all() -> list[str]:
        """Stop every local deployment; returns their names."""
        from ..services.deploy import stop_all

        return stop_all()
