"""What went wrong between us and Azure, told apart: no login, wrong tenant, no role, firewall, no such workspace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import AccessDenied, AmlMagicsError, AuthenticationFailed, StoreUnreachable, WorkspaceNotFound

if TYPE_CHECKING:
    from .workspace_ref import WorkspaceRef

__all__ = ["explain", "login_hint"]

_FIREWALL = re.compile(
    r"PublicNetworkAccess|public (network )?access is (not allowed|disabled)|private (endpoint|link)|not allowed by "
    r"(the )?(network|firewall)|\bfirewall\b|IpAddress|virtual network|network (security|rules)",
    re.IGNORECASE,
)
_TENANTS = re.compile(r"sts\.windows\.net/(?P<tenant>[0-9a-fA-F-]{36})")
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_WRONG_TENANT = re.compile(
    r"InvalidAuthenticationTokenTenant|AADSTS(50020|90072|700016|90002|50128|65005)\b|wrong issuer"
)
_EXPIRED = re.compile(r"AADSTS(700082|70043|50173|50078|50076|50079)\b|interaction_required|ExpiredAuthenticationToken")
_EXHAUSTED = re.compile(r"too many (\d{3}) error responses")  # urllib3, after the last retry
_BROKEN = re.compile(r"Max retries exceeded|Connection aborted|RemoteDisconnected|timeout exception")
_BAD_SECRET = re.compile(r"AADSTS(7000215|7000222|700027)\b")


def login_hint(text: str) -> str:
    """The next step after a login that Entra refused."""
    if _WRONG_TENANT.search(text):
        return f"log in to the workspace's tenant: az login --tenant {_tenant(text)}; or %aml_track … --tenant ID"
    if _BAD_SECRET.search(text):
        return "the secret in AZURE_CLIENT_SECRET is wrong or expired; make a new one, or unset AZURE_CLIENT_ID"
    if _EXPIRED.search(text):
        return "the login has expired or wants a second factor: az login, then again"
    return "az login, then again; AZURE_TOKEN_CREDENTIALS=AzureCliCredential takes that login only"


def explain(exc: BaseException, ref: WorkspaceRef, *, who: str = "") -> AmlMagicsError | None:
    """The failure in our words; None when it is none of Azure's refusals.

    Args:
        exc: what azure-core, azure-ai-ml, azureml-mlflow or requests raised.
        ref: the workspace.
        who: the login, for people with several.
    """
    status, code, text = _anatomy(exc)
    login = f" as {who}" if who else ""
    if isinstance(exc, AuthenticationFailed):
        return exc
    if status == 401 or _is_login(exc):
        if _WRONG_TENANT.search(text):
            return AuthenticationFailed(
                f"the login{login} is of another tenant than the workspace {ref}", hint=login_hint(text)
            )
        return AuthenticationFailed(f"Azure refused the login{login} to the workspace {ref}", hint=login_hint(text))
    if status == 403:
        if _FIREWALL.search(f"{code} {text}"):
            return AccessDenied(
                f"the network of the workspace {ref} is closed to this machine (firewall or private endpoint)",
                hint="work from inside its virtual network (a compute instance, the VPN), or let its owner allow this "
                "machine's address under Networking",
            )
        return AccessDenied(
            f"you{login} have no role for this on the workspace {ref}",
            hint="ask its owner for the role AzureML Data Scientist; with several logins choose one: "
            "AZURE_TOKEN_CREDENTIALS=AzureCliCredential",
        )
    if status == 404 and code in (
        "ResourceGroupNotFound",
        "SubscriptionNotFound",
        "ResourceNotFound",
        "WorkspaceNotFound",
    ):
        what = {
            "ResourceGroupNotFound": f"no resource group '{ref.resource_group}' in subscription {ref.subscription_id}",
            "SubscriptionNotFound": f"no subscription {ref.subscription_id} that this login{login} can see",
        }.get(code, f"no workspace '{ref.name}' in resource group '{ref.resource_group}': it was deleted or never was")
        return WorkspaceNotFound(what, hint=f"%aml_track --list --subscription {ref.subscription_id}")
    if told := _EXHAUSTED.search(text):
        status = int(told[1])
    if status == 429:
        return StoreUnreachable(
            f"the workspace {ref} takes no more requests for now (429)",
            hint="wait a minute, then again; fewer and larger batches help: log_metrics in place of many log_metric",
        )
    if status >= 500:
        return StoreUnreachable(
            f"the workspace {ref} has a failure of its own ({status})",
            hint="wait a minute, then again; https://azure.status.microsoft tells of outages",
        )
    if _is_network(exc):
        return StoreUnreachable(
            f"Azure does not answer for the workspace {ref}",
            hint="are you online? behind a proxy set HTTPS_PROXY; %aml_doctor looks further",
        )
    return None


def _anatomy(exc: BaseException) -> tuple[int, str, str]:
    """Status, Azure's error code, text, whichever of the libraries raised it."""
    text = str(exc)
    response = getattr(exc, "response", None)
    status = getattr(exc, "status_code", None) or getattr(response, "status_code", None) or 0
    code = str(getattr(getattr(exc, "error", None), "code", "") or "")
    if not status:
        match = re.search(r"failed with error code (\d{3}) != 200", text)  # mlflow's verify_rest_response
        status = int(match[1]) if match else 0
    if not status and type(exc).__module__.startswith("mlflow"):
        status = {"PERMISSION_DENIED": 403, "UNAUTHENTICATED": 401}.get(str(getattr(exc, "error_code", "")), 0)
    if not code:
        match = re.search(r'"code"\s*:\s*"(\w+)"|\(([A-Z]\w+)\)', text)
        code = (match[1] or match[2]) if match else ""
    return int(status), code, text


def _is_login(exc: BaseException) -> bool:
    return any(base.__name__ == "ClientAuthenticationError" for base in type(exc).__mro__)


def _is_network(exc: BaseException) -> bool:
    names = {base.__name__ for base in type(exc).__mro__}
    if "MlflowException" in names and _BROKEN.search(str(exc)):
        return True
    return bool(names & {"ServiceRequestError", "ServiceResponseError"}) or (
        "ConnectionError" in names and type(exc).__module__.startswith(("requests", "urllib3"))
    )


def _tenant(text: str) -> str:
    """The tenant that Azure wants: the last that its message names."""
    found = [match["tenant"] for match in _TENANTS.finditer(text)]
    return found[-1] if found else "TENANT"
