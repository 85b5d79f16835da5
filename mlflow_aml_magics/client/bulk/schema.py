"""The database schemas whose tables of runs are known."""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "REVISIONS", "TABLES"]

# alembic's revisions from mlflow 2.22 to 3.15 (mlflow/store/db_migrations/versions). None of them touches what is read
# here: runs, latest_metrics, params and tags. A store of any other is read by mlflow itself.
REVISIONS = frozenset({
    "0584bdc529eb", "400f98739977", "6953534de441", "bda7b8c39065", "cbc13b556ace", "770bee3ae1dd", "a1b2c3d4e5f6",
    "de4033877273", "1a0cddfcaa16", "534353b11cbc", "71994744cf8e", "3da73c924c2f", "bf29a5ff90ea", "1bd49d398cd23",
    "b7c8d9e0f1a2", "5d2d30f0abce", "c9d4e5f6a7b8", "2c33131f4dae", "d3e4f5a6b7c8", "d0e1f2a3b4c5", "c8d9e0f1a2b3",
    "1b5f0d9ad7c1", "e1f2a3b4c5d6", "76601a5f987d", "c3d6457b6d8a", "a5b4c3d2e1f0", "ae8bbe7743c9", "7d34483879f0",
    "da6fb0208061", "89d3d66ed43f", "b7e4c1a90f23", "a8b9c0d1e2f3", "c1d2e3f4a5b6", "c3d9e7f1a2b4", "6f8d9c3b2a1e",
})  # fmt: skip
TABLES = {"latest_metrics": "metrics.", "params": "params.", "tags": "tags."}  # long ones, and their columns' prefix

# Columns of the table of runs, and what they are in a run table.
ATTRIBUTES = {
    "run_uuid": "run_id",
    "name": "run_name",
    "status": "status",
    "start_time": "start_time",
    "end_time": "end_time",
    "experiment_id": "experiment_id",
    "user_id": "user",
    "artifact_uri": "artifact_uri",
}
