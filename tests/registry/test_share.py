"""A version in a registry, in another workspace, in another store: whole, once, and with where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_aml_magics.client.models import fetch, read_model, resolve
from mlflow_aml_magics.errors import ModelNotFound, NotFound, StoreError, UsageError, WorkspaceNotFound
from mlflow_aml_magics.workspace import Workspace

from .conftest import FRAME, PIP, LogRun, fitted

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox
    from tests.conftest import Shell


@pytest.fixture
def other(tmp_path: Path, store_uri: str) -> str:
    """Another SQLite store."""
    (tmp_path / "other").mkdir()
    return f"sqlite:///{tmp_path / 'other' / 'mlflow.db'}"


def test_to_another_store(ws: Workspace, exported: Path, called: str, other: str, tmp_path: Path) -> None:
    ws.register(exported, called, alias="best", description="good", tags={"team": "red"})
    done = ws.share(f"{called}@best", store=other, alias="champion")
    assert (done.created, done.version, done.address) == (True, "1", f"{called}:1")
    there = Workspace.connect(other)
    version = resolve(there.connection, f"{called}@champion")
    assert (version.description, version.tags["team"]) == ("good", "red")
    assert version.tags["aml.copied_from"].startswith(f"{called}:1 of ")
    assert read_model(fetch(there.connection, version.uri)).servable
    again = ws.share(f"{called}:1", store=other, name=called)
    assert (again.created, again.version) == (False, "1")
    assert "is there already, with the same content" in repr(again)
    (tmp_path / "raw.bin").write_bytes(b"x")
    ws.register(tmp_path / "raw.bin", f"{called}-raw", kind="custom")
    ws.share(f"{called}-raw:1", store=other)
    assert resolve(there.connection, f"{called}-raw:1").tags["aml.model_type"] == "custom"


def test_a_copy_that_fails_leaves_nothing(
    sqlite: Workspace, exported: Path, called: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow_aml_magics.client import registry_writes

    def fail(*_: object, **__: object) -> Any:
        raise StoreError("the store went away")

    sqlite.register(exported, called)
    with monkeypatch.context() as patch:
        patch.setattr(registry_writes, "resolve", fail)
        with pytest.raises(StoreError, match="went away"):
            sqlite.share(f"{called}:1", store=other)
    there = Workspace.connect(other)
    assert list(there.models()) == []
    assert there.connection.mlflow.search_runs(["0"]) == []


def test_a_name_that_is_a_path_is_refused_before_anything_is_written(
    sqlite: Workspace, exported: Path, called: str, other: str, tmp_path: Path
) -> None:
    sqlite.register(exported, called)
    with pytest.raises(UsageError, match="cannot name a model"):
        sqlite.share(f"{called}:1", store=other, name=str(tmp_path / "escaped"))
    assert not (tmp_path / "escaped").exists()


def test_to_a_registry_and_to_another_workspace(
    azure: Workspace, sandbox: Sandbox, exported: Path, called: str
) -> None:
    azure.register(exported, called)
    registry, second = sandbox.registries[0], sandbox.workspaces[1]
    done = azure.share(f"{called}:1", registry=registry)
    assert (done.created, done.version) == (True, "1")
    assert done.address == f"azureml://registries/{registry}/models/{called}/versions/1"
    assert not azure.share(f"{called}:1", registry=registry).created
    azure.register(fitted(11), called, input_example=FRAME[:1], pip_requirements=PIP)
    renamed = azure.share(f"{called}:2", registry=registry, name=called)
    assert (renamed.created, renamed.version) == (True, "2")
    back = azure.register(done.address, f"{called}-back")
    assert back.created
    with pytest.raises(NotFound, match="no registry 'nowhere'"):
        azure.share(f"{called}:1", registry="nowhere")

    copied = azure.share(f"{called}:1", workspace=second, alias="champion")
    assert (copied.created, copied.version) == (True, "1")
    assert second in copied.where
    assert not azure.share(f"{called}:1", workspace=second).created
    with pytest.raises(WorkspaceNotFound):
        azure.share(f"{called}:1", workspace="nowhere")
    with pytest.raises(UsageError, match="already"):
        azure.share(f"{called}:1", workspace=sandbox.workspaces[0])


def test_words_that_do_not_fit(sqlite: Workspace, exported: Path) -> None:
    sqlite.register(exported, "wine")
    with pytest.raises(UsageError, match="none is named"):
        sqlite.share("wine:1")
    with pytest.raises(UsageError, match="registry and store"):
        sqlite.share("wine:1", registry="r", store="mlflow.db")
    with pytest.raises(UsageError, match="registries are of Azure Machine Learning"):
        sqlite.share("wine:1", registry="r")
    with pytest.raises(UsageError, match=r"is in SQLite store .* already"):
        sqlite.share("wine:1", store=sqlite.uri)
    with pytest.raises(UsageError, match="three names"):
        sqlite.share("wine:1", workspace="ml")
    with pytest.raises(ModelNotFound):
        sqlite.share("wine:7", store="other.db")
    with pytest.raises(UsageError, match="named by its name"):
        sqlite.share("wine:1", store="azureml://x")


def test_the_magics(shell: Shell, store_uri: str, exported: Path, other: str, log_run: LogRun) -> None:
    shell.run(f"%aml_track {store_uri} --no-autolog")
    found: Any = shell.run(f"%aml_register {exported} --check --no-load")
    assert found.ok
    done: Any = shell.run(f"%aml_register {exported} --name wine --no-load --fix")
    assert done.fixed
    second: Any = shell.run(f"%aml_register {exported} --name wine --no-load")
    assert (second.version, second.reference) == ("2", "wine:2")
    compared: Any = shell.run("%aml_compare wine:1 wine:2")
    assert "scikit-learn" in repr(compared)
    shared: Any = shell.run(f"%aml_share wine:2 --store {other} --name port")
    assert shared.address == "port:1"
    assert "made the new SQLite store" in repr(shared)
    assert not shell.run(f"%aml_share wine:1 --store {other} --name port").made_store
    with pytest.raises(UsageError, match=r"there is no folder .*typo"):
        shell.run("%aml_share wine:2 --store sqlite:///typo_dir/nope.db")
    assert not Path("typo_dir").exists()
    shell.run("class Fitted:\n    predict = print\n    def __repr__(self): return 'Fitted(a=1, b=2)'\nm2 = Fitted()")
    with pytest.raises(UsageError, match="text of a model") as spelled:
        shell.run("%aml_register $m2 --name wine")
    assert spelled.value.hint == "write m2, without $"
    shell.run("import pandas as pd; grapes = pd.DataFrame({'a': [1]})")
    with pytest.raises(UsageError, match="'grapes' is a DataFrame here, and a DataFrame is no model"):
        shell.run("%aml_register grapes --name wine")
    with pytest.raises(UsageError, match="--name is missing"):
        shell.run(f"%aml_register {exported}")
    third: Any = shell.run("%aml_register wine:2 --name other --no-load")
    assert third.created
