"""What is found before a model is registered or deployed: by reading its files, and by loading it elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
import psutil
import pytest
from mlflow.pyfunc import PythonModel
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.client.model_check import check_model, harmless
from mlflow_aml_magics.client.models import list_versions, read_model
from mlflow_aml_magics.errors import ModelError, ModelNotFound, UsageError
from mlflow_aml_magics.services.preflight import Finding, Preflight, check_files, preflight
from mlflow_aml_magics.services.preflight.environment import parsed, read_environment
from mlflow_aml_magics.services.register import Check, register

from .conftest import DoesNotLoad, DoesNotScore

LogRun = Callable[..., str]
MONITORED = ["azureml-ai-monitoring==1.0.0", "azureml-inference-server-http==1.5.1", "mlflow==3.6.0"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, fitted: ElasticNet, rows: pd.DataFrame) -> Path:
    """A folder written by mlflow's save_model; copied before it is changed."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    mlflow.sklearn.save_model(fitted, folder, input_example=rows[:3], pip_requirements=["scikit-learn"])
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """One to change."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def requiring(folder: Path, lines: list[str], python: str = "3.11.7") -> Path:
    """The folder with other requirements."""
    (folder / "requirements.txt").write_text("\n".join(lines))
    listed = "".join(f"  - {json.dumps(line)}\n" for line in lines)
    (folder / "conda.yaml").write_text(f"dependencies:\n- python={python}\n- pip\n- pip:\n{listed}")
    return folder


def told(folder: Path, target: str | None = None, *, is_azure: bool = False) -> dict[str, str]:
    """What is found, with its level."""
    return {f.what: f.level for f in check_files(read_model(folder), target=target, is_azure=is_azure)}


def level_of(found: dict[str, str], words: str) -> str | None:
    """The level of the finding that says so; None where none does."""
    return next((level for what, level in found.items() if words in what), None)


@pytest.mark.parametrize(
    ("lines", "python", "words", "level"),
    [
        (["mlflow==3.6.0"], "3.11", "lacks azureml-ai-monitoring and azureml-inference-server-http", "bad"),
        (MONITORED, "3.11", "azureml", None),  # nor are they missed here
        ([*MONITORED[:1], "azureml-inference-server-http==1.3.2"], "3.11", "azureml.contrib.services", "bad"),
        ([*MONITORED[:1], "azureml-inference-server-http>=1.3,<1.4"], "3.11", "azureml.contrib.services", "bad"),
        ([*MONITORED[:1], "azureml-inference-server-http>=1.3"], "3.11", "azureml.contrib.services", None),
        (
            [*MONITORED[:1], "azureml-inference-server-http==1.5.1"],
            "3.8.10",
            "does not install on Python 3.8.10",
            "bad",
        ),
        ([*MONITORED[:1], "azureml-inference-server-http<1.3"], "3.8.10", "does not install", None),
        (MONITORED[:2], "3.11", "does not require mlflow", "warn"),
        ([*MONITORED[:2], "mlflow==3.15.0"], "3.11", "mlflow==3.15.0 in the model's environment", "bad"),
        (MONITORED, "3.11", "mlflow==3.6.0 in the model's environment", None),
        (MONITORED, "3.7.12", "builds no image with Python 3.7.12", "bad"),
        (MONITORED, "3.8.10", "Python 3.8.10 has had no fixes since October 2024", "warn"),
    ],
)
def test_known_failures_of_deployment_without_code(
    folder: Path, lines: list[str], python: str, words: str, level: str | None
) -> None:
    found = told(requiring(folder, lines, python), "online")
    assert level_of(found, words) == level
    assert level_of(told(folder, "local"), "azureml") is None  # nobody else minds, nor misses them
    if level == "bad" and "azureml" in words:
        assert level_of(told(folder, is_azure=True), words) == "warn"  # it is not deployed yet


def test_what_the_kernel_has_is_compared(folder: Path) -> None:
    requiring(
        folder, ["scikit-learn==0.1.0", "numpy", "pandas>=99", "left-pad==1", "--index-url https://u:tok@x/"], "3.10"
    )
    found = told(folder)
    assert level_of(found, "scikit-learn 0.1.0 in the model, ") == "warn"
    assert level_of(found, "pandas >=99 in the model") == "warn"
    assert level_of(found, "names no version of numpy") == "warn"
    assert level_of(found, "not installed here: left-pad") == "warn"
    assert level_of(found, "Python 3.10 in the model, 3.") == "warn"
    assert "tok" not in " ".join(found)
    assert level_of(told(folder, "batch"), "scikit-learn 0.1.0 in the model") == "info"  # it gets its own there


def test_requirements_that_no_other_machine_has(folder: Path) -> None:
    (folder / "wheels").mkdir()
    (folder / "wheels" / "own.whl").touch()
    requiring(folder, ["mlflow==3.6.0", "wheels/own.whl", "/home/me/helpers", "git+https://host/x.git"])
    found = told(folder, "batch")
    assert level_of(found, "it requires /home/me/helpers, which no other machine has") == "bad"
    assert level_of(told(folder), "it requires /home/me/helpers") == "warn"


def test_a_folder_that_lacks_things(folder: Path) -> None:
    for name in ("conda.yaml", "requirements.txt", "input_example.json", "serving_input_example.json"):
        (folder / name).unlink()
    meta = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(meta[: meta.index("signature:")] + "utc_time_created: now\n")
    found = told(folder, "online")
    assert level_of(found, "no signature") == "warn"
    assert level_of(found, "no input example") == "info"
    assert level_of(found, "names no requirements") == "bad"
    (folder / "conda.yaml").write_text("[: not yaml")
    assert level_of(told(folder, "online"), "conda.yaml cannot be read") == "bad"
    (folder / "MLmodel").write_text("flavors:\n  sklearn: {}\n")
    assert level_of(told(folder, "docker"), "no python_function, only sklearn") == "bad"
    (folder / "MLmodel").write_text("flavors:\n  python_function: {}\nsignature: {inputs: '[{'}\n")
    assert level_of(told(folder), "its signature cannot be read") == "bad"


def test_too_many_files_for_azure(folder: Path) -> None:
    (folder / "shards").mkdir()
    for number in range(1500):
        (folder / "shards" / str(number)).touch()
    assert level_of(told(folder, is_azure=True), "Azure Machine Learning takes at most 1,500") == "bad"
    assert level_of(told(folder), "files") == "good"


def test_conda_and_requirements_that_disagree(folder: Path) -> None:
    requiring(folder, ["mlflow==3.6.0", "scikit-learn==1.9.1"])
    (folder / "requirements.txt").write_text("mlflow==3.6.0\nscikit-learn==1.5.0\nrich==1.0\n")
    assert level_of(told(folder), "disagree about scikit-learn, rich") == "warn"
    (folder / "conda.yaml").write_text("dependencies: [conda-forge::scikit-learn=1.5.0=py311, python>=3.9]\n")
    asked = read_environment(folder)
    assert (asked.python, asked.packages["scikit-learn"].pin) == ("3.9", "1.5.0")


def test_lines_of_requirements() -> None:
    assert parsed("Scikit_Learn == 1.5 ; python_version < '3.13'  # ours").pin == "1.5"  # type: ignore[union-attr]
    assert parsed("x==1 --hash=sha256:00") is not None
    assert parsed("--extra-index-url https://user:secret@host") is None
    assert parsed("-e .").path  # type: ignore[union-attr]
    for line in ("-e git+https://secret@host/a.git", "a @ git+https://secret@host/a.git"):
        assert "secret" not in repr(parsed(line))


def test_the_worst_comes_first_and_hostile_text_is_harmless() -> None:
    found = Preflight("<b>m</b>", (Finding("bad", "<script>x</script>\x1b[31m", "do\nthis"),))
    assert not found.ok
    html = found._repr_mimebundle_()["text/html"]
    assert "<script>" not in html
    assert "\x1b" not in repr(found)


# --- loading


def test_a_model_that_loads_and_scores(conn: Connection, folder: Path) -> None:
    said: list[str] = []
    found = preflight(conn, folder, progress=said.append)
    assert found.ok
    assert found.load_seconds
    assert found.score_ms
    assert "scores its input example in" in repr(found)
    assert any("process of its own" in line for line in said)
    assert list_versions(conn) == []
    assert not list((folder.parent).glob("mlruns"))
    register(conn, folder, "wine")
    again = preflight(conn, folder, load=False)
    assert "wine:1 holds the same content" in repr(again)
    with pytest.raises(ModelNotFound):
        preflight(conn, "nobody")


class Tells(PythonModel):  # type: ignore[misc]
    """A model that fails with what its process sees."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # mlflow reads hints
        """Fail."""
        import subprocess
        import sys

        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        raise LookupError(f"{child.pid} {sorted(os.environ)} {os.listdir()}")


