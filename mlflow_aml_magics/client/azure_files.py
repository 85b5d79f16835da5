"""Files of an Azure Machine Learning workspace: of runs and jobs, of uploads, on its datastores.

azureml-mlflow tells no sizes, and its download writes nothing, and says nothing, where the storage has an unexpected
host name (`download_file`, 1.62.0.post6). So the addresses are asked for with its own client, and the files are read
with azure-storage-blob, which tells the size and, of what was sent in one piece, the MD5.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ModelError, StoreError, UsageError
from .azure_errors import explain
from .remote import Head, Remote, RemoteFile, Said, below

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["JobOutput", "asked", "azure_files", "blob_container", "job_output", "run_and_path", "told"]

T = TypeVar("T")

_RUN = re.compile(r"azureml://.+/experiments/(?P<experiment>[^/]+)/runs/(?P<run>[^/]+)/artifacts/?(?P<path>.*)", re.I)
_ARTIFACT = re.compile(r"azureml://artifacts/(?P<origin>[^/]+)/(?P<container>[^/]+)/?(?P<path>.*)", re.I)
_DATASTORE = re.compile(r"azureml://(?:subscriptions/.*/)?datastores/(?P<store>[^/]+)/paths/(?P<path>.+)", re.I)
# The regular expression of azure-ai-ml, whose documentation also has the form without "paths".
_JOB = re.compile(r"azureml://jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/(?:paths/)?(?P<path>.*))?", re.I)
_OF_RUN = re.compile(r"ExperimentRun/dcid\.(?P<run>[^/]+)/?(?P<path>.*)")
RUN_STORE = "workspaceartifactstore"  # the datastore of all runs' artifacts
# azure-storage-blob waits 15 s before its first new attempt, which is right for a service, not for somebody who waits.
RETRY: dict[str, Any] = {"initial_backoff": 1, "increment_base": 2, "random_jitter_range": 1}
RUN_OUTPUTS = ("artifacts", "default")  # outputs that every job has: what its run logged


@dataclass(frozen=True)
class JobOutput:
    """A folder in an output of a job. ``of_run``: it is among the artifacts of the job's run."""

    job: str
    output: str
    path: str

    @property
    def of_run(self) -> bool:
        """Whether it is among the artifacts of the job's run."""
        return self.output in RUN_OUTPUTS

    @property
    def uri(self) -> str:
        """As azure-ai-ml takes it."""
        return f"azureml://jobs/{self.job}/outputs/{self.output}/paths/{self.path}"


def job_output(uri: str) -> JobOutput | None:
    """What azureml://jobs/NAME/outputs/OUTPUT/paths/PATH names, or None for another address.

    >>> job_output("azureml://jobs/brave_fox/outputs/artifacts/paths/model/")
    JobOutput(job='brave_fox', output='artifacts', path='model')
    """
    match = _JOB.fullmatch(uri)
    return JobOutput(match["job"], match["output"], (match["path"] or "").strip("/")) if match else None


def run_and_path(location: str) -> tuple[str, str] | None:
    """The run and the path below its artifacts, however the service writes the address; None for no run's."""
    if match := _RUN.fullmatch(location):
        return match["run"], match["path"].strip("/")
    if match := _ARTIFACT.fullmatch(location):
        inner = _OF_RUN.fullmatch(f"{match['origin']}/{match['container']}/{match['path']}")
    elif match := _DATASTORE.fullmatch(location):
        inner = _OF_RUN.fullmatch(match["path"]) if match["store"].lower() == RUN_STORE else None
    elif (job := job_output(location)) and job.of_run:
        return job.job, job.path
    else:
        return None
    return (inner["run"], inner["path"].strip("/")) if inner else None


def azure_files(conn: Connection, location: str) -> Remote:
    """The files behind an azureml:// address of the connection's workspace.

    Raises:
        UsageError: an address of another kind, or of another workspace.
    """
    _same_workspace(conn, location)
    if match := _RUN.fullmatch(location):
        return _RunFiles(conn, match["experiment"], match["run"], _path(match))
    if match := _ARTIFACT.fullmatch(location):
        return _Uploaded(conn, match["origin"], match["container"], _path(match))
    if match := _DATASTORE.fullmatch(location):
        if (of_run := run_and_path(location)) is not None:
            return _Uploaded(conn, "ExperimentRun", f"dcid.{of_run[0]}", of_run[1])
        return _DatastoreFiles(conn, match["store"], _path(match))
    raise UsageError(f"'{location}' is no address of files in {conn.label}")


