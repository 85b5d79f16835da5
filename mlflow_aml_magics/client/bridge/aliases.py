"""Aliases of model versions, kept as tags of the versions where the service has none (no documentation names any).

``aml.alias.champion = true`` stands on one version at a time. The service's own endpoint is tried first, once per
workspace.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from mlflow.entities.model_registry import RegisteredModelAlias
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

from .unit import Unit, is_missing_endpoint

__all__ = ["PREFIX", "Aliases", "by_number"]

PREFIX = "aml.alias."
PAGE = 200  # versions a request

_lacking: set[str] = set()  # workspaces whose service said that it has no aliases


class Aliases(Unit):
    """See the module."""

    name = "aliases"
    mends = "aliases of model versions, kept as tags aml.alias.NAME"
    issue = "https://learn.microsoft.com/azure/machine-learning/how-to-manage-models-mlflow"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.model_registry.model_registry import AzureMLflowModelRegistry as Registry

        for name, substitute in (
            ("set_registered_model_alias", _set),
            ("delete_registered_model_alias", _delete),
            ("get_model_version_by_alias", _get),
        ):
            self.patches.set(Registry, name, _first_the_service(getattr(Registry, name), substitute))
        own_model, own_search, own_version = (
            Registry.get_registered_model, Registry.search_registered_models, Registry.get_model_version,
        )  # fmt: skip

        @wraps(own_model)
        def get_registered_model(registry: Any, name: str) -> Any:
            model = own_model(registry, name)
            _add_aliases(model, _versions(registry, f"name='{name}'"))
            return model

        @wraps(own_search)
        def search(registry: Any, *args: Any, **options: Any) -> Any:
            page = own_search(registry, *args, **options)
            try:
                versions = _versions(registry, "") if page else []
            except MlflowException:
                return page  # better without aliases than not at all
            for model in page:
                _add_aliases(model, [version for version in versions if version.name == model.name])
            return page

        @wraps(own_version)
        def get_model_version(registry: Any, name: str, version: str) -> Any:
            found = own_version(registry, name, version)
            found.aliases = [*found.aliases, *(alias for alias in _of(found) if alias not in found.aliases)]
            return found

        self.patches.set(Registry, "get_registered_model", get_registered_model)
        self.patches.set(Registry, "search_registered_models", search)
        self.patches.set(Registry, "get_model_version", get_model_version)


def _first_the_service(own: Any, substitute: Any) -> Any:
    @wraps(own)
    def either(registry: Any, *args: Any, **options: Any) -> Any:
        scope = registry.service_context._get_scope()
        if scope not in _lacking:
            try:
                return own(registry, *args, **options)
            except MlflowException as exc:
                if not is_missing_endpoint(exc):
                    raise
                _lacking.add(scope)
        return substitute(registry, *args, **options)

    return either


def _set(registry: Any, name: str, alias: str, version: str) -> None:
    from mlflow.entities.model_registry import ModelVersionTag

    registry.get_model_version(name, version)  # a version that is not there gets no alias
    before = [held for held in _holders(registry, name, alias) if held != str(version)]
    registry.set_model_version_tag(name, str(version), ModelVersionTag(PREFIX + alias, "true"))
    for held in before:  # after the new one has it: at no time has nobody
        registry.delete_model_version_tag(name, held, PREFIX + alias)


def _delete(registry: Any, name: str, alias: str) -> None:
    for held in _holders(registry, name, alias):
        registry.delete_model_version_tag(name, held, PREFIX + alias)


def _get(registry: Any, name: str, alias: str) -> Any:
    holders = _holders(registry, name, alias)
    if not holders:
        raise MlflowException(f"Registered model alias {alias} not found.", RESOURCE_DOES_NOT_EXIST)
    return registry.get_model_version(name, holders[-1])


def _of(version: Any) -> list[str]:
    tags = version.tags or {}
    return [key.removeprefix(PREFIX) for key, value in tags.items() if key.startswith(PREFIX) and value == "true"]


def _holders(registry: Any, name: str, alias: str) -> list[str]:
    """The versions that hold an alias: one, or for a moment two, the one that was changed last at the end."""
    return [str(v.version) for v in _by_age(_versions(registry, f"name='{name}'")) if alias in _of(v)]


def _add_aliases(model: Any, versions: list[Any]) -> None:
    own = set(model.aliases)
    for version in _by_age(versions):
        for alias in _of(version):
            if alias not in own:
                model._add_alias(RegisteredModelAlias(alias, str(version.version)))


def by_number(version: str) -> tuple[int, str]:
    """To sort versions by: numbers first by their value, then Azure ML's own words ("1.0.0", "v2-beta")."""
    return (int(version) if version.isdecimal() else -1, version)


def _by_age(versions: list[Any]) -> list[Any]:
    return sorted(versions, key=lambda version: (version.last_updated_timestamp or 0, by_number(str(version.version))))


def _versions(registry: Any, query: str) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = registry.search_model_versions(query, PAGE, None, token)
        found += page
        token = page.token
        if not token:
            return found
