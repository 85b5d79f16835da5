"""What is left when registering fails in its last steps: nothing of ours, and all that others did."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pytest

from mlflow_aml_magics.client import registry_writes
from mlflow_aml_magics.errors import StoreError

if TYPE_CHECKING:
    from mlflow_aml_magics.workspace import Workspace


def fail(*_: object, **__: object) -> Any:
    raise StoreError("the store went away")


def test_a_version_that_cannot_be_read_back_is_taken_back(
    ws: Workspace, called: str, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(registry_writes, "resolve", fail)
        with pytest.raises(StoreError, match="went away"):
            ws.register(exported, called, alias="champion")
    assert called not in [version.name for version in ws.models()]
    done = ws.register(exported, called, alias="champion")
    assert done.created
    with ws.connection.as_current():
        mlflow.pyfunc.load_model(f"models:/{called}@champion")


def test_an_alias_goes_back_to_the_version_that_had_it(
    ws: Workspace, called: str, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws.register(exported, called, alias="champion")
    other = shutil.copytree(exported, tmp_path / "other")
    (other / "note.txt").write_text("another model")
    with monkeypatch.context() as patch:
        patch.setattr(registry_writes, "resolve", fail)
        with pytest.raises(StoreError, match="went away"):
            ws.register(other, called, alias="champion")
    assert [(version.version, version.aliases) for version in ws.models(called)] == [("1", ("champion",))]


def test_what_somebody_else_registered_meanwhile_stays(
    ws: Workspace, called: str, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ws.connection.mlflow

    def meanwhile(name: str, _alias: str, _number: str) -> None:
        source = client.get_model_version(name, "1").source
        with ws.connection.as_current():
            client.create_model_version(name, source)
        fail()

    monkeypatch.setattr(client, "set_registered_model_alias", meanwhile)
    with pytest.raises(StoreError, match="went away"):
        ws.register(exported, called, alias="champion")
    assert [version.version for version in ws.models(called)] == ["2"]


def test_versions_are_not_always_numbers() -> None:
    from mlflow_aml_magics.client.bridge.aliases import by_number

    assert sorted(["10", "v2-beta", "9", "1.0.0"], key=by_number) == ["1.0.0", "v2-beta", "9", "10"]