class Dies(PythonModel):  # type: ignore[misc]
    """A model that takes its process with it, as one too large for the memory does."""

    def load_context(self, context: Any) -> None:
        """Be killed."""
        os.kill(os.getpid(), 9)

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # mlflow reads hints
        """Never reached."""
        return model_input


@pytest.fixture
def saved_by_value(tmp_path: Path) -> Callable[[PythonModel], Path]:
    """Saves a class of this file, which the other process does not have."""
    import sys

    import cloudpickle

    def save(model: PythonModel, example: Any = None) -> Path:
        module = sys.modules[type(model).__module__]
        cloudpickle.register_pickle_by_value(module)
        try:
            mlflow.pyfunc.save_model(str(tmp_path / "m"), python_model=model, pip_requirements=[])
        finally:
            cloudpickle.unregister_pickle_by_value(module)
        with_example = (tmp_path / "m" / "MLmodel").read_text() + (
            "saved_input_example_info: {artifact_path: e.json, pandas_orient: split, type: dataframe}\n"
        )
        (tmp_path / "m" / "MLmodel").write_text(with_example)
        (tmp_path / "m" / "e.json").write_text('{"columns": ["a"], "data": [[1.0]]}')
        return tmp_path / "m"

    return save


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_no_secret_and_no_child_is_left_to_a_model(
    saved_by_value: Callable[[PythonModel], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_TRACKING_TOKEN", "AZURE_CLIENT_SECRET", "MSI_SECRET", "DATABASE_URL", "MY_API_KEY"):
        monkeypatch.setenv(name, "hush-hush")
    checked = check_model(saved_by_value(Tells()))
    assert (checked.stage, checked.ok) == ("scoring", False)
    assert "LookupError" in checked.error
    assert "[]" in checked.error  # an empty folder
    assert not any(word in checked.error for word in ("TOKEN", "SECRET", "DATABASE_URL", "API_KEY"))
    child = int(checked.error.split()[1])
    until = time.monotonic() + 10  # its signal is on its way when the check returns
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(child)
    assert "hush-hush" not in repr(harmless(os.environ))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (DoesNotLoad(), "it does not load: FileNotFoundError: weights.bin is not where it was"),
        (DoesNotScore(), "it does not score its own input example: ArithmeticError: the wine is off"),
        (Dies(), "its process was killed at"),
    ],
)
def test_a_model_that_fails_is_not_registered(
    conn: Connection, saved_by_value: Callable[[PythonModel], Path], model: PythonModel, words: str
) -> None:
    folder = saved_by_value(model)
    with pytest.raises(ModelError, match=words) as caught:
        register(conn, folder, "wine", check=Check(load=True))
    assert "--force" in (caught.value.hint or "")
    assert list_versions(conn) == []
    assert conn.mlflow.search_runs(["0"]) == []


