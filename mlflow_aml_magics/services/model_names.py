"""Names that a registry would refuse, refused before anything is written, with one that would do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import UsageError, nearest

__all__ = ["STAGES", "check_alias", "check_model_name", "check_tags", "stage_named"]

STAGES = ("None", "Staging", "Production", "Archived")


def check_model_name(name: str, *, is_azure: bool = False) -> None:
    """Refuse a name that cannot be used in references such as NAME@ALIAS, NAME/3, NAME:3.

    Azure ML takes fewer characters: ModelVersions_CreateOrUpdate in Microsoft's OpenAPI, to which we add the dot, as
    its own registries have models with one.
    """
    allowed = r"[a-zA-Z0-9][a-zA-Z0-9\-_.]*" if is_azure else r"[\w.\-](?:[\w.\- ]*[\w.\-])?"
    if not re.fullmatch(allowed, name) or name in (".", "..") or len(name) > 255:
        unfit = r"[^a-zA-Z0-9_.\-]+" if is_azure else r"[^\w.\- ]+"
        proper = re.sub(unfit, "-", name).strip(" -._" if is_azure else " -.")[:255]
        inner = "" if is_azure else " and inner spaces"
        raise UsageError(
            f"'{name[:300]}' cannot name a model: letters, digits, '-', '_', '.'{inner}, at most 255",
            hint=f"--name {proper}" if proper else "--name wine",
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse keys for which Azure ML has no other words than "The request is invalid." (mlflow#8008)."""
    for key in tags:
        if not re.fullmatch(r"[\w .\-/]{1,100}", key):
            raise UsageError(
                f"'{key[:120]}' cannot be a tag's key on Azure Machine Learning: letters, digits, '_', '.', '-', '/'",
                hint=f"--tag {re.sub(r'[^0-9A-Za-z_.-]+', '_', key).strip('_')[:100] or 'key'}=…",
            )


def check_alias(alias: str) -> None:
    """Refuse what the registry would refuse, before anything is written."""
    if not re.fullmatch(r"[\w\-]{1,255}", alias, re.ASCII) or re.fullmatch(r"(?i)latest|v\d+", alias):
        raise UsageError(
            f"'{alias}' cannot be an alias: letters, digits, '-' and '_', and neither 'latest' nor 'v3'",
            hint="--alias champion",
        )


def stage_named(text: str) -> str:
    """MLflow's stage of that name, however it is written."""
    known = {stage.lower(): stage for stage in STAGES}
    if text.lower() not in known:
        meant = nearest(text.lower(), known)
        hint = f"--stage {known[meant]}" if meant else "--alias takes any word"
        raise UsageError(f"there is no stage '{text[:100]}': {', '.join(STAGES)}", hint=hint)
    return known[text.lower()]
