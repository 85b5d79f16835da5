"""A script without a fluent call: mlflow asks no context provider then."""

import mlflow
from mlflow.entities import Metric

client = mlflow.MlflowClient()
home = client.get_experiment_by_name("e2e").experiment_id
run_id = client.create_run(home, run_name="client").info.run_id
client.log_batch(run_id, metrics=[Metric("m", n, 1, n) for n in range(300)])
client.log_text(run_id, "hello", "notes/a.txt")
assert [info.path for info in client.list_artifacts(run_id, "notes")] == ["notes/a.txt"]
assert len(client.get_metric_history(run_id, "m")) == 300
client.set_terminated(run_id)
