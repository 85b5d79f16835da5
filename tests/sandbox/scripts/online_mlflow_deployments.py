"""Online endpoints with mlflow.deployments alone, that is azureml-mlflow's plugin, which is told all in files.

BLUE is the folder of a model. Its last line is JSON: what each step gave.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import mlflow
import pandas as pd
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
from mlflow.deployments import get_deploy_client

told = {}
folder = Path(tempfile.mkdtemp())


def config(kind, **values):
    """The one option that the plugin knows: a file."""
    path = folder / f"{kind}.json"
    path.write_text(json.dumps(values))
    return {f"{kind}-config-file": str(path)}


workspace = MLClient(  # only for the tracking URI
    DefaultAzureCredential(),
    subscription_id=os.environ["AZURE_SUBSCRIPTION_ID"],
    resource_group_name=os.environ["AZURE_RESOURCE_GROUP"],
    workspace_name=os.environ["AZUREML_WORKSPACE_NAME"],
).workspaces.get()
mlflow.set_tracking_uri(workspace.mlflow_tracking_uri)
mlflow.register_model(Path(os.environ["BLUE"]).as_uri(), "plugin-online-blue")

client = get_deploy_client(workspace.mlflow_tracking_uri)
made = client.create_endpoint(
    "plugin-online", config("endpoint", auth_mode="key", identity={"type": "system_assigned"}, tags={"a": "b"})
)
told["endpoint"] = [made["name"], made["properties"]["provisioningState"], made["properties"]["authMode"]]
size = {"instance_type": "Standard_DS3_v2", "instance_count": 1}
blue = client.create_deployment(
    "blue", "models:/plugin-online-blue/1", config=config("deploy", **size), endpoint="plugin-online"
)
told["blue"] = [blue["name"], blue["flavor"], blue["properties"]["provisioningState"]]
client.update_endpoint("plugin-online", config("endpoint", traffic={"blue": 100}))
told["traffic"] = client.get_endpoint("plugin-online")["properties"]["traffic"]
rows = pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, 4.0]})
told["scores"] = client.predict(endpoint="plugin-online", df=rows).tolist()
told["scores of blue"] = client.predict("blue", endpoint="plugin-online", df=rows).tolist()
client.update_deployment("blue", config=config("deploy", **size | {"instance_count": 2}), endpoint="plugin-online")
told["updated"] = client.get_deployment("blue", endpoint="plugin-online")["sku"]["capacity"]
told["listed"] = [each["name"] for each in client.list_deployments("plugin-online")]
told["endpoints"] = "plugin-online" in [each["name"] for each in client.list_endpoints()]
client.delete_deployment("blue", endpoint="plugin-online")
told["after"] = client.list_deployments("plugin-online")
client.delete_endpoint("plugin-online")
told["left"] = [each["name"] for each in client.list_endpoints() if each["name"] == "plugin-online"]

sys.stdout.write(f"\n{json.dumps(told)}\n")
