"""Deleting a version, or a model with all of them, and what would break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InUse
from ..render.format import listed, plural
from .deployed import deployed, served_version

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion
    from .deploy import Deployment

__all__ = ["delete_model", "delete_version"]


def delete_version(conn: Connection, ref: str, *, force: bool = False) -> str:
    """Delete a version for good. The files stay with the run that logged them.

    Args:
        ref: "wine:3" or "wine@champion"; a name alone would mean another version tomorrow.
        force: although something needs it.

    Returns:
        What was done.

    Raises:
        InUse: it has an alias, is in Production, or a deployment serves it, as far as those can be asked.
        ModelNotFound
    """
    from ..client.models import delete_version as delete
    from ..client.models import resolve

    version = resolve(conn, ref)
    if not force and (uses := _uses(version, deployed(conn, version.name, version.version)[0])):
        raise InUse(f"{version.label} is in use: {listed(uses, 6)}", hint="--force deletes it all the same")
    delete(conn, version)
    return f"{version.label} is deleted; its files stay with its run"


def delete_model(conn: Connection, name: str, *, force: bool = False) -> str:
    """Delete a model with all its versions. Azure ML keeps the empty model, which no list shows.

    Args:
        force: although it has versions.

    Returns:
        What was done.

    Raises:
        InUse: it has versions; the message counts them and names what needs them.
        ModelNotFound
    """
    from ..client.models import delete_model as delete
    from ..client.models import list_versions

    versions = list_versions(conn, name)
    if versions and not force:
        served, _ = deployed(conn, name)
        by_version = {v.version: [d for d in served if served_version(d) == (name, v.version)] for v in versions}
        uses = [f"{v.label}: {use}" for v in versions for use in _uses(v, by_version[v.version])]
        in_use = f"; in use are {listed(uses, 6)}" if uses else ""
        raise InUse(
            f"'{name}' has {plural(len(versions), 'version')}{in_use}", hint="--force deletes the model and all of them"
        )
    gone = delete(conn, name)
    kept = "" if gone else "; Azure ML keeps its name"
    return f"'{name}' is deleted with {plural(len(versions), 'version')}{kept}"


def _uses(version: ModelVersion, served: tuple[Deployment, ...] | list[Deployment]) -> list[str]:
    stage = ["the stage Production"] if version.stage == "Production" else []
    aliases = [f"the alias {alias}" for alias in version.aliases]
    return [*stage, *aliases, *(f"the {d.target} deployment {d.name}" for d in served)]
