"""One login: where azureml-mlflow would make a credential chain of its own, it gets ours, with its tokens kept.

Its own asks for a token on every REST call, opens a browser in a container (Azure/azure-sdk-for-python#28000, #35163),
and stops at the first login that is stale (#29572). Inside a job the run's own token stays in use.
"""

from __future__ import annotations

import os
from typing import Any

from ..auth import CachedCredential, credential_chain
from ..cloud import cloud_of_environment
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
                _ = context.cloud  # looked up now, while the variable names it
            return context

        self.patches.set(loader, "get_service_context_from_tracking_url_default_auth", with_our_login)


_chains: dict[str | None, CachedCredential] = {}


def _shared(tenant: str | None) -> CachedCredential:
    return _chains.setdefault(tenant, credential_chain(tenant=tenant))
