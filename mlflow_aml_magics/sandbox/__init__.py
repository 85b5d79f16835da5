"""A local Azure Machine Learning workspace that Microsoft's own SDKs talk to unmodified.

What Azurite is to Blob storage: people try everything, teach, and run notebooks in CI without a subscription. Nothing
listens beyond loopback, secrets are random, and all data is in one folder that goes when the sandbox ends, unless kept.

    with Sandbox() as box:
        subprocess.run([sys.executable, "train.py"], env={**os.environ, **box.env})

The README says what it imitates, from which source, and what it does not know.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .arm import Resources
from .arm_assets import Assets
from .arm_batch import BatchEndpoints
from .arm_computes import Computes
from .arm_jobs import Jobs
from .arm_models import ModelResources
from .arm_online import OnlineEndpoints
from .artifacts import Artifacts
from .backend import Backend
from .background import SandboxError
from .batch_jobs import BatchJobs
from .blobs import Blobs
from .certificates import DOMAIN, make
from .documents import Documents
from .faults import Fault, Faults
from .http import Routes
from .identity import CLIENT_ID, CLOUD, TENANT_ID, Identity
from .mlflow_plane import MlflowPlane
from .mlflow_registry import MlflowRegistry
from .operations import Operations
from .proxy import Proxy
from .registries import Registries
from .registry import Registry
from .server import Recorded, Server
from .stored import Storage
from .workspaces import Workspaces

__all__ = ["Fault", "Recorded", "Sandbox", "SandboxError"]

SUBSCRIPTION_ID = "5a4d0b0c-0000-4000-8000-00000000005b"
RESOURCE_GROUP = "sandbox-rg"
REGION = "local"


class Sandbox:
    """One cloud with some workspaces, from `start` to `stop` (or as a context manager).

    Args:
        folder: where all data goes; a temporary one by default.
        keep: leave the folder when it ends. A kept folder can be started again.
        strict: refuse what the real service refuses; False lets filters, orders and sizes through.
        workspaces, registries: their names.
        closed_off: refuse connections to hosts that are not the sandbox's own.

    Raises:
        ModuleNotFoundError: trustme, of the extra [sandbox], is not installed.

    >>> with Sandbox() as box:                                     # doctest: +SKIP
    ...     with box.fault("throttle", path="/runs/log-batch", times=2):
    ...         subprocess.run(["python", "train.py"], env={**os.environ, **box.env})
    ...     len(box.requests("/msi/token"))
    1
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        keep: bool = False,
        strict: bool = True,
        workspaces: tuple[str, ...] = ("sandbox", "sandbox-2"),
        registries: tuple[str, ...] = ("sandbox-registry",),
        closed_off: bool = False,
    ) -> None:
        self.folder = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="aml-sandbox-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder = self.folder.resolve()
        self._keep, self.strict = keep, strict
        self._ours = folder is None or not any(self.folder.iterdir())  # only what we made is removed
        self.subscription_id, self.resource_group, self.region = SUBSCRIPTION_ID, RESOURCE_GROUP, REGION
        self.tenant_id, self.client_id = TENANT_ID, CLIENT_ID
        self.workspaces, self.registries = list(workspaces), list(registries)
        self._faults = Faults(REGION)
        self._identity = Identity(self._faults)
        self._documents = Documents(self.folder / "documents.db")
        self._backends = {name: Backend(self.folder / name) for name in workspaces}
        self._server = Server(self._routes(), self._identity, self._faults, self.folder / "requests.log")
        self._bundle = self.folder / "trusted.pem"
        self._proxy = Proxy(make(self._bundle), self._server.handle, closed_off=closed_off)
        self._running = False

    def _routes(self) -> Routes:
        places = Workspaces(SUBSCRIPTION_ID, RESOURCE_GROUP, REGION, tuple(self.workspaces), tuple(self.registries))
        blobs = Blobs(self.folder / "blobs", self._documents)
        models = Registry(self._documents)
        plane = MlflowPlane(places, self._backends, self._faults, strict=self.strict)
        routes = Routes()
        self._identity.add_routes(routes)
        operations = Operations(places)
        storage = Storage(places, blobs, models, self._documents)
        batch = BatchJobs(self._documents, blobs, storage=storage, plane=plane, folder=self.folder / "batch")
        self._jobs = Jobs(places, self._documents, operations, plane=plane, batch=batch)
        self._places = places
        self._online = OnlineEndpoints(
            places, self._documents, operations,
            storage=storage, faults=self._faults, identity=self._identity, folder=self.folder / "online",
            strict=self.strict,
        )  # fmt: skip
        self._batch = BatchEndpoints(
            places, self._documents, operations, storage=storage, jobs=self._jobs, faults=self._faults,
            check=self._identity.check,
        )  # fmt: skip
        for part in (
            Computes(places, self._documents, operations),
            self._online,
            self._batch,
            Resources(places, blobs),
            Assets(places, self._documents),
            self._jobs,
            ModelResources(places, models),
            Registries(places, models, blobs, operations),
            operations,
        ):
            part.add_routes(routes)
        MlflowRegistry(places, models, strict=self.strict).add_routes(routes)
        plane.add_routes(routes)  # after the registry: it answers all that is left below /mlflow
        Artifacts(places, blobs, strict=self.strict).add_routes(routes)
        blobs.add_routes(routes)
        return routes

    def start(self) -> Sandbox:
        """Answer from now on. The MLflow server of the first workspace starts meanwhile; requests wait for it.

        Raises:
            SandboxError: another sandbox has the folder.
        """
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._close()
            raise SandboxError(f"another sandbox has its data in {self.folder}") from None
        self._jobs.batch.settle(self._places.all.values())  # only now: the jobs of a sandbox that runs go on
        self._proxy.start()
        self._running = True
        self._backends[self.workspaces[0]].start()
        return self

    def wait(self) -> None:
        """Until the MLflow server of the first workspace answers.

        Raises:
            RuntimeError: it did not start; its log is told.
        """
        self._backends[self.workspaces[0]].wait()

    def stop(self) -> None:
        """End every process, close the port, remove the folder unless kept. May be called twice."""
        if not self._running:
            return
        self._running = False
        self._proxy.stop()
        self._online.stop()
        self._batch.stop()
        for backend in self._backends.values():
            backend.stop()
        self._close()
        if not self._keep and self._ours:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _close(self) -> None:
        self._server.close()
        self._documents.close()
        self._proxy.server_close()
        os.close(self._lock)

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def env(self) -> dict[str, str]:
        """What a process needs in its environment to see this cloud, signed in as a compute instance is."""
        bundle, proxy, loopback = str(self._bundle), self._proxy.url, "127.0.0.1,localhost"
        return {
            "ARM_CLOUD_METADATA_URL": f"https://management.{DOMAIN}/metadata/endpoints",
            "AZUREML_CURRENT_CLOUD": CLOUD,
            "MSI_ENDPOINT": f"{proxy}/msi/token",
            "MSI_SECRET": self._identity.msi_secret,
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "CURL_CA_BUNDLE": bundle,
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": loopback,
            "no_proxy": loopback,
            "REGISTRY_DISCOVERY_ENDPOINT_URL": f"https://{self.region}.api.{DOMAIN}/",
            "AZURE_SUBSCRIPTION_ID": self.subscription_id,
            "AZURE_RESOURCE_GROUP": self.resource_group,
            "AZUREML_WORKSPACE_NAME": self.workspaces[0],
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }

    @property
    def client_secret(self) -> str:
        """For ClientSecretCredential(tenant_id, client_id, …, authority=, disable_instance_discovery=True)."""
        return self._identity.client_secret

    @property
    def authority(self) -> str:
        """Where one signs in with the client secret."""
        return f"https://login.{DOMAIN}"

    def as_job(self, run_id: str, *, workspace: str = "", command: str = "python train.py") -> None:
        """Let a run be one that was submitted as a command job, of the same name: `jobs.get` knows it from now on.

        Args:
            run_id: of a run that is there.
            workspace: its workspace; the first by default.
            command: what the job says that it ran.
        """
        place = self._places.all[workspace or self.workspaces[0]]
        self._jobs.add(place, run_id, command=command)

    @contextmanager
    def fault(
        self,
        kind: str,
        *,
        path: str = "",
        times: int | None = None,
        seconds: float = 1.0,
        retry_after: float = 1.0,
    ) -> Iterator[Fault]:
        """Something goes wrong as long as the block runs.

        Args:
            kind: latency, throttle (429 with Retry-After), error (500), drop, expired_token (all tokens up to now), lag
                (search_runs leaves out metrics younger than `seconds`), slow_deploy (each phase of an online
                deployment takes `seconds` longer), fail_deploy (its container crashes).
            path: regular expression that is searched in "METHOD host/path", all but sign-in by default; of slow_deploy
                and fail_deploy in "ENDPOINT/DEPLOYMENT".
            times: after how many requests it ends by itself.
            seconds: of latency, lag or slow_deploy.
            retry_after: seconds, of throttle.
        """
        with self._faults.during(Fault(kind, path, times, seconds, retry_after)) as fault:
            yield fault

    def requests(self, path_regex: str = "") -> list[Recorded]:
        """The requests that came in whose "METHOD host/path" has a match, oldest first."""
        return self._server.requests(path_regex)

    @property
    def token_lifetime(self) -> int:
        """Seconds that a new token is valid."""
        return self._identity.lifetime

    @token_lifetime.setter
    def token_lifetime(self, seconds: int) -> None:
        self._identity.lifetime = seconds

    @property
    def quota_cores(self) -> int:
        """Cores that the online deployments of a workspace may have together, with the 20 % more for upgrades."""
        return self._online.deployments.quota_cores

    @quota_cores.setter
    def quota_cores(self, cores: int) -> None:
        self._online.deployments.quota_cores = cores

    @property
    def scoring_processes(self) -> list[int]:
        """The ids of the processes that online deployments have; they run in pairs, this is the first of each."""
        return self._online.processes

    @property
    def processes(self) -> list[int]:
        """The ids of the MLflow servers that were started."""
        return [backend.pid for backend in self._backends.values() if backend.pid]
