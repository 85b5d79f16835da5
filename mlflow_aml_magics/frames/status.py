"""The names of a run's state, in MLflow's dialect and in Azure Machine Learning's."""

from __future__ import annotations

from ..errors import nearest

__all__ = ["ENDED", "STATUSES", "canonical_status", "nearest_status"]

# Azure ML's job states as learn.microsoft.com/azure/machine-learning/how-to-track-experiments-mlflow maps
# them: whatever waits is Scheduled, Canceled is Killed.
_WRITTEN = {
    "RUNNING": ("running", "finalizing"),
    "SCHEDULED": ("scheduled", "queued", "notstarted", "starting", "provisioning", "preparing", "paused"),
    "FINISHED": ("finished", "completed"),
    "FAILED": ("failed", "notresponding"),
    "KILLED": ("killed", "canceled", "cancelled", "cancelrequested"),
}
STATUSES: dict[str, str] = {name: status for status, names in _WRITTEN.items() for name in names}

ENDED = ("FINISHED", "FAILED", "KILLED")


def canonical_status(name: str) -> str | None:
    """MLflow's word for a state in either dialect, in any letter case; None for a word that is no state."""
    return STATUSES.get(name.lower().replace(" ", ""))


def nearest_status(name: str) -> str | None:
    """The state that somebody who typed ``name`` most likely meant."""
    found = nearest(name.lower(), STATUSES)
    return STATUSES[found] if found else None
