"""What came back: predictions, how long they took, which deployment gave them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...render.document import Code, Document, Facts, Note, Shown, Table
from ...render.format import count, duration, number, plural
from .chunks import Sent
from .latency import Latency
from .predictions import as_columns, as_predictions, joined
from .request import Request

if TYPE_CHECKING:
    import pandas as pd

    from ...frames.signature import Form

__all__ = ["INPUTS", "ROWS", "Invocation", "cell", "is_number", "shortened"]

ROWS = 20  # of the answer, shown
REQUEST_ROWS = 3  # of the request, shown
REQUEST_CHARACTERS = 4000  # of a request that has no rows, shown
LARGEST = 10**300  # of whole numbers: no float is as large
INPUTS = 4  # columns of the request shown beside the answer


@dataclass(frozen=True)
class Invocation(Shown):
    """An answer. ``predictions`` is a DataFrame where the model gives columns, else a list, or what else it gave.

    ``status`` is HTTP's, ``latencies_ms`` has one entry for each request, ``answered_by`` counts them by the deployment
    that answered, where an endpoint tells. ``notes`` say what to know of the request.
    """

    deployment: str
    model: str
    predictions: pd.DataFrame | Any
    latencies_ms: tuple[float, ...]
    status: int = 200
    answered_by: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    parts: int = 1
    _request: Request = field(kw_only=True, repr=False)
    _form: Form = field(kw_only=True, repr=False)

    @classmethod
    def of(cls, name: str, model: str, request: Request, form: Form, sent: Sent) -> Invocation:
        """The answer that a deployment gave to the rows of the request that were sent."""
        asked = request.part(0, sent.rows)
        predictions = as_predictions(joined(sent.values))
        notes = list(request.notes)
        if len(sent.values) > 1 and isinstance(predictions, list) and len(predictions) != asked.rows:
            notes.append(f"the model gave {count(len(predictions))} predictions for {count(asked.rows)} rows")
        return cls(
            deployment=name,
            model=model,
            predictions=predictions,
            latencies_ms=tuple(answer.milliseconds for answer in sent.answers),
            status=sent.answers[-1].status,
            answered_by=dict(Counter(answer.deployment for answer in sent.answers if answer.deployment)),
            notes=tuple(notes),
            parts=len(sent.values),
            _request=asked,
            _form=form,
        )

    @property
    def body(self) -> dict[str, Any]:
        """What was sent, as one request in the form that the deployment takes."""
        return self._request.body(self._form)

    @property
    def request(self) -> str:
        """What was sent as JSON to read, with the first rows of many."""
        return shortened(self.body)[0]

    @property
    def latency(self) -> Latency:
        """The times of all requests."""
        return Latency(self.latencies_ms)

    @property
    def latency_ms(self) -> float:
        """Of the first request, in milliseconds."""
        return self.latencies_ms[0]

    def inputs(self) -> dict[str, list[Any]]:
        """What was sent by column, where it is a row for each prediction; else nothing."""
        given = self._request.columns()
        return (
            given if {len(column) for column in as_columns(self.predictions).values()} == {self._request.rows} else {}
        )

    def frame(self) -> pd.DataFrame:
        """The rows that were sent and their predictions side by side; the predictions alone where rows are none."""
        import pandas as pd

        found = as_columns(self.predictions)
        if given := self.inputs():
            found = {**given, **{n if n not in given else f"{n} (predicted)": c for n, c in found.items()}}
        frame: pd.DataFrame = pd.DataFrame(found)
        return frame

    def table(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """The answer as columns and rows ready to show: the first 20, beside the first columns of the request."""
        table = self._table()
        return table.columns, table.rows

    def _table(self) -> Table:
        columns = as_columns(self.predictions)
        total = max(len(column) for column in columns.values())
        shown = min(total, ROWS)
        given = dict(list(self.inputs().items())[:INPUTS])
        names = (*given, *columns)
        values = [list(column[:shown]) for column in (*given.values(), *columns.values())]
        numeric = tuple(all(map(is_number, column)) for column in values)
        return Table(names, tuple(tuple(map(cell, row)) for row in zip(*values, strict=True)), numeric, total=total)

    def _facts(self) -> Facts:
        by = next(iter(self.answered_by)) if len(self.answered_by) == 1 else ""
        named = self.deployment if not by or self.deployment.endswith(f"/{by}") else f"{self.deployment} ({by})"
        shared = ", ".join(f"{name} {count(times)}" for name, times in sorted(self.answered_by.items()))
        size = ""
        if self.parts > 1:
            seconds = sum(self.latencies_ms) / 1000
            size = f"{count(self._request.rows)} in {plural(self.parts, 'request')}, {duration(seconds)}"
        facts = (
            ("deployment", f"{named}, {self.model}"),
            ("answered by", shared if len(self.answered_by) > 1 else ""),
            ("status", str(self.status)),
            ("rows", size),
            ("latency", str(self.latency)),
        )
        return Facts(tuple((name, value) for name, value in facts if value))

    def _document(self) -> Document:
        text, note = shortened(self.body)
        request = Code(text, "json", title=f"request{note}")
        notes = (Note(note, "info") for note in self.notes)
        return Document(f"answer of {self.deployment}", (self._facts(), request, *notes, self._table()))


def shortened(body: Mapping[str, Any]) -> tuple[str, str]:
    """A request as JSON text, a row on a line, of long ones only the beginning; and what to say of that."""
    key = next((key for key in ("dataframe_split", "inputs", "input_data") if key in body), None)
    value = body[key] if key is not None else None
    split = value if isinstance(value, Mapping) and isinstance(value.get("data"), list) else None
    rows = split["data"] if split is not None else value
    if not isinstance(rows, list):
        text = json.dumps(body, indent=1)
        is_long = len(text) > REQUEST_CHARACTERS
        return (text[:REQUEST_CHARACTERS] + "…", f", {count(len(text))} characters") if is_long else (text, "")
    lines = ",\n    ".join([*map(json.dumps, rows[:REQUEST_ROWS]), *(["…"] if len(rows) > REQUEST_ROWS else [])])
    note = f", {REQUEST_ROWS} of {plural(len(rows), 'row')}" if len(rows) > REQUEST_ROWS else ""
    params = f', "params": {json.dumps(body["params"])}' if "params" in body else ""
    if split is None:
        return f'{{"{key}": [\n    {lines}\n  ]{params}}}', note
    head = "".join(
        f'"{name}": {json.dumps(split[name][:REQUEST_ROWS] if name == "index" else split[name])},\n  '
        for name in ("columns", "index")
        if split.get(name)
    )
    return f'{{"{key}": {{\n  {head}"data": [\n    {lines}\n  ]}}{params}}}', note


def is_number(value: Any) -> bool:
    """Whether it is shown as a number."""
    is_one = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_one and not (isinstance(value, int) and abs(value) > LARGEST)


def cell(value: Any) -> str:
    """A value of a request or an answer as text."""
    if is_number(value):
        return number(value)
    return value if isinstance(value, str) else json.dumps(value, default=str)
