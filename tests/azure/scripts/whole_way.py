"""Login, workspace, tracking, scripts, the doctor, and everything as it was. Prints JSON."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import ipykernel.kernelapp  # noqa: F401  # a notebook: azure-ai-ml reports to Application Insights in these only
import mlflow
from azure.ai.ml._telemetry.logging_handler import AML_INTERNAL_LOGGER_NAMESPACE
from mlflow.telemetry import get_telemetry_client

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.client import bridge
from mlflow_aml_magics.errors import WorkspaceNotFound
from mlflow_aml_magics.services.doctor import diagnose
from mlflow_aml_magics.services.track import list_workspaces, prepare_tracking

SCRIPTS = Path(__file__).parent
ids = json.loads(sys.argv[1])
told = {"listed": [row[0] for row in list_workspaces(ids["subscription"], folder=Path.cwd()).rows]}
ws = Workspace.connect(**ids)
told["uri"], told["label"], told["who"] = ws.uri, ws.connection.label, ws.connection.azure.who
before = dict(os.environ)
tracking, _ = prepare_tracking(ws.connection, experiment="e2e", folder=Path.cwd(), notebook=None, autolog=False)
tracking.start()
with mlflow.start_run(run_name="kernel") as run:
    for step in range(20):
        mlflow.log_metric("m", 1.0, step=step)
    mlflow.log_text("hello", "a.txt")
told["reports to mlflow"] = get_telemetry_client() is not None
handlers = logging.getLogger(AML_INTERNAL_LOGGER_NAMESPACE).handlers
told["reports to Microsoft"] = [str(handler) for handler in handlers if not isinstance(handler, logging.NullHandler)]
told["asked"] = ws.connection.azure.credential.asked
told["text"] = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt")

from azure.ai.ml.entities import ServerlessEndpoint  # noqa: E402  # an experimental class

ServerlessEndpoint(name="a", model_id="azureml://registries/r/models/m")
scripts = [subprocess.Popen([sys.executable, SCRIPTS / name]) for name in ("train.py", "client_only.py")]
told["scripts"] = [script.wait() for script in scripts]
told["runs"] = sorted(ws.runs(experiment="e2e")["tags.mlflow.runName"])
told["doctor"] = repr(diagnose(Path.cwd(), connection=ws.connection))
tracking.stop()
told["reports again"] = get_telemetry_client() is not None
told["left"] = [unit.name for unit in bridge.installed()]
after = dict(os.environ)
ours = [name for name in {*before, *after} if not name.startswith(("_MLFLOW", "KMP_"))]  # the libraries' own
told["environment"] = sorted(name for name in ours if before.get(name) != after.get(name))
try:
    Workspace.connect(**ids | {"workspace": "nowhere"})
except WorkspaceNotFound as exc:
    told["missing"] = exc.message
sys.stdout.write(json.dumps(told) + "\n")
