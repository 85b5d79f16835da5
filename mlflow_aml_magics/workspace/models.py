"""Registered models: versions, stages, aliases, downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExperimentNotFound, ModelNotFound, RunNotFound, UsageError
from .edits import Edits
from .runs import run_id_of

if TYPE_CHECKING:
    from ..client.connection import Progress
    from ..services.download import Download
    from ..services.models import ModelCard, ModelList
    from ..services.register import Registration

__all__ = ["Models"]


class Models(Edits):
    """The registered models of a store."""

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
        from ..services.register import register

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

    def models(self, name: str | None = None) -> ModelList:
        """Registered models and their versions, with stages, aliases, source runs and metrics.

        Raises:
            ModelNotFound: there is no model of that name.
        """
        from ..services.models import list_models

        return list_models(self._connection, name)

    def model(self, version: object) -> ModelCard:
        """One version of a registered model, with its stage, aliases, metrics, tags, and who changed it and why.

        Args:
            version: "wine:3", "wine@champion", "wine" for the newest, or what `register` or `models` returned.

        Raises:
            ModelNotFound: with what there is.
        """
        from ..services.models import show_model

        return show_model(self._connection, self._served(version))

    def set_stage(self, version: object, stage: str, *, comment: str = "") -> ModelCard:
        """Move a version to a stage; the other versions stay in theirs.

        Args:
            version: as in `model`.
            stage: "None", "Staging", "Production" or "Archived".
            comment: why; kept on the version with your name and the time.
        """
        from ..services.models import set_stage

        return set_stage(self._connection, self._served(version), stage, text=comment)

    def set_alias(self, version: object, alias: str, *, comment: str = "") -> ModelCard:
        """Give an alias to a version, and take it from the one that had it.

        Args:
            version, comment: as in `set_stage`.
            alias: "champion".
        """
        from ..services.models import set_alias

        return set_alias(self._connection, self._served(version), alias, text=comment)

    def remove_alias(self, version: object, alias: str, *, comment: str = "") -> ModelCard:
        """Take an alias from a version.

        Raises:
            UsageError: it is not this version's.
        """
        from ..services.models import remove_alias

        return remove_alias(self._connection, self._served(version), alias, text=comment)

    def comment(self, version: object, text: str) -> ModelCard:
        """Keep a comment on a version, with your name and the time."""
        from ..services.models import comment

        return comment(self._connection, self._served(version), text)

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

    def _model_names(self) -> list[str]:
        from ..client.models import list_versions

        return sorted({version.name for version in list_versions(self._connection, metrics=False)})

    def _served(self, model: object) -> str:
        if hasattr(model, "version") and hasattr(model, "name"):
            return f"{model.name}:{model.version}"
        if run_id_of(model):
            return f"runs:/{run_id_of(model)}"
        if not isinstance(model, str | Path):
            raise UsageError(
                f"this {type(model).__name__} cannot be served as it is",
                hint="%aml_register it first, then deploy that",
            )
        return str(model)
