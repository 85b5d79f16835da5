"""Jobs, environments, data and registries through azure-ai-ml; nothing in it knows of a sandbox but its environment.

Its last line is JSON: what each step gave.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import mlflow
from azure.ai.ml import Input, MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Data, Environment, Model
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from sklearn.linear_model import LinearRegression


def refusal(call, *args, **kwargs):
    """Class and text of the exception that a call must raise."""
    try:
        call(*args, **kwargs)
    except (HttpResponseError, ResourceNotFoundError) as error:
        return [type(error).__name__, str(error)]
    except Exception as error:  # noqa: BLE001 - azure-ai-ml's own validation
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file())


told = {}
where = {
    "subscription_id": os.environ["AZURE_SUBSCRIPTION_ID"],
    "resource_group_name": os.environ["AZURE_RESOURCE_GROUP"],
}
credential = DefaultAzureCredential()
ml_client = MLClient(credential, workspace_name="sandbox", **where)
folder = Path(tempfile.mkdtemp())
mlflow.sklearn.save_model(
    LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), str(folder / "model"), pip_requirements=[]
)

# --- a model of a job's outputs
job = os.environ["BOX_JOB"]
got = ml_client.jobs.get(job)
told["job"] = [got.name, got.status, got.experiment_name, got.command, got.outputs["default"].type]
told["jobs"] = job in [each.name for each in ml_client.jobs.list()]
ml_client.jobs.download(job, download_path=str(folder / "job"))
told["job files"] = files(folder / "job" / "artifacts" / "model")
path = f"azureml://jobs/{job}/outputs/artifacts/paths/model/"
made = ml_client.models.create_or_update(Model(name="assets-job", path=path, type=AssetTypes.MLFLOW_MODEL))
told["of job"] = [made.version, made.job_name == job]
ml_client.models.download("assets-job", "1", download_path=str(folder / "of-job"))
told["of job files"] = [name.rpartition("/")[2] for name in files(folder / "of-job")]
mlflow.set_tracking_uri(ml_client.workspaces.get("sandbox").mlflow_tracking_uri)
told["of job predicts"] = [
    round(float(n), 3) for n in mlflow.pyfunc.load_model("models:/assets-job/1").predict([[2.0]])
]
told["no such job"] = refusal(ml_client.jobs.get, "nope")

# --- environments
(folder / "conda.yml").write_text("dependencies: [python=3.11]\n")
told["environment"] = [
    ml_client.environments.create_or_update(
        Environment(name="assets-env", image=image, conda_file=str(folder / "conda.yml"), tags={"a": "b"})
    ).version
    for image in ("debian", "ubuntu")
]
got = ml_client.environments.get("assets-env", label="latest")
told["environment got"] = [got.version, got.image, got.conda_file, got.tags]
told["environments"] = [
    "assets-env" in [each.name for each in ml_client.environments.list()],
    sorted(each.version for each in ml_client.environments.list("assets-env")),
]
ml_client.environments.archive("assets-env", version="1")
told["environments active"] = [each.version for each in ml_client.environments.list("assets-env")]
ml_client.environments.restore("assets-env", version="1")
told["no environment"] = refusal(ml_client.environments.get, "assets-env", version="9")

# --- data
(folder / "data").mkdir()
(folder / "data" / "a.csv").write_text("x,y\n1,2\n")
made = ml_client.data.create_or_update(Data(name="assets-data", path=str(folder / "data"), type=AssetTypes.URI_FOLDER))
told["data"] = [made.version, made.type, made.path.rpartition("/paths/")[2].split("/")[0]]
made = ml_client.data.create_or_update(
    Data(name="assets-data", version="v2", path=str(folder / "data" / "a.csv"), type=AssetTypes.URI_FILE)
)
told["data got"] = ml_client.data.get("assets-data", label="latest").version
told["datas"] = sorted(each.version for each in ml_client.data.list("assets-data"))
told["data input"] = Input(type="uri_folder", path="azureml:assets-data:1").path

# --- registries
registry = MLClient(credential, registry_name="sandbox-registry")
made = registry.models.create_or_update(
    Model(name="assets-shared", version="1", path=str(folder / "model"), type=AssetTypes.MLFLOW_MODEL, tags={"x": "1"})
)
told["registered"] = [made.version, made.id]
told["shared"] = ml_client.models.share(
    "assets-job", "1", share_with_name="assets-shared", share_with_version="2", registry_name="sandbox-registry"
).id
told["shared twice"] = refusal(
    ml_client.models.share,
    "assets-job",
    "1",
    share_with_name="assets-shared",
    share_with_version="2",
    registry_name="sandbox-registry",
)
told["in registry"] = [
    [each.name for each in registry.models.list() if each.name.startswith("assets")],  # others share it, too
    sorted(each.version for each in registry.models.list("assets-shared")),
    registry.models.get("assets-shared", label="latest").version,
]
for version in ("1", "2"):
    registry.models.download("assets-shared", version, download_path=str(folder / f"registry-{version}"))
    told[f"registry files {version}"] = [name.rpartition("/")[2] for name in files(folder / f"registry-{version}")]
told["not in registry"] = refusal(registry.models.get, "nope", version="1")
told["no registry"] = refusal(MLClient, credential, registry_name="nope")
told["from registry"] = refusal(
    ml_client.models.create_or_update,
    Model(name="assets-copy", path="azureml://registries/sandbox-registry/models/assets-shared/versions/1"),
)
told["none of"] = [len(list(kind.list())) for kind in (ml_client.schedules, ml_client.compute, ml_client.components)]
told["unknown route"] = refusal(ml_client.workspaces.get_keys)

sys.stdout.write(f"\n{json.dumps(told)}\n")
