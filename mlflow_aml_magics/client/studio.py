"""Links into Azure Machine Learning studio.

MLflow itself prints an address of the service's API, which answers 404 (Azure/azureml-examples#4100, #4111).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from .workspace_ref import WorkspaceRef

__all__ = ["Studio", "studio_host"]

HOSTS = {
    "AzureCloud": "https://ml.azure.com",
    "AzureUSGovernment": "https://ml.azure.us",
    "AzureChinaCloud": "https://ml.azure.cn",
}


def studio_host(cloud: str) -> str:
    """The studio of a cloud, by Azure's name for it; "" for others, such as the sandbox, of which nobody knows one."""
    return HOSTS.get(cloud, "")


@dataclass(frozen=True)
class Studio:
    """The studio of one workspace. Every link is "" where there is no studio.

    Args:
        ref: the workspace.
        host: the studio's, of its cloud.
        tenant: its id; a guest of the tenant lands in the wrong one without it.
    """

    ref: WorkspaceRef
    host: str = "https://ml.azure.com"
    tenant: str = ""

    def home(self) -> str:
        """The workspace's first page."""
        return self._url("home")

    def run(self, run_id: str) -> str:
        """A run, of a job or a notebook."""
        return self._url(f"runs/{quote(run_id, safe='')}")

    def experiment(self, experiment_id: str = "") -> str:
        """An experiment, by id; the list of all without one."""
        return self._url(f"experiments/id/{quote(experiment_id, safe='')}" if experiment_id else "experiments")

    def model(self, name: str, version: str) -> str:
        """A version of a registered model."""
        return self._url(f"model/{quote(name, safe='')}:{quote(version, safe='')}/details")

    def models(self) -> str:
        """The list of registered models."""
        return self._url("model/list")

    def endpoint(self, name: str, *, batch: bool = False) -> str:
        """An endpoint."""
        return self._url(f"endpoints/{'batch' if batch else 'realtime'}/{quote(name, safe='')}/detail")

    def _url(self, page: str) -> str:
        # The form of azure-ai-ml's own studio_url: without the provider, resourcegroups in small letters.
        if not self.host:
            return ""
        ref = self.ref
        wsid = f"/subscriptions/{ref.subscription_id}/resourcegroups/{ref.resource_group}/workspaces/{ref.name}"
        return f"{self.host}/{page}?wsid={wsid}" + (f"&tid={self.tenant}" if self.tenant else "")
