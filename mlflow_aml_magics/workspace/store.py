"""Connecting, and the experiments that calls are about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExperimentNotFound

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..client.connection import Connection
    from ..client.runs import ExperimentRef

__all__ = ["Store"]


class Store:
    """An open connection, and the experiments that are meant when a call names none."""

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
    ) -> Self:
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
        from ..client.target import choose_registry, choose_target

        start = Path(folder) if folder else Path.cwd()
        target = choose_target(
            uri, start, workspace=workspace, resource_group=resource_group, subscription=subscription
        )
        names = [experiment] if isinstance(experiment, str) else list(experiment or ())
        if target.azure is not None:
            from ..client.azure import connect_target

            return cls(connect_target(target, tenant=tenant), experiments=names, why=target.why)
        from ..client.connection import open_connection

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

    def experiment_names(self) -> list[str]:
        """Every active experiment's name, newest first."""
        from ..client.runs import list_experiments

        return [experiment.name for experiment in list_experiments(self._connection)]

    def _experiments(self, names: str | Sequence[str] | None) -> list[ExperimentRef]:
        from ..client.runs import find_experiments, list_experiments

        wanted = [names] if isinstance(names, str) else list(self.experiments if names is None else names)
        if wanted:
            return find_experiments(self._connection, wanted)
        found = list_experiments(self._connection)
        if not found:
            raise ExperimentNotFound(f"{self._connection.label} has no experiment", hint="%aml_track starts one")
        return found
