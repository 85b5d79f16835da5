"""Copy a version to a registry, to another workspace or to another store: whole, or not at all, and only once."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AuthenticationFailed, UsageError
from ..render.document import Block, Document, Facts, Note, Shown
from .download import copied
from .model_names import check_alias, check_model_name
from .model_tags import COPIED_FROM, DIGEST, TYPE
from .register import register

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..client.models import ModelVersion
    from .preflight import Preflight

__all__ = ["SharedVersion", "share"]

OURS = "aml."  # tags about this store's own affairs: history, digests
Names = tuple[str | None, str | None, str | None]


@dataclass(frozen=True)
class SharedVersion(Shown):
    """A copy of a version elsewhere. ``created`` is False where the same content was there before.

    ``address`` is what names it from here: azureml://registries/…, or wine:1 in that store. ``made_store`` tells
    whether that store is a new one.
    """

    source: str
    name: str
    version: str
    where: str
    address: str
    created: bool
    check: Preflight | None = None
    made_store: bool = False

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        did = "copied to" if self.created else "is there already, with the same content:"
        return f"{self.source} {did} {self.name}:{self.version} in {self.where}"

    def _document(self) -> Document:
        facts = (("model", self.name), ("version", self.version), ("in", self.where), ("address", self.address))
        blocks: list[Block] = [Facts(facts), Note(self.message, "good" if self.created else "info")]
        if self.made_store:
            blocks.append(Note(f"made the new {self.where}: nothing was there", "warn"))
        blocks += [finding.note for finding in (self.check.worth_telling() if self.check else ())]
        return Document(f"{self.name} version {self.version}", tuple(blocks))


def share(
    conn: Connection,
    ref: str,
    *,
    registry: str | None = None,
    workspace: Names = (None, None, None),
    store: str | None = None,
    name: str | None = None,
    alias: str | None = None,
    progress: Progress | None = None,
) -> SharedVersion:
    """Copy a version to the one place that is named.

    Args:
        ref: wine:3, wine@champion, wine.
        registry: of Azure Machine Learning.
        workspace: subscription, resource group and name of another workspace; the first two are this one's if None.
        store: a tracking URI, a database file or an mlruns folder.
        name: there; the same if None.
        alias: of the copy; a registry has none.
        progress: told in words what goes on.

    Raises:
        ModelNotFound, WorkspaceNotFound, NotFound
        UsageError: none or several places, or it is the place where the version is.
    """
    from ..client.models import resolve

    places = [word for word, value in (("registry", registry), ("workspace", workspace[2]), ("store", store)) if value]
    if len(places) != 1:
        said = " and ".join(places) or "none is named"
        raise UsageError(f"share with one place: {said}", hint="--registry NAME, --workspace NAME or --store URI")
    say = progress or (lambda _: None)
    say(f"looking up {ref}")
    version = resolve(conn, ref)
    there = name or version.name
    if registry:
        if alias:
            raise UsageError("a registry has no aliases", hint="leave --alias out")
        check_model_name(there, is_azure=True)
        return _with_registry(conn, version, registry, there, say)
    if alias:
        check_alias(alias)
    other, is_new = (_workspace(conn, workspace), False) if workspace[2] else _store(store or "")
    try:
        return replace(_with_store(conn, version, other, there, alias=alias, say=say), made_store=is_new)
    finally:
        other.close()


def _with_registry(conn: Connection, version: ModelVersion, registry: str, name: str, say: Progress) -> SharedVersion:
    from ..client.models import registry_versions, share_version

    if conn.azure is None:
        raise UsageError(
            f"registries are of Azure Machine Learning, but this is the {conn.label}",
            hint=f"%aml_track --workspace NAME, or %aml_share {version.name}:{version.version} --store URI",
        )
    say(f"looking what the registry {registry} has")
    there = registry_versions(conn, registry, name)
    digest = version.tags.get(DIGEST)
    same = next((number for number, tags in there.items() if digest and tags.get(DIGEST) == digest), None)
    number = same or version.version
    if same is None:
        if number in there:
            number = str(max((int(known) for known in there if known.isdecimal()), default=0) + 1)
        say(f"sharing {version.name}:{version.version}; the service copies it")
        number = share_version(conn, version.name, version.version, registry=registry, to=name, as_version=number)
    return SharedVersion(
        f"{version.name}:{version.version}",
        name,
        number,
        f"the registry {registry}",
        f"azureml://registries/{registry}/models/{name}/versions/{number}",
        same is None,
    )


def _with_store(
    conn: Connection, version: ModelVersion, other: Connection, name: str, *, alias: str | None, say: Progress
) -> SharedVersion:
    from ..client.models import fetch

    label = f"{version.name}:{version.version}"
    check_model_name(name, is_azure=other.azure is not None)  # a folder is called so, too
    if (other.uri, other.registry_uri) == (conn.uri, conn.registry_uri):
        raise UsageError(f"{label} is in {conn.label} already", hint=f"%aml_register models:/{label} --name OTHER_NAME")
    kept = {key: text for key, text in version.tags.items() if not key.startswith(OURS)}
    kind = version.tags.get(TYPE, "mlflow")
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-share-") as scratch:
        folder = fetch(
            conn, version.uri, Path(scratch) / name, progress=lambda *far: say(f"downloading {label}: {copied(*far)}")
        )
        done = register(
            other,
            folder,
            name,
            kind=kind,
            alias=alias,
            description=version.description or None,
            tags={**kept, COPIED_FROM: f"{label} of {conn.label}"},
            progress=say,
        )
    return SharedVersion(label, name, done.version, other.label, f"{name}:{done.version}", done.created, done.check)


def _store(uri: str) -> tuple[Connection, bool]:
    """The store, and whether it is new: a file may be made, a folder for it may not, as that is a slip of the pen."""
    from ..client.connection import open_connection
    from ..client.local_store import local_path
    from ..client.paths import short_path
    from ..client.target import resolve_uri

    if uri.startswith("azureml:"):
        raise UsageError("a workspace is named by its name", hint="--workspace NAME")
    resolved = resolve_uri(uri, Path.cwd())
    path = local_path(resolved)
    is_new = path is not None and not path.exists()
    if path is not None and is_new and not path.parent.is_dir():
        raise UsageError(
            f"there is no folder {short_path(path.parent)} to make a store in", hint="make it first, or mend the path"
        )
    return open_connection(resolved), is_new


def _workspace(conn: Connection, names: Names) -> Connection:
    """Another workspace, by the login that is at hand."""
    from ..client.azure import connect_workspace

    subscription, group, name = names
    here = conn.azure.ref if conn.azure is not None else None
    if here is None and not (subscription and group):
        raise UsageError(
            "a workspace has three names, and nothing here tells the other two",
            hint="--workspace NAME --resource-group GROUP --subscription ID",
        )
    try:
        return connect_workspace(
            subscription or (here.subscription_id if here else ""),
            group or (here.resource_group if here else ""),
            name or "",
            conn.azure.credential if conn.azure is not None else None,
        )
    except AuthenticationFailed as exc:
        if here is not None:
            raise
        exc.hint = f"{exc.hint}; a workspace of the sandbox: %aml_track --sandbox, and %aml_register FOLDER there"
        raise
