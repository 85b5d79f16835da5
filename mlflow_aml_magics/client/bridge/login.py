"""One login: where azureml-mlflow would make a credential chain of its own, it gets ours, with its tokens kept.

Its own asks for a token on every REST call, opens a browser in a container (Azure/azure-sdk-for-python#28000, #35163),
and stops at the first login that is stale (#29572). Inside a job the run's own token stays in use. No probe: it is a
chain of other ways to log in than that of `%aml_track`.
"""

from __future__ import annotations

import os
from typing import Any

from ..auth import CachedCredential, credential_chain
from ..cloud import cloud_of_environment, settle_cloud
from .unit import Unit
from .variable import TENANT_VARIABLE

__all__ = ["Login"]


class Login(Unit):
    """See the module."""

    name = "one login"
    mends = "one credential, asked once, also in scripts"
    issue = "https://github.com/Azure/azure-sdk-for-python/issues/35163"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._common._authentication.azureml_token_authentication import AzureMLTokenAuthentication
        from azureml.mlflow._internal import service_context_loader as loader
        from azureml.mlflow._internal.utils import ServiceContext, tracking_uri_decomp

        def with_our_login(parsed_url: Any) -> Any:
            with cloud_of_environment(parsed_url.geturl()):
                names = tracking_uri_decomp(parsed_url.path, False)
                context = ServiceContext(
                    subscription_id=names["sub-id"],
                    resource_group_name=names["res-grp"],
                    workspace_name=names["ws-name"],
                    auth=_shared(os.environ.get(TENANT_VARIABLE)),
                    host_url="https://" + parsed_url.netloc,
                )
                settle_cloud(context)
            return context

        self.patches.set(loader, "get_service_context_from_tracking_url_default_auth", with_our_login)
        for context in loader._AzureMLServiceContextLoader._tracking_uri_to_service_context.values():
            if not isinstance(context.auth, (CachedCredential, AzureMLTokenAuthentication)):
                # Somebody's own, or made by the plugin before we were there: kept, but asked once.
                self.patches.set(context, "_auth", CachedCredential(context.auth))


_chains: dict[str | None, CachedCredential] = {}


def _shared(tenant: str | None) -> CachedCredential:
    return _chains.setdefault(tenant, credential_chain(tenant=tenant))
