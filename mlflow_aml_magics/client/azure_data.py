"""Data that jobs of a workspace read: sent to its storage, or registered there as an asset."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AuthError, InvokeError, NotFound, StoreError
from .azure_files import asked, blob_container, told
from .logs import quiet

if TYPE_CHECKING:
    from .connection import Connection, Progress

__all__ = ["Data", "data_asset", "upload"]


@dataclass(frozen=True)
class Data:
    """What is to be scored: an address that Azure reads; ``kind`` is uri_file or uri_folder; ``label`` for people."""

    uri: str = field(repr=False)  # may hold a SAS
    kind: str
    label: str


def upload(conn: Connection, files: Sequence[Path], label: str, progress: Progress) -> Data:
    """Copy files to the workspace's own storage, in a folder of their own.

    Raises:
        StoreError, AuthError: they did not arrive; the message says where those are that did.
        InvokeError: interrupted.
    """
    azure = conn.azure
    assert azure is not None
    stores = azure.ml_client.datastores
    store = str(asked(conn, "looking up the default datastore", stores.get_default).name)
    folder = f"LocalUpload/aml-batch-{uuid.uuid4().hex}"
    path = f"azureml://datastores/{store}/paths/{folder}/"
    container = blob_container(conn, store)
    size = sum(file.stat().st_size for file in files)
    try:
        for count, file in enumerate(files, 1):
            progress(f"sending {file.name}: {count} of {len(files)} files, {size:,} bytes in all")
            with told(conn, f"sending {file.name}"), file.open("rb") as stream:
                container.upload_blob(f"{folder}/{file.name}", stream, overwrite=True)
    except (StoreError, AuthError) as exc:
        raise type(exc)(f"{exc.message}; no job was begun, what was sent is at {path}", hint=exc.hint) from exc
    except KeyboardInterrupt as exc:
        raise InvokeError(f"interrupted: no job was begun, what was sent is at {path}") from exc
    return Data(path, "uri_folder", label)


def data_asset(conn: Connection, name: str, version: str | None) -> Data:
    """A registered data asset; None for its latest version.

    Raises:
        NotFound: no such asset.
        InvokeError: one of a type that a batch endpoint does not read.
    """
    from azure.core.exceptions import ResourceNotFoundError

    azure = conn.azure
    assert azure is not None
    words: dict[str, str] = {"version": version} if version else {"label": "latest"}

    def look_up() -> Any:
        try:
            return azure.ml_client.data.get(name, **words)
        except ResourceNotFoundError as exc:
            raise NotFound(f"no data asset '{name}:{version or 'latest'}' in {conn.label}") from exc

    with quiet("azure.ai.ml"):
        found = asked(conn, f"looking up the data asset '{name}'", look_up)
    if found.type not in ("uri_file", "uri_folder"):
        raise InvokeError(
            f"the data asset '{name}' is a {found.type}; a batch endpoint scores a uri_file or uri_folder"
        )
    return Data(str(found.id), str(found.type), f"{name}:{found.version}")
