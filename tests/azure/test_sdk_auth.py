"""The chain of ways to log in: with azure-identity's own exceptions, and with its own credentials in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mlflow_aml_magics.client import auth
from mlflow_aml_magics.client.auth import CredentialChain, Link, credential_chain
from mlflow_aml_magics.client.cloud import authority_of, cloud_name, cloud_of_environment, management_scope
from mlflow_aml_magics.client.identity import who
from mlflow_aml_magics.errors import AuthenticationFailed

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox


class Token(NamedTuple):
    token: str
    expires_on: float


class Way:
    """A credential that answers with a token or raises."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked = 0

    def get_token(self, *_scopes: str, **_: Any) -> Any:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def link(label: str, way: Way, *, explicit: bool = False) -> Link:
    return Link(f"{label}Credential", label, lambda: way, explicit)


@pytest.fixture
def no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_is_azure_machine", lambda: False)


def unavailable(text: str) -> Exception:
    from azure.identity import CredentialUnavailableError

    return CredentialUnavailableError(message=text)


def refused(text: str) -> Exception:
    from azure.core.exceptions import ClientAuthenticationError

    return ClientAuthenticationError(message=text)


def test_the_first_that_works_is_kept() -> None:
    ways = [
        Way(unavailable("not set")),
        Way(refused("AADSTS700082 expired")),
        Way(Token("t", 9e9)),
        Way(Token("u", 9e9)),
    ]
    chain = CredentialChain([link(str(n), way) for n, way in enumerate(ways)])
    assert chain.get_token("a").token == "t"
    assert chain.get_token("a").token == "t"
    assert (chain.used, [way.asked for way in ways]) == ("2", [1, 1, 2, 0])


def test_what_was_set_up_on_purpose_is_not_passed_over() -> None:
    chain = CredentialChain([
        link("the environment", Way(refused("AADSTS7000215: Invalid client secret provided")), explicit=True),
        link("other", Way(Token("t", 9e9))),
    ])  # fmt: skip
    with pytest.raises(AuthenticationFailed, match="the environment") as caught:
        chain.get_token("a")
    assert "AZURE_CLIENT_SECRET" in (caught.value.hint or "")


def test_no_login_says_what_each_way_said() -> None:
    chain = CredentialChain(
        [link("az", Way(unavailable("Please run 'az login'"))), link("vs", Way(unavailable("none")))]
    )
    with pytest.raises(AuthenticationFailed, match="az: Please run") as caught:
        chain.get_token("a")
    assert "az login" in (caught.value.hint or "")


def labels(credential: Any) -> list[str]:
    return [link.name.removesuffix("Credential") for link in credential._credential.links]


@pytest.mark.usefixtures("no_machine")
def test_the_order_and_what_needs_somebody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "is_installed", lambda _module: False)
    for name, value in (("AZURE_CLIENT_ID", "c"), ("AZURE_TENANT_ID", "t"), ("MSI_ENDPOINT", "https://x")):
        monkeypatch.setenv(name, value)
    first = ["Environment", "ManagedIdentity", "AzureCli"]
    assert labels(credential_chain(interactive=False)) == first
    monkeypatch.setattr(auth, "_has_browser", lambda: True)
    assert labels(credential_chain(interactive=True)) == [*first, "InteractiveBrowser"]
    monkeypatch.setattr(auth, "_has_browser", lambda: False)
    assert labels(credential_chain(interactive=True)) == [*first, "DeviceCode"]
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "prod")
    assert labels(credential_chain(interactive=True)) == first[:2]
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "azureclicredential")
    assert labels(credential_chain(interactive=True)) == ["AzureCli"]


@pytest.mark.parametrize(
    ("variable", "value", "authority", "scope"),
    [
        (
            "AZUREML_CURRENT_CLOUD",
            "AzureUSGovernment",
            "login.microsoftonline.us",
            "https://management.usgovcloudapi.net",
        ),
        ("AZUREML_CURRENT_CLOUD", "AzureChinaCloud", "login.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
        (
            "AZURE_AUTHORITY_HOST",
            "https://login.chinacloudapi.cn/",
            "login.chinacloudapi.cn",
            "https://management.china",
        ),
        ("X", "", "login.microsoftonline.com", "https://management.azure.com"),
    ],
)
def test_sovereign_clouds(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, authority: str, scope: str
) -> None:
    monkeypatch.delenv("ARM_CLOUD_METADATA_URL", raising=False)
    monkeypatch.setenv(variable, value)
    assert authority_of() == (authority, True)
    assert management_scope().startswith(scope)


def test_the_clouds_variable_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv("ARM_CLOUD_METADATA_URL", raising=False)
    with cloud_of_environment("azureml://usgovvirginia.api.ml.azure.us/mlflow/v1.0/x"):
        assert os.environ["AZUREML_CURRENT_CLOUD"] == "AzureUSGovernment"
    assert "AZUREML_CURRENT_CLOUD" not in os.environ
    assert cloud_name() == "AzureCloud"


@pytest.mark.usefixtures("no_machine")
def test_a_managed_identity_is_asked_once(in_sandbox: Sandbox) -> None:
    credential = credential_chain(interactive=False)
    before = len(in_sandbox.requests("/msi/token"))
    scope = management_scope()
    assert {credential.get_token(scope).token for _ in range(5)} == {credential.get_token(scope).token}
    assert len(in_sandbox.requests("/msi/token")) - before == credential.asked == 1
    assert credential.source == "managed identity"
    assert who(credential, scope).tenant == in_sandbox.tenant_id
    with in_sandbox.fault("expired_token"):
        old = credential.get_token(scope).token
        credential.forget()
        assert credential.get_token(scope).token != old  # azure-identity would give the old one again


@pytest.mark.usefixtures("no_machine")
@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [
        ("X", "", ""),
        ("AZURE_CLIENT_SECRET", "guess", "AZURE_CLIENT_SECRET is wrong or expired"),
        ("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000000", "az login --tenant"),
    ],
)
def test_a_client_secret(
    in_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, hint: str
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", in_sandbox.client_id)
    monkeypatch.setenv("AZURE_TENANT_ID", in_sandbox.tenant_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", in_sandbox.client_secret)
    monkeypatch.setenv(variable, value)
    credential = credential_chain(interactive=False)
    if not hint:
        assert credential.get_token(management_scope()).token
        assert credential.source == "the environment"
        return
    with pytest.raises(AuthenticationFailed, match="the environment") as caught:
        credential.get_token(management_scope())
    assert hint in (caught.value.hint or "")
    assert in_sandbox.client_secret not in repr(caught.value) + repr(credential)
