"""Real stores, real models, real scoring processes; one served model is shared, for each costs seconds to start."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import pandas as pd
import psutil
import pytest
from mlflow.pyfunc import PythonModel
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet

from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.services import deploy

REPO = Path(__file__).parents[2]
REQUIREMENTS = ["scikit-learn"]  # else mlflow spends five seconds a model to find them out


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    """The diabetes data: ten numeric columns."""
    return load_diabetes(as_frame=True).data


@pytest.fixture(scope="session")
def fitted(rows: pd.DataFrame) -> ElasticNet:
    """A fitted model."""
    return ElasticNet(alpha=0.1).fit(rows, load_diabetes().target)


@pytest.fixture(autouse=True)
def importable(clean_slate: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started from a test's folder find this checkout, and mlflow calls nobody."""
    monkeypatch.setenv("PYTHONPATH", str(REPO))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture
def conn(store_uri: str) -> Connection:
    """A connection to an empty store of this test's own."""
    return open_connection(store_uri)


@pytest.fixture
def log_run(conn: Connection, fitted: ElasticNet, rows: pd.DataFrame) -> Callable[..., str]:
    """Log a model in a run of its own, as a user does; returns the run's id."""
    return lambda model=fitted, **options: log_model(conn, model, **{"input_example": rows[:3], **options})


def log_model(conn: Connection, model: Any, *, names: tuple[str, ...] = ("model",), **options: Any) -> str:
    """Log a model under each of the names in one run."""
    with conn.as_current(), mlflow.start_run() as run:
        mlflow.log_metric("rmse", 54.25)
        for name in names:
            if isinstance(model, PythonModel):
                mlflow.pyfunc.log_model(name=name, python_model=model, pip_requirements=[], **options)
            else:
                mlflow.sklearn.log_model(model, name=name, pip_requirements=REQUIREMENTS, **options)
    return str(run.info.run_id)


class DoesNotLoad(PythonModel):  # type: ignore[misc]
    """A model whose loading fails."""

    def load_context(self, context: Any) -> None:
        """Fail as a model does whose file is gone."""
        raise FileNotFoundError("weights.bin is not where it was")

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # mlflow reads hints
        """Never reached."""
        return model_input


class DoesNotScore(PythonModel):  # type: ignore[misc]
    """A model that loads and then fails on every request."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # mlflow reads hints
        """Fail with a line to recognise."""
        raise ArithmeticError("the wine is off")


class HasWorker(PythonModel):  # type: ignore[misc]
    """A model that keeps a process of its own, one that does not end when it is asked to."""

    def load_context(self, context: Any) -> None:
        """Start it."""
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(120)"
        subprocess.Popen([sys.executable, "-c", code])

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # mlflow reads hints
        """The same."""
        return model_input


@pytest.fixture
def models_by_value() -> Iterator[None]:
    """The classes above are pickled whole: a scoring process does not have this file."""
    import cloudpickle

    module = sys.modules[DoesNotLoad.__module__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


@pytest.fixture
def no_leftovers(clean_slate: None) -> Iterator[None]:
    """Ends what a test deployed, and fails if a process of it is left without being in the books."""
    yield
    deploy.stop_all()
    assert scoring_processes(os.environ["AML_MAGICS_STATE_DIR"]) == []


def scoring_processes(state_dir: str) -> list[int]:
    """The pids of the scoring processes whose folder is below ``state_dir``."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        is_ours = "mlflow_aml_magics.client.scoring" in words and words[-1].startswith(state_dir)
        if is_ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


@pytest.fixture(scope="session")
def _shared(
    tmp_path_factory: pytest.TempPathFactory, _schema: Path, fitted: ElasticNet, rows: pd.DataFrame
) -> Iterator[tuple[Path, str]]:
    """A store with a registered model, served for the whole session. Made in a process of its own, which has ended."""
    home = tmp_path_factory.mktemp("shared")
    shutil.copy(_schema, home / "mlflow.db")
    uri = f"sqlite:///{home / 'mlflow.db'}"
    env = os.environ | {
        "AML_MAGICS_STATE_DIR": str(home / "state"),
        "PYTHONPATH": str(REPO),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    rows[:3].to_json(home / "rows.json", orient="split")
    script = f"""
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet
from mlflow_aml_magics.client.connection import open_connection
from mlflow_aml_magics.services.deploy import deploy
from mlflow_aml_magics.services.register import register
data = load_diabetes(as_frame=True)
model = ElasticNet(alpha=0.1).fit(data.data, data.target)
conn = open_connection({uri!r})
register(conn, model, "wine", alias="champion", input_example=data.data[:3], pip_requirements={REQUIREMENTS!r})
print(repr(deploy(conn, "wine@champion")))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, cwd=home, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    yield home, done.stdout
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AML_MAGICS_STATE_DIR", str(home / "state"))
        assert deploy.stop_all() == ["wine"]
    assert scoring_processes(str(home / "state")) == []


@pytest.fixture
def served(_shared: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shared deployment "wine": the folder of its books. A test leaves it running."""
    home, _ = _shared
    monkeypatch.setenv("AML_MAGICS_STATE_DIR", str(home / "state"))
    return home / "state" / "local"


@pytest.fixture
def shared_output(_shared: tuple[Path, str]) -> str:
    """What the process printed that deployed "wine"."""
    return _shared[1]


@pytest.fixture
def shared_conn(_shared: tuple[Path, str]) -> Connection:
    """A connection to the store that "wine" came from."""
    return open_connection(f"sqlite:///{_shared[0] / 'mlflow.db'}")


@pytest.fixture
def key(served: Path) -> str:
    """The secret of the deployment "wine"."""
    record = json.loads((served / "wine.json").read_text(encoding="utf-8"))
    return (Path(record["folder"]) / "key").read_text(encoding="utf-8")
