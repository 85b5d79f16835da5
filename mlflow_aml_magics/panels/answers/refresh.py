"""Following the store: the runs that changed go to the browser, the rest is there already."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...contract import RefreshResult

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["Following", "refresh_answers"]

MARKED = 1000  # more runs than that changed at once: nothing is gained by marking them
REBASE = 0.2  # share of runs changed since all were sent, above which all are sent again


class Following:
    """Keeps the runs of a panel as the store has them.

    The browser has the runs that were sent first, and merges into them all that has changed since: `_changes` and the
    ``removed`` ids grow until sending everything anew is cheaper.
    """

    def __init__(self, panel: ExplorerPanel) -> None:
        self._panel = panel
        self._lock = threading.Lock()  # two views of a panel and Python may all ask
        self._sent = len(panel.exploration.runs)
        self._changed: frozenset[str] = frozenset()
        self._removed: frozenset[str] = frozenset()
        self._fresh: frozenset[str] = frozenset()

    def refresh(self, progress: Callable[[str], None] | None = None) -> RefreshResult:
        """Look again, and send what changed.

        Raises:
            StoreError: the store does not answer; the panel keeps what it has.
        """
        from ...services.follow import look_again

        panel = self._panel
        with self._lock:
            look = look_again(panel.workspace.connection, panel.exploration, progress=progress)
            was_live, panel.exploration = panel.exploration.info["live"], look.exploration
            live = look.exploration.info["live"]
            if look.changed or look.removed or live != was_live:
                self._changed = (self._changed | look.changed) - look.removed
                self._removed = (self._removed | look.removed) - look.changed
                self._fresh = look.changed
                self._send()
            return {"changed": len(look.changed), "removed": len(look.removed), "live": live}

    def _send(self) -> None:
        panel, runs = self._panel, self._panel.exploration.runs
        everything = len(self._changed) + len(self._removed) > REBASE * self._sent
        if everything:
            self._changed = self._removed = frozenset()
            self._sent = len(runs)
        marked = sorted(self._fresh) if len(self._fresh) <= MARKED else []
        info = panel.exploration.info | {"removed": sorted(self._removed), "changed": marked}
        panel.exploration = replace(panel.exploration, info=info)
        with panel.hold_sync():
            if everything:
                panel._runs = runs.to_ipc()
            panel._changes = runs.take(self._in_order(runs)).to_ipc() if self._changed else b""
            panel._info = dict(info)

    def _in_order(self, runs: Any) -> list[str]:
        return [run_id for run_id in runs.column("run_id").to_pylist() if run_id in self._changed]


def refresh_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handler of refresh."""

    def refresh(_args: Mapping[str, Any], progress: Callable[[str], None]) -> RefreshResult:
        return panel.refresh(progress)

    return {"refresh": refresh}
