"""The model registry: versions, their aliases, and the creation of a version, all or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow.exceptions import MlflowException

from ..errors import AmlMagicsError, ModelNotFound, UsageError, nearest

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["ModelVersion", "create_version", "list_versions", "resolve", "set_alias", "update"]

PAGE = 200  # a page of versions; the servers refuse more than 1,000 (AzureML) or 200,000
METRICS_OF = 200  # versions whose metrics are read: each costs a request


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model; its files are at ``source``, ``run_id`` is the run that made it."""

    name: str
    version: str
    aliases: tuple[str, ...] = ()
    source: str = ""
    run_id: str | None = None
    model_id: str | None = None
    status: str = "READY"
    created: datetime | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """models:/wine/3, which never moves, as an alias does."""
        return f"models:/{self.name}/{self.version}"


class _Reference(NamedTuple):
    name: str
    version: str | None
    alias: str | None


def list_versions(conn: Connection, name: str | None = None, *, metrics: bool = False) -> list[ModelVersion]:
    """The versions of one registered model or of all, by name, the newest first.

    Args:
        name: of the registered model; None for all.
        metrics: read the metrics of each version's model or run too (of the newest 200 versions).

    Raises:
        ModelNotFound: no registered model has that name.
    """
    with conn.guard("listing the models"):
        if name is None:
            registered = {m.name: m for m in _all(conn.mlflow.search_registered_models)}
            found = [v for v in _all(conn.mlflow.search_model_versions) if v.name in registered]
        else:
            registered = {name: _registered(conn, name)}
            found = _all(conn.mlflow.search_model_versions, filter_string=f"name={_quoted(name)}")
        versions = [_version(raw, registered[raw.name].aliases) for raw in found]
        versions.sort(key=lambda v: (v.name, -int(v.version)))
        if metrics:
            known = [replace(v, metrics=_metrics(conn, v)) for v in versions[:METRICS_OF]]
            versions = known + versions[METRICS_OF:]
    return versions


def resolve(conn: Connection, ref: str) -> ModelVersion:
    """The version that a reference means today.

    Args:
        ref: "wine@champion", "wine:3", "wine/3", "models:/wine/3", "models:/wine@champion", or "wine" and
            "wine/latest" for the newest version.

    Raises:
        ModelNotFound: no such model, version or alias; the message lists what there is.
        UsageError: not a model reference.
    """
    wanted = _parse(ref)
    with conn.guard(f"looking up the model {ref}"):
        registered = _registered(conn, wanted.name)
        aliases = _aliases(registered.aliases)
        if wanted.alias is not None and wanted.alias not in aliases:
            raise _no_alias(wanted.name, wanted.alias, aliases)
        number = wanted.version if wanted.alias is None else aliases[wanted.alias]
        if number is None:
            versions = list_versions(conn, wanted.name)
            if not versions:
                raise ModelNotFound(
                    f"the registered model '{wanted.name}' has no version yet",
                    hint=f"%aml_register RUN --name {wanted.name}",
                )
            return versions[0]
        try:
            return _version(conn.mlflow.get_model_version(wanted.name, number), registered.aliases)
        except MlflowException as exc:
            if exc.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            raise _no_version(conn, wanted.name, number, aliases) from exc


def create_version(
    conn: Connection,
    name: str,
    model_uri: str,
    *,
    run_id: str | None = None,
    model_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    alias: str | None = None,
) -> ModelVersion:
    """Create a version of ``name``, and the registered model itself where it is new: all of it or nothing.

    Args:
        model_uri: where the files are: "models:/m-…", or the location of a folder of artifacts.
        run_id: the run that made the model; kept as its lineage.
        model_id: of the logged model, on stores that have them.
        alias: given to the version; taken from the version that had it.
    """
    client = conn.mlflow
    with conn.guard(f"registering '{name}'"):
        is_new = not _exists(conn, name)
        if is_new:
            client.create_registered_model(name)
        raw = None
        try:
            logged: dict[str, Any] = {"model_id": model_id} if model_id else {}  # mlflow 2 does not know the argument
            with conn.as_current():  # a SQL registry looks a models:/ source up in the global store
                raw = client.create_model_version(
                    name, model_uri, run_id=run_id, tags=dict(tags or {}), description=description, **logged
                )
            if alias:
                client.set_registered_model_alias(name, alias, str(raw.version))
        except BaseException:
            # A second failure must not hide the first.
            with suppress(Exception):
                if raw is not None:
                    client.delete_model_version(name, str(raw.version))
            with suppress(Exception):
                if is_new:
                    client.delete_registered_model(name)
            raise
        return resolve(conn, f"models:/{name}/{raw.version}")


def set_alias(conn: Connection, version: ModelVersion, alias: str) -> str | None:
    """Give ``alias`` to that version. Returns the version it moved away from, or None."""
    with conn.guard(f"setting the alias {alias} of '{version.name}'"):
        before = _aliases(_registered(conn, version.name).aliases).get(alias)
        if before != version.version:
            conn.mlflow.set_registered_model_alias(version.name, alias, version.version)
    return None if before == version.version else before


