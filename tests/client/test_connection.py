"""Connections: secrets stay out of what is read, foreign files stay as they are, mlflow's globals come back."""

from __future__ import annotations

import base64
import http.server
import logging
import os
import shutil
import sqlite3
import ssl
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.client.paths import redacted
from mlflow_aml_magics.client.target import Target, choose_registry, resolve_uri
from mlflow_aml_magics.errors import (
    AmlMagicsError,
    StoreCorrupt,
    StoreError,
    StoreOutdated,
    StoreUnreachable,
    UsageError,
)

SECRET = "s3cret-f4ke"
SECRET_URIS = (
    f"http://bob:{SECRET}@127.0.0.1:9",
    f"https://{SECRET}@host",
    f"postgresql://me:{SECRET}@host/db",
    f"postgresql://me:a/{SECRET}@host/db",
    f"postgresql://me:a@{SECRET}@host/db",
    f"postgresql://host/db?user=me&password={SECRET}",
    f"mssql+pyodbc:///?odbc_connect=Driver={{ODBC Driver 18}};UID=me;PWD={SECRET}",
    f"https://host/?sslmode=on&access_token={SECRET}",
)


class Guarded(http.server.BaseHTTPRequestHandler):
    """An MLflow server, as far as connecting goes, that wants bob's password or a token."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        basic = "Basic " + base64.b64encode(f"bob:{SECRET}".encode()).decode()
        known = self.headers.get("Authorization") in (basic, f"Bearer {SECRET}")
        body = b'{"experiments": []}' if known else b"who are you?"
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def guarded() -> Iterator[str]:
    """``HOST:PORT`` of a server that asks for a password."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("uri", SECRET_URIS)
def test_no_secret_of_a_uri_is_in_what_people_read(uri: str) -> None:
    connection = Connection(uri)
    assert SECRET not in redacted(uri)
    assert SECRET not in f"{connection!r} {connection.label} {Target(uri, 'you named it')!r}"
    texts = (
        f"Detected out-of-date database schema (found version 1) {uri}",
        f"API request to {uri}/api/2.0/mlflow/experiments/search failed",
    )
    for text in texts:
        with pytest.raises(AmlMagicsError) as caught, connection.guard("reading"):
            raise MlflowException(text)
        whole = "".join(traceback.format_exception(caught.value))
        source = caught.value.message + str(caught.value.hint) + "".join(caught.value._render_traceback_())
        assert SECRET not in source
        assert SECRET not in whole


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:5000",
        "http://host:5000/models/a@b",
        "sqlite:////home/me@work/mlflow.db",
        "file:///home/a@b/mlruns",
        "databricks",
        "postgresql://host/db?sslmode=require",
    ],
)
def test_a_uri_without_a_secret_stays_as_it_is(uri: str) -> None:
    assert redacted(uri) == uri


def test_a_word_that_is_no_uri_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_uri(f"bob:{SECRET}@localhost", tmp_path)
    assert SECRET not in caught.value.message


def test_a_dead_server_is_unreachable_and_its_password_is_not_told() -> None:
    for uri in (f"http://bob:{SECRET}@127.0.0.1:9", "http://127.0.0.1:9"):
        with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:9 does not answer") as caught:
            open_connection(uri)
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(StoreError) as wrong:
        open_connection(f"http://bob:{SECRET}@localhost:port")
    assert SECRET not in wrong.value.message


def test_a_server_with_a_password_takes_it_from_the_uri_or_the_environment(
    guarded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SECRET not in repr(Workspace.connect(f"http://bob:{SECRET}@{guarded}"))
    with pytest.raises(StoreError) as caught:
        open_connection(f"http://{guarded}")
    assert "MLFLOW_TRACKING_USERNAME" in (caught.value.hint or "")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    open_connection(f"http://{guarded}")
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "bob")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", SECRET)
    open_connection(f"http://{guarded}")


