"""The artifacts of runs: what there is, and the beginnings of files, several at a time and kept for a moment."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from ..errors import AmlMagicsError
from ..render.format import one_line

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..client.remote import Head, Remote, RemoteFile

__all__ = ["RunFiles", "all_at_once"]

T = TypeVar("T")

AT_ONCE = 8  # requests under way: a small file costs a round trip
HEARD_SECONDS = 1.0  # a user who gives up is heard so soon, though a storage may hang
FRESH_SECONDS = 60.0  # also a run that has ended may still be given a file
KEPT_BYTES = 64_000_000  # of beginnings of files, for all runs of a connection


def all_at_once(jobs: Sequence[Callable[[], T]], progress: Progress | None, doing: str) -> list[T]:
    """What the jobs give, in their order; they run in threads.

    Args:
        progress: told how many are done; what it raises ends the waiting at once.
        doing: the words for it: "reading runs".

    Raises:
        AmlMagicsError: what the first job that failed raised.
    """
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mlflow-aml-compare")
    try:
        futures = [pool.submit(job) for job in jobs]
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=HEARD_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            if progress:
                progress(f"{doing}: {len(jobs) - len(waiting):,} of {len(jobs):,}")
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class RunFiles:
    """The artifacts of a store's runs. Thread-safe.

    Args:
        connection: the store.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._lists: dict[str, tuple[float, Remote, tuple[RemoteFile, ...]]] = {}
        self._heads: OrderedDict[tuple[str, str, int], tuple[float, Head]] = OrderedDict()

    def listed(self, run_id: str, *, anew: bool = False) -> tuple[RemoteFile, ...]:
        """The run's files, those of its logged models among them.

        Args:
            anew: forget what is kept of this run: it still runs.

        Raises:
            StoreError: they cannot be listed, or are in too many folders.
        """
        if anew:
            with self._lock:
                self._lists.pop(run_id, None)
                for key in [key for key in self._heads if key[0] == run_id]:
                    del self._heads[key]
        return self._opened(run_id)[1]

    def head(self, run_id: str, path: str, limit: int) -> Head | None:
        """The first bytes of a file, at most ``limit``; None where the run has no such file.

        Raises:
            StoreError: it cannot be read.
        """
        remote, files = self._opened(run_id)
        file = next((file for file in files if file.path == path), None)
        if file is None:
            return None
        key = (run_id, path, limit)
        with self._lock:
            kept = self._heads.get(key)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        with self._connection.guard(f"reading {one_line(path, 80)} of the run {run_id}"):
            found = remote.head(file, limit)
        self._keep(key, found)
        return found

    @staticmethod
    def why_not(exc: Exception) -> str:
        """A failure to read, in a line without secrets."""
        from ..client.paths import redacted

        text = exc.message if isinstance(exc, AmlMagicsError) else redacted(f"{type(exc).__name__}: {exc}")
        return one_line(text, 200)

    def _opened(self, run_id: str) -> tuple[Remote, tuple[RemoteFile, ...]]:
        from ..client.models import open_run

        with self._lock:
            known = self._lists.get(run_id)
        if known is not None and time.monotonic() < known[0]:
            return known[1:]
        with self._connection.guard(f"listing the artifacts of the run {run_id}"):
            remote = open_run(self._connection, run_id)
            files = tuple(remote.files())
        with self._lock:
            now = time.monotonic()
            self._lists = {kept: entry for kept, entry in self._lists.items() if now < entry[0]}
            self._lists[run_id] = (now + FRESH_SECONDS, remote, files)
        return remote, files

    def _keep(self, key: tuple[str, str, int], found: Head) -> None:
        with self._lock:
            self._heads[key] = (time.monotonic() + FRESH_SECONDS, found)
            self._heads.move_to_end(key)
            while sum(len(head.data) for _, head in self._heads.values()) > KEPT_BYTES:
                self._heads.popitem(last=False)
