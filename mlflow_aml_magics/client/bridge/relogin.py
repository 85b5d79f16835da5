"""A token that the service refuses: the login is asked for a fresh one, and the request is made once more.

mlflow and azureml-mlflow give up at the first 401, though the login would give a new token: one was revoked, or a
machine's clock is wrong. Tokens that end in time are renewed before (`auth.CachedCredential`). No probe: the refusal
itself is what is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from mlflow.exceptions import MlflowException

from .unit import Unit

__all__ = ["Relogin"]

ARTIFACT_CALLS = ("_create_empty_artifacts", "download_artifact", "get_file_paths")  # each begins with its request


class Relogin(Unit):
    """See the module."""

    name = "refused tokens"
    mends = "a token that was revoked: one more try with a fresh one"
    issue = "https://github.com/Azure/azure-sdk-for-python/issues/29572"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._client.artifact.local_artifact_client import LocalArtifactClient
        from azureml.mlflow._client.artifact.run_artifact_client import RunArtifactsClient
        from azureml.mlflow._store.model_registry.model_registry import AzureMLflowModelRegistry as Registry
        from azureml.mlflow._store.tracking.store import AzureMLRestStore as Store

        for owner in (Store, Registry):
            self.patches.set(owner, "_call_endpoint", _twice(owner._call_endpoint, lambda it: it.service_context))
        for client in (RunArtifactsClient, LocalArtifactClient):
            for name in ARTIFACT_CALLS:
                own = _listed(getattr(client, name)) if name == "get_file_paths" else getattr(client, name)
                self.patches.set(client, name, _twice(own, lambda it: it._service_context))


def _twice(own: Callable[..., Any], context_of: Callable[[Any], Any]) -> Callable[..., Any]:
    @wraps(own)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        try:
            return own(self, *args, **options)
        except Exception as exc:
            forget = getattr(context_of(self).auth, "forget", None)  # a job's own token has none
            if forget is None or not _is_unauthorised(exc):
                raise
            forget()
        return own(self, *args, **options)

    return call


def _listed(own: Callable[..., Any]) -> Callable[..., Any]:
    """The plugin's own asks for the pages while they are gone through."""

    @wraps(own)
    def paths(self: Any) -> list[str]:
        return list(own(self))

    return paths


def _is_unauthorised(exc: Exception) -> bool:
    if isinstance(exc, MlflowException):
        return bool(exc.get_http_status_code() == 401)
    return getattr(exc, "status_code", None) == 401  # azure-core's HttpResponseError
