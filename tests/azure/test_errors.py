"""Refusals of Azure, told apart, with the next step; pairs of packages that do not go together."""

from __future__ import annotations

import pytest

from mlflow_aml_magics.client.azure_errors import explain
from mlflow_aml_magics.client.packages import broken_pair
from mlflow_aml_magics.client.workspace_ref import WorkspaceRef
from mlflow_aml_magics.errors import (
    AccessDenied,
    AmlMagicsError,
    AuthenticationFailed,
    StoreUnreachable,
    WorkspaceNotFound,
)

REF = WorkspaceRef("sub-1", "rg-1", "ws-1")
A, B = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


class Refusal(Exception):
    """As azure-core's HttpResponseError: a status and a text."""

    def __init__(self, status_code: int, text: str) -> None:
        super().__init__(text)
        self.status_code = status_code


@pytest.mark.parametrize(
    ("status", "text", "kind", "said", "hint"),
    [
        (
            401,
            f"(InvalidAuthenticationTokenTenant) The access token is from the wrong issuer 'https://sts.windows.net/{A}/'."
            f" It must match the tenant 'https://sts.windows.net/{B}/' associated with this subscription.",
            AuthenticationFailed, "another tenant", f"az login --tenant {B}",
        ),
        (401, "(ExpiredAuthenticationToken) The access token expiry", AuthenticationFailed, "refused", "expired"),
        (403, "(AuthorizationFailed) The client 'ada' does not have authorization", AccessDenied, "no role", "AzureML"),
        (403, "(Forbidden) Public network access is disabled for this workspace", AccessDenied, "network", "VPN"),
        (404, "(ResourceNotFound) The Resource 'ws-1' was not found", WorkspaceNotFound, "deleted", "--list"),
        (404, "(ResourceGroupNotFound) Resource group 'rg-1'", WorkspaceNotFound, "resource group 'rg-1'", "--list"),
        (404, "(SubscriptionNotFound) The subscription", WorkspaceNotFound, "subscription sub-1", "--list"),
        (429, "(TooManyRequests) Too many requests", StoreUnreachable, "no more requests", "wait"),
        (503, "(ServiceUnavailable) Try later", StoreUnreachable, "its own (503)", "azure.status"),
    ],
)  # fmt: skip
def test_each_refusal_says_which_it_is(
    status: int, text: str, kind: type[AmlMagicsError], said: str, hint: str
) -> None:
    found = explain(Refusal(status, text), REF, who="ada@example.com")
    assert type(found) is kind
    assert said in found.message
    assert hint in (found.hint or "")


def test_what_is_none_of_azures_refusals_is_left_alone() -> None:
    assert explain(Refusal(400, "(BadRequest) no"), REF) is None
    assert explain(ValueError("x"), REF) is None


@pytest.mark.parametrize(
    ("mlflow", "plugin", "broken"),
    [
        ("3.17.2", "1.60.0", True), ("3.5.0", "1.60.0.post1", True), ("3.15.0", "1.62.0.post6", False),
        ("2.22.5", "1.60.0", False), ("3.15.0", "", False),
    ],
)  # fmt: skip
def test_the_broken_pair_is_named(mlflow: str, plugin: str, broken: bool) -> None:
    said = broken_pair(mlflow, plugin)
    assert bool(said) is broken
    if broken:
        assert mlflow in said
        assert plugin in said
