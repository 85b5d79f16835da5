"""One login for everything: an explicit, ordered chain of credentials, and its tokens cached.

azureml-mlflow asks its credential for a token on every REST call, and the Azure CLI's does not cache: twenty
``log_metric`` calls would start twenty ``az`` processes. `CachedCredential` around the chain, handed to azure-ai-ml and
through it to the plugin, asks once.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import AuthenticationFailed, MissingDependency
from .cloud import authority_of
from .packages import is_installed

__all__ = ["CachedCredential", "CredentialChain", "Link", "credential_chain"]

EARLY = 300.0  # seconds before its end that a token is renewed
IMDS = ("169.254.169.254", 80)  # where every Azure machine asks for its identity
IMDS_SECONDS = 0.3  # on a machine of Azure it answers in a millisecond; azure-identity waits 1 to 25 s elsewhere
LOGIN_SECONDS = 300  # for somebody to finish a login in the browser
BROWSER, CODE = "browser", "device code"  # what somebody did by hand
IDENTITY_VARIABLES = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
PIP = 'pip install "mlflow-aml-magics[azure]"'


@dataclass(frozen=True)
class Link:
    """One way to log in.

    Args:
        name: as azure-identity calls it, for AZURE_TOKEN_CREDENTIALS.
        label: in words.
        make: makes azure-identity's credential.
        explicit: somebody set it up on purpose, so that its failure is not passed over for another identity.
    """

    name: str
    label: str
    make: Callable[[], Any]
    explicit: bool = False


class CachedCredential:
    """A credential that asks another one once for each scope, and again five minutes before the token ends.

    Threads that need the same token wait for one another. Neither `repr` nor an error shows a token.
    """

    def __init__(self, credential: Any, *, clock: Callable[[], float] = time.time) -> None:
        self._credential = credential
        self._clock = clock
        self._lock = threading.RLock()
        self._tokens: dict[tuple[Any, ...], tuple[Any, float]] = {}
        self.asked = 0

    def __repr__(self) -> str:
        return f"CachedCredential({type(self._credential).__name__}, asked {self.asked} times)"

    @property
    def source(self) -> str:
        """Which way of the chain gave the last token, in words; "" before the first."""
        return str(getattr(self._credential, "used", "") or "")

    def get_token(self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **options: Any) -> Any:
        """A token for these scopes, an azure.core AccessToken.

        Args:
            claims: what the service demands anew; a token from the cache would be refused again.
            tenant_id: of another tenant.

        Raises:
            AuthenticationFailed: no way to log in worked.
        """
        key = (scopes, tenant_id)
        with self._lock:
            token, renew_at = self._tokens.get(key, (None, 0.0))
            if token is None or claims or self._clock() >= renew_at:
                self.asked += 1
                if claims:
                    options["claims"] = claims
                if tenant_id:
                    options["tenant_id"] = tenant_id
                token = self._credential.get_token(*scopes, **options)
                # Of a token that lasts less than twice our margin half the time is used: never one call, one question.
                left = token.expires_on - self._clock()
                self._tokens[key] = token, token.expires_on - min(EARLY, left / 2)
            return token

    def forget(self) -> None:
        """Ask again for the next token: after `az login`, or when a token is refused."""
        with self._lock:
            self._tokens.clear()
            if isinstance(self._credential, CredentialChain):
                self._credential.forget()


class CredentialChain:
    """The ways to log in, tried in order; the first that works is kept.

    Unlike azure-identity's own chain it remembers what each one said, stops where one was set up on purpose and fails,
    and goes on where one merely lies around (an expired ``az login``).
    """

    def __init__(self, links: Sequence[Link]) -> None:
        self.links = tuple(links)
        self.used = ""
        self._credential: Any = None

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token from the first way that gives one.

        Raises:
            AuthenticationFailed: with what each way said.
        """
        if self._credential is not None:
            return self._ask(self.used, self._credential, scopes, options)
        said = []
        for link in self.links:
            try:
                credential = link.make()
                token = credential.get_token(*scopes, **options)
            except Exception as exc:
                if not _is_refusal(exc):
                    raise
                if link.explicit and not _is_unavailable(exc):
                    raise _refused(link.label, exc) from exc
                said.append(f"{link.label}: {_short(exc)}")
                continue
            self._credential, self.used = credential, link.label
            return token
        raise AuthenticationFailed(
            "no way to log in to Azure worked\n    " + "\n    ".join(said or ["none is allowed here"]),
            hint="az login, then again; or %aml_track … --tenant ID for a login of another tenant",
        )

    def forget(self) -> None:
        """Try every way again, as azure-identity's credentials keep tokens too; somebody's login in a browser stays."""
        if self.used not in (BROWSER, CODE):
            self._credential = None

    def _ask(self, label: str, credential: Any, scopes: Sequence[str], options: dict[str, Any]) -> Any:
        try:
            return credential.get_token(*scopes, **options)
        except Exception as exc:
            if not _is_refusal(exc):
                raise
            self._credential = None  # the next call tries every way again
            raise _refused(label, exc) from exc


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"{text}\n")  # what a shell evaluates, or a script prints, stays clean


