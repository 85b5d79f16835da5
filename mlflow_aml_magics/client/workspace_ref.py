"""Names of an Azure Machine Learning workspace: typed, pasted, found in config.json, or set by a compute instance."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..errors import UsageError
from .paths import short_path

__all__ = ["WorkspaceRef", "find_config", "from_environment", "parse_ref", "run_of_job", "subscription_from"]

CONFIG_NAMES = (".azureml/config.json", "config.json")
# What a compute instance and a job set, then the names that Azure's tools use elsewhere.
SUBSCRIPTION_VARIABLES = ("AZUREML_ARM_SUBSCRIPTION", "AZURE_SUBSCRIPTION_ID")
GROUP_VARIABLES = ("AZUREML_ARM_RESOURCEGROUP", "AZURE_RESOURCE_GROUP")
WORKSPACE_VARIABLES = ("AZUREML_ARM_WORKSPACE_NAME", "AZUREML_WORKSPACE_NAME")

# The studio's wsid leaves the provider out; Azure writes resourceGroups and resourcegroups.
_ARM_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/?&#]+)/resourcegroups/(?P<group>[^/?&#]+)"
    r"(?:/providers/Microsoft\.MachineLearningServices)?/workspaces/(?P<workspace>[^/?&#]+)",
    re.IGNORECASE,
)
_RUN = re.compile(r"/(?:runs|jobs)/(?P<run>[^/?&#]+)", re.IGNORECASE)


@dataclass(frozen=True)
class WorkspaceRef:
    """A workspace by its three names.

    ``tracking_uri`` is the azureml:// URI that named it, "" for other ways. ``tenant`` and ``run_id`` are what a pasted
    studio URL told besides.
    """

    subscription_id: str
    resource_group: str
    name: str
    tracking_uri: str = field(default="", compare=False)
    tenant: str = field(default="", compare=False)
    run_id: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.name} in resource group {self.resource_group}"

    @property
    def arm_id(self) -> str:
        """Its id in Azure."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )


def parse_ref(text: str) -> WorkspaceRef | None:
    """The workspace that an azureml:// tracking URI, a studio URL or an ARM id names; None for anything else.

    Raises:
        UsageError: it is one of these, but a part of the name is missing.
    """
    text = text.strip()
    parts = urlsplit(text)
    is_studio = parts.scheme == "https" and re.match(r"ml\.azure\.[a-z]+$", parts.netloc) is not None
    is_arm = text.lower().startswith("/subscriptions/")
    if not (is_studio or is_arm or parts.scheme == "azureml"):
        return None
    query = {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
    where = query.get("wsid", "") if is_studio else unquote(parts.path if parts.scheme else text)
    found = _ARM_ID.search(where)
    if found is None:
        raise UsageError(
            f"'{text.partition('?')[0]}' names no workspace"
            + (": its wsid=/subscriptions/… is missing" if is_studio else ""),
            hint="/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.MachineLearningServices/workspaces/NAME, "
            "or %aml_track --workspace NAME --resource-group GROUP --subscription ID",
        )
    run = _RUN.search(parts.path if is_studio else where[found.end() :])
    return WorkspaceRef(
        found["subscription"],
        found["group"],
        found["workspace"],
        tracking_uri=text if parts.scheme == "azureml" else "",
        tenant=query.get("tid", ""),
        run_id=run["run"] if run else "",
    )


def from_environment() -> tuple[WorkspaceRef, str] | None:
    """The workspace that the variables of a compute instance or a job name, and the variables."""
    found = [_first(names) for names in (SUBSCRIPTION_VARIABLES, GROUP_VARIABLES, WORKSPACE_VARIABLES)]
    if not all(value for _, value in found):
        return None
    (_, subscription), (_, group), (variable, name) = found
    return WorkspaceRef(subscription, group, name), variable


def subscription_from() -> str:
    """The subscription that the environment names; "" when none."""
    return _first(SUBSCRIPTION_VARIABLES)[1]


def run_of_job() -> str:
    """The run that this process is a job of; "" outside a job.

    A job's process has both a run and the service's token for it.
    """
    if not os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return ""
    return os.environ.get("MLFLOW_RUN_ID", "") or os.environ.get("AZUREML_RUN_ID", "")


def _first(names: tuple[str, ...]) -> tuple[str, str]:
    return next(((name, os.environ[name]) for name in names if os.environ.get(name)), ("", ""))


def find_config(folder: Path) -> tuple[WorkspaceRef, Path] | None:
    """The nearest config.json that names a workspace, from ``folder`` upwards, and which file it is.

    Nearer folders win: azure-ai-ml's `from_config` lets a far ``.azureml/config.json`` win over ``./config.json``.
    A config.json that is about something else is passed by.

    Raises:
        UsageError: a file about a workspace that is not readable, not JSON, or lacks a name; it is named.
    """
    for parent in (folder, *folder.parents):
        for name in CONFIG_NAMES:
            path = parent / name
            if path.is_file() and (ref := _read_config(path)):
                return ref, path
    return None


def _read_config(path: Path) -> WorkspaceRef | None:
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors add a byte-order mark
        content: Any = json.loads(text)
    except (ValueError, OSError) as exc:
        if path.parent.name != ".azureml" and not any(key in text for key in ("subscription_id", "workspace_name")):
            return None  # somebody else's: many programs have a config.json, some with comments in it
        raise UsageError(
            f"{short_path(path)} cannot be read: {str(exc).splitlines()[0]}",
            hint="download it anew from the workspace's page in the Azure portal, or remove it",
        ) from exc
    if not isinstance(content, dict):
        return None
    if isinstance(content.get("Scope"), str):
        ref = parse_ref(content["Scope"])
        if ref is not None:
            return ref
    names = {key: content.get(key) for key in ("subscription_id", "resource_group", "workspace_name")}
    if not any(names.values()):
        return None
    missing = [key for key, value in names.items() if not isinstance(value, str) or not value.strip()]
    if missing:
        raise UsageError(
            f"{short_path(path)} has no {', '.join(missing)}",
            hint='{"subscription_id": "…", "resource_group": "…", "workspace_name": "…"}',
        )
    return WorkspaceRef(*(str(value) for value in names.values()))
