"""The line at a run's end: a link to the studio in place of mlflow's, which leads to the service's API and a 404.

No probe: mlflow builds its link from the API's address, and would need to know the studio's.
"""

from __future__ import annotations

import os
import sys
from functools import wraps
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.tracking._tracking_service.client import TrackingServiceClient

from ..cloud import cloud_name
from ..studio import Studio, studio_host
from ..workspace_ref import WorkspaceRef
from .unit import Unit

__all__ = ["RunLinks", "studio_of", "tell_studio"]

SUPPRESS = "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"  # of mlflow 3; mlflow 2 knows no such wish

_studios: dict[WorkspaceRef, Studio] = {}  # with the tenant, where a connection knows it


def tell_studio(studio: Studio) -> None:
    """Remember a workspace's studio: a guest of the tenant needs its id in the link."""
    _studios[studio.ref] = studio


def studio_of(context: Any) -> Studio:
    """The studio of the workspace of azureml-mlflow's service context."""
    ref = WorkspaceRef(context.subscription_id, context.resource_group_name, context.workspace_name)
    return _studios.get(ref) or Studio(ref, studio_host(cloud_name(context.host_url)))


class RunLinks(Unit):
    """See the module."""

    name = "run links"
    mends = 'the dead "View run" link: the studio\'s is printed'
    issue = "https://github.com/Azure/azureml-examples/pull/4111"

    def install(self) -> None:
        """Put it in."""
        own = getattr(TrackingServiceClient, "_log_url", None)
        if own is None:
            return  # an mlflow that prints none

        @wraps(own)
        def log_url(client: Any, run_id: str) -> None:
            from azureml.mlflow._store.tracking.store import AzureMLRestStore

            if not isinstance(client.store, AzureMLRestStore):
                own(client, run_id)
                return
            link = studio_of(client.store.service_context).run(run_id)
            if link and os.environ.get(SUPPRESS, "").lower() not in ("true", "1"):
                try:
                    name = client.store.get_run(run_id).info.run_name or run_id
                except MlflowException:
                    name = run_id  # the link must not keep the run from its end, which is told after it
                sys.stdout.write(f"🏃 {name} in the studio: {link}\n")

        self.patches.set(TrackingServiceClient, "_log_url", log_url)
