"""Importance of params as bars with their intervals."""

from __future__ import annotations

from typing import Any

from ..contract import ImportanceResult
from ..frames.columns import name_of
from .base import COLORS, blank, graph_objects, safe

__all__ = ["importance_bars"]

ARROWS = {"up": " ↑", "down": " ↓", "none": ""}


def importance_bars(found: ImportanceResult, *, count: int = 20) -> Any:
    """The most important params, the first on top; whiskers hold nine of ten resamples, the note stands below."""
    go = graph_objects()
    rows = list(reversed(found["rows"][:count]))
    metric = safe(found["metric"])
    figure = blank(f"What {metric} depends on: {found['runs']:,} runs", height=160 + 28 * max(4, len(rows)))
    figure.add_trace(
        go.Bar(
            x=[row["importance"] for row in rows],
            y=[safe(name_of(row["key"])) + ARROWS[row["direction"]] for row in rows],
            orientation="h",
            marker={"color": COLORS[0]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row["high"] - row["importance"] for row in rows],
                "arrayminus": [row["importance"] - row["low"] for row in rows],
                "color": "#444",
                "thickness": 1,
            },
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    if found["floor"] > 0:
        figure.add_vline(x=found["floor"], line={"dash": "dot", "color": "#888"})
    note = "<br>".join(safe(line) for line in found["note"].splitlines())
    text = f"{note}<br>{safe(found['method'])}" if note else safe(found["method"])
    figure.add_annotation(
        text=text, xref="paper", yref="paper", x=0, y=0, yshift=-48, yanchor="top", showarrow=False, align="left"
    )
    figure.update_layout(margin={"l": 140, "b": 90 + 16 * text.count("<br>")})
    figure.update_xaxes(title={"text": "share of the variance"}, tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(type="category", automargin=True, ticklabelstandoff=6)
    return figure
