"""What a data scientist's script does with Microsoft's SDKs; nothing in it knows of a sandbox but its environment.

Its last line is JSON: what each step gave.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import mlflow
from azure.ai.ml import MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Model
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


class Double(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


def refusal(call, *args, **kwargs):
    """Class, status and text of the exception that a call must raise."""
    try:
        call(*args, **kwargs)
    except (MlflowException, HttpResponseError, ResourceNotFoundError) as error:
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


told = {}
where = {
    "subscription_id": os.environ["AZURE_SUBSCRIPTION_ID"],
    "resource_group_name": os.environ["AZURE_RESOURCE_GROUP"],
}
ml_client = MLClient(DefaultAzureCredential(), workspace_name="sandbox", **where)
workspace = ml_client.workspaces.get("sandbox")
told["uri"] = workspace.mlflow_tracking_uri
told["location"] = workspace.location
told["workspaces"] = sorted(ws.name for ws in ml_client.workspaces.list())
told["no workspace"] = refusal(ml_client.workspaces.get, "nope")

# --- tracking
mlflow.set_tracking_uri(workspace.mlflow_tracking_uri)
mlflow.set_experiment("wine")
client = MlflowClient()
folder = Path(tempfile.mkdtemp())
mlflow.pyfunc.save_model(str(folder / "model"), python_model=Double(), pip_requirements=[])
(folder / "picture.txt").write_text("a picture")

with mlflow.start_run(run_name="first") as run:
    mlflow.log_param("depth", 3)
    mlflow.log_params({"rate": 0.1, "kind": "tree"})
    mlflow.log_metrics({"rmse": 0.5, "r2": 0.9})
    for step in range(20):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.set_tags({"team": "red"})
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_artifact(str(folder / "picture.txt"))
    mlflow.log_artifacts(str(folder / "model"), "model")
    with mlflow.start_run(nested=True, run_name="child") as child:
        mlflow.log_metric("rmse", 0.7)
    told["twice"] = []
    try:
        mlflow.log_text("hello again", "notes/hello.txt")
    except Exception as error:  # noqa: BLE001 - the plugin raises just that
        told["twice"] = str(error)
    mlflow.log_metric("later", 1.0, synchronous=False)
mlflow.flush_async_logging()
run_id = run.info.run_id
told["artifact uri"] = run.info.artifact_uri
data = client.get_run(run_id).data
told["params"], told["metrics"] = data.params, sorted(data.metrics)
found = mlflow.search_runs(experiment_names=["wine"], filter_string="metrics.rmse < 0.6 and params.kind = 'tree'")
told["found"] = found["tags.mlflow.runName"].tolist()
found = mlflow.search_runs(experiment_names=["wine"], filter_string=f"tags.mlflow.parentRunId = '{run_id}'")
told["children"] = found["run_id"].tolist() == [child.info.run_id]
found = mlflow.search_runs(
    search_all_experiments=True, filter_string="attributes.status = 'Finished' and tags.team = 'red'"
)
told["finished"] = len(found)
store = client._tracking_client.store
told["history"] = len(store.get_metric_history(run_id, "loss", max_results=900))

# --- artifacts
told["listed"] = sorted(f.path for f in client.list_artifacts(run_id))
told["in folder"] = refusal(client.list_artifacts, run_id, "notes")  # mlflow 3 looks for logged models
local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="notes/hello.txt")
told["text"] = Path(local).read_text()
told["all files"] = len([p for p in Path(client.download_artifacts(run_id, "model")).rglob("*") if p.is_file()])

# --- registry, through MLflow
client.create_registered_model("wine", description="reds")
version = client.create_model_version("wine", f"{run.info.artifact_uri}/model", run_id, tags={"a": "b"})
told["version"] = [version.version, version.run_id == run_id, version.status]
from_file = client.create_model_version("wine", f"file://{folder / 'model'}")
told["from file"] = [from_file.version, from_file.source.split("/")[3]]
client.set_model_version_tag("wine", "1", "checked", "yes")
client.transition_model_version_stage("wine", "1", "Production")
again = client.get_model_version("wine", "1")
told["tags and stage"] = [dict(again.tags), again.current_stage]
told["latest"] = sorted(v.version for v in client.get_latest_versions("wine", stages=["Production", "None"]))
told["search"] = [v.version for v in client.search_model_versions("name='wine'")]
told["predicted"] = [float(mlflow.pyfunc.load_model(f"models:/wine/{number}").predict(21)) for number in ("1", "2")]
told["ARM sees stage"] = ml_client.models.get("wine", version="1").stage
client.delete_model_version("wine", "2")
told["deleted"] = refusal(client.get_model_version, "wine", "2")
told["third"] = client.create_model_version("wine", f"{run.info.artifact_uri}/model", run_id).version

# --- models, through azure-ai-ml
job_path = f"azureml://jobs/{run_id}/outputs/artifacts/paths/model/"
made = ml_client.models.create_or_update(Model(name="job", path=job_path, type=AssetTypes.MLFLOW_MODEL))
told["from job"] = [made.version, made.job_name == run_id]
made = ml_client.models.create_or_update(
    Model(name="local", path=str(folder / "model"), type=AssetTypes.MLFLOW_MODEL, tags={"x": "1"}, stage="Production")
)
told["from local"] = [made.version, made.stage, made.tags]
made = ml_client.models.create_or_update(Model(name="local", path=str(folder / "picture.txt")))
told["auto version"] = [made.version, made.type]
told["label"] = ml_client.models.get("local", label="latest").version
told["listed models"] = sorted(m.name for m in ml_client.models.list())
ml_client.models.archive("local", version="1")
told["active"] = [m.version for m in ml_client.models.list("local")]
ml_client.models.restore("local", version="1")
told["restored"] = sorted(m.version for m in ml_client.models.list("local"))
told["no model"] = refusal(ml_client.models.get, "local", version="9")
told["MLflow loads"] = [float(mlflow.pyfunc.load_model(f"models:/{n}/1").predict(4)) for n in ("job", "local")]
ml_client.models.download("local", version="1", download_path=str(folder / "down"))
told["downloaded"] = sorted(p.name for p in (folder / "down").rglob("MLmodel"))
told["datastores"] = sorted(d.name for d in ml_client.datastores.list())
told["job of a run"] = refusal(ml_client.jobs.get, run_id)
told["jobs"] = run_id in [each.name for each in ml_client.jobs.list()]

# --- what MLflow 3 cannot do here
told["search models"] = refusal(client.search_registered_models)
told["alias"] = refusal(client.set_registered_model_alias, "wine", "champion", "1")
told["history of all"] = refusal(client.get_metric_history, run_id, "loss")
with mlflow.start_run():
    told["log_model"] = refusal(mlflow.pyfunc.log_model, name="m", python_model=Double(), pip_requirements=[])
told["order"] = refusal(client.search_runs, [run.info.experiment_id], order_by=["metrics.rmse ASC"])
told["prompt"] = refusal(client.create_model_version, "wine", "mlflow-artifacts:/somewhere/model")

# --- the other workspace, with a client secret
credential = ClientSecretCredential(
    os.environ["BOX_TENANT"], os.environ["BOX_CLIENT"], os.environ["BOX_SECRET"],
    authority=os.environ["BOX_AUTHORITY"], disable_instance_discovery=True,
)  # fmt: skip
other = MLClient(credential, workspace_name="sandbox-2", **where)
told["other models"] = [m.name for m in other.models.list()]
mlflow.set_tracking_uri(other.workspaces.get("sandbox-2").mlflow_tracking_uri)
told["other experiments"] = [e.name for e in MlflowClient().search_experiments()]

sys.stdout.write(f"\n{json.dumps(told)}\n")