def test_a_module_of_the_notebooks_folder_is_missed_and_named(conn: Connection, tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(
        "import mlflow\n"
        "class Mine(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return model_input\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        patch.chdir(tmp_path)
        import helpers  # type: ignore[import-not-found]

        mlflow.pyfunc.save_model("m", python_model=helpers.Mine(), pip_requirements=[])
        found = preflight(conn, tmp_path / "m")
        here = preflight(conn, tmp_path / "m", target="local")
    assert not found.ok
    assert "No module named 'helpers'" in repr(found)
    assert "code_paths=['helpers.py']" in repr(found)
    assert here.ok  # a local deployment runs in that folder


def test_a_check_that_takes_too_long_is_ended(folder: Path) -> None:
    checked = check_model(folder, timeout=0.2)
    assert (checked.ok, checked.how) == (False, "late")


def test_what_is_no_model_is_not_checked(conn: Connection) -> None:
    with pytest.raises(UsageError, match="this ndarray is no model"):
        preflight(conn, np.zeros(3))
    assert conn.mlflow.search_runs(["0"]) == []


def test_force_registers_what_reading_finds_wrong(conn: Connection, folder: Path) -> None:
    meta = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(meta[: meta.index("signature:")] + "signature: {inputs: '[{'}\n")
    with pytest.raises(ModelError, match="is not registered: its signature cannot be read"):
        register(conn, folder, "wine")
    assert list_versions(conn) == []
    forced = register(conn, folder, "wine", check=Check(force=True))
    assert forced.created
    assert "✗ its signature cannot be read" in repr(forced)
    assert register(conn, folder, "port", check=Check(read=False)).check is None