def test_a_certificate_is_trusted_where_mlflows_variables_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trustme

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        uri = f"https://127.0.0.1:{server.server_port}"
        with pytest.raises(StoreUnreachable, match="certificate") as caught:
            open_connection(uri)
        assert "MLFLOW_TRACKING_SERVER_CERT_PATH" in (caught.value.hint or "")
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "ca.pem"))
        open_connection(uri)
        server.shutdown()


@pytest.mark.parametrize("table", ["songs", "alembic_version"])
def test_another_applications_database_is_refused_and_stays_as_it_was(tmp_path: Path, table: str) -> None:
    path = tmp_path / "music.db"
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TABLE {table} (title TEXT)")
        db.execute("CREATE TABLE artists (name TEXT)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="is a SQLite database, but no MLflow store"):
        Workspace.connect(str(path))
    assert path.read_bytes() == before


def test_a_text_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("not a database, only some words about one, long enough for a header" * 20)
    with pytest.raises(StoreCorrupt):
        Workspace.connect(str(path))


def test_a_store_in_memory_is_refused(tmp_path: Path) -> None:
    for uri in ("sqlite:///:memory:", "sqlite://", "sqlite:///file:x?mode=memory&cache=shared&uri=true"):
        with pytest.raises(UsageError, match="in memory"):
            resolve_uri(uri, tmp_path)


def test_a_schema_of_another_mlflow_names_both_ways_out(store_uri: str) -> None:
    with sqlite3.connect(store_uri.removeprefix("sqlite:///")) as db:
        db.execute("UPDATE alembic_version SET version_num = 'fffffffffff1'")
    db.close()
    with pytest.raises(StoreOutdated, match="another version of mlflow") as caught:
        Workspace.connect(store_uri)
    assert "mlflow db upgrade" in (caught.value.hint or "")
    assert "pip install" in (caught.value.hint or "")


def test_overlapping_guards_leave_mlflows_logger_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    logger, entered, leave = logging.getLogger("mlflow.store.db.utils"), threading.Event(), threading.Event()
    before = logger.level
    monitor = logging.getLogger("mlflow.store.db.utils")
    monitor.addHandler(caplog.handler)

    def second() -> None:
        with Connection("sqlite:///x.db").guard("second"):
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=second)
    try:
        with Connection("sqlite:///y.db").guard("first"):
            thread.start()
            assert entered.wait(30)
            logger.error("inside")
        leave.set()
        thread.join()
        assert logger.level == before
        logger.error("after")
        assert [record.message for record in caplog.records if record.name == logger.name][-1:] == ["after"]
        assert "inside" not in caplog.text
    finally:
        monitor.removeHandler(caplog.handler)


def test_as_current_touches_nothing_where_mlflow_is_there_already(
    store_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.set_tracking_uri(store_uri)
    calls: list[Any] = []
    for name in ("set_tracking_uri", "set_registry_uri"):
        monkeypatch.setattr(f"mlflow_aml_magics.client.connection.{name}", calls.append)
    with Connection(store_uri).as_current():
        assert mlflow.get_tracking_uri() == store_uri
    assert calls == []


def test_as_current_gives_everything_back(store_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///env.db")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "sqlite:///registry.db")
    with Connection(store_uri).as_current():
        assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == (store_uri, store_uri)
    assert os.environ["MLFLOW_REGISTRY_URI"] == mlflow.get_registry_uri() == "sqlite:///registry.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///other.db")
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == ("sqlite:///other.db", "sqlite:///other.db")


def test_the_registry_may_be_another_store(store_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "registry.db"
    shutil.copy(store_uri.removeprefix("sqlite:///"), path)
    mlflow.MlflowClient(registry_uri=f"sqlite:///{path}").create_registered_model("wine")
    assert Workspace.connect(store_uri).connection.registry_uri == store_uri
    named = Workspace.connect(store_uri, registry_uri=str(path))
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{path}")
    for workspace in (named, Workspace.connect(store_uri)):
        assert workspace.connection.registry_uri == f"sqlite:///{path}"
        assert workspace.connection.mlflow.search_registered_models()[0].name == "wine"
    assert choose_registry("databricks-uc://me", tmp_path) == "databricks-uc://me"
