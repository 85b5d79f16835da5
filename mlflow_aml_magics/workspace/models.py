"""Registered models: checking, making, comparing and sharing versions of them, and downloads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExperimentNotFound, ModelNotFound, RunNotFound
from .runs import run_id_of
from .versions import Versions

if TYPE_CHECKING:
    from ..client.connection import Progress
    from ..services.compare_versions import VersionComparison
    from ..services.download import Download
    from ..services.preflight import Preflight
    from ..services.register import Registration
    from ..services.share import SharedVersion

__all__ = ["Models"]

_VERSION = re.compile(r"[^:@/]+[:@][^:@/]+")  # wine:3, wine@champion


class Models(Versions):
    """The registered models of a store."""

    def register(
        self,
        source: object,
        name: str,
        *,
        alias: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        kind: str = "mlflow",
        input_example: object = None,
        pip_requirements: Sequence[str] | None = None,
        check: bool = True,
        load: bool = False,
        fix: bool = False,
        force: bool = False,
        progress: Progress | None = None,
    ) -> Registration:
        """Make a version of a registered model.

        Args:
            source: a run (as in `find`, or what `best` returned), a model URI, a folder with an MLmodel file, or a
                fitted model object.
            name: the registered model's name; made if there is none.
            alias: an alias to set on the version, "champion"; taken from the version that had it.
            description, tags: kept on the version.
            kind: "mlflow"; "custom" for any file or folder, "triton" for a model repository of Triton.
            input_example, pip_requirements: of a fitted model object, as `mlflow.sklearn.log_model` takes them; naming
                the requirements spares the seconds that mlflow takes to find them.
            check: read its files first, and refuse what will fail; what may fail is told in the result.
            load: load it too, and score its input example, in a process of its own: that takes seconds.
            fix: register a copy with what is missing in its requirements; the original stays as it is.
            force: register whatever the check finds.
            progress: told in words what goes on.

        Returns:
            The version; an older one with ``created=False`` where it holds the same content already.

        Raises:
            NoModelInRun, StoreReadOnly: nothing half-done is left behind.
            ModelError: it is no model, or the check found what will fail.
        """
        from ..services.register import Check, register

        return register(
            self._connection,
            source if kind != "mlflow" else self._model_source(source),
            name,
            kind=kind,
            alias=alias,
            description=description,
            tags=dict(tags or {}),
            experiment_id=self._home_experiment(),
            input_example=input_example,
            pip_requirements=pip_requirements,
            check=Check(check, load, force, fix),
            progress=progress,
        )

    def preflight(
        self, source: object, *, target: str | None = None, load: bool = True, progress: Progress | None = None
    ) -> Preflight:
        """What is likely to fail when a model is registered or deployed, and what mends it; nothing is written.

        Args:
            source: as in `register`; also "wine:3", "wine@champion".
            target: where it is to be deployed, as in `deploy`; None for registering alone.
            load: load it and score its input example, in a process of its own: that takes seconds.
            progress: told in words what goes on.

        Raises:
            ModelNotFound, RunNotFound, NoModelInRun, ModelError: there is no model to check.
        """
        from ..services.preflight import preflight

        try:
            model = self._served(source) if hasattr(source, "version") else self._model_source(source)
        except RunNotFound:
            model = source  # a registered model's name
        return preflight(self._connection, model, target=target, load=load, progress=progress)

    def compare_versions(self, a: object, b: object, *, progress: Progress | None = None) -> VersionComparison:
        """Two versions side by side: metrics, params, signature, environment, files, tags.

        Args:
            a, b: "wine:3", "wine@champion", or what `register` or `models` returned. What is likely to break is told
                for ``b`` in the place of ``a``.
            progress: told what is read.

        Raises:
            ModelNotFound
            UsageError: they are one version.
        """
        from ..services.compare_versions import compare_versions

        return compare_versions(self._connection, self._served(a), self._served(b), progress=progress)

    def are_versions(self, *words: object) -> bool:
        """Whether each of them names a version of a registered model: "wine:3", "wine@champion", or is one."""
        from ..services.compare_versions import are_versions

        named = (f"{w.name}:{w.version}" if hasattr(w, "version") and hasattr(w, "name") else str(w) for w in words)
        return are_versions(self._connection, list(named))

    def share(
        self,
        version: object,
        *,
        registry: str | None = None,
        workspace: str | None = None,
        resource_group: str | None = None,
        subscription: str | None = None,
        store: str | None = None,
        name: str | None = None,
        alias: str | None = None,
        progress: Progress | None = None,
    ) -> SharedVersion:
        """Copy a version to a registry, to another workspace or to another store, files and all, or not at all.

        Args:
            version: "wine:3", "wine@champion", or what `register` or `models` returned.
            registry: of Azure Machine Learning, whose models several workspaces share.
            workspace, resource_group, subscription: another workspace; group and subscription are this one's if None.
            store: any other store, as `connect` takes it.
            name: there; the same name if None.
            alias: given to the copy; a registry has none.
            progress: told in words what goes on.

        Returns:
            The copy; an older one with ``created=False`` where the same content is there already.

        Raises:
            ModelNotFound, WorkspaceNotFound
            UsageError: no such place, or the version is there already.
        """
        from ..services.share import share

        return share(
            self._connection,
            self._served(version),
            registry=registry,
            workspace=(subscription, resource_group, workspace),
            store=store,
            name=name,
            alias=alias,
            progress=progress,
        )

    def _model_source(self, source: object) -> object:
        """A run in any form becomes its id; URIs, folders and model objects stay what they are."""
        if run_id_of(source) and not hasattr(source, "fit"):
            return f"runs:/{run_id_of(source)}"
        if not isinstance(source, str) or source.startswith(("runs:/", "models:/", "azureml:")):
            return source
        if (Path(source) / "MLmodel").is_file():
            return Path(source)
        try:
            return f"runs:/{self.find(source)}"
        except RunNotFound:
            if "/" in source or Path(source).exists():
                return Path(source)  # whose error says what the folder lacks
            if _VERSION.fullmatch(source):
                return f"models:/{source}"
            raise

    def _home_experiment(self) -> str | None:
        """Where a run goes that registering needs."""
        if not self.experiments:
            return None
        from ..client.runs import find_experiments

        try:
            return find_experiments(self._connection, self.experiments[:1])[0].experiment_id
        except ExperimentNotFound:
            return None

    def download(
        self,
        what: object,
        to: str | Path | None = None,
        *,
        force: bool = False,
        progress: Progress | None = None,
    ) -> Download:
        """Bring a model or a run's artifacts to this machine: whole and checked, or not at all.

        Args:
            what: "wine@champion", "wine:3", "wine", a run (as in `find`), "runs:/ID/path", a job's output
                (azureml://jobs/…), a registry's model (azureml://registries/…), or what another method returned.
            to: a folder; None makes one in the working folder, called like what is in it.
            force: replace a folder that holds something.
            progress: told how far it is.

        Raises:
            ModelNotFound, RunNotFound, StoreError: nothing is left behind.
            UsageError: the folder holds something.
        """
        from ..services.download import download

        folder = None if to is None else Path(to)

        def fetch(address: str) -> Download:
            return download(self._connection, address, folder, force=force, progress=progress)

        address = self._served(what)
        if address.startswith("runs:/"):
            path = address.removeprefix("runs:/").partition("/")[2]
            return fetch(f"runs:/{self.find(address)}/{path}")
        try:
            return fetch(address)
        except ModelNotFound as missing:
            try:
                return fetch(f"runs:/{self.find(address)}")
            except RunNotFound:
                raise missing from None
