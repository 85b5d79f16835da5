"""Files that mlflow's artifact repositories reach."""

from __future__ import annotations

from collections import deque
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from .remote import CHUNK, Head, Remote, RemoteFile, Said

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["RepositoryFiles"]

FOLDERS = 1000  # looked into for a list of files


class RepositoryFiles(Remote):
    """What mlflow's artifact repositories reach: an MLflow server's own storage, S3, GCS, …"""

    def __init__(self, conn: Connection, location: str) -> None:
        super().__init__()
        self._conn, self._location = conn, location
        self._repository: Any = self._open(location)

    def _open(self, uri: str) -> Any:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        if "tracking_uri" in signature(get_artifact_repository).parameters:
            return get_artifact_repository(uri, tracking_uri=self._conn.uri)
        with self._conn.as_current():  # mlflow before 3.1.2 asks its global store, once, as it opens it
            return get_artifact_repository(uri)

    def files(self) -> list[RemoteFile]:
        """See `Remote`."""
        found: list[RemoteFile] = []
        todo: deque[str | None] = deque([None])
        asked = 0
        while todo:
            if (asked := asked + 1) > FOLDERS:
                raise StoreError(f"{self._location} has more than {FOLDERS} folders", hint="name one of them")
            for item in self._repository.list_artifacts(todo.popleft()):
                if item.is_dir:
                    todo.append(item.path)
                else:
                    found.append(RemoteFile(item.path, item.file_size))
        return found or self._single()

    def _single(self) -> list[RemoteFile]:
        parent, _, name = self._location.rpartition("/")
        repository: Any = self._open(parent)
        for item in repository.list_artifacts(None):
            if item.path == name and not item.is_dir:
                self._repository = repository
                return [RemoteFile(name, item.file_size)]
        return []

    def save(self, file: RemoteFile, to: Path) -> Said:
        """See `Remote`. By what each repository has to implement: the public way draws a bar for every file."""
        self._repository._download_file(file.path, str(to))
        return Said(None if file.size is None or file.size < 0 else file.size)

    def head(self, file: RemoteFile, limit: int) -> Head:
        """See `Remote`. An MLflow server sends files as a stream, which may be left before its end."""
        from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
        from mlflow.utils.request_utils import augmented_raise_for_status
        from mlflow.utils.rest_utils import http_request

        if not isinstance(self._repository, HttpArtifactRepository):
            return super().head(file, limit)
        with http_request(self._repository._host_creds, f"/{file.path}", "GET", stream=True) as answer:
            augmented_raise_for_status(answer)
            data = b""
            for chunk in answer.iter_content(min(limit + 1, CHUNK)):
                data += chunk
                if len(data) > limit or self.stopped.is_set():
                    return Head(data[:limit], file.size)
        return Head(data, len(data))