def _path(match: re.Match[str]) -> str:
    return match["path"].partition("?")[0].strip("/")


def _same_workspace(conn: Connection, location: str) -> None:
    if conn.azure is None:
        return
    ref = conn.azure.ref
    ours = {"subscriptions": ref.subscription_id, "resourcegroups": ref.resource_group, "workspaces": ref.name}
    named = re.findall(r"/(subscriptions|resourcegroups|workspaces)/([^/]+)(?=/)", location, re.I)
    if any(name.lower() != ours[kind.lower()].lower() for kind, name in named):
        options = {"workspaces": "--workspace", "resourcegroups": "--resource-group", "subscriptions": "--subscription"}
        words = " ".join(f"{options[kind.lower()]} {name}" for kind, name in reversed(named))
        raise UsageError(f"{location} is in another workspace than {ref}", hint=f"%aml_track {words}")


@contextmanager
def told(conn: Connection, doing: str) -> Iterator[None]:
    """With what azure-core raises in our words."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as exc:
        ours = explain(exc, conn.azure.ref, who=conn.azure.who) if conn.azure else None
        said = str(exc).strip().splitlines()[0][:300] if str(exc).strip() else type(exc).__name__
        raise ours or StoreError(f"{doing}: {said}", hint="try again; %aml_doctor looks further") from exc


def asked(conn: Connection, doing: str, call: Callable[[], T]) -> T:
    """What a call of Microsoft's SDKs gives, asked again with a fresh token where the service refuses the one at hand.

    As bridge/relogin.py does for mlflow; azure-core itself gives up at the first 401.
    """
    from azure.core.exceptions import HttpResponseError

    with told(conn, doing):
        try:
            return call()
        except HttpResponseError as exc:
            credential = conn.azure.credential if conn.azure is not None else None  # a job's own token is no such
            if exc.status_code != 401 or credential is None:
                raise
            credential.forget()
        return call()


class _Service(Remote):
    """Of a run or an upload: a list of names, and an address with a SAS for each."""

    _client: Any  # azureml-mlflow's, of the one or the other

    def __init__(self, conn: Connection, prefix: str) -> None:
        super().__init__()
        from azureml.mlflow._internal.service_context_loader import _AzureMLServiceContextLoader as Loader

        self._conn, self._prefix = conn, prefix
        self._whole: dict[str, str] = {}
        self._context = Loader.load_service_context(conn.uri)
        self._scope = {
            "subscription_id": self._context.subscription_id,
            "resource_group_name": self._context.resource_group_name,
            "workspace_name": self._context.workspace_name,
        }

    @abstractmethod
    def _address(self, path: str) -> str:
        """Where one is read, with a SAS in it: a secret."""

    def files(self) -> list[RemoteFile]:
        """See `Remote`."""
        self._whole = below(asked(self._conn, "listing the artifacts", self._client.get_file_paths), self._prefix)
        return [RemoteFile(name) for name in self._whole]

    def save(self, file: RemoteFile, to: Path) -> Said:
        """See `Remote`."""
        from azure.storage.blob import BlobClient

        doing = f"downloading {file.path}"
        address = asked(self._conn, doing, lambda: self._address(self._whole[file.path]))
        with told(self._conn, doing):
            return _save_blob(self, BlobClient.from_blob_url(address, **RETRY), to)

    def head(self, file: RemoteFile, limit: int) -> Head:
        """See `Remote`."""
        from azure.storage.blob import BlobClient

        doing = f"reading {file.path}"
        address = asked(self._conn, doing, lambda: self._address(self._whole[file.path]))
        with told(self._conn, doing):
            return _blob_head(BlobClient.from_blob_url(address, **RETRY), limit)


class _RunFiles(_Service):
    def __init__(self, conn: Connection, experiment: str, run: str, prefix: str) -> None:
        super().__init__(conn, prefix)
        from azureml.mlflow._client.artifact.run_artifact_client import RunArtifactsClient

        self._client = RunArtifactsClient(self._context, experiment, run, prefix)
        self._words = {**self._scope, "experiment_name": experiment, "run_id": run}

    def _address(self, path: str) -> str:
        return str(self._client._client.run_artifacts.get_content_information(**self._words, path=path).content_uri)


class _Uploaded(_Service):
    def __init__(self, conn: Connection, origin: str, container: str, prefix: str) -> None:
        super().__init__(conn, prefix)
        from azureml.mlflow._client.artifact.local_artifact_client import LocalArtifactClient

        self._client = LocalArtifactClient(self._context, origin, container, prefix)
        self._words = {**self._scope, "origin": origin, "container": container}

    def _address(self, path: str) -> str:
        return str(self._client._client.artifacts.get_content_information(**self._words, path=path).content_uri)


class _DatastoreFiles(Remote):
    """On a Blob datastore, read with the key that the workspace keeps for it, else with the login."""

    def __init__(self, conn: Connection, store: str, prefix: str) -> None:
        super().__init__()
        self._conn, self._store, self._prefix = conn, store, prefix
        self._container: Any = None
        self._whole: dict[str, str] = {}

    def files(self) -> list[RemoteFile]:
        """See `Remote`."""
        with told(self._conn, f"listing {self._prefix} on the datastore {self._store}"):
            self._container = self._open()
            blobs = list(self._container.list_blobs(name_starts_with=self._prefix, include=["metadata"]))
            # Storage with folders of its own marks them so.
            sizes = {b.name: b.size for b in blobs if not (b.metadata or {}).get("hdi_isfolder")}
        self._whole = below(sizes, self._prefix)
        return [RemoteFile(name, sizes[whole]) for name, whole in self._whole.items()]

    def save(self, file: RemoteFile, to: Path) -> Said:
        """See `Remote`."""
        with told(self._conn, f"downloading {file.path}"):
            return _save_blob(self, self._container.get_blob_client(self._whole[file.path]), to)

    def head(self, file: RemoteFile, limit: int) -> Head:
        """See `Remote`."""
        with told(self._conn, f"reading {file.path}"):
            return _blob_head(self._container.get_blob_client(self._whole[file.path]), limit)

    def _open(self) -> Any:
        return blob_container(self._conn, self._store)


def blob_container(conn: Connection, store: str) -> Any:
    """azure-storage-blob's client of a datastore's container.

    Raises:
        ModelError: the datastore is no Blob storage.
    """
    from azure.storage.blob import ContainerClient

    azure = conn.azure
    assert azure is not None
    stores = azure.ml_client.datastores
    found = asked(conn, f"looking up the datastore {store}", lambda: stores.get(store, include_secrets=True))
    if not hasattr(found, "container_name"):
        raise ModelError(
            f"the datastore '{store}' is no Blob storage", hint="az ml model download, or az ml job download"
        )
    keys = found.credentials
    credential = getattr(keys, "sas_token", None) or getattr(keys, "account_key", None) or azure.credential
    account = f"{found.protocol}://{found.account_name}.blob.{found.endpoint}"
    return ContainerClient(account, found.container_name, credential=credential, **RETRY)


def _save_blob(remote: Remote, blob: Any, to: Path) -> Said:
    # A question more for each file: azure-storage-blob keeps the MD5 of what it downloads to itself.
    properties = blob.get_blob_properties()
    remote.write(blob.download_blob().chunks(), to)
    md5 = properties.content_settings.content_md5
    return Said(int(properties.size), bytes(md5) if md5 else None)


def _blob_head(blob: Any, limit: int) -> Head:
    from azure.core.exceptions import HttpResponseError

    try:
        part = blob.download_blob(offset=0, length=limit)
    except HttpResponseError as exc:
        if exc.status_code != 416:
            raise
        return Head(b"", 0)  # an empty file has no range
    total = str(part.properties.content_range).rpartition("/")[2]  # "bytes 0-199999/300001"; `size` is that of the part
    return Head(part.readall(), int(total))
