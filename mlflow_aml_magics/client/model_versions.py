"""A registered model and its versions, as our own data; mlflow's objects are read here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .bridge.aliases import PREFIX as ALIAS

__all__ = ["ModelVersion", "RegisteredModel", "aliases_of", "model_of", "version_of"]


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

    @property
    def label(self) -> str:
        """As people write it, and as every verb takes it: wine:3."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class RegisteredModel:
    """What is said of a registered model as a whole; ``aliases`` is alias -> version."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


def model_of(raw: Any) -> RegisteredModel:
    """mlflow's registered model as ours."""
    return RegisteredModel(raw.name, raw.description or "", dict(raw.tags or {}), aliases_of(raw))


def aliases_of(model: Any) -> dict[str, str]:
    """alias -> version, of mlflow's registered model: a dict, or a list of objects, depending on the store."""
    raw = model.aliases
    pairs = raw.items() if isinstance(raw, dict) else ((a.alias, a.version) for a in raw or ())
    return {alias: str(version) for alias, version in pairs}


def version_of(raw: Any, aliases: Mapping[str, str]) -> ModelVersion:
    """mlflow's version as ours.

    Args:
        aliases: alias -> version, of its model.
    """
    number = str(raw.version)
    created = raw.creation_timestamp
    return ModelVersion(
        name=raw.name,
        version=number,
        aliases=tuple(sorted(alias for alias, version in aliases.items() if version == number)),
        source=raw.source or "",
        run_id=raw.run_id or None,
        model_id=getattr(raw, "model_id", None) or _logged_model_id(raw.source),
        status=str(raw.status),
        stage="" if raw.current_stage in (None, "None") else str(raw.current_stage),
        created=None if created is None else datetime.fromtimestamp(created / 1000, tz=timezone.utc),
        description=raw.description or "",
        tags={key: text for key, text in (raw.tags or {}).items() if not key.startswith(ALIAS)},
    )


def _logged_model_id(source: str | None) -> str | None:
    match = re.fullmatch(r"models:/(m-[^/]+)", source or "")
    return match[1] if match else None
