"""A training script that knows nothing of us."""

import mlflow
from sklearn.linear_model import Ridge

with mlflow.start_run(run_name="script"):
    mlflow.sklearn.log_model(Ridge().fit([[1.0], [2.0]], [1, 2]), name="model", pip_requirements=["x"])
