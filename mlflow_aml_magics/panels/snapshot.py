"""The explorer as one HTML file that works by itself: to send around, or to keep beside a report."""

from __future__ import annotations

import base64
import gzip
import html
import json
import struct
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..errors import AmlMagicsError
from ..render.format import count, plural
from .base import asset

if TYPE_CHECKING:
    from .explorer import ExplorerPanel

__all__ = ["snapshot_html"]

HISTORIES = 50  # runs whose histories go along: the ticked ones and the best
POINTS = 300  # of each

# Nothing is fetched, and nothing that a store says can become a script: the page's own stand in it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def snapshot_html(panel: ExplorerPanel) -> str:
    """All runs of a panel with the live explorer, as it is shown now, and its plot and table where scripts are off."""
    info = panel.info
    now = datetime.now(timezone.utc)
    title = html.escape(f"{info['title']}: {plural(info['loaded'], 'run')}")
    said = (
        f"Saved copy of {now:%Y-%m-%d %H:%M} UTC, {plural(info['loaded'], 'run')}"
        + (f" of {count(info['total'])}" if info["total"] > info["loaded"] else "")
        + ". Filters, sorting, plots and charts work; no kernel is behind it."
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title}</title>
<style>
{_no_end(asset("explorer.css"), "style")}
{_no_end(asset("snapshot.css"), "style")}
</style>
</head>
<body>
<p class="mam-snapshot-note">{html.escape(said)}</p>
<main id="mam-snapshot">
{panel._document().html()}
</main>
<script type="application/octet-stream" id="mam-snapshot-data">{_packed(panel)}</script>
<script type="module">
{_no_end(asset("snapshot.js"), "script")}
</script>
</body>
</html>
"""


def _no_end(text: str, element: str) -> str:
    """A script or style sheet that cannot end its element: there such an end stands in strings only."""
    return text.replace(f"</{element}", f"<\\/{element}").replace("<!--", "<\\!--")


def _packed(panel: ExplorerPanel) -> str:
    """As widgets/snapshot.ts takes it apart: length of the header, header, runs, histories; gzipped, in base64."""
    runs, history, points = panel.run_table.to_ipc(), None, b""
    found = _histories(panel)
    if found is not None:
        history, points = found
    header = json.dumps(
        {
            "info": {**panel.info, "removed": [], "changed": [], "live": False},
            "view": panel.whole_view(),
            "ticked": list(panel.selected_run_ids),
            "sizes": [len(runs), len(points)],
            "importance": _importance(panel),
            "history": history,
        }
    ).encode()
    package = struct.pack("<I", len(header)) + header + runs + points
    return base64.b64encode(gzip.compress(package, mtime=0)).decode("ascii")


def _importance(panel: ExplorerPanel) -> dict[str, Any] | None:
    """The answer that the charts will ask for first."""
    from ..services.importance import importance_of

    metric = panel.info["metric"]
    if metric is None:
        return None
    args = {"metric": metric, "query": panel.query}
    try:
        return {"args": args, "result": importance_of(panel.shown, metric)}
    except AmlMagicsError:
        return None


def _histories(panel: ExplorerPanel) -> tuple[dict[str, Any], bytes] | None:
    """The metric's histories of the ticked runs and of the best; none where the store does not answer."""
    metric = panel.info["metric"]
    if metric is None:
        return None
    key = f"metrics.`{metric.replace('`', '``')}`"
    order = f"{key} {'DESC' if panel.info['goal'] == 'max' else 'ASC'}"
    best = panel.shown.sort(order).column("run_id").slice(0, HISTORIES).to_pylist()
    ids = list(dict.fromkeys([*panel.known(panel.selected_run_ids).column("run_id").to_pylist(), *best]))[:HISTORIES]
    try:
        answer = dict(
            panel._handlers["history"]({"run_ids": ids, "metrics": [metric], "points": POINTS}, lambda _line: None)
        )
    except AmlMagicsError:
        return None
    (points,) = answer.pop("buffers")
    return {"metric": metric, "run_ids": ids, "result": answer}, points
