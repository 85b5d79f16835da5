"""What all figures share: plotly itself, columns made ready for it, one look."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import MissingDependency
from ..frames.columns import as_numbers, name_of, type_of

if TYPE_CHECKING:
    from ..frames.runtable import RunTable

__all__ = ["COLORS", "SCALE", "Array", "Field", "blank", "field", "graph_objects", "is_log", "run_names", "safe"]

Array = np.ndarray[Any, Any]

# Okabe and Ito (2008): told apart by people with any colour blindness.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7A6FAC", "#8C8C00")
SCALE = "Viridis"
NONE = "(none)"
DECADES = 100  # an axis of positive values that spans more is drawn by logarithm, as in the panel
LONGEST = 60  # characters of a text in a figure


@dataclass(frozen=True)
class Field:
    """A column as plotly takes it: numbers with NaN for what is none or infinite, times, or texts safe to show."""

    key: str
    name: str
    kind: Literal["number", "text", "time"]
    values: Any

    def numbers(self) -> tuple[Array, list[str]]:
        """Numbers for what only draws numbers, and the texts that 0, 1, … stand for."""
        if self.kind == "number":
            return self.values, []
        if self.kind == "time":
            return self.values.astype("datetime64[ms]").astype(float), []
        texts = sorted(set(self.values))
        places = {text: place for place, text in enumerate(texts)}
        return np.array([places[text] for text in self.values], dtype=float), texts


def graph_objects() -> Any:
    """`plotly.graph_objects`.

    Raises:
        MissingDependency: plotly is not installed.
    """
    try:
        import plotly.graph_objects as go
    except ImportError as exc:
        raise MissingDependency(
            "figures are made by plotly, which is not installed", hint="%pip install 'mlflow-aml-magics[plots]'"
        ) from exc
    return go


def safe(text: str) -> str:
    """A text from a store as plotly shows it: it reads some HTML, links among it."""
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return html.escape("".join(letter if letter.isprintable() else " " for letter in short), quote=False)


def field(runs: RunTable, key: str) -> Field:
    """One column of the runs."""
    values = runs.column(key)
    kind = type_of(key, values)
    name = safe(name_of(key))
    if kind == "number":
        numbers = values if pa.types.is_floating(values.type) else as_numbers(values)
        found = np.array(numbers.to_numpy(zero_copy_only=False), dtype=float)
        return Field(key, name, kind, np.where(np.isfinite(found), found, np.nan))
    if kind == "time":
        return Field(key, name, kind, pc.cast(values, pa.timestamp("ms")).to_numpy())
    return Field(key, name, kind, [NONE if text is None else safe(str(text)) for text in values.to_pylist()])


def is_log(column: Field, asked: bool | None = None) -> bool:
    """Whether an axis is drawn by logarithm: as asked, else where its values are positive and span over two decades."""
    if column.kind != "number":
        return False
    known = column.values[np.isfinite(column.values)]
    if asked is not None:
        return asked
    return len(known) > 1 and float(known.min()) > 0 and float(known.max()) / float(known.min()) >= DECADES


def run_names(runs: RunTable) -> list[str]:
    """What each run is called, as plotly shows it."""
    pairs = zip(runs.column("run_name").to_pylist(), runs.column("run_id").to_pylist(), strict=True)
    return [safe(str(name or str(run_id)[:8])) for name, run_id in pairs]


def blank(title: str, **layout: Any) -> Any:
    """A figure with our look and nothing in it yet."""
    go = graph_objects()
    return go.Figure(
        layout={
            "title": {"text": title, "font": {"size": 16}},
            "template": "plotly_white",
            "colorway": list(COLORS),
            "margin": {"l": 70, "r": 30, "t": 60, "b": 60},
            "hoverlabel": {"namelength": -1},
            **layout,
        }
    )
