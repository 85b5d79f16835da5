"""Which Azure we are in: the public one, a sovereign one, or one that ARM_CLOUD_METADATA_URL describes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .connection import restore_environment

__all__ = ["VARIABLE", "authority_of", "cloud_name", "cloud_of_environment", "management_scope", "settle_cloud"]

VARIABLE = "AZUREML_CURRENT_CLOUD"
PUBLIC = "AzureCloud"
METADATA_SECONDS = 30.0
AUTHORITIES = {
    PUBLIC: "login.microsoftonline.com",
    "AzureUSGovernment": "login.microsoftonline.us",
    "AzureChinaCloud": "login.chinacloudapi.cn",
}
MANAGERS = {
    PUBLIC: "https://management.azure.com",
    "AzureUSGovernment": "https://management.usgovcloudapi.net",
    "AzureChinaCloud": "https://management.chinacloudapi.cn",
}
DATA_PLANES = {".api.ml.azure.us": "AzureUSGovernment", ".api.ml.azure.cn": "AzureChinaCloud"}


def cloud_name(tracking_uri: str = "") -> str:
    """The cloud's name, without asking the network; "" where only ARM_CLOUD_METADATA_URL can tell.

    Args:
        tracking_uri: of the workspace, whose host tells its cloud.
    """
    if name := os.environ.get(VARIABLE):
        return name
    if os.environ.get("ARM_CLOUD_METADATA_URL"):
        return ""
    host = tracking_uri.partition("://")[2].partition("/")[0]
    for suffix, name in DATA_PLANES.items():
        if host.endswith(suffix):
            return name
    login = _bare(os.environ.get("AZURE_AUTHORITY_HOST", ""))
    return next((name for name, host in AUTHORITIES.items() if host == login), PUBLIC)


@contextmanager
def cloud_of_environment(tracking_uri: str = "") -> Iterator[None]:
    """With AZUREML_CURRENT_CLOUD set, and put back as it was.

    Without it azureml-mlflow asks the public cloud's metadata endpoint, for up to 30 s behind a firewall. azure-ai-ml
    sets it for good.
    """
    saved = {VARIABLE: os.environ.get(VARIABLE)}
    if name := cloud_name(tracking_uri):
        os.environ[VARIABLE] = name
    try:
        yield
    finally:
        restore_environment(saved)


def settle_cloud(context: Any) -> None:
    """Have azureml-mlflow look the cloud of a service context up now, while the variable names it; it keeps it.

    It reads the clouds behind ARM_CLOUD_METADATA_URL when it is imported, and mlflow imports it for any store: a
    variable that was set since has to be read again.
    """
    from azureml.mlflow._common._cloud import cloud as plugin

    name = os.environ.get(VARIABLE)
    if name and name not in plugin.KNOWN_CLOUDS and os.environ.get("ARM_CLOUD_METADATA_URL"):
        plugin.KNOWN_CLOUDS.update(plugin.get_known_clouds())
    _ = context.cloud


def authority_of() -> tuple[str, bool]:
    """The host that logs people in, and whether Microsoft's own discovery knows it."""
    host = _bare(os.environ.get("AZURE_AUTHORITY_HOST", ""))
    if not host:
        name = cloud_name()
        host = AUTHORITIES.get(name, "") or _bare(_described().get("login", "")) or AUTHORITIES[PUBLIC]
    return host, host in AUTHORITIES.values()


def management_scope() -> str:
    """The scope of the tokens that azure-ai-ml and azureml-mlflow ask for."""
    name = cloud_name()
    manager = MANAGERS.get(name, "") or _described().get("manager", "") or MANAGERS[PUBLIC]
    return f"{manager.rstrip('/')}/.default"


def _described() -> dict[str, str]:
    """The login host and the resource manager of the cloud behind ARM_CLOUD_METADATA_URL; {} without an answer."""
    import requests

    url = os.environ.get("ARM_CLOUD_METADATA_URL")
    if not url:
        return {}
    try:
        answer = requests.get(url, timeout=METADATA_SECONDS)
        answer.raise_for_status()
        clouds = answer.json()
    except (requests.RequestException, ValueError):
        return {}  # the SDKs will say it better, with the first call
    wanted = os.environ.get(VARIABLE)
    for cloud in clouds:
        manager = str(cloud.get("resourceManager", ""))
        if cloud.get("name") == wanted or (not wanted and manager.rstrip("/") and manager.rstrip("/") in url):
            return {"manager": manager, "login": str(cloud.get("authentication", {}).get("loginEndpoint", ""))}
    return {}


def _bare(url: str) -> str:
    return url.partition("://")[2].strip("/") if "://" in url else url.strip("/")
