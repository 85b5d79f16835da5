"""A short run while the service misbehaves. Its last line is JSON: what the run holds in the end."""

import json
import os
import sys

import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient(
    DefaultAzureCredential(),
    os.environ["AZURE_SUBSCRIPTION_ID"],
    os.environ["AZURE_RESOURCE_GROUP"],
    os.environ["AZUREML_WORKSPACE_NAME"],
)
mlflow.set_tracking_uri(ml_client.workspaces.get(os.environ["AZUREML_WORKSPACE_NAME"]).mlflow_tracking_uri)
mlflow.set_experiment("under fire")
with mlflow.start_run() as run:
    mlflow.log_params({"a": 1})
    mlflow.log_text("kept", "a.txt")
told = {"params": mlflow.get_run(run.info.run_id).data.params}
told["text"] = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/a.txt")
sys.stdout.write(f"\n{json.dumps(told)}\n")
