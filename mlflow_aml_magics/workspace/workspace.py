"""The whole API: runs, models, panels, deployments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ModelNotFound, RunNotFound, UsageError
from .comparing import Comparing
from .serving import Serving

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..frames.runtable import RunTable
    from ..panels.comparison import ComparisonPanel
    from ..panels.explorer import ExplorerPanel
    from ..render.document import Document
    from ..services.deploy import Deployment
    from ..services.deploy.plan import Plan

__all__ = ["Workspace"]


class Workspace(Comparing, Serving):
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
        view: str | None = None,
        static: bool = False,
        cache: bool | None = None,
        progress: Progress | None = None,
    ) -> ExplorerPanel | ComparisonPanel | Document:
        """The explorer of all runs, or two to twenty runs side by side.

        Args:
            runs: nothing for the explorer; else two to twenty runs, each as in `find`; the first is the baseline.
            query: the explorer's filter to begin with.
            metric, goal: what to colour and rank by; found as in `best` where they are not given.
            experiment, children, progress: which runs the explorer has, as in `run_table`.
            view: a saved view of the explorer, by name; None shows the runs as the last explorer of these experiments
                was left, but for what is asked for here.
            static: no live panel, but the document that it would leave in the notebook.
            cache: whether the explorer may take ended runs from disk; a server does not tell who renamed, tagged or
                deleted one since, so the open panel reads them again bit by bit. None is as the workspace does.
        """
        if runs and view is not None:
            raise UsageError("a view is of the explorer, not of named runs", hint="leave the runs out, or the view")
        if runs:
            return self._side_by_side(runs, static=static, progress=progress)
        return self._explorer(
            query,
            metric=metric,
            goal=goal,
            experiment=experiment,
            children=children,
            view=view,
            static=static,
            cache=cache,
            progress=progress,
        )

    def _explorer(
        self,
        query: str,
        *,
        metric: str | None,
        goal: Literal["min", "max"] | None,
        experiment: str | Sequence[str] | None,
        children: object,
        view: str | None,
        static: bool,
        cache: bool | None,
        progress: Progress | None,
    ) -> ExplorerPanel | Document:
        from ..services.explore import explore
        from ..services.views import Views, opening_view

        parent = None if children is None else self.find(children)
        experiments = self._experiments(experiment)
        if parent is None:
            runs = self.open_table(experiments, cache=cache, exact=static, progress=progress)
        else:
            runs = self.run_table(experiment=experiment, children=parent, progress=progress)
        found = explore(
            runs,
            experiments,
            store=self._label_of(runs),
            query=query,
            metric=metric,
            goal=goal,
            models=self._model_names(),
            everything=not (self.experiments if experiment is None else experiment),
            parent=parent,
        )
        if parent is not None:
            found.info["title"] = f"children of {self._run_name(parent)} in {found.info['title']}"
        views = Views(self._connection, found.experiments, parent)
        if static:
            shown = opening_view(views, found.runs, name=view, query=query)["query"] if view else query
            return found.document(shown)
        from ..panels.explorer import ExplorerPanel

        opening = opening_view(views, found.runs, name=view, query=query, metric=metric)
        return ExplorerPanel(self, replace(found, query=opening.get("query", "")), view=opening)

    def _label_of(self, runs: RunTable) -> str:
        """The store; and how many runs may have been edited there since they were put on disk here."""
        from ..services.refresh import unchecked

        count = unchecked(runs)
        aged = f" · {count:,} ended runs as last seen here, --no-cache reads them anew" if count else ""
        return f"{self._connection.label}{aged}"

    def _run_name(self, run_id: str) -> str:
        from ..client.runs import get_run

        return get_run(self._connection, run_id).info.run_name or run_id[:8]

    def _side_by_side(
        self, runs: Sequence[object], *, static: bool, progress: Progress | None
    ) -> ComparisonPanel | Document:
        comparison = self.side_by_side(*runs, progress=progress)
        if static:
            from ..render.comparison import comparison_document

            return comparison_document(comparison)
        from ..panels.comparison import ComparisonPanel

        return ComparisonPanel(self, comparison)

    # ---- deployments

    def _served_by(self) -> Connection:
        return self._connection

    def deploy(
        self,
        model: object,
        *,
        to: str = "local",
        name: str | None = None,
        deployment: str | None = None,
        port: int | None = None,
        isolated: bool = False,
        image: str | None = None,
        instance_type: str | None = None,
        instance_count: int | None = None,
        auth: str | None = None,
        traffic: Mapping[str, int] | None = None,
        compute: str | None = None,
        mini_batch_size: int | None = None,
        tags: Mapping[str, str] | None = None,
        force: bool = False,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> Deployment:
        """Serve a model. Called again after an interruption, it goes on where that left it.

        Args:
            model: "wine@champion", "wine:3", "wine" (its latest version), a model URI, a run, or a folder.
            to: "local" for a process of its own on this machine, "docker" for an image and a container of it, "online",
                "batch" or "kubernetes" for endpoints of the workspace.
            name: the deployment's or the endpoint's name, also as ENDPOINT/DEPLOYMENT; None takes the model's.
            deployment: under the endpoint, "blue"; None updates the one there is, or makes the first, "blue".
            port: of the local server or container; None takes a free one.
            isolated: a local server in an environment made from the model's own requirements.
            image: the Docker image's name.
            instance_type, instance_count: the machines of an online deployment.
            auth: "key" or "aml_token".
            traffic: percent by deployment; None gives an endpoint's first deployment all, and later ones none.
            compute: the cluster of a batch or Kubernetes deployment.
            mini_batch_size: files a mini batch.
            tags: of endpoint and deployment.
            force: go on although the check beforehand says that it is likely to fail.
            timeout: seconds until a local server must answer.
            progress: told what it waits for.

        Raises:
            ModelNotFound, DeploymentError: with the log's decisive line; what is left half made is named.
        """
        from ..services.deploy import DeployOptions, deploy

        options = DeployOptions(
            timeout, port, isolated, image, deployment, instance_type, instance_count, auth, traffic, compute,
            mini_batch_size, tags or {}, force,
        )  # fmt: skip

        def serve(ref: str) -> Deployment:
            return deploy(self._connection, ref, to=to, name=name, options=options, progress=progress)

        ref = self._served(model)
        try:
            return serve(ref)
        except ModelNotFound as missing:
            try:
                return serve(f"runs:/{self.find(ref)}")  # a run's name, or the beginning of its id
            except RunNotFound:
                raise missing from None

    def plan(self, model: object, *, to: str = "local", name: str | None = None, **options: Any) -> Plan:
        """What `deploy` would do with the same words, and the same as Python, az CLI and YAML; nothing is changed."""
        from ..services.deploy import DeployOptions
        from ..services.deploy.plan import plan

        return plan(self._connection, self._served(model), to=to, name=name, options=DeployOptions(**options))
