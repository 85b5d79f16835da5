"""`%aml_doctor` on a plain store, and on a machine whose config.json is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlflow_aml_magics.client.connection import open_connection
from mlflow_aml_magics.services.doctor import diagnose


def test_a_plain_store_is_healthy(store_uri: str) -> None:
    found = diagnose(Path.cwd(), connection=open_connection(store_uri))
    assert found.healthy
    assert "SQLite store" in repr(found)
    assert "answers" in repr(found)


def test_what_is_wrong_is_named_with_the_command(shell: Any, monkeypatch: Any) -> None:
    (Path.cwd() / "config.json").write_text('{"workspace_name": "ws-1"}')
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")
    found = shell.run("%aml_doctor --offline")
    assert not found.healthy
    assert "config.json has no subscription_id" in repr(found)
    assert "hunter2" not in repr(found)
