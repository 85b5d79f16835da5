"""One connection to a tracking store and its model registry, and the translation of what can go wrong there."""

from __future__ import annotations

import logging
import os
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import requests.exceptions
from mlflow import MlflowClient, get_registry_uri, get_tracking_uri, set_registry_uri, set_tracking_uri
from mlflow.exceptions import MlflowException
from mlflow.tracking._model_registry import utils as registry_globals
from mlflow.tracking._tracking_service import utils as tracking_globals
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from ..errors import (
    AmlMagicsError,
    AuthenticationFailed,
    NotFound,
    StoreCorrupt,
    StoreError,
    StoreOutdated,
    StoreReadOnly,
    StoreUnreachable,
)
from . import bridge
from .local_store import check_sqlite, local_path, sqlite_file
from .paths import redacted, short_path

if TYPE_CHECKING:
    from .azure import AzureWorkspace

__all__ = ["Connection", "Progress", "in_guard", "open_connection"]

Progress = Callable[[str], None]

PROBE_SECONDS = 10  # mlflow itself retries a dead server for minutes (7 times, doubling)
_globals_lock = threading.RLock()


class Connection:
    """One tracking store and its registry; thread-safe, leaves mlflow's process globals alone.

    Args:
        uri: an absolute tracking URI, as `target.resolve_uri` makes it.
        registry_uri: the registry's, where it is another one.
    """

    def __init__(self, uri: str, *, registry_uri: str | None = None) -> None:
        self.uri = uri
        self.registry_uri = registry_uri or uri
        self.azure: AzureWorkspace | None = None

    def __repr__(self) -> str:
        return f"Connection({self.label})"

    @cached_property
    def label(self) -> str:
        """What people read: the kind of store and where it is, without credentials."""
        if self.azure is not None:
            return f"Azure ML workspace {self.azure.ref}"
        scheme, _, rest = redacted(self.uri).partition("://")
        if scheme == "sqlite":
            path = sqlite_file(rest)
            return f"SQLite store {path.name} in {short_path(path.parent)}"
        if scheme in ("file", ""):
            return f"file store {short_path(self.local_path)}"
        host = rest.removeprefix("***@").partition("?")[0]
        return f"{'MLflow server' if scheme.startswith('http') else scheme.partition('+')[0] + ' store'} {host}"

    @property
    def local_path(self) -> Path | None:
        """The SQLite file or the mlruns folder; None for anything behind a network."""
        return local_path(self.uri)

    @cached_property
    def mlflow(self) -> MlflowClient:
        """mlflow's own client, bound to this connection's URIs."""
        with self.guard("opening the store"), _file_store_allowed(self.uri, self.registry_uri):
            return MlflowClient(tracking_uri=self.uri, registry_uri=self.registry_uri)

    @contextmanager
    def guard(self, doing: str) -> Iterator[None]:
        """Translate what mlflow and the database raise.

        Args:
            doing: the action in words, for the message: "listing the runs".
        """
        with _mlflow_logs_quiet():
            try:
                with bridge.applied(self):
                    yield
            except AmlMagicsError:
                raise
            except Exception as exc:
                translated = self._translated(exc, doing)
                if translated is None:
                    raise
                # The cause's text may hold the URI, and tracebacks show it: no cause where the URI is secret.
                raise translated from (None if self._holds_secret() else exc)

    def _holds_secret(self) -> bool:
        return any(redacted(uri) != uri for uri in (self.uri, self.registry_uri))

    def _translated(self, exc: Exception, doing: str) -> AmlMagicsError | None:
        """What to raise instead; None for what has nothing to do with the store."""
        text = redacted(str(exc))
        where = f"{doing}: {self.label}"
        if self.azure is not None:
            from .azure_errors import explain

            if ours := explain(exc, self.azure.ref, who=self.azure.who):
                if isinstance(ours, AuthenticationFailed) and self.azure.credential is not None:
                    self.azure.credential.forget()  # the next call asks anew, as after `az login`
                return ours
        if isinstance(exc, MlflowException) and exc.error_code == "RESOURCE_DOES_NOT_EXIST":
            return NotFound(f"{doing}: {_first_line(text)}")
        if "out-of-date database schema" in text or "Can't locate revision" in text:
            return StoreOutdated(
                f"{self.label} was written by another version of mlflow",
                hint=f"by an older one: back it up, then run: mlflow db upgrade {shlex.quote(redacted(self.uri))}; "
                "by a newer one: pip install --upgrade mlflow",
            )
        if "readonly database" in text or isinstance(exc, PermissionError):
            return StoreReadOnly(
                f"{where} cannot be written", hint="%aml_track sqlite:///another.db, or mend its permissions"
            )
        if "file is not a database" in text or "malformed" in text:
            return StoreCorrupt(
                f"{where} is not an MLflow store (SQLite cannot read it)",
                hint="%aml_track sqlite:///another.db, or restore it from a backup",
            )
        if "unable to open database file" in text:
            return StoreUnreachable(
                f"{where}: the file cannot be opened", hint="does its folder exist, and may you read it?"
            )
        if "Max retries exceeded" in text or "Connection refused" in text or isinstance(exc, ConnectionError):
            return StoreUnreachable(f"{where} does not answer", hint="is the server running? check the URI")
        # azureml-mlflow raises bare Exceptions, azure-core its own.
        azures = self.azure is not None and (type(exc) is Exception or type(exc).__module__.startswith("azure."))
        known = isinstance(exc, MlflowException) or type(exc).__module__.startswith(("sqlalchemy", "requests"))
        if known or azures:
            return StoreError(f"{where}: {_first_line(text)}", hint=_advice(text))
        return None

    @contextmanager
    def as_current(self) -> Iterator[None]:
        """Make this mlflow's global store for the moment, for calls that know no other way.

        Nothing is touched where mlflow's globals are these URIs already, as while `%aml_track` is on. Otherwise the
        globals, and two environment variables, belong to the whole process: our own callers take turns, but code that
        calls mlflow in another thread meanwhile, or starts a process, logs to this store too, and mlflow starts its
        exporter of traces anew. So keep the block short, and train in no other thread during it.
        """
        with _globals_lock, _file_store_allowed(self.uri, self.registry_uri), bridge.applied(self):
            if (get_tracking_uri(), get_registry_uri()) == (self.uri, self.registry_uri):
                yield
                return
            saved = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
            # The variables of the modules: the public functions do not tell what was set from what is inherited.
            tracking, registry = tracking_globals._tracking_uri, registry_globals._registry_uri
            set_tracking_uri(self.uri)
            set_registry_uri(self.registry_uri)
            try:
                yield
            finally:
                set_tracking_uri(tracking)  # type: ignore[arg-type]  # None is what an unset URI is
                set_registry_uri(registry)  # type: ignore[arg-type]
                restore_environment(saved)

    def close(self) -> None:
        """Give the database connections back."""
        if "mlflow" in self.__dict__:
            engine = getattr(getattr(self.mlflow, "_tracking_client", None), "store", None)
            dispose = getattr(getattr(engine, "engine", None), "dispose", None)
            if dispose is not None:
                dispose()


_in_guard: ContextVar[bool] = ContextVar("_in_guard", default=False)


def in_guard() -> bool:
    """Whether the call that is under way is ours, not the user's own."""
    return _in_guard.get()


def _outside_guards(_record: logging.LogRecord) -> bool:
    return not _in_guard.get()


# mlflow logs each database error with its stack before it raises it; the raised one says enough. A filter that stays
# and asks the caller's context, as levels that are set and reset get lost where two threads overlap.
logging.getLogger("mlflow.store.db.utils").addFilter(_outside_guards)


@contextmanager
def _mlflow_logs_quiet() -> Iterator[None]:
    token = _in_guard.set(True)
    try:
        yield
    finally:
        _in_guard.reset(token)


def restore_environment(saved: dict[str, str | None]) -> None:
    """Set each variable to what it was; None means that it was not there."""
    for name, value in saved.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _file_store_allowed(*uris: str) -> Iterator[None]:
    """mlflow >= 3.7 opens ./mlruns folders only where this variable says that the user wants it."""
    if not any(uri.startswith("file:") for uri in uris):
        yield
        return
    with _globals_lock:
        saved = {"MLFLOW_ALLOW_FILE_STORE": os.environ.get("MLFLOW_ALLOW_FILE_STORE")}
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        try:
            yield
        finally:
            restore_environment(saved)


def open_connection(uri: str, *, registry_uri: str | None = None) -> Connection:
    """Connect, and see that the store answers.

    Raises:
        StoreUnreachable, StoreCorrupt, StoreOutdated: named after the store, with the next step.
    """
    connection = Connection(uri, registry_uri=registry_uri)
    with connection.guard("connecting to"), _file_store_allowed(uri, connection.registry_uri):
        if uri.startswith(("http://", "https://")):
            _probe(connection)
        for each in {uri, connection.registry_uri}:
            if each.startswith("sqlite:"):
                check_sqlite(each)
        connection.mlflow.search_experiments(max_results=1)
    return connection


def _probe(connection: Connection) -> None:
    """Ask once whether the server is there, with mlflow's own certificates, proxies and credentials."""
    try:
        http_request(
            get_default_host_creds(connection.uri),
            "/health",
            "GET",
            max_retries=0,
            timeout=PROBE_SECONDS,
            raise_on_status=False,
        )
    except MlflowException as exc:
        cause = exc.__cause__ or exc.__context__  # mlflow chains one kind, and raises the others while handling them
        safe = None if connection._holds_secret() else exc
        if isinstance(cause, requests.exceptions.SSLError):
            raise StoreUnreachable(
                f"{connection.label} answers, but not with a certificate that is trusted here",
                hint="MLFLOW_TRACKING_SERVER_CERT_PATH names a file of certificates to trust; is it https at all?",
            ) from safe
        if isinstance(cause, (requests.exceptions.ConnectionError, requests.exceptions.Timeout)):
            late = isinstance(cause, requests.exceptions.Timeout)
            raise StoreUnreachable(
                f"{connection.label} does not answer{f' within {PROBE_SECONDS} s' if late else ''}",
                hint="is the server running? start one with: mlflow server --backend-store-uri sqlite:///mlflow.db",
            ) from safe
        # Anything else shows with the first real call, which says more of it.


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0] if lines else "no message"


def _advice(text: str) -> str | None:
    if "error code 401" in text or "error code 403" in text or "UNAUTHENTICATED" in text:
        return "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
    return None