def credential_chain(
    *, tenant: str | None = None, interactive: bool | None = None, say: Callable[[str], None] = _to_stderr
) -> CachedCredential:
    """The credential for a workspace: environment, workload, managed identity, Azure CLI, VS Code, browser or code.

    AZURE_TOKEN_CREDENTIALS narrows it as it does azure-identity's own chain: ``prod``, ``dev``, or one name such as
    ``AzureCliCredential``.

    Args:
        tenant: its id or domain; None takes AZURE_TENANT_ID, else each way's own.
        interactive: whether somebody is there to log in; None asks the process.
        say: told the address and the code when a login needs another device.

    Raises:
        MissingDependency: azure-identity is not installed.
    """
    try:
        import azure.identity  # noqa: F401
    except ImportError as exc:
        raise MissingDependency("Azure needs the package azure-identity", hint=PIP) from exc
    links = _links(tenant or os.environ.get("AZURE_TENANT_ID") or None, _is_interactive(interactive), say)
    return CachedCredential(CredentialChain(_allowed(links)))


def _links(tenant: str | None, interactive: bool, say: Callable[[str], None]) -> list[Link]:
    identity: Any = importlib.import_module("azure.identity")
    authority, known = authority_of()
    there: dict[str, Any] = {"authority": authority} | ({} if known else {"disable_instance_discovery": True})
    of_tenant = {"tenant_id": tenant} if tenant else {}
    any_tenant = {"additionally_allowed_tenants": ["*"]}
    links = []
    if os.environ.get("AZURE_CLIENT_ID") and os.environ.get("AZURE_TENANT_ID"):
        links.append(
            Link("EnvironmentCredential", "the environment", lambda: identity.EnvironmentCredential(**there), True)
        )
    if os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        make = lambda: identity.WorkloadIdentityCredential(**there, **of_tenant)  # noqa: E731
        links.append(Link("WorkloadIdentityCredential", "workload identity", make, True))
    if any(os.environ.get(name) for name in IDENTITY_VARIABLES) or _is_azure_machine():
        own = {"client_id": os.environ.get("AZURE_CLIENT_ID") or os.environ.get("DEFAULT_IDENTITY_CLIENT_ID") or None}
        links.append(
            Link("ManagedIdentityCredential", "managed identity", lambda: identity.ManagedIdentityCredential(**own))
        )
    # Up to 30 s: `az` takes 2 s on a busy machine, more when it asks for a new token.
    make_cli = lambda: identity.AzureCliCredential(process_timeout=30, **of_tenant, **any_tenant)  # noqa: E731
    links.append(Link("AzureCliCredential", "Azure CLI (az login)", make_cli))
    if is_installed("azure.identity.broker"):
        links.append(
            Link("VisualStudioCodeCredential", "VS Code", lambda: identity.VisualStudioCodeCredential(**of_tenant))
        )
    if interactive and _has_browser():
        make = lambda: identity.InteractiveBrowserCredential(timeout=LOGIN_SECONDS, **there, **of_tenant)  # noqa: E731
        links.append(Link("InteractiveBrowserCredential", BROWSER, make))
    elif interactive:

        def tell(address: str, code: str, _expires: object) -> None:
            say(f"To log in, open {address} on any device and enter the code {code}")

        make = lambda: identity.DeviceCodeCredential(  # noqa: E731
            timeout=LOGIN_SECONDS, prompt_callback=tell, **there, **of_tenant
        )
        links.append(Link("DeviceCodeCredential", CODE, make))
    return links


def _allowed(links: list[Link]) -> list[Link]:
    """What AZURE_TOKEN_CREDENTIALS leaves of them."""
    wanted = os.environ.get("AZURE_TOKEN_CREDENTIALS", "").strip().lower()
    deployed = ("EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential")
    if not wanted:
        return links
    if wanted == "prod":
        return [link for link in links if link.name in deployed]
    if wanted == "dev":
        return [link for link in links if link.name not in deployed]
    return [link for link in links if link.name.lower() == wanted]


def _is_interactive(asked: bool | None) -> bool:
    if asked is not None:
        return asked
    if os.environ.get("CI"):
        return False
    return "ipykernel" in sys.modules or (sys.stdin is not None and sys.stdin.isatty())


def _has_browser() -> bool:
    """Whether a browser of this machine would show on the user's screen."""
    remote = ("SSH_CONNECTION", "JUPYTERHUB_USER", "AZUREML_ARM_SUBSCRIPTION", "CODESPACES", "COLAB_RELEASE_TAG")
    if any(os.environ.get(name) for name in remote):
        return False
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _is_azure_machine() -> bool:
    if os.environ.get("AZURE_TOKEN_CREDENTIALS", "").lower() == "dev":
        return False
    try:
        socket.create_connection(IMDS, IMDS_SECONDS).close()
    except OSError:
        return False
    return True


def _is_refusal(exc: Exception) -> bool:
    from azure.core.exceptions import ClientAuthenticationError

    return isinstance(exc, (ClientAuthenticationError, ValueError))  # ValueError: a half-configured environment


def _is_unavailable(exc: Exception) -> bool:
    from azure.identity import CredentialUnavailableError

    return isinstance(exc, CredentialUnavailableError)


def _refused(label: str, exc: Exception) -> AuthenticationFailed:
    from .azure_errors import login_hint

    return AuthenticationFailed(f"the login by {label} failed: {_short(exc)}", hint=login_hint(str(exc)))


def _short(exc: Exception) -> str:
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(exc).__name__
