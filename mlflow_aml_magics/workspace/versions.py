"""Registered versions: looking, changing, discussing, deleting, lineage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .edits import Edits
from .runs import run_id_of

if TYPE_CHECKING:
    from ..panels.models import ModelsPanel
    from ..services.lineage import Lineage
    from ..services.model_card import ModelCard
    from ..services.models import ModelList

__all__ = ["Versions"]


class Versions(Edits):
    """What the registry has, and changes of it."""

    def models(self, name: str | None = None) -> ModelList:
        """Registered models and their versions, with stages, aliases, source runs and metrics.

        Raises:
            ModelNotFound: there is no model of that name.
        """
        from ..services.models import list_models

        return list_models(self._connection, name)

    def models_panel(self, version: str | None = None) -> ModelsPanel:
        """The panel of the registry: versions, discussion, lineage, comparison, and what can be done with a version.

        Args:
            version: what to open it at: a model, or one version as in `model`; None opens the first model.

        Raises:
            ModelNotFound: with what there is.
        """
        from ..panels.models import ModelsPanel

        return ModelsPanel(self, version)  # type: ignore[arg-type]  # every Workspace is one

    def model(self, version: object) -> ModelCard:
        """One version of a registered model, with its stage, aliases, metrics, tags, and who changed it and why.

        Args:
            version: "wine:3", "wine@champion", "wine" for the newest, or what `register` or `models` returned.

        Raises:
            ModelNotFound: with what there is.
        """
        from ..services.model_card import show_model

        return show_model(self._connection, self._served(version), files=True)

    def set_stage(self, version: object, stage: str, *, comment: str = "", archive_others: bool = False) -> ModelCard:
        """Move a version to a stage.

        Args:
            version: as in `model`.
            stage: "None", "Staging", "Production" or "Archived".
            comment: why; kept on the version with your name and the time.
            archive_others: archive the other versions in Staging or Production, if that is the stage. Else they stay,
                and the card's `others` names them.
        """
        from ..services.model_edits import set_stage

        ref = self._served(version)
        return set_stage(self._connection, ref, stage, text=comment, archive_others=archive_others)

    def set_alias(self, version: object, alias: str, *, comment: str = "") -> ModelCard:
        """Give an alias to a version, and take it from the one that had it.

        Args:
            version, comment: as in `set_stage`.
            alias: "champion".
        """
        from ..services.model_edits import set_alias

        return set_alias(self._connection, self._served(version), alias, text=comment)

    def remove_alias(self, version: object, alias: str, *, comment: str = "") -> ModelCard:
        """Take an alias from a version.

        Raises:
            UsageError: it is not this version's.
        """
        from ..services.model_edits import remove_alias

        return remove_alias(self._connection, self._served(version), alias, text=comment)

    def comment(self, version: object, text: str) -> ModelCard:
        """Write into the discussion of a version, with your name and the time; the newest 20 entries are kept."""
        from ..services.model_edits import comment

        return comment(self._connection, self._served(version), text)

    def archive_model(self, version: object, *, comment: str = "") -> ModelCard:
        """Move a version to Archived; on Azure ML it leaves the studio's list as well."""
        from ..services.model_edits import archive

        return archive(self._connection, self._served(version), text=comment)

    def restore_model(self, version: object, *, comment: str = "") -> ModelCard:
        """Take a version out of the archive, into no stage."""
        from ..services.model_edits import restore

        return restore(self._connection, self._served(version), text=comment)

    def describe_model(self, what: object, text: str) -> str:
        """Set the description of a version, or with a name alone that of the model; "" takes it away.

        Args:
            what: "wine:3", or "wine" for the model as a whole.

        Returns:
            What was done, in words.
        """
        from ..services.model_edits import describe

        return describe(self._connection, self._served(what), text)

    def tag_model(self, what: object, key: str, value: str | None) -> str:
        """Set a tag of a version, or with a name alone one of the model; None removes it.

        Args:
            what: as in `describe_model`.

        Raises:
            UsageError: there is no such tag to be removed, or the store does not take the name.
        """
        from ..services.model_edits import set_tag

        return set_tag(self._connection, self._served(what), key, value)

    def delete_model(self, what: object, *, force: bool = False) -> str:
        """Delete a version for good, or with a name alone the model with all its versions.

        Args:
            what: as in `describe_model`.
            force: although it has an alias, is in Production or deployed; a whole model although it has versions.

        Raises:
            InUse: the message says by what.
        """
        from ..services.model_deletion import delete_model, delete_version
        from ..services.model_edits import WHOLE

        ref = self._served(what)
        if WHOLE.fullmatch(ref):
            return delete_model(self._connection, ref, force=force)
        return delete_version(self._connection, ref, force=force)

    def lineage(self, version: object) -> Lineage:
        """Where a version came from and where it went: data, run, model, endpoints.

        Args:
            version: as in `model`.
        """
        from ..services.lineage import lineage_of

        return lineage_of(self._connection, self._served(version))

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
