"""Batch endpoints through azure-ai-ml, as mlflow-for-batch-tabular.ipynb of azureml-examples goes; nothing in it knows
of a sandbox but its environment.

Its last line is JSON: what each step gave.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import mlflow
import pandas as pd
from azure.ai.ml import Input, MLClient
from azure.ai.ml.constants import AssetTypes, BatchDeploymentOutputAction
from azure.ai.ml.entities import (
    AmlCompute,
    BatchEndpoint,
    BatchRetrySettings,
    Data,
    KubernetesCompute,
    Model,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression


def refusal(call, *args, **kwargs):
    """Class and text of the exception that a call must raise."""
    try:
        call(*args, **kwargs)
    except (HttpResponseError, ResourceNotFoundError) as error:
        return [type(error).__name__, str(error)]
    except Exception as error:  # noqa: BLE001 - azure-ai-ml's own
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


told = {}
ml_client = MLClient(
    DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], os.environ["AZURE_RESOURCE_GROUP"], "sandbox"
)
folder = Path(tempfile.mkdtemp())

# --- computes
told["computes"] = sorted([c.name, c.type, str(c.provisioning_state.value)] for c in ml_client.compute.list())
told["cluster"] = [(c := ml_client.compute.get("cpu-cluster")).size, c.min_instances, c.max_instances]
made = ml_client.compute.begin_create_or_update(AmlCompute(name="batch-sdk", max_instances=2)).result()
attached = ml_client.compute.begin_create_or_update(
    KubernetesCompute(name="batch-aks", namespace="ns", resource_id="/subscriptions/x/resourceGroups/y")
).result()
told["computes made"] = [made.max_instances, attached.namespace]
ml_client.compute.begin_delete("batch-aks", action="Detach").result()
told["computes after"] = sorted(c.name for c in ml_client.compute.list())
told["no compute"] = refusal(ml_client.compute.get, "batch-aks")

# --- a model, an endpoint, a deployment
frame = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
regression = LinearRegression().fit(frame, [0.0, 2.0, 4.0])
mlflow.sklearn.save_model(
    regression, str(folder / "model"), signature=infer_signature(frame, regression.predict(frame)), pip_requirements=[]
)
model = ml_client.models.create_or_update(
    Model(name="batch-sdk", path=str(folder / "model"), type=AssetTypes.MLFLOW_MODEL)
)
endpoint = ml_client.batch_endpoints.begin_create_or_update(BatchEndpoint(name="batch-sdk", tags={"a": "b"})).result()
told["endpoint"] = [endpoint.name, endpoint.provisioning_state, endpoint.scoring_uri, endpoint.tags]


def deployment(name, **more):
    return ModelBatchDeployment(
        **{
            "name": name,
            "endpoint_name": "batch-sdk",
            "model": model,
            "compute": "batch-sdk",
            "settings": ModelBatchDeploymentSettings(
                mini_batch_size=2,
                output_action=BatchDeploymentOutputAction.APPEND_ROW,
                output_file_name="predictions.csv",
                retry_settings=BatchRetrySettings(max_retries=3, timeout=300),
                logging_level="info",
                error_threshold=0,
            ),
        }
        | more
    )


begin = ml_client.batch_deployments.begin_create_or_update
told["while it is made"] = [begin(deployment("blue")), ml_client.batch_deployments.get("blue", "batch-sdk")][
    1
].provisioning_state
told["twice at once"] = refusal(begin, deployment("blue"))
while (blue := ml_client.batch_deployments.get("blue", "batch-sdk")).provisioning_state != "Succeeded":
    time.sleep(0.2)
told["deployment"] = [blue.name, blue.mini_batch_size, blue.error_threshold, str(blue.model).rpartition("/")[2]]
told["no such compute"] = refusal(begin, deployment("green", compute="none"))
told["bad name"] = refusal(begin, deployment("9green"))
told["bad endpoint name"] = refusal(ml_client.batch_endpoints.begin_create_or_update, BatchEndpoint(name="a--b"))

# --- data, invoked before and after there is a default
(folder / "data").mkdir()
for number in range(3):
    pd.DataFrame({"x": [number, number + 10]}).to_csv(folder / "data" / f"part-{number}.csv", index=False)
local = Input(type=AssetTypes.URI_FOLDER, path=str(folder / "data"))
told["no default"] = refusal(
    ml_client.batch_endpoints.invoke, "batch-sdk", input=Input(type="uri_folder", path=str(folder / "data"))
)
endpoint = ml_client.batch_endpoints.get("batch-sdk")
endpoint.defaults.deployment_name = "blue"
told["default"] = ml_client.batch_endpoints.begin_create_or_update(endpoint).result().defaults.deployment_name
asset = ml_client.data.create_or_update(Data(name="batch-sdk", path=str(folder / "data"), type=AssetTypes.URI_FOLDER))
job = ml_client.batch_endpoints.invoke("batch-sdk", input=Input(type=AssetTypes.URI_FOLDER, path=asset.id))
told["started"] = ml_client.jobs.get(job.name).status

ml_client.jobs.stream(job.name)
done = ml_client.jobs.get(job.name)
told["job"] = [done.type, done.status, done.experiment_name, done.tags["azureml.deploymentname"]]
step = next(iter(ml_client.jobs.list(parent_job_name=job.name)))
took = (step.creation_context.last_modified_at - step.creation_context.created_at).total_seconds()
told["step"] = [step.display_name, step.status, took > 0]
ml_client.jobs.download(name=step.name, download_path=str(folder / "out"), output_name="score")
scored = pd.read_csv(folder / "out" / "named-outputs/score/predictions.csv", names=["row", "prediction", "file"])
told["scored"] = [[int(r), round(p, 6), f] for r, p, f in scored.itertuples(index=False)]
told["listed"] = [[j.status for j in ml_client.batch_endpoints.list_jobs("batch-sdk") if j.name == job.name]]
told["listed"] += [[j.name for j in ml_client.batch_deployments.list_jobs("batch-sdk", name="blue")] == [job.name]]
mlflow.set_tracking_uri(ml_client.workspaces.get("sandbox").mlflow_tracking_uri)
runs = mlflow.search_runs(experiment_names=["batch-sdk"], output_format="list")
told["runs"] = sorted([r.info.run_id == job.name, r.info.status] for r in runs)

# --- what fails: a file of another type, a model that raises; a job that is canceled
(folder / "odd").mkdir()
(folder / "odd" / "a.avro").write_text("x")
odd = ml_client.batch_endpoints.invoke("batch-sdk", deployment_name="blue", input=Input(
    type=AssetTypes.URI_FOLDER, path=str(folder / "odd")
))  # fmt: skip
told["odd file"] = refusal(ml_client.jobs.stream, odd.name)
told["odd status"] = ml_client.jobs.get(odd.name).status
gone = ml_client.batch_endpoints.invoke("batch-sdk", input=local)
ml_client.jobs.begin_cancel(gone.name).result()
while ml_client.jobs.get(gone.name).status not in ("Canceled", "Completed", "Failed"):
    time.sleep(0.2)
told["canceled"] = [ml_client.jobs.get(gone.name).status, mlflow.get_run(gone.name).info.status]

# --- away with it: the deployments go too, the jobs stay
told["listed endpoints"] = [e.name for e in ml_client.batch_endpoints.list() if e.name == "batch-sdk"]
ml_client.batch_endpoints.begin_delete("batch-sdk").result()
told["gone"] = refusal(ml_client.batch_endpoints.get, "batch-sdk")
told["gone with it"] = refusal(ml_client.batch_deployments.get, "blue", "batch-sdk")
told["job stays"] = ml_client.jobs.get(job.name).status
ml_client.compute.begin_delete("batch-sdk").result()

sys.stdout.write("\n" + json.dumps(told, default=str) + "\n")
