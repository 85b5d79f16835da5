"""Every failure that we raise on purpose.

AmlMagicsError
├── UsageError            the words of a magic or a call do not fit
│   └── InUse               what is to be deleted is needed elsewhere; --force deletes it all the same
├── QueryError            a filter or an order that does not parse, with the place
├── NotFound
│   ├── ExperimentNotFound
│   ├── RunNotFound
│   ├── MetricNotFound
│   ├── ModelNotFound       a registered model, a version or an alias
│   ├── DeploymentNotFound
│   ├── NoModelInRun        the run is there, but it logged no model
│   └── WorkspaceNotFound   an Azure Machine Learning workspace, its resource group or its subscription
├── AuthError             who you are, or what you may do
│   ├── AuthenticationFailed  no login, or one of another tenant
│   └── AccessDenied          the login is good, but has no role, or a firewall refuses
├── StoreError            the store behind the tracking URI
│   ├── StoreUnreachable
│   ├── StoreCorrupt
│   ├── StoreReadOnly
│   └── StoreOutdated       its schema is older than this mlflow
├── ModelError            a folder or artifact that is no MLflow model, or does not load
├── DeploymentError       serving failed: to start, to answer, to stop
├── InvokeError           the deployment refused the request
└── MissingDependency     an extra that is not installed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AccessDenied",
    "AmlMagicsError",
    "AuthError",
    "AuthenticationFailed",
    "DeploymentError",
    "DeploymentNotFound",
    "ExperimentNotFound",
    "InUse",
    "InvokeError",
    "MetricNotFound",
    "MissingDependency",
    "ModelError",
    "ModelNotFound",
    "NoModelInRun",
    "NotFound",
    "QueryError",
    "RunNotFound",
    "StoreCorrupt",
    "StoreError",
    "StoreOutdated",
    "StoreReadOnly",
    "StoreUnreachable",
    "UsageError",
    "WorkspaceNotFound",
    "nearest",
]


class AmlMagicsError(Exception):
    """Root of all our errors: a code for programs, a message for people, a hint for the next step.

    Args:
        message: what failed, on which object.
        hint: what to type next; shown on a line of its own.
    """

    code = "internal"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback; the cell still fails."""
        line = f"{type(self).__name__}: {self.message}"
        return [line, f"  try: {self.hint}"] if self.hint else [line]


class UsageError(AmlMagicsError):
    """The words of a magic or a call do not fit."""

    code = "usage"


class InUse(UsageError):
    """What is to be deleted is needed elsewhere: the message says by what."""

    code = "in_use"


class QueryError(AmlMagicsError):
    """A filter or order that does not parse or names nothing.

    Args:
        message: what is wrong.
        text: the whole query.
        start, end: the wrong part of it, in characters.
    """

    code = "query"

    def __init__(self, message: str, *, text: str = "", start: int = 0, end: int = 0, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.text, self.start, self.end = text, start, end

    def _render_traceback_(self) -> list[str]:
        lines = super()._render_traceback_()
        if not self.text:
            return lines
        marks = " " * self.start + "^" * max(1, self.end - self.start)
        return [lines[0], f"  {self.text}", f"  {marks}", *lines[1:]]


class NotFound(AmlMagicsError):
    """Something that was named does not exist."""

    code = "not_found"


class ExperimentNotFound(NotFound):
    """No experiment has that name or id."""

    code = "experiment_not_found"


class RunNotFound(NotFound):
    """No run has that id or name."""

    code = "run_not_found"


class MetricNotFound(NotFound):
    """No run at hand has that metric."""

    code = "metric_not_found"


class ModelNotFound(NotFound):
    """No registered model, version or alias has that name."""

    code = "model_not_found"


class DeploymentNotFound(NotFound):
    """No deployment has that name."""

    code = "deployment_not_found"


class NoModelInRun(NotFound):
    """The run exists, but it logged no model."""

    code = "no_model_in_run"


class WorkspaceNotFound(NotFound):
    """No Azure Machine Learning workspace of that name, or none that this login can see."""

    code = "workspace_not_found"


class AuthError(AmlMagicsError):
    """Azure did not let us in."""

    code = "auth"


class AuthenticationFailed(AuthError):
    """No way to log in worked, or the login belongs to another tenant."""

    code = "authentication_failed"


class AccessDenied(AuthError):
    """The login is good, but it has no role here, or the network is closed to it."""

    code = "access_denied"


class StoreError(AmlMagicsError):
    """The store behind the tracking URI failed."""

    code = "store"


class StoreUnreachable(StoreError):
    """Nothing answers at the tracking URI."""

    code = "store_unreachable"


class StoreCorrupt(StoreError):
    """The file is there but is no MLflow store."""

    code = "store_corrupt"


class StoreReadOnly(StoreError):
    """The store can be read but not written."""

    code = "store_read_only"


class StoreOutdated(StoreError):
    """The store's schema is older than the installed mlflow."""

    code = "store_outdated"


class ModelError(AmlMagicsError):
    """What was named is no MLflow model, or it fails to load or to score."""

    code = "model"


class DeploymentError(AmlMagicsError):
    """A deployment failed to start, to answer or to stop."""

    code = "deployment"


class InvokeError(AmlMagicsError):
    """A deployment refused the request, or the request does not fit the model's signature.

    Args:
        done: of many rows, the `Invocation` of those that were scored before.
    """

    code = "invoke"

    def __init__(self, message: str, *, hint: str | None = None, done: object = None) -> None:
        super().__init__(message, hint=hint)
        self.done = done


class MissingDependency(AmlMagicsError):
    """An optional package is needed and absent."""

    code = "missing_dependency"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that somebody who typed ``word`` most likely meant, or None."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