def update(conn: Connection, version: ModelVersion, *, tags: Mapping[str, str], description: str | None = None) -> None:
    """Set tags and description of a version that is already there. Its other tags stay, and so does None."""
    with conn.guard(f"describing '{version.name}' version {version.version}"):
        if description is not None:
            conn.mlflow.update_model_version(version.name, version.version, description)
        for key, value in tags.items():
            conn.mlflow.set_model_version_tag(version.name, version.version, key, value)


# --- references


def _parse(ref: str) -> _Reference:
    body = ref.strip().removeprefix("models:").strip("/")
    name, at, alias = body.rpartition("@")
    if at:
        parsed = _Reference(name, None, alias)
    else:
        match = re.fullmatch(r"(?P<name>[^/:]+)(?:[/:](?P<version>[^/:]+))?", body)
        if match is None:
            raise _not_a_reference(ref)
        version = match["version"]
        parsed = _Reference(match["name"], None if version in (None, "latest") else version, None)
    if not parsed.name or re.search("[/:]", parsed.name) or parsed.alias == "":
        raise _not_a_reference(ref)
    return parsed


def _not_a_reference(ref: str) -> UsageError:
    return UsageError(f"'{ref}' is no model reference", hint="NAME@ALIAS, NAME/VERSION, or NAME for its newest version")


# --- what does not exist


def _registered(conn: Connection, name: str) -> Any:
    try:
        return conn.mlflow.get_registered_model(name)
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise _no_model(conn, name) from exc


def _exists(conn: Connection, name: str) -> bool:
    try:
        conn.mlflow.get_registered_model(name)
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True


def _no_model(conn: Connection, name: str) -> ModelNotFound:
    names: list[str] = []
    with suppress(MlflowException, AmlMagicsError):  # the list is a courtesy
        names = [m.name for m in _all(conn.mlflow.search_registered_models)]
    meant = nearest(name, names)
    message = f"no registered model '{name}' in {conn.label}"
    if meant:
        return ModelNotFound(message, hint=f"did you mean '{meant}'? %aml_models lists all")
    if not names:
        return ModelNotFound(
            f"{message}: none is registered yet", hint=f"%aml_register best --metric METRIC --name {name}"
        )
    return ModelNotFound(f"{message}; there are {_some(names)}", hint="%aml_models")


def _no_alias(name: str, alias: str, aliases: Mapping[str, str]) -> ModelNotFound:
    meant = nearest(alias, aliases)
    message = f"the model '{name}' has no alias '{alias}'"
    if meant:
        return ModelNotFound(message, hint=f"did you mean {name}@{meant}?")
    if aliases:
        return ModelNotFound(f"{message}; it has {_some(aliases)}", hint=f"{name}@{next(iter(aliases))}")
    return ModelNotFound(f"{message}, nor any other", hint=f"{name}/1 for a version, {name} for the newest")


def _no_version(conn: Connection, name: str, number: str, aliases: Mapping[str, str]) -> ModelNotFound:
    versions = [v.version for v in list_versions(conn, name)]
    if number in aliases:
        hint = f"{name}@{number}: '{number}' is an alias"
    elif versions:
        hint = f"{name}/{versions[0]}, or {name} for the newest"
    else:
        hint = f"%aml_register RUN --name {name}"
    there = f"it has {_some(versions)}" if versions else "it has none yet"
    return ModelNotFound(f"the model '{name}' has no version {number}; {there}", hint=hint)


def _some(words: Iterable[str], limit: int = 8) -> str:
    known = list(words)
    return ", ".join(known[:limit]) + (f" and {len(known) - limit} more" if len(known) > limit else "")


# --- mlflow's objects


def _all(search: Callable[..., Any], **arguments: Any) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = search(max_results=PAGE, page_token=token, **arguments)
        found += page
        token = page.token
        if not token:
            return found


def _quoted(name: str) -> str:
    return f'"{name}"' if "'" in name else f"'{name}'"


def _aliases(raw: Any) -> dict[str, str]:
    """alias -> version; mlflow gives a dict, or a list of objects, depending on the store."""
    pairs = raw.items() if isinstance(raw, dict) else ((a.alias, a.version) for a in raw or ())
    return {alias: str(version) for alias, version in pairs}


def _version(raw: Any, aliases: Any) -> ModelVersion:
    number = str(raw.version)
    logged = getattr(raw, "model_id", None) or _logged_model_id(raw.source)
    created = raw.creation_timestamp
    return ModelVersion(
        name=raw.name,
        version=number,
        aliases=tuple(sorted(a for a, v in _aliases(aliases).items() if v == number)),
        source=raw.source or "",
        run_id=raw.run_id or None,
        model_id=logged,
        status=str(raw.status),
        created=None if created is None else datetime.fromtimestamp(created / 1000, tz=timezone.utc),
        description=raw.description or "",
        tags=dict(raw.tags or {}),
    )


def _logged_model_id(source: str | None) -> str | None:
    match = re.fullmatch(r"models:/(m-[^/]+)", source or "")
    return match[1] if match else None


def _metrics(conn: Connection, version: ModelVersion) -> dict[str, float]:
    """Of the run that made it; nothing where that run is gone."""
    if version.run_id is None:
        return {}
    try:
        return dict(conn.mlflow.get_run(version.run_id).data.metrics)
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}
