"""How values are spread: box by a param, histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .base import COLORS, blank, field, graph_objects, run_names, safe

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["box", "histogram"]

SHOWN = 500  # runs, up to which each is drawn as a point beside its box


def box(runs: RunTable, x: str, y: str, *, log_y: bool = False) -> Any:
    """The metric's quartiles for each value of a param."""
    go = graph_objects()
    up = field(runs, y)
    groups = [safe("(none)" if value is None else str(value)) for value in runs.column(x).to_pylist()]
    by = field(runs, x)
    values = up.numbers()[0]
    order = dict.fromkeys(text for _, text in sorted(zip(by.numbers()[0], groups, strict=True), key=_number_first))
    figure = blank(f"{up.name} by {by.name}", showlegend=False)
    names = np.array(run_names(runs), dtype=object)
    for text in order:
        rows = np.array([group == text for group in groups])
        points = "all" if len(runs) <= SHOWN else "outliers"
        figure.add_trace(
            go.Box(
                y=values[rows], name=text, boxpoints=points, text=names[rows], marker={"color": COLORS[0], "size": 4}
            )
        )
    figure.update_xaxes(title={"text": by.name}, type="category")
    figure.update_yaxes(title={"text": up.name}, **({"type": "log"} if log_y else {}))
    return figure


def _number_first(pair: tuple[float, str]) -> tuple[bool, float, str]:
    at, text = pair
    return bool(np.isnan(at)), 0.0 if np.isnan(at) else float(at), text


def histogram(runs: RunTable, x: str, *, bins: int = 0) -> Any:
    """How many runs have which value."""
    go = graph_objects()
    across = field(runs, x)
    figure = blank(f"{across.name} of {len(runs):,} runs", bargap=0.03)
    figure.add_trace(go.Histogram(x=across.values, nbinsx=bins or None, marker={"color": COLORS[0]}, name=across.name))
    figure.update_xaxes(title={"text": across.name})
    figure.update_yaxes(title={"text": "runs"})
    return figure
