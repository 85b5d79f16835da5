"""The runs of the table as a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import UsageError

if TYPE_CHECKING:
    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["export_answers"]


def export_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handler of export."""

    def export(args: Mapping[str, Any], progress: Callable[[str], None]) -> dict[str, Any]:
        import pyarrow.parquet as pq

        if args.get("format") != "parquet":
            raise UsageError(f"runs are not exported as '{args.get('format')}'", hint="ask for parquet")
        runs, ids = panel.run_table, args.get("run_ids")
        chosen = runs if ids is None else runs.take(ids)
        columns = [key for key in args.get("columns") or chosen.keys() if key in chosen]
        progress(f"writing {len(chosen):,} runs…")
        file = io.BytesIO()
        pq.write_table(chosen.table.select(columns), file)
        return {"rows": len(chosen), "buffers": [file.getvalue()]}

    return {"export": export}
