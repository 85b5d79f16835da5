"""Managed online endpoints with azure-ai-ml alone: blue, then green, traffic, keys, logs, updates, removal.

BLUE and GREEN are folders of models, BAD of one that does not come up. Its last line is JSON: what each step gave.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from azure.ai.ml import MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import (
    KubernetesOnlineDeployment,
    KubernetesOnlineEndpoint,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential

told = {}
ml_client = MLClient(
    DefaultAzureCredential(),
    subscription_id=os.environ["AZURE_SUBSCRIPTION_ID"],
    resource_group_name=os.environ["AZURE_RESOURCE_GROUP"],
    workspace_name=os.environ["AZUREML_WORKSPACE_NAME"],
)
endpoints, deployments = ml_client.online_endpoints, ml_client.online_deployments
request = Path(tempfile.mkdtemp()) / "request.json"
request.write_text(json.dumps({"input_data": {"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2], [3, 4]]}}))


def refusal(call, *args, **kwargs):
    """Class and text of the exception that a call must raise."""
    try:
        call(*args, **kwargs).result()
    except (HttpResponseError, ResourceNotFoundError) as error:
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


def deployment(name, model, **more):
    """What is deployed; not yet there."""
    kept = {"instance_type": "Standard_DS3_v2", "instance_count": 1, **more}
    return ManagedOnlineDeployment(name=name, endpoint_name="sdk-online", model=model.id, **kept)


def scored(**more):
    """What the endpoint answers."""
    return json.loads(endpoints.invoke("sdk-online", request_file=str(request), **more))


models = {
    name: ml_client.models.create_or_update(
        Model(name=f"sdk-online-{name}", path=os.environ[name.upper()], type=AssetTypes.MLFLOW_MODEL)
    )
    for name in ("blue", "green", "bad")
}

# --- one endpoint, two deployments
told["nowhere"] = refusal(deployments.begin_create_or_update, deployment("blue", models["blue"]))
endpoint = ManagedOnlineEndpoint(name="sdk-online", auth_mode="key", tags={"team": "ours"}, description="of a test")
made = endpoints.begin_create_or_update(endpoint).result()
told["endpoint"] = [made.name, made.provisioning_state, made.scoring_uri, made.auth_mode, made.tags]
blue = deployments.begin_create_or_update(deployment("blue", models["blue"], tags={"a": "b"})).result()
told["blue"] = [blue.name, blue.provisioning_state, blue.instance_count, blue.model == models["blue"].id, blue.tags]
told["before"] = endpoints.get("sdk-online").traffic
made.traffic = {"blue": 100}
told["after"] = endpoints.begin_create_or_update(made).result().traffic
told["blue scores"] = scored()
deployments.begin_create_or_update(deployment("green", models["green"])).result()
told["listed"] = [sorted(each.name for each in deployments.list("sdk-online"))]
told["listed"].append("sdk-online" in [each.name for each in endpoints.list()])
told["green scores"] = scored(deployment_name="green")
made.traffic = {"blue": 0, "green": 100}
endpoints.begin_create_or_update(made).result()
told["traffic"] = endpoints.get("sdk-online").traffic
made.traffic = {"green": 60}
told["sixty percent"] = refusal(endpoints.begin_create_or_update, made)

# --- logs and keys
logs = deployments.get_logs("green", "sdk-online", lines=50)
told["logs"] = [line for line in logs.splitlines() if "UserContainerStart" in line or "POST /score 200" in line]
told["storage"] = deployments.get_logs("green", "sdk-online", lines=50, container_type="storage-initializer")
keys = endpoints.get_keys("sdk-online")
endpoints.begin_regenerate_keys("sdk-online", key_type="primary").result()
renewed = endpoints.get_keys("sdk-online")
told["keys"] = [keys.primary_key != renewed.primary_key, keys.secondary_key == renewed.secondary_key]

# --- what does not come up, what is refused, what is changed
told["bad"] = refusal(deployments.begin_create_or_update, deployment("bad", models["bad"]))
told["bad state"] = deployments.get("bad", "sdk-online").provisioning_state
told["bad logs"] = deployments.get_logs("bad", "sdk-online", lines=50)
told["too many cores"] = refusal(
    deployments.begin_create_or_update, deployment("huge", models["blue"], instance_count=50)
)
told["has traffic"] = refusal(deployments.begin_delete, name="green", endpoint_name="sdk-online")
changed = deployments.begin_create_or_update(deployment("blue", models["green"], instance_count=2)).result()
told["changed"] = [changed.instance_count, changed.model == models["green"].id, scored(deployment_name="blue")]

# --- tokens, Kubernetes
endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="sdk-token", auth_mode="aml_token")).result()
token = endpoints.get_keys("sdk-token")
told["token"] = [type(token).__name__, token.expiry_time_utc > token.refresh_after_time_utc]
on_cluster = KubernetesOnlineEndpoint(name="sdk-k8s", compute="k8s", auth_mode="key")
told["kubernetes"] = [endpoints.begin_create_or_update(on_cluster).result().compute.rpartition("/")[2]]
kubernetes = KubernetesOnlineDeployment(name="blue", endpoint_name="sdk-k8s", model=models["blue"].id, instance_count=1)
told["kubernetes"].append(deployments.begin_create_or_update(kubernetes).result().provisioning_state)
told["kubernetes"].append(type(deployments.get("blue", "sdk-k8s")).__name__)

# --- removal
deployments.begin_delete(name="bad", endpoint_name="sdk-online").result()
for name in ("sdk-online", "sdk-token", "sdk-k8s"):
    endpoints.begin_delete(name=name).result()
told["gone"] = refusal(endpoints.get, "sdk-online")
told["left"] = [each.name for each in endpoints.list() if each.name.startswith("sdk-")]

sys.stdout.write(f"\n{json.dumps(told)}\n")
