"""The model registry: versions with their aliases and stages, and what a reference means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow.exceptions import MlflowException

from ..errors import AmlMagicsError, ModelNotFound, UsageError, nearest
from .bridge.aliases import PREFIX as ALIAS
from .bridge.aliases import by_number

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["ModelVersion", "aliases_of", "exists", "list_versions", "registered", "resolve", "with_details"]

PAGE = 200  # a page of versions; the servers refuse more than 1,000 (AzureML) or 200,000
METRICS_OF = 200  # versions whose metrics are read: each costs a request


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model; its files are at ``source``, ``run_id`` is the run that made it.

    ``stage`` is MLflow's, "" for none; ``studio_stage`` what Azure Machine Learning studio shows where that is another.
    """

    name: str
    version: str
    aliases: tuple[str, ...] = ()
    source: str = ""
    run_id: str | None = None
    model_id: str | None = None
    status: str = "READY"
    stage: str = ""
    studio_stage: str = ""
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
            models = {m.name: m for m in _all(conn.mlflow.search_registered_models)}
            found = [v for v in _all(conn.mlflow.search_model_versions) if v.name in models]
        else:
            models = {name: registered(conn, name)}
            found = _all(conn.mlflow.search_model_versions, filter_string=f"name={_quoted(name)}")
        versions = [_version(raw, models[raw.name].aliases) for raw in found]
        if name is not None and conn.azure is not None:
            versions = _with_studio_stages(conn, name, versions)
        versions.sort(key=lambda v: by_number(v.version), reverse=True)
        versions.sort(key=lambda v: v.name)
        if metrics:
            at_once = 1 if conn.local_path else 8  # behind a network each run costs a round trip
            with ThreadPoolExecutor(at_once) as pool:
                found = list(pool.map(lambda v: _metrics(conn, v), versions[:METRICS_OF]))
            known = [replace(v, metrics=m) for v, m in zip(versions[:METRICS_OF], found, strict=True)]
            versions = known + versions[METRICS_OF:]
    return versions


def with_details(conn: Connection, version: ModelVersion) -> ModelVersion:
    """The version with the metrics of its run, and the studio's stage on Azure ML."""
    with conn.guard(f"looking up '{version.name}' version {version.version}"):
        found = _with_studio_stages(conn, version.name, [version])[0] if conn.azure is not None else version
        return replace(found, metrics=_metrics(conn, found))


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
        model = registered(conn, wanted.name)
        aliases = aliases_of(model)
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
            return _version(conn.mlflow.get_model_version(wanted.name, number), model.aliases)
        except MlflowException as exc:
            if exc.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            raise _no_version(conn, wanted.name, number, aliases) from exc


def _with_studio_stages(conn: Connection, name: str, versions: list[ModelVersion]) -> list[ModelVersion]:
    from .azure_models import studio_stages

    stages: dict[str, str] = {}
    with suppress(AmlMagicsError):  # who may track may not list models; MLflow's stages are there all the same
        stages = studio_stages(conn, name)
    return [
        replace(v, studio_stage=stages[v.version]) if stages.get(v.version, v.stage) != v.stage else v for v in versions
    ]


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


def registered(conn: Connection, name: str) -> Any:
    """mlflow's registered model.

    Raises:
        ModelNotFound: with the nearest name.
    """
    try:
        return conn.mlflow.get_registered_model(name)
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise _no_model(conn, name) from exc


def exists(conn: Connection, name: str) -> bool:
    """Whether there is a registered model of that name, with or without versions."""
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


def aliases_of(model: Any) -> dict[str, str]:
    """alias -> version, of mlflow's registered model."""
    return _aliases(model.aliases)


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
        stage="" if raw.current_stage in (None, "None") else str(raw.current_stage),
        created=None if created is None else datetime.fromtimestamp(created / 1000, tz=timezone.utc),
        description=raw.description or "",
        tags={key: text for key, text in (raw.tags or {}).items() if not key.startswith(ALIAS)},
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
