"""The workspaces of the sandbox: who they are, and how their paths, URIs and storage are called."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from .certificates import DOMAIN
from .errors import arm
from .identity import TENANT_ID

__all__ = ["SCOPE", "Place", "Workspaces"]

_PROVIDER = "Microsoft.MachineLearningServices"
SCOPE = rf"/subscriptions/(?P<sub>[^/]+)/resourceGroups/(?P<rg>[^/]+)/providers/{re.escape(_PROVIDER)}"
BLOB_CONTAINER = "azureml-blobstore"  # behind workspaceblobstore; the real one ends with the workspace's id
RUN_CONTAINER = "azureml"  # behind workspaceartifactstore


@dataclass(frozen=True)
class Place:
    """One workspace, or with ``kind="registries"`` one registry."""

    subscription_id: str
    resource_group: str
    name: str
    region: str
    kind: str = "workspaces"

    @property
    def key(self) -> str:
        """Under which its documents are kept."""
        return self.name if self.kind == "workspaces" else f"{self.kind}/{self.name}"

    @property
    def arm_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/{_PROVIDER}/{self.kind}/{self.name}"
        )

    @property
    def workspace_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.arm_id))

    @property
    def host(self) -> str:
        """Of the data plane."""
        return f"{self.region}.api.{DOMAIN}"

    @property
    def account(self) -> str:
        """The storage account: 3 to 24 small letters and digits."""
        return re.sub(r"[^a-z0-9]", "", self.name.lower())[:11] + self.workspace_id.replace("-", "")[:12]

    def run_uri(self, experiment_id: str, run_id: str) -> str:
        """The artifact URI of a run, as in mlflow#11103."""
        return f"azureml://{self.host}/mlflow/v2.0{self.arm_id}/experiments/{experiment_id}/runs/{run_id}/artifacts"

    def datastore_uri(self, datastore: str, path: str) -> str:
        """The long form that azure-ai-ml reads."""
        return (
            f"azureml://subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/workspaces/{self.name}/datastores/{datastore}/paths/{path}"
        )

    def resource(self) -> dict[str, object]:
        """What GET on the workspace answers (2024-10-01-preview, the properties that SDKs read)."""
        base = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}/providers"
        properties = {
            "friendlyName": self.name,
            "description": "local sandbox",
            "workspaceId": self.workspace_id,
            "tenantId": TENANT_ID,
            "provisioningState": "Succeeded",
            "discoveryUrl": f"https://{self.host}/discovery",
            "mlFlowTrackingUri": f"azureml://{self.host}/mlflow/v1.0{self.arm_id}",
            "storageAccount": f"{base}/Microsoft.Storage/storageAccounts/{self.account}",
            "keyVault": f"{base}/Microsoft.KeyVault/vaults/{self.account}",
            "applicationInsights": f"{base}/Microsoft.insights/components/{self.account}",
            "publicNetworkAccess": "Enabled",
            "hbiWorkspace": False,
            "v1LegacyMode": False,
        }
        return {
            "id": self.arm_id,
            "name": self.name,
            "type": f"{_PROVIDER}/workspaces",
            "location": self.region,
            "tags": {},
            "kind": "Default",
            "sku": {"name": "Basic", "tier": "Basic"},
            "identity": {"type": "SystemAssigned", "principalId": self.workspace_id, "tenantId": TENANT_ID},
            "properties": properties,
        }


class Workspaces:
    """All workspaces and registries: one subscription, one resource group."""

    def __init__(
        self,
        subscription_id: str,
        resource_group: str,
        region: str,
        names: tuple[str, ...],
        registries: tuple[str, ...] = (),
    ) -> None:
        self.subscription_id, self.resource_group, self.region = subscription_id, resource_group, region
        self.all = {name: Place(subscription_id, resource_group, name, region) for name in names}
        self.registries = {
            name: Place(subscription_id, resource_group, name, region, "registries") for name in registries
        }

    def scope(self, sub: str, rg: str) -> None:
        """Refuse other subscriptions and groups as Resource Manager does."""
        if sub.lower() != self.subscription_id:
            raise arm(404, "SubscriptionNotFound", f"The subscription '{sub}' could not be found.")
        if rg.lower() != self.resource_group.lower():
            raise arm(404, "ResourceGroupNotFound", f"Resource group '{rg}' could not be found.")

    def find(self, sub: str, rg: str, ws: str) -> Place:
        """The workspace, or 404 with Resource Manager's words."""
        self.scope(sub, rg)
        return self._named(self.all, "workspaces", ws)

    def registry(self, name: str) -> Place:
        """The registry, or 404."""
        return self._named(self.registries, "registries", name)

    def _named(self, places: dict[str, Place], kind: str, wanted: str) -> Place:
        for name, place in places.items():
            if name.lower() == wanted.lower():
                return place
        raise arm(
            404,
            "ResourceNotFound",
            f"The Resource '{_PROVIDER}/{kind}/{wanted}' under resource group '{self.resource_group}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )
