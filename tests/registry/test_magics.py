"""The magics on Azure Machine Learning, in a notebook's shell; and models from there served on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_aml_magics.errors import AmlMagicsError, InUse, UsageError
from mlflow_aml_magics.services import deploy

from .conftest import FRAME, LogRun, fitted

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox
    from mlflow_aml_magics.workspace import Workspace
    from tests.conftest import Shell


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Ends what the test served."""
    yield
    deploy.stop_all()


def test_register_look_move_download(
    azure: Workspace, in_sandbox: Sandbox, shell: Shell, log_run: LogRun, called: str
) -> None:
    run_id = log_run(azure)
    shell.run(f"%aml_track --workspace {in_sandbox.workspaces[0]} --experiment {called} --no-autolog")
    done: Any = shell.run(f"%aml_register best --metric rmse --name {called} --alias champion")
    assert (done.run_id, done.version) == (run_id, "1")
    job = f"azureml://jobs/{run_id}/outputs/artifacts/paths/model/"
    assert not shell.run(f"%aml_register {job} --name {called}").created  # type: ignore[attr-defined]
    card: Any = shell.run(f'%aml_models {called}:1 --stage Production --comment "won the tasting"')
    assert (card.stage, card.history[0].text) == ("Production", "won the tasting")
    assert "Production" in repr(shell.run(f"%aml_models {called}"))
    assert "won the tasting" in repr(shell.run(f"%aml_models {called}@champion"))
    found: Any = shell.run(f"%aml_download {called}@champion --to here")
    assert (Path.cwd() / "here" / "MLmodel").is_file()
    assert found.files == 7
    with pytest.raises(UsageError, match="holds something already"):
        shell.run(f"%aml_download {called}:1 --to here")
    shell.run(f"%aml_download {run_id} --to here --force")
    assert (Path.cwd() / "here" / "notes" / "note.txt").is_file()


def test_words_that_do_not_fit(shell: Shell, store_uri: str) -> None:
    shell.run(f"%aml_track {store_uri} --no-autolog")
    with pytest.raises(UsageError, match="which version") as caught:
        shell.run("%aml_models wine --stage Production")
    assert "%aml_models wine:1" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="one change at a time"):
        shell.run("%aml_models wine:1 --stage Production --alias champion")
    with pytest.raises(AmlMagicsError, match="no registered model 'wine'"):
        shell.run("%aml_models wine:1 --comment x")
    with pytest.raises(AmlMagicsError, match="no registered model 'nobody'"):
        shell.run("%aml_download nobody")
    with pytest.raises(UsageError, match="which model is meant"):
        shell.run("%aml_models --delete")
    with pytest.raises(UsageError, match="which version"):
        shell.run("%aml_models wine --lineage")


def test_everything_that_a_version_is_asked_for(shell: Shell, sqlite: Workspace, log_run: LogRun, called: str) -> None:
    sqlite.register(log_run(sqlite), called)
    shell.run(f"%aml_track {sqlite.uri} --experiment {called} --no-autolog")
    card = repr(shell.run(f"%aml_models {called}:1"))
    assert all(word in card for word in ("python_function, sklearn", "input", "double", "7 files"))
    assert "trained" in repr(shell.run(f"%aml_models {called}:1 --lineage"))
    assert shell.run(f"%aml_models {called}:1 --tag team=red --tag 'why=for fun'") == (
        f"{called}:1: tag team = red\n{called}:1: tag why = for fun"
    )
    shell.run(f"%aml_models {called}:1 --remove-tag team")
    shell.run(f'%aml_models {called} --description "the model"')
    shell.run(f'%aml_models {called}:1 --archive -c "too old"')
    thread = repr(shell.run(f"%aml_models {called}:1 --history"))
    assert "None → Archived: too old" in thread
    shell.run(f"%aml_models {called}:1 --restore")
    (version,) = shell.run(f"%aml_models {called} --static")  # type: ignore[attr-defined]
    assert (version.stage, version.tags["why"], "team" in version.tags) == ("", "for fun", False)
    with pytest.raises(InUse):
        shell.run(f"%aml_models {called} --delete")
    assert "is deleted with 1 version" in str(shell.run(f"%aml_models {called} --delete --force"))


@pytest.mark.usefixtures("nothing_left")
def test_models_of_a_workspace_are_served_here(
    azure: Workspace, models: Any, log_run: LogRun, exported: Path, called: str
) -> None:
    from azure.ai.ml.entities import Model

    run_id = log_run(azure)
    made = Model(name=f"{called}-sdk", path=str(exported), type="mlflow_model")
    models.create_or_update(made)
    for ref, model in ((f"{called}-sdk:1", fitted(9)), (f"runs:/{run_id}/model", fitted())):
        served = azure.deploy(ref, name="served")
        answer = azure.invoke("served", FRAME)
        assert list(answer.predictions) == pytest.approx(list(model.predict(FRAME)))
        assert served.state == "running"
    assert azure.invoke("served", sample=True).predictions is not None
