"""A server of canned pages: what a search of an MLflow server answers, without the server's own work.

python tests/benchmarks/canned.py PORT FOLDER DELAY
"""

from __future__ import annotations

import functools
import http.server
import json
import sys
import time
from pathlib import Path
from typing import Any

START = 1_780_000_000_000  # ms
PAGE = 1000  # runs


def can(pages: Path, path: Path) -> None:
    """The pages of a server, newest first and oldest first, as mlflow writes them."""
    from mlflow_aml_magics.client import bulk
    from mlflow_aml_magics.client.connection import open_connection

    table = bulk.read_all(open_connection(f"sqlite:///{path}"), {"1": "bench"})
    assert table is not None
    runs = len(table)
    for first in range(0, runs, PAGE):
        made = [_as_json(row) for row in table.table.slice(first, PAGE).to_pylist()]
        last = (runs - 1 - first) // PAGE
        for name, listed in ((f"newest-{first // PAGE}", made), (f"oldest-{last}", made[::-1])):
            number = int(name.split("-")[1])
            answer: dict[str, Any] = {"runs": listed}
            if (number + 1) * PAGE < runs:
                answer["next_page_token"] = str(number + 1)
            (pages / f"{name}.json").write_text(json.dumps(answer, indent=2), encoding="utf-8")


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    def named(prefix: str, more: dict[str, int]) -> list[dict[str, Any]]:
        return [{"key": k[len(prefix) :], "value": v, **more} for k, v in row.items() if k.startswith(prefix)]

    return {
        "info": {
            "run_uuid": row["run_id"],
            "experiment_id": "1",
            "run_name": row["run_name"],
            "user_id": row["user"],
            "status": row["status"],
            "start_time": int(row["start_time"].timestamp() * 1000),
            "end_time": int(row["end_time"].timestamp() * 1000),
            "artifact_uri": row["artifact_uri"],
            "lifecycle_stage": "active",
            "run_id": row["run_id"],
        },
        "data": {
            "metrics": named("metrics.", {"timestamp": START, "step": 10}),
            "params": named("params.", {}),
            "tags": named("tags.", {}),
        },
        "inputs": {},
        "outputs": {},
    }


class _Canned(http.server.BaseHTTPRequestHandler):
    """Answers searches with the pages of a folder."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, pages: Path, delay: float) -> None:
        self._pages, self._delay = pages, delay
        super().__init__(*args)

    def do_GET(self) -> None:
        self._answer(b"OK")

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        if not self.path.endswith("runs/search"):
            return self._answer(b"{}")
        time.sleep(self._delay)
        end = "oldest" if asked.get("order_by") else "newest"
        return self._answer((self._pages / f"{end}-{asked.get('page_token') or 0}.json").read_bytes())

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    handler = functools.partial(_Canned, pages=Path(sys.argv[2]), delay=float(sys.argv[3]))
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
