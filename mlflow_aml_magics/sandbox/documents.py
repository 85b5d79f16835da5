"""The sandbox's own records (models, blobs' properties, jobs): JSON by kind, place and name, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

__all__ = ["Documents"]


class Documents:
    """Small JSON documents in the order they were made; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()  # hold it around a read and the write that depends on it
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA synchronous = OFF")  # a sandbox survives its process, not a power cut
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (n INTEGER PRIMARY KEY, kind TEXT, place TEXT, name TEXT, body TEXT,"
            " UNIQUE (kind, place, name))"
        )

    def put(self, kind: str, place: str, name: str, body: dict[str, Any]) -> None:
        """Write a document, in place of one of that name; that one's position is kept."""
        with self.lock:
            self._db.execute(
                "INSERT INTO documents (kind, place, name, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (kind, place, name) DO UPDATE SET body = excluded.body",
                (kind, place, name, json.dumps(body)),
            )

    def get(self, kind: str, place: str, name: str) -> dict[str, Any] | None:
        """The document, or None."""
        with self.lock:
            row = self._db.execute(
                "SELECT body FROM documents WHERE kind = ? AND place = ? AND name = ?", (kind, place, name)
            ).fetchone()
        found: dict[str, Any] | None = json.loads(row[0]) if row else None
        return found

    def delete(self, kind: str, place: str, name: str) -> bool:
        """Whether there was one."""
        with self.lock:
            sql = "DELETE FROM documents WHERE kind = ? AND place = ? AND name = ?"
            return self._db.execute(sql, (kind, place, name)).rowcount > 0

    def list(self, kind: str, place: str, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
        """Name and body of each whose name starts with ``prefix``, oldest first."""
        with self.lock:
            rows = self._db.execute(
                "SELECT name, body FROM documents WHERE kind = ? AND place = ? AND substr(name, 1, ?) = ? ORDER BY n",
                (kind, place, len(prefix), prefix),
            ).fetchall()
        return [(name, json.loads(body)) for name, body in rows]

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()
