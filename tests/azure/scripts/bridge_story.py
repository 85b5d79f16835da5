"""The bridge in one script, for any mlflow: connect, log, autolog, register, load, aliases, metrics. Prints JSON."""

import json
import os
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.entities import Metric
from sklearn.linear_model import LogisticRegression, Ridge

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.services.track import prepare_tracking

name = os.environ["STORY"]
ws = Workspace.connect(
    workspace=os.environ["AZUREML_WORKSPACE_NAME"],
    resource_group=os.environ["AZURE_RESOURCE_GROUP"],
    subscription=os.environ["AZURE_SUBSCRIPTION_ID"],
)
tracking, _ = prepare_tracking(ws.connection, experiment=name, folder=Path.cwd(), notebook=None)
tracking.start()
told = {"mlflow": mlflow.__version__}
client = mlflow.MlflowClient()
frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 1, 0]})

with mlflow.start_run(run_name="autologged") as run:
    LogisticRegression(C=0.5).fit(frame, [0, 1, 0])
found = mlflow.get_run(run.info.run_id)
told["autolog"] = [found.data.params["C"], "training_accuracy_score" in found.data.metrics]
told["files"] = [info.path for info in client.list_artifacts(run.info.run_id)]
mlflow.autolog(disable=True)

model = Ridge().fit(frame, [1, 2, 3])
with mlflow.start_run(run_name="logged") as run:
    mlflow.sklearn.log_model(model, "model", input_example=frame[:1], pip_requirements=["scikit-learn"])
    mlflow.sklearn.log_model(model, "other", registered_model_name=name, pip_requirements=["scikit-learn"])
    client.log_batch(run.info.run_id, metrics=[Metric("loss", float(n), 1000 + n, n) for n in range(1100)])
    mlflow.log_params({f"p{n}": n for n in range(230)})
run_id = run.info.run_id
version = mlflow.register_model(f"runs:/{run_id}/model", name)
told["version"] = str(version.version)
told["folder"] = sorted(info.path for info in client.list_artifacts(run_id, "model"))[0]
client.set_registered_model_alias(name, "champion", version.version)
wanted = list(model.predict(frame))
told["loads"] = [
    list(mlflow.pyfunc.load_model(uri).predict(frame)) == wanted
    for uri in (f"runs:/{run_id}/model", f"models:/{name}/2", f"models:/{name}@champion")
]
told["models"] = name in [found.name for found in client.search_registered_models()]
told["history"] = len(client.get_metric_history(run_id, "loss"))
told["params"] = len(mlflow.get_run(run_id).data.params)

credential = ws.connection.azure.credential
credential.forget()
before = credential.asked
with mlflow.start_run(run_name="twenty"):
    for step in range(20):
        mlflow.log_metric("m", 1.0, step=step)
told["asked"] = credential.asked - before
told["rows"] = sorted(ws.runs(experiment=name)["tags.mlflow.runName"])
tracking.stop()
sys.stdout.write(json.dumps(told) + "\n")
