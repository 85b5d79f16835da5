"""Connecting to an Azure Machine Learning workspace: one login for azure-ai-ml and for azureml-mlflow."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import AmlMagicsError, MissingDependency, StoreError, UsageError
from .auth import PIP, CachedCredential, credential_chain
from .azure_errors import explain
from .bridge.run_links import tell_studio
from .cloud import VARIABLE as CLOUD_VARIABLE
from .cloud import cloud_name, cloud_of_environment, management_scope, settle_cloud
from .connection import Connection
from .identity import who
from .logs import quiet
from .packages import broken_pair, is_installed
from .studio import Studio, studio_host
from .workspace_ref import WorkspaceRef

if TYPE_CHECKING:
    from .target import Target

__all__ = ["AzureWorkspace", "connect_target", "connect_workspace", "list_workspaces"]

NOISY = ("azure.ai.ml", "azure.identity", "azure.core.pipeline.policies.http_logging_policy", "azureml.mlflow")


@dataclass(frozen=True)
class AzureWorkspace:
    """The workspace behind a connection.

    ``cloud`` is Azure's name of it, ``who`` the login in words. Its credential is in no repr.
    """

    ref: WorkspaceRef
    region: str = ""
    tenant: str = ""
    who: str = ""
    source: str = ""
    cloud: str = ""
    credential: CachedCredential | None = field(default=None, repr=False, compare=False)
    _client: Any = field(default=None, repr=False, compare=False)

    @property
    def studio(self) -> Studio:
        """Links into its studio."""
        return Studio(self.ref, studio_host(self.cloud), self.tenant)

    @property
    def ml_client(self) -> Any:
        """azure-ai-ml's client of the workspace, with the same login.

        Raises:
            UsageError: inside a job there is none: its token is for its run only.
        """
        if self._client is None:
            raise UsageError("inside a job the run's own token allows no more than tracking")
        return self._client


@dataclass(frozen=True)
class WorkspaceListed:
    """A workspace that the login can see."""

    name: str
    resource_group: str
    subscription_id: str
    region: str


def connect_target(
    target: Target, *, tenant: str | None = None, credential: CachedCredential | None = None
) -> Connection:
    """The connection to the workspace of a target, which must have one.

    Inside a job the run's own token is used, and nobody logs in.
    """
    ref = target.azure
    assert ref is not None
    if target.run_id:
        _require()
        return _of_job(target.uri, ref)
    return connect_workspace(
        ref.subscription_id, ref.resource_group, ref.name, credential, tenant=tenant or ref.tenant or None,
        near=target.uri,
    )  # fmt: skip


def connect_workspace(
    subscription_id: str,
    resource_group: str,
    workspace_name: str,
    credential: CachedCredential | None = None,
    *,
    tenant: str | None = None,
    near: str = "",
) -> Connection:
    """Log in, look the workspace up, and connect to its tracking store.

    Args:
        credential: a login at hand; None makes one (`auth.credential_chain`).
        tenant: of the login.
        near: an azureml:// URI of the workspace, which tells its cloud.

    Raises:
        MissingDependency: the Azure packages are not installed, or a pair that breaks every artifact call is.
        AuthenticationFailed, AccessDenied, WorkspaceNotFound, StoreUnreachable: each with the next step.
    """
    _require()
    ref = WorkspaceRef(subscription_id, resource_group, workspace_name)
    with cloud_of_environment(near), _quiet():
        credential = credential or credential_chain(tenant=tenant)
        with _explained(ref, credential):
            known = _service_contexts().copy()
            client = _ml_client(credential, subscription_id, resource_group, workspace_name)
            found = client.workspaces.get(workspace_name)
            identity = who(credential, management_scope())
            # Exactly this string: the plugin keeps our credential under it.
            uri = str(found.mlflow_tracking_uri or "")
            if not uri.startswith("azureml:"):
                raise StoreError(
                    f"the workspace {ref} has no tracking URI", hint="is it a hub or a project? name its workspace"
                )
            azure = AzureWorkspace(
                ref, str(found.location or ""), identity.tenant, str(identity), credential.source,
                os.environ.get(CLOUD_VARIABLE, ""), credential, client,  # azure-ai-ml sets the variable to its cloud
            )  # fmt: skip
            connection = Connection(uri)
            connection.azure = azure
            tell_studio(azure.studio)
            if uri in known:  # of an earlier login: mlflow keeps its stores, and they their context
                known[uri]._auth = credential
                _service_contexts()[uri] = known[uri]
            _settle_cloud(uri)
            with connection.guard("connecting to"):
                connection.mlflow.search_experiments(max_results=1)
    return connection


def list_workspaces(
    subscription_id: str, *, resource_group: str | None = None, tenant: str | None = None,
    credential: CachedCredential | None = None,
) -> list[WorkspaceListed]:  # fmt: skip
    """The workspaces of a subscription that the login can see, by name."""
    _require()
    ref = WorkspaceRef(subscription_id, resource_group or "", "")
    with cloud_of_environment(), _quiet():
        credential = credential or credential_chain(tenant=tenant)
        with _explained(ref, credential):
            client = _ml_client(credential, subscription_id, resource_group, None)
            rows = client.workspaces.list(scope="resource_group" if resource_group else "subscription")
            found = [
                WorkspaceListed(str(w.name), str(w.resource_group), subscription_id, str(w.location)) for w in rows
            ]
    return sorted(found, key=lambda row: (row.name.lower(), row.resource_group.lower()))


def _of_job(uri: str, ref: WorkspaceRef) -> Connection:
    # Of mlflow 2 and 3 the plugin speaks v2.0 whatever the URI says; the variable may still hold v1.0.
    connection = Connection(uri)
    connection.azure = AzureWorkspace(ref, cloud=cloud_name(uri), who="the job's own run", source="the job")
    with cloud_of_environment(uri), _explained(ref, None):
        _settle_cloud(uri)
    return connection


def _require() -> None:
    for module, package in (
        ("azure.identity", "azure-identity"), ("azure.ai.ml", "azure-ai-ml"), ("azureml.mlflow", "azureml-mlflow"),
    ):  # fmt: skip
        if not is_installed(module):
            raise MissingDependency(f"Azure Machine Learning needs the package {package}", hint=PIP)
    if broken := broken_pair():
        raise MissingDependency(broken, hint=PIP)


def _ml_client(credential: CachedCredential, subscription: str, group: str | None, workspace: str | None) -> Any:
    from azure.ai.ml import MLClient

    # Without this keyword azure-ai-ml reports to Microsoft's Application Insights, in notebooks only.
    return MLClient(credential, subscription, group, workspace, enable_telemetry=False, show_progress=False)


def _service_contexts() -> dict[str, Any]:
    """azureml-mlflow's logins by tracking URI."""
    from azureml.mlflow._internal.service_context_loader import _AzureMLServiceContextLoader as Loader

    contexts: dict[str, Any] = Loader._tracking_uri_to_service_context
    return contexts


def _settle_cloud(uri: str) -> None:
    from azureml.mlflow._internal.service_context_loader import _AzureMLServiceContextLoader as Loader

    settle_cloud(Loader.load_service_context(uri))


@contextlib.contextmanager
def _explained(ref: WorkspaceRef, credential: CachedCredential | None) -> Iterator[None]:
    try:
        yield
    except AmlMagicsError:
        raise
    except Exception as exc:
        ours = explain(exc, ref, who=credential.source if credential else "")
        if ours is None:
            raise StoreError(f"Azure: {str(exc).strip().splitlines()[0][:300]}") from exc
        raise ours from exc


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without "This is an experimental class" and what else the SDKs say unasked."""
    with quiet(*NOISY), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental.*")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield
