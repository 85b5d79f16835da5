"""One connection to a tracking store and its model registry, and the translation of what can go wrong there."""

from __future__ import annotations

import logging
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow import MlflowClient, get_tracking_uri, is_tracking_uri_set, set_registry_uri, set_tracking_uri
from mlflow.exceptions import MlflowException

from ..errors import (
    AmlMagicsError,
    NotFound,
    StoreCorrupt,
    StoreError,
    StoreOutdated,
    StoreReadOnly,
    StoreUnreachable,
)
from . import bridge
from .paths import short_path

if TYPE_CHECKING:
    from .azure import AzureWorkspace

__all__ = ["Connection", "Progress", "open_connection"]

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
        scheme, _, rest = self.uri.partition("://")
        if scheme == "sqlite":
            path = _sqlite_file(rest)
            return f"SQLite store {path.name} in {short_path(path.parent)}"
        if scheme in ("file", ""):
            return f"file store {short_path(self.local_path)}"
        host = rest.rpartition("@")[2].partition("?")[0]
        return f"{'MLflow server' if scheme.startswith('http') else scheme.partition('+')[0] + ' store'} {host}"

    @property
    def local_path(self) -> Path | None:
        """The SQLite file or the mlruns folder; None for anything behind a network."""
        scheme, _, rest = self.uri.partition("://")
        if scheme == "sqlite":
            return _sqlite_file(rest)
        if scheme == "file":
            return Path(urllib.request.url2pathname(rest))
        return None

    @cached_property
    def mlflow(self) -> MlflowClient:
        """mlflow's own client, bound to this connection's URIs."""
        with self.guard("opening the store"), _file_store_allowed(self.uri):
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
                raise self._translated(exc, doing) from exc

    def _translated(self, exc: Exception, doing: str) -> Exception:
        text = str(exc)
        where = f"{doing}: {self.label}"
        if self.azure is not None:
            from .azure_errors import explain

            if ours := explain(exc, self.azure.ref, who=self.azure.who):
                return ours
        if isinstance(exc, MlflowException) and exc.error_code == "RESOURCE_DOES_NOT_EXIST":
            return NotFound(f"{doing}: {_first_line(text)}")
        if "out-of-date database schema" in text:
            return StoreOutdated(
                f"{self.label} was written by an older mlflow",
                hint=f"back it up, then run: mlflow db upgrade {self.uri}",
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
        if isinstance(exc, MlflowException) or type(exc).__module__.startswith("sqlalchemy"):
            return StoreError(f"{where}: {_first_line(text)}")
        return exc

    @contextmanager
    def as_current(self) -> Iterator[None]:
        """Make this mlflow's global store for the moment, for calls that know no other way.

        Callers take turns: the globals belong to the process.
        """
        with _globals_lock, _file_store_allowed(self.uri), bridge.applied(self):
            saved = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
            before = get_tracking_uri() if is_tracking_uri_set() else None
            set_tracking_uri(self.uri)
            set_registry_uri(self.registry_uri)
            try:
                yield
            finally:
                set_tracking_uri(before)  # type: ignore[arg-type]  # None is what an unset URI is
                set_registry_uri(saved["MLFLOW_REGISTRY_URI"] or "")
                restore_environment(saved)

    def close(self) -> None:
        """Give the database connections back."""
        if "mlflow" in self.__dict__:
            engine = getattr(getattr(self.mlflow, "_tracking_client", None), "store", None)
            dispose = getattr(getattr(engine, "engine", None), "dispose", None)
            if dispose is not None:
                dispose()


@contextmanager
def _mlflow_logs_quiet() -> Iterator[None]:
    """mlflow logs each database error with its stack before it raises it; the raised one says enough."""
    logger = logging.getLogger("mlflow.store.db.utils")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def restore_environment(saved: dict[str, str | None]) -> None:
    """Set each variable to what it was; None means that it was not there."""
    for name, value in saved.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _file_store_allowed(uri: str) -> Iterator[None]:
    """mlflow >= 3.7 opens ./mlruns folders only where this variable says that the user wants it."""
    if not uri.startswith("file:"):
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
    if uri.startswith(("http://", "https://")):
        _probe(connection)
    with connection.guard("connecting to"), _file_store_allowed(uri):
        connection.mlflow.search_experiments(max_results=1)
    return connection


def _probe(connection: Connection) -> None:
    try:
        with urllib.request.urlopen(connection.uri.rstrip("/") + "/health", timeout=PROBE_SECONDS):
            return
    except urllib.error.HTTPError:
        return  # it answers; what it thinks of us shows with the first real call
    except OSError as exc:
        raise StoreUnreachable(
            f"{connection.label} does not answer: {getattr(exc, 'reason', exc)}",
            hint="is the server running? start one with: mlflow server --backend-store-uri sqlite:///mlflow.db",
        ) from exc


def _sqlite_file(rest: str) -> Path:
    """The file of ``sqlite:///PATH`` or ``sqlite:///file:PATH?OPTIONS``."""
    return Path(rest.removeprefix("/").removeprefix("file:").partition("?")[0])


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0] if lines else "no message"
