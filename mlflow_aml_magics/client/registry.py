"""The model registry: models and versions with their aliases and stages, and what a reference means."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow.exceptions import MlflowException

from ..errors import AmlMagicsError, ModelNotFound, UsageError
from .bridge.aliases import by_number
from .model_misses import no_alias, no_model, no_version
from .model_versions import ModelVersion, RegisteredModel, aliases_of, model_of, version_of

if TYPE_CHECKING:
    from .connection import Connection

__all__ = [
    "ModelVersion",
    "RegisteredModel",
    "aliases_of",
    "exists",
    "list_registry",
    "list_versions",
    "registered",
    "resolve",
    "with_details",
]

PAGE = 200  # a page of versions; the servers refuse more than 1,000 (AzureML) or 200,000
METRICS_OF = 200  # versions whose metrics are read where each run costs a request, the newest
_NEVER = datetime.min.replace(tzinfo=timezone.utc)


class _Reference(NamedTuple):
    name: str
    version: str | None
    alias: str | None


def list_versions(conn: Connection, name: str | None = None, *, metrics: bool = False) -> list[ModelVersion]:
    """The versions of one registered model or of all, by name, the newest first; see `list_registry`."""
    return list_registry(conn, name, metrics=metrics)[1]


def list_registry(
    conn: Connection, name: str | None = None, *, metrics: bool = False
) -> tuple[list[RegisteredModel], list[ModelVersion]]:
    """The models by name, and their versions by name, the newest first.

    Args:
        name: of the one that is wanted; None for all.
        metrics: read the metrics of each version's run too; of the newest 200 where each costs a request.

    Raises:
        ModelNotFound: no registered model has that name.
    """
    with conn.guard("listing the models"):
        if name is None:
            models = {m.name: model_of(m) for m in _all(conn.mlflow.search_registered_models)}
            found = [v for v in _all(conn.mlflow.search_model_versions) if v.name in models]
        else:
            models = {name: model_of(registered(conn, name))}
            found = _all(conn.mlflow.search_model_versions, filter_string=f"name={_quoted(name)}")
        versions = [version_of(raw, models[raw.name].aliases) for raw in found]
        if name is not None and conn.azure is not None:
            versions = _with_studio_stages(conn, name, versions)
        versions.sort(key=lambda v: by_number(v.version), reverse=True)
        versions.sort(key=lambda v: v.name)
        if metrics:
            versions = _with_metrics(conn, versions)
    return sorted(models.values(), key=lambda m: m.name), versions


def with_details(conn: Connection, version: ModelVersion) -> ModelVersion:
    """The version with the metrics of its run, and the studio's stage on Azure ML."""
    with conn.guard(f"looking up {version.label}"):
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
            raise no_alias(wanted.name, wanted.alias, aliases)
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
            return version_of(conn.mlflow.get_model_version(wanted.name, number), aliases)
        except MlflowException as exc:
            if exc.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            known = [v.version for v in list_versions(conn, wanted.name)]
            raise no_version(wanted.name, number, known, aliases) from exc


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
        names: list[str] = []
        with suppress(MlflowException, AmlMagicsError):  # the list is a courtesy
            names = [m.name for m in _all(conn.mlflow.search_registered_models)]
        raise no_model(name, names, conn.label) from exc


def exists(conn: Connection, name: str) -> bool:
    """Whether there is a registered model of that name, with or without versions."""
    try:
        conn.mlflow.get_registered_model(name)
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True


def _with_studio_stages(conn: Connection, name: str, versions: list[ModelVersion]) -> list[ModelVersion]:
    from .azure_models import studio_stages

    stages: dict[str, str] = {}
    with suppress(AmlMagicsError):  # who may track may not list models; MLflow's stages are there all the same
        stages = studio_stages(conn, name)
    return [
        replace(v, studio_stage=stages[v.version]) if stages.get(v.version, v.stage) != v.stage else v for v in versions
    ]


def _with_metrics(conn: Connection, versions: list[ModelVersion]) -> list[ModelVersion]:
    """With those of their runs: of all where runs are read by columns, else of the newest."""
    from . import capabilities
    from .runs_by_id import runs_by_id

    wanted = versions
    if not capabilities.of(conn).columns:
        wanted = sorted(versions, key=lambda v: v.created or _NEVER, reverse=True)[:METRICS_OF]
    ids = list(dict.fromkeys(v.run_id for v in wanted if v.run_id))  # versions of one run share its metrics
    runs = runs_by_id(conn, ids)[0] if ids else None
    if runs is None:
        return versions
    known: dict[str, dict[str, float]] = {run_id: {} for run_id in runs.column("run_id").to_pylist()}
    for key in runs.table.column_names:
        if key.startswith("metrics."):
            values = zip(known.values(), runs.column(key).to_pylist(), strict=True)
            for metrics, value in values:
                if value is not None:
                    metrics[key.removeprefix("metrics.")] = value
    return [replace(v, metrics=known[v.run_id]) if v.run_id in known else v for v in versions]


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
    return UsageError(f"'{ref}' is no model reference", hint="NAME@ALIAS, NAME:VERSION, or NAME for its newest version")


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
