"""`%aml_track` and `%%aml_track` on a real SQLite store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.errors import StoreCorrupt, StoreOutdated, StoreReadOnly, StoreUnreachable, UsageError


def test_the_default_is_sqlite_beside_the_notebook_and_the_folders_name(shell: Any, here: Path) -> None:
    status = shell.run("%aml_track --no-autolog")
    assert mlflow.get_tracking_uri() == f"sqlite:///{here}/mlflow.db"
    assert status.experiment == here.name
    assert "default" in status.why_store


def test_the_notebooks_name_is_the_experiment(shell: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(here / "sweep.ipynb"))
    assert shell.run("%aml_track --no-autolog").experiment == "sweep"
    shell.ip.user_ns["__vsc_ipynb_file__"] = str(here / "in-vscode.ipynb")
    assert shell.run("%aml_track --no-autolog").experiment == "in-vscode"


def test_the_environment_names_the_store(shell: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{here}/mlflow.db")
    assert "MLFLOW_TRACKING_URI" in shell.run("%aml_track --no-autolog").why_store


def test_an_old_mlruns_folder_is_a_store(shell: Any, here: Path) -> None:
    shell.run("%aml_track ./mlruns --experiment old --no-autolog")
    shell.run("import mlflow\nwith mlflow.start_run(): mlflow.log_metric('rmse', 1.0)")
    assert len(shell.run("%aml_runs metrics.rmse = 1")) == 1
    assert "MLFLOW_ALLOW_FILE_STORE" in __import__("os").environ
    shell.run("%aml_track --off")
    assert "MLFLOW_ALLOW_FILE_STORE" not in __import__("os").environ


def test_runs_are_tagged_and_keep_the_cells(shell: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        (here / "a.txt").write_text("a")
        subprocess.run(["git", *words], check=True, cwd=here)
    monkeypatch.setenv("JPY_SESSION_NAME", str(here / "sweep.ipynb"))
    shell.run("%aml_track --no-autolog")
    shell.run("import mlflow\nwith mlflow.start_run() as run: pass  # a comment of the cell")
    run = mlflow.get_run(shell["run"].info.run_id)
    assert run.data.tags["mlflow.source.name"] == str(here / "sweep.ipynb")
    assert run.data.tags["mlflow.source.type"] == "NOTEBOOK"
    assert len(run.data.tags["mlflow.source.git.commit"]) == 40
    assert run.data.tags["aml.git.dirty"] == "true"
    assert "# a comment of the cell" in mlflow.artifacts.load_text(run.info.artifact_uri + "/notebook/cells.py")


def test_autolog_keeps_model_signature_and_example(shell: Any, here: Path) -> None:
    shell.run("%aml_track --experiment wine")
    shell.run(
        "import pandas as pd\nfrom sklearn.linear_model import Ridge\n"
        "X = pd.DataFrame({'a': [1.0, 2, 3], 'b': [0.0, 1, 0]})\nmodel = Ridge().fit(X, [1, 2, 3])"
    )
    (run,) = mlflow.search_runs(output_format="list")
    assert run.data.params["alpha"] == "1.0"
    assert "training_score" in run.data.metrics
    model = mlflow.models.Model.load(f"models:/{run.outputs.model_outputs[0].model_id}")
    assert model.signature.inputs.input_names() == ["a", "b"]
    assert model.saved_input_example_info is not None


def test_scripts_land_in_the_same_experiment(shell: Any, here: Path) -> None:
    (here / "sub").mkdir()
    script = here / "sub" / "train.py"
    script.write_text("import mlflow\nwith mlflow.start_run(run_name='script'): mlflow.log_metric('m', 1)\n")
    shell.run("%aml_track --experiment wine --no-autolog")
    shell.run(f"import subprocess\nsubprocess.run([{sys.executable!r}, 'train.py'], cwd='sub', check=True)")
    shell.run(f"%run {script}")
    frame = shell.run("%aml_runs run_name = 'script'")
    assert len(frame) == 2
    assert set(frame["tags.aml.session"]) == {shell["get_ipython"]()._aml_session.tracking.session}


def test_off_puts_mlflow_back(shell: Any, here: Path) -> None:
    mlflow.set_tracking_uri("sqlite:///other.db")
    shell.run("%aml_track sqlite:///mlflow.db --experiment wine")
    shell.run("%aml_track --off")
    assert mlflow.get_tracking_uri() == "sqlite:///other.db"
    shell.run("from sklearn.linear_model import Ridge\nRidge().fit([[1.0], [2.0]], [1.0, 2.0])\n")
    assert len(Workspace.connect(f"sqlite:///{here}/mlflow.db").runs(experiment="wine")) == 0
    assert "off already" in repr(shell.run("%aml_track --off"))


def test_a_cell_is_one_run(tracked: Any) -> None:
    done = tracked.run(
        "%%aml_track --run-name first --tag team=red --params alpha --metrics score,loss\n"
        "import numpy as np\nalpha, score, loss = 0.3, np.float32(0.5), 2"
    )
    run = mlflow.get_run(done.run_id)
    assert (run.info.status, run.info.run_name, run.data.tags["team"]) == ("FINISHED", "first", "red")
    assert run.data.params == {"alpha": "0.3"}
    assert run.data.metrics == {"score": 0.5, "loss": 2.0}


def test_a_cell_that_raises_is_failed_with_its_traceback(tracked: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        tracked.run("%%aml_track --run-name bad\ndef deep():\n    return 1 / 0\ndeep()")
    run = mlflow.last_active_run()
    assert run.info.status == "FAILED"
    assert run.data.tags["aml.error"] == "ZeroDivisionError: division by zero"
    assert "in deep" in mlflow.artifacts.load_text(run.info.artifact_uri + "/notebook/traceback.txt")


def test_an_interrupted_cell_is_killed(tracked: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        tracked.run("%%aml_track\nimport _thread, time\n_thread.interrupt_main()\ntime.sleep(5)")
    assert mlflow.last_active_run().info.status == "KILLED"


def test_a_cell_that_is_not_python_starts_no_run(tracked: Any) -> None:
    with pytest.raises(UsageError, match="line 1: 1 \\+"):
        tracked.run("%%aml_track\n\n1 +")
    assert len(tracked.run("%aml_runs")) == 0


def test_a_cell_shows_its_last_value_and_knows_magics(tracked: Any, capsys: pytest.CaptureFixture[str]) -> None:
    tracked.run("%%aml_track\nfiles = !echo here\nfiles[0] + '!'")
    assert "'here!'" in capsys.readouterr().out


def test_a_cell_inside_a_run_is_nested(tracked: Any) -> None:
    tracked.run("import mlflow\nouter = mlflow.start_run()")
    done = tracked.run("%%aml_track --run-name inner\npass")
    tracked.run("mlflow.end_run()")
    assert mlflow.get_run(done.run_id).data.tags["mlflow.parentRunId"] == tracked["outer"].info.run_id


def test_a_variable_that_the_cell_did_not_assign_is_named_and_the_run_failed(tracked: Any) -> None:
    with pytest.raises(UsageError, match="'scor'") as caught:
        tracked.run("%%aml_track --metrics scor\nscore = 1")
    assert "score" in (caught.value.hint or "")
    assert mlflow.last_active_run().info.status == "FAILED"


def test_what_was_assigned_is_kept_though_another_name_was_mistyped(tracked: Any) -> None:
    with pytest.raises(UsageError):
        tracked.run("%%aml_track --run-name typo --params C --metrics acc,kind\nC, acc, kind = 1, 0.9, 'x'")
    card = tracked.run("%aml_show typo")
    assert (card.status, card.metrics, card.params) == ("FAILED", (("acc", 0.9),), (("C", "1"),))


def test_a_cells_experiment_is_the_cells_alone(tracked: Any) -> None:
    done = tracked.run("%%aml_track --experiment other --metrics acc\nacc = 1")
    assert done.experiment == "other"
    assert len(tracked.run("%aml_runs --experiment other")) == 1
    assert tracked.run("%aml_track --status").experiment == "wine"


def test_cell_options_without_a_cell_are_refused(shell: Any) -> None:
    with pytest.raises(UsageError, match="for a cell"):
        shell.run("%aml_track --run-name x")


def test_strays_of_a_dead_kernel_are_ended(shell: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = here / "sweep.ipynb"
    script = (
        "import os, sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "ip = InteractiveShell.instance()\nip.run_cell('%load_ext mlflow_aml_magics')\n"
        "ip.run_cell('%aml_track --no-autolog')\nip.run_cell('import mlflow; mlflow.start_run(run_name=\"stray\")')\n"
        "sys.stdout.flush(); os._exit(1)\n"
    )
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    subprocess.run([sys.executable, "-c", script], check=False, cwd=here, stdout=subprocess.DEVNULL)
    status = shell.run("%aml_track --no-autolog")
    assert status.ended == ("stray",)
    (run,) = mlflow.search_runs(output_format="list")
    assert run.info.status == "KILLED"
    shell.run("import mlflow\nmine = mlflow.start_run(run_name='mine')")
    assert shell.run("%aml_track --status").ended == ()
    assert mlflow.get_run(shell["mine"].info.run_id).info.status == "RUNNING"


def test_bad_stores_are_named_with_the_next_step(shell: Any, here: Path) -> None:
    (here / "corrupt.db").write_bytes(b"this is not a database " * 100)
    with pytest.raises(StoreCorrupt, match=r"corrupt\.db"):
        shell.run("%aml_track corrupt.db")
    with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:9"):
        shell.run("%aml_track http://127.0.0.1:9")
    with pytest.raises(UsageError, match="nowhere"):
        shell.run("%aml_track nowhere/at/all")
    with pytest.raises(UsageError, match="ftp://"):
        shell.run("%aml_track ftp://x")
    assert not mlflow.is_tracking_uri_set()
    assert "off" in repr(shell.run("%aml_track --status"))


def test_a_store_of_an_older_schema_says_how_to_upgrade(shell: Any, here: Path) -> None:
    import sqlite3

    with sqlite3.connect(here / "mlflow.db") as db:
        db.execute("update alembic_version set version_num = 'bd07f7e963c5'")
    with pytest.raises(StoreOutdated) as caught:
        shell.run("%aml_track")
    assert "mlflow db upgrade" in (caught.value.hint or "")


def test_a_store_that_cannot_be_written_leaves_nothing_on(shell: Any, here: Path) -> None:
    with pytest.raises(StoreReadOnly):
        shell.run(f"%aml_track 'sqlite:///file:{here}/mlflow.db?mode=ro&uri=true' --experiment wine")
    assert not mlflow.is_tracking_uri_set()


def test_the_status_survives_as_text_markdown_and_html(tracked: Any) -> None:
    bundle = tracked.run("%aml_track --status")._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/markdown", "text/html"}
    assert all("wine" in text for text in bundle.values())
    assert "<script" not in bundle["text/html"]
    json.dumps(bundle)


def test_a_failed_start_leaves_the_tracking_that_was_on(tracked: Any, here: Path) -> None:
    tracked.run("import mlflow\nmine = mlflow.start_run()")
    with pytest.raises(StoreUnreachable):
        tracked.run("%aml_track http://127.0.0.1:9")
    assert "wine" in repr(tracked.run("%aml_track --status"))
    assert mlflow.get_tracking_uri() == f"sqlite:///{here}/mlflow.db"
    assert mlflow.get_run(tracked["mine"].info.run_id).info.status == "RUNNING"


def test_tracking_again_is_not_led_by_what_tracking_set(tracked: Any, here: Path) -> None:
    status = tracked.run("%aml_track --no-autolog")
    assert "default" in status.why_store
    assert status.experiment == here.name


def test_a_dead_store_neither_holds_cells_up_for_long_nor_off_back(
    tracked: Any, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracked.run("import mlflow\nrun = mlflow.start_run()")
    (here / "mlflow.db").write_bytes(b"broken" * 1000)
    tracked.ip._aml_session.tracking.connection.close()
    tracked.run("1 + 1")
    tracked.run("2 + 2")
    assert capsys.readouterr().err.count("was not kept") <= 1
    tracked.run("%aml_track --off")
    assert not mlflow.is_tracking_uri_set()
    assert "off" in repr(tracked.run("%aml_track --status"))


def test_a_script_that_still_runs_is_no_stray(shell: Any, here: Path) -> None:
    script = here / "train.py"
    script.write_text("import mlflow, sys\nmlflow.start_run(run_name='background')\nprint('on', flush=True)\ninput()\n")
    shell.run("%aml_track --experiment wine --no-autolog")
    running = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"on\n"
    assert shell.run("%aml_track --experiment wine --no-autolog").ended == ()
    running.kill()
    running.wait()
    assert shell.run("%aml_track --experiment wine --no-autolog").ended == ("background",)


def test_the_users_own_autolog_is_put_back_and_named(shell: Any, here: Path) -> None:
    import mlflow.sklearn
    from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS

    mlflow.sklearn.autolog(log_models=False)
    assert "sklearn as you had set it" in shell.run("%aml_track --experiment wine").autolog
    shell.run("%aml_track --off")
    try:
        assert AUTOLOGGING_INTEGRATIONS["sklearn"]["log_models"] is False
        assert AUTOLOGGING_INTEGRATIONS["sklearn"]["disable"] is False
    finally:
        mlflow.sklearn.autolog(disable=True)


def test_dirty_means_a_tracked_file_changed_anywhere_in_the_repository(shell: Any, here: Path) -> None:
    (here / "notebooks").mkdir()
    (here / "a.py").write_text("1")
    for words in (["init", "-q"], ["add", "a.py"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], check=True, cwd=here)
    from mlflow_aml_magics.client.run_context import _git_state, git_state

    assert git_state(here / "notebooks")["aml.git.dirty"] == "false"
    (here / "a.py").write_text("2")
    _git_state.cache_clear()
    assert git_state(here / "notebooks")["aml.git.dirty"] == "true"


def test_a_cell_that_ends_its_own_run_leaves_the_outer_one_alone(tracked: Any) -> None:
    tracked.run("import mlflow\nouter = mlflow.start_run()")
    done = tracked.run("%%aml_track --metrics s\ns = 1\nmlflow.end_run()")
    assert mlflow.get_run(done.run_id).data.metrics == {"s": 1.0}
    assert mlflow.active_run().info.run_id == tracked["outer"].info.run_id
    assert mlflow.get_run(tracked["outer"].info.run_id).data.metrics == {}
    with pytest.raises(ZeroDivisionError):
        tracked.run("%%aml_track --run-name early\nmlflow.end_run()\n1 / 0")
    assert tracked.run("%aml_show early").status == "FAILED"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%aml_track --metrics s\nimport numpy as np\ns = np.array([1, 2])", "'s'"),
        ("%%aml_track --off\n1", "no cell"),
        ("%%aml_track\nawait x", "await"),
    ],
)
def test_misuse_of_the_cell_magic_is_said(tracked: Any, cell: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        tracked.run(cell)


def test_only_one_shell_of_a_process_tracks(tracked: Any, here: Path) -> None:
    from mlflow_aml_magics.client.tracking import Tracking

    first = tracked.ip._aml_session.tracking
    second = Tracking(first.connection, first.experiment_id, "wine", here, None, False, False, False)
    second.start()
    assert "off" in repr(tracked.run("%aml_track --status"))
    second.stop()
    assert not mlflow.is_tracking_uri_set()


def test_nothing_keeps_tracking_from_ending(shell: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow_aml_magics.client.cells import CellKeeper

    def fail(*_: object) -> None:
        raise Exception("the plugin raises anything")

    shell.run("%aml_track --no-autolog")
    monkeypatch.setattr(CellKeeper, "keep", fail)
    shell.run("import mlflow\nrun = mlflow.start_run()")
    assert "off" in repr(shell.run("%aml_track --off"))
    assert mlflow.active_run() is None
    assert "MLFLOW_TRACKING_URI" not in os.environ
    shell.run("%aml_track --no-autolog")
    shell.run("%unload_ext mlflow_aml_magics")
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_hurry_of_several_threads_is_forgotten() -> None:
    from mlflow_aml_magics.client.cells import impatient

    first, second = impatient(), impatient()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
    second.__exit__(None, None, None)
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ
