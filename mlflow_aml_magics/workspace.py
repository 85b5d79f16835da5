"""The Python API: everything that a magic or a button does is a method here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .errors import ExperimentNotFound, ModelNotFound, RunNotFound, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from .client.connection import Connection, Progress
    from .client.runs import ExperimentRef
    from .frames.runtable import RunTable
    from .panels.comparison import ComparisonPanel
    from .panels.explorer import ExplorerPanel
    from .render.document import Document
    from .services.deploy import Deployment, DeploymentList
    from .services.invoke import Invocation
    from .services.models import ModelList
    from .services.register import Registration
    from .services.runs import BestRun, RunCard

__all__ = ["Workspace"]


class Workspace:
    """One store of runs and models, and what can be done with it.

    Make one with `Workspace.connect`. Methods may be called from several threads.

        >>> ws = Workspace.connect("sqlite:///mlflow.db", experiment="wine")  # doctest: +SKIP
        >>> best = ws.best("val_rmse")                                        # doctest: +SKIP
        >>> ws.register(best, name="wine", alias="champion")                  # doctest: +SKIP
        >>> ws.deploy("wine@champion")                                        # doctest: +SKIP
    """

    def __init__(self, connection: Connection, *, experiments: Sequence[str] = (), why: str = "you named it") -> None:
        self._connection = connection
        self.experiments = tuple(experiments)
        self.why = why

    @classmethod
    def connect(
        cls,
        uri: str | None = None,
        *,
        experiment: str | Sequence[str] | None = None,
        folder: str | Path | None = None,
        registry_uri: str | None = None,
        workspace: str | None = None,
        resource_group: str | None = None,
        subscription: str | None = None,
        tenant: str | None = None,
    ) -> Workspace:
        """Connect to a store.

        Args:
            uri: a tracking URI, a database file, an mlruns folder, or an Azure Machine Learning workspace as an ARM id
                or a studio URL. None takes MLFLOW_TRACKING_URI, else the variables of a job or compute instance, else
                the nearest config.json, else ``sqlite:///mlflow.db`` in ``folder``.
            experiment: the name or names that calls are about when they name none; None means all.
            folder: where relative paths start; None is the working directory.
            registry_uri: where registered models are; None takes MLFLOW_REGISTRY_URI, else the tracking store.
            workspace, resource_group, subscription: an Azure Machine Learning workspace by name; what is left out comes
                from the environment or the nearest config.json.
            tenant: of the login to Azure; None takes the login's own.

        Raises:
            StoreError: the store does not answer, is no MLflow store, or has another schema.
            AuthError, WorkspaceNotFound: Azure refuses, with the next step.
        """
        from .client.target import choose_registry, choose_target

        start = Path(folder) if folder else Path.cwd()
        target = choose_target(
            uri, start, workspace=workspace, resource_group=resource_group, subscription=subscription
        )
        names = [experiment] if isinstance(experiment, str) else list(experiment or ())
        if target.azure is not None:
            from .client.azure import connect_target

            return cls(connect_target(target, tenant=tenant), experiments=names, why=target.why)
        from .client.connection import open_connection

        registry = choose_registry(registry_uri, start)
        return cls(open_connection(target.uri, registry_uri=registry), experiments=names, why=target.why)

    def __repr__(self) -> str:
        scope = f", experiment {', '.join(self.experiments)}" if self.experiments else ""
        return f"Workspace({self._connection.label}{scope})"

    @property
    def connection(self) -> Connection:
        """The client underneath."""
        return self._connection

    @property
    def uri(self) -> str:
        """The tracking URI."""
        return self._connection.uri

    def close(self) -> None:
        """Give the store's connections back."""
        self._connection.close()

    # ---- runs

    def run_table(
        self,
        query: str = "",
        *,
        order_by: str | Sequence[str] | None = None,
        experiment: str | Sequence[str] | None = None,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> RunTable:
        """The runs that match, as Arrow columns.

        Args:
            query: MLflow's filter syntax plus OR, NOT, !=, IN, RLIKE, IS NULL; "" is all.
            order_by: "metrics.rmse ASC", or several; the newest first otherwise. Missing values come last.
            experiment: a name or several; None is the workspace's own, or all.
            limit: at most so many; `RunTable.total` tells whether there are more.
            progress: told how many runs are read.
        """
        from .client.runs import read_runs

        return read_runs(
            self._connection,
            self._experiments(experiment),
            query=query,
            order_by=order_by,
            limit=limit,
            progress=progress,
        )

    def runs(
        self,
        query: str = "",
        *,
        order_by: str | Sequence[str] | None = None,
        experiment: str | Sequence[str] | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """The runs that match, as a DataFrame with the columns of `mlflow.search_runs`.

        Args:
            query, order_by, experiment: as in `run_table`.
            limit: at most so many rows; None is all.

        Raises:
            QueryError: the query does not parse or names what no run has.
            ExperimentNotFound: with the nearest name.
        """
        return self.run_table(query, order_by=order_by, experiment=experiment, limit=limit).to_pandas()

    def best(
        self,
        metric: str | None = None,
        *,
        goal: Literal["min", "max"] | None = None,
        query: str = "",
        experiment: str | Sequence[str] | None = None,
    ) -> BestRun:
        """The best run by a metric.

        Args:
            metric: its name; None takes the experiment's primary metric, or the only one.
            goal: "min" or "max"; None asks the experiment, then the metric's name (rmse, auc, …).
            query, experiment: which runs, as in `run_table`.

        Raises:
            MetricNotFound: no run has it.
            UsageError: nothing says which metric or direction.
        """
        from .services.runs import best_run

        runs = self.run_table(query, experiment=experiment)
        return best_run(runs, metric, goal=goal, experiments=self._experiments(experiment))

    def find(self, run: object) -> str:
        """The id of a run given by id, the beginning of an id, name, or anything with a ``run_id``.

        Raises:
            RunNotFound: none or several match, with what to type instead.
        """
        from .client.runs import get_run
        from .services.runs import find_run

        text = str(_run_id(run) or run)
        if text.startswith("runs:/"):
            text = text.removeprefix("runs:/").partition("/")[0]
        if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text):
            return str(get_run(self._connection, text).info.run_id)
        return find_run(self.run_table(experiment=None if self.experiments else ()), text)

    def show(self, run: object) -> RunCard:
        """One run in full: attributes, params, metrics, tags, models, artifacts."""
        from .services.runs import show_run

        return show_run(self._connection, self.find(run))

    def compare(
        self,
        *runs: object,
        query: str = "",
        metric: str | None = None,
        goal: Literal["min", "max"] | None = None,
        experiment: str | Sequence[str] | None = None,
        static: bool = False,
    ) -> ExplorerPanel | ComparisonPanel | Document:
        """The explorer of all runs, or two or more runs side by side.

        Args:
            runs: nothing for the explorer; else two or more runs, each as in `find`.
            query: the explorer's filter to begin with.
            metric, goal: what to colour and rank by; found as in `best` where they are not given.
            experiment: which experiments, as in `run_table`.
            static: no live panel, but the document that it would leave in the notebook.
        """
        if len(runs) == 1:
            raise UsageError("one run cannot be compared", hint="name two runs, or none for the explorer")
        if runs:
            return self._side_by_side([self.find(run) for run in runs], static=static)
        from .services.explore import explore

        found = explore(
            self.run_table(experiment=experiment),
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
        from .panels.explorer import ExplorerPanel

        return ExplorerPanel(self, found)

    def _side_by_side(self, run_ids: Sequence[str], *, static: bool) -> ComparisonPanel | Document:
        from .client.runs import find_experiments, get_run, read_runs
        from .render.explorer import comparison_document
        from .services.runs import compare_runs

        owners = {get_run(self._connection, run_id).info.experiment_id for run_id in run_ids}
        table = read_runs(self._connection, find_experiments(self._connection, sorted(owners)))
        comparison = compare_runs(self._connection, table.take(run_ids))
        if static:
            return comparison_document(comparison)
        from .panels.comparison import ComparisonPanel

        return ComparisonPanel(comparison)

    def experiment_names(self) -> list[str]:
        """Every active experiment's name, newest first."""
        from .client.runs import list_experiments

        return [experiment.name for experiment in list_experiments(self._connection)]

    def _experiments(self, names: str | Sequence[str] | None) -> list[ExperimentRef]:
        from .client.runs import find_experiments, list_experiments

        wanted = [names] if isinstance(names, str) else list(self.experiments if names is None else names)
        if wanted:
            return find_experiments(self._connection, wanted)
        found = list_experiments(self._connection)
        if not found:
            raise ExperimentNotFound(f"{self._connection.label} has no experiment", hint="%aml_track starts one")
        return found

    # ---- models

    def register(
        self,
        source: object,
        name: str,
        *,
        alias: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        input_example: object = None,
        pip_requirements: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Registration:
        """Make a version of a registered model.

        Args:
            source: a run (as in `find`, or what `best` returned), a model URI, a folder with an MLmodel file, or a
                fitted model object.
            name: the registered model's name; made if there is none.
            alias: an alias to set on the version, "champion"; taken from the version that had it.
            description, tags: kept on the version.
            input_example, pip_requirements: of a fitted model object, as `mlflow.sklearn.log_model` takes them; naming
                the requirements spares the seconds that mlflow takes to find them.

        Returns:
            The version; an older one with ``created=False`` where it holds the same content already.

        Raises:
            NoModelInRun, ModelError, StoreReadOnly: nothing half-done is left behind.
        """
        from .services.register import register

        return register(
            self._connection,
            self._model_source(source),
            name,
            alias=alias,
            description=description,
            tags=dict(tags or {}),
            experiment_id=self._home_experiment(),
            input_example=input_example,
            pip_requirements=pip_requirements,
            progress=progress,
        )

    def _model_source(self, source: object) -> object:
        """A run in any form becomes its id; URIs, folders and model objects stay what they are."""
        if _run_id(source) and not hasattr(source, "fit"):
            return _run_id(source)
        if not isinstance(source, str) or source.startswith(("runs:/", "models:/")):
            return source
        if (Path(source) / "MLmodel").is_file():
            return Path(source)
        try:
            return self.find(source)
        except RunNotFound:
            if "/" in source or Path(source).exists():
                return Path(source)  # whose error says what the folder lacks
            raise

    def _home_experiment(self) -> str | None:
        """Where a run goes that registering needs."""
        if not self.experiments:
            return None
        from .client.runs import find_experiments

        try:
            return find_experiments(self._connection, self.experiments[:1])[0].experiment_id
        except ExperimentNotFound:
            return None

    def models(self, name: str | None = None) -> ModelList:
        """Registered models and their versions, with aliases, source runs and metrics.

        Raises:
            ModelNotFound: there is no model of that name.
        """
        from .services.models import list_models

        return list_models(self._connection, name)

    def _model_names(self) -> list[str]:
        from .client.models import list_versions

        return sorted({version.name for version in list_versions(self._connection, metrics=False)})

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
        from .services.deploy import deploy

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

    def _served(self, model: object) -> str:
        if hasattr(model, "version") and hasattr(model, "name"):
            return f"{model.name}:{model.version}"
        if _run_id(model):
            return f"runs:/{_run_id(model)}"
        if not isinstance(model, str | Path):
            raise UsageError(
                f"this {type(model).__name__} cannot be served as it is",
                hint="%aml_register it first, then deploy that",
            )
        return str(model)

    @staticmethod
    def endpoints() -> DeploymentList:
        """Every deployment that was started on this machine, running or not. Needs no connection."""
        from .services.deploy import deployments

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
        from .services.invoke import invoke

        return invoke(name, data=data, sample=sample, repeat=repeat)

    @staticmethod
    def logs(name: str, *, tail: int = 50) -> str:
        """The last lines that a deployment wrote."""
        from .services.deploy import logs

        return logs(name, tail)

    @staticmethod
    def delete(name: str) -> None:
        """Stop a deployment and forget it.

        Raises:
            DeploymentNotFound: with the nearest name.
        """
        from .services.deploy import delete

        delete(name)

    @staticmethod
    def stop_all() -> list[str]:
        """Stop every local deployment; returns their names."""
        from .services.deploy import stop_all

        return stop_all()


def _run_id(thing: object) -> str | None:
    """The id of whatever has one: a best run, a run card, mlflow's Run."""
    found = getattr(thing, "run_id", None) or getattr(getattr(thing, "info", None), "run_id", None)
    return found if isinstance(found, str) else None
