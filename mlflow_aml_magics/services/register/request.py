"""What is to be registered how: asked once, and carried through the ways to do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..model_history import entry, recorded
from ..model_tags import DIGEST
from ..preflight import Preflight, check_model_files, refuse_bad
from .registration import Registration

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles, ModelVersion, RunModel

__all__ = ["Check", "Request"]


@dataclass(frozen=True)
class Check:
    """How the model is looked at before anything is written.

    ``read`` its files; ``load`` it in a process of its own too; ``force`` goes on whatever is found; ``fix`` registers
    a copy with what is missing in its requirements.
    """

    read: bool = True
    load: bool = False
    force: bool = False
    fix: bool = False


@dataclass(frozen=True)
class Request:
    """The registered model's name and what its version gets; ``experiment`` is where a run goes that is needed."""

    conn: Connection
    name: str
    alias: str | None
    description: str | None
    tags: dict[str, str]
    experiment: str
    check: Check
    say: Progress = field(repr=False)

    def versions(self) -> list[ModelVersion]:
        """Those that the registered model has; none where it is new."""
        from ...client.models import list_versions
        from ...errors import ModelNotFound

        try:
            return list_versions(self.conn, self.name)
        except ModelNotFound:
            return []

    def checked(self, files: ModelFiles, *, is_whole: bool = True) -> Preflight | None:
        """What the check finds; None where none was asked for.

        Args:
            is_whole: whether all its files are here: it is loaded only then.

        Raises:
            ModelError: something that will fail; nothing has been written.
        """
        if not self.check.read:
            return None
        found = check_model_files(
            files,
            f"the model for {self.name}",
            target=None,
            is_azure=self.conn.azure is not None,
            load=self.check.load and is_whole,
            progress=self.say,
        )
        if not self.check.force:
            refuse_bad(found.model, "registered", found.findings)
        return found

    def create(
        self,
        model: RunModel,
        versions: Sequence[ModelVersion],
        *,
        digest: str | None,
        check: Preflight | None,
        fixed: tuple[str, ...] = (),
        kind: str = "mlflow",
        tags: dict[str, str] | None = None,
    ) -> Registration:
        """Make the version, all or nothing."""
        from ...client.models import create_version

        self.say(f"registering {self.name}")
        held = next((v.version for v in versions if self.alias in v.aliases), None)
        given = dict([entry(self.conn, ("alias", held or "", self.alias))]) if self.alias else {}
        version = create_version(
            self.conn,
            self.name,
            model.uri,
            run_id=model.run_id,
            model_id=model.model_id,
            tags={**self.tags, **(tags or {}), **({DIGEST: digest} if digest else {}), **given},
            description=self.description,
            alias=self.alias,
            kind=kind,
        )
        return Registration(
            self.name, version.version, True, version, self.conn.label, self.alias, held, check, fixed, kind
        )

    def again(self, version: ModelVersion, kind: str = "mlflow") -> Registration:
        """The version that holds the same content, with what this request says of it."""
        from ...client.models import alias_holder, resolve, set_alias, update

        update(self.conn, version, tags=self.tags, description=self.description)
        is_described = self.description not in (None, version.description)
        moved_from = None
        if self.alias and (holder := alias_holder(self.conn, self.name, self.alias)) != version.version:
            with recorded(self.conn, version, ("alias", holder or "", self.alias), ""):
                moved_from = set_alias(self.conn, version, self.alias)
        found = resolve(self.conn, version.uri)
        return Registration(
            self.name,
            version.version,
            False,
            found,
            self.conn.label,
            self.alias,
            moved_from,
            kind=kind,
            described=is_described,
        )


def same_source(versions: Sequence[ModelVersion], model: RunModel) -> ModelVersion | None:
    """The version that was made of the same files, by whatever tool: nothing needs to be read for that."""
    from ...client.models import run_and_path

    of_run = run_and_path(model.uri)
    same = (v for v in versions if v.source == model.uri or (of_run and run_and_path(v.source) == of_run))
    return next(same, None)


def same_content(versions: Sequence[ModelVersion], digest: str | None) -> ModelVersion | None:
    """The version whose digest says that it is the same model."""
    return next((v for v in versions if digest and v.tags.get(DIGEST) == digest), None)
