"""Metric histories for charts and sparklines, and one number of a metric a run for the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from ..base import Handler
    from ..explorer import ExplorerPanel

__all__ = ["history_answers"]

HOWS = ("last", "min", "max", "step")


def history_answers(panel: ExplorerPanel) -> dict[str, Handler]:
    """Handlers of history and metric_values."""

    def history(args: Mapping[str, Any], progress: Callable[[str], None]) -> dict[str, Any]:
        import pyarrow.compute as pc

        from ...frames.downsample import FEWEST
        from ...frames.status import ENDED
        from ...services.histories import histories

        runs = panel.known(args["run_ids"])
        metrics, points = [str(metric) for metric in args["metrics"]], max(FEWEST, int(args["points"]))
        found = histories(panel.workspace.connection, runs, metrics, points=points, progress=progress)
        there = found.series.column("there")
        return {
            "points_total": None if there.null_count else pc.sum(there).as_py() or 0,
            "points_sent": found.table.num_rows,
            "live": not set(runs.column("status").to_pylist()) <= set(ENDED),
            "note": found.note,
            "buffers": [_stream(_for_browsers(found.table))],
        }

    def metric_values(args: Mapping[str, Any], progress: Callable[[str], None]) -> dict[str, Any]:
        import pyarrow as pa

        from ...services.histories import values

        how, runs = args["how"], panel.run_table
        if how not in HOWS:
            raise UsageError(f"a metric has no value '{how}'", hint=f"one of {', '.join(HOWS)}")
        step = int(args["step"]) if how == "step" else None
        found = values(panel.workspace.connection, runs, str(args["metric"]), how, step, progress=progress)
        table = pa.table({"run_id": runs.column("run_id"), "value": found})
        return {"found": len(found) - found.null_count, "buffers": [_stream(table)]}

    return {"history": history, "metric_values": metric_values}


def _for_browsers(table: pa.Table) -> pa.Table:
    """Times as milliseconds in float64, which JavaScript has."""
    import pyarrow as pa

    place = table.column_names.index("timestamp")
    return table.set_column(place, "timestamp", table.column("timestamp").cast(pa.int64()).cast(pa.float64()))


def _stream(table: pa.Table) -> bytes:
    """An Arrow IPC stream of one record batch."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return bytes(sink.getvalue())
