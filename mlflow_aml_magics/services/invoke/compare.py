"""Do two deployments answer the same? The same rows to both, and how their predictions differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import InvokeError, UsageError
from ...render.document import Block, Document, Facts, Note, Shown, Table
from ...render.format import count, plural
from ..deploy import Ref, located
from .answer import INPUTS, ROWS, Invocation, cell, is_number
from .ask import ANSWER_SECONDS, Wanted, asked, check_counts
from .differences import Difference, difference
from .predictions import as_columns

if TYPE_CHECKING:
    import pandas as pd

    from ...client.connection import Connection, Progress

__all__ = ["TOLERANCE", "Comparison", "compare", "the_two"]

TOLERANCE = 1e-6  # relative: above what sums of another order give, below what a user would call a difference


@dataclass(frozen=True)
class Comparison(Shown):
    """Two answers to the same rows: ``a`` and ``b``, and ``differences`` by column of the predictions."""

    a: Invocation
    b: Invocation
    differences: tuple[Difference, ...]
    tolerance: float
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many were compared."""
        return len(self.differences[0].same) if self.differences else 0

    @property
    def same(self) -> bool:
        """Whether all predictions are equal, numbers within the tolerance."""
        return all(all(one.same) for one in self.differences)

    def frame(self) -> pd.DataFrame:
        """A row for each: what was sent, and of each column of the predictions a, b and their difference."""
        import pandas as pd

        columns: dict[str, Sequence[Any]] = dict(self.a.inputs())
        left, right = as_columns(self.a.predictions), as_columns(self.b.predictions)
        for one in self.differences:
            columns[f"{one.name} ({self.a.deployment})"] = left[one.name]
            columns[f"{one.name} ({self.b.deployment})"] = right[one.name]
            if one.kind == "numbers":
                columns[f"{one.name} (difference)"] = one.each
        frame: pd.DataFrame = pd.DataFrame(columns)
        return frame

    def summary(self) -> tuple[str, ...]:
        """How far the two differ, a line for each column of the predictions."""
        return tuple(f"{one.name}: {one}" for one in self.differences)

    def table(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """The 20 rows that differ most, else the first ones, ready to show."""
        table = self._table()
        return table.columns, table.rows

    def _table(self) -> Table:
        worst = list(dict.fromkeys(row for one in self.differences for row in one.worst))
        shown = (worst or list(range(self.rows)))[:ROWS]
        given = dict(list(self.a.inputs().items())[:INPUTS])
        left, right = as_columns(self.a.predictions), as_columns(self.b.predictions)
        names = ["row", *given]
        first = self.a._request.first  # of the user's own rows, of which only some may have been sent
        columns: list[list[Any]] = [
            [first + i for i in shown],
            *([column[i] for i in shown] for column in given.values()),
        ]
        for one in self.differences:
            prefix = "" if len(self.differences) == 1 else f"{one.name}, "
            names += [f"{prefix}{self.a.deployment}", f"{prefix}{self.b.deployment}"]
            columns += [[left[one.name][i] for i in shown], [right[one.name][i] for i in shown]]
            if one.kind == "numbers":
                names.append(f"{prefix}difference")
                columns.append([one.each[i] for i in shown])
        numeric = tuple(all(map(is_number, column)) for column in columns)
        rows = tuple(tuple(map(cell, row)) for row in zip(*columns, strict=True))
        caption = "the rows that differ most" if worst else "no row differs"
        return Table(tuple(names), rows, numeric, total=len(worst) or self.rows, title=caption)

    def _document(self) -> Document:
        facts = [("rows", count(self.rows))]
        for one in (self.a, self.b):
            facts.append((one.deployment, f"{one.model}, {one.latency}"))
        facts += [(one.name, str(one)) for one in self.differences]
        facts.append(("equal", f"numbers that differ by less than {self.tolerance:g} of the larger"))
        blocks: list[Block] = [Facts(tuple(facts)), *(Note(note, "info") for note in self.notes), self._table()]
        blocks += [_confusion(one, self.a.deployment, self.b.deployment) for one in self.differences if one.confusion]
        return Document(f"{self.a.deployment} against {self.b.deployment}", tuple(blocks))


def compare(
    conn: Connection | None,
    a: str,
    b: str,
    *,
    data: object = None,
    sample: bool = False,
    params: Mapping[str, Any] | None = None,
    rows: slice | None = None,
    repeat: int = 1,
    chunk: int | None = None,
    tolerance: float = TOLERANCE,
    timeout: float = ANSWER_SECONDS,
    progress: Progress | None = None,
) -> Comparison:
    """Send the same rows to two deployments.

    Args:
        a, b: their names: "wine/blue" and "wine/green" of one endpoint, or any two.
        data, sample, params, rows, repeat, chunk, timeout, progress: as `invoke`; a sample is made from the model of
            ``a`` and must fit that of ``b``.
        tolerance: by which numbers may differ and be called equal, relative to the larger.

    Raises:
        DeploymentNotFound
        InvokeError: the rows do not fit one of the two, or they answer with different numbers of predictions.
    """
    check_counts(repeat, chunk)
    first = asked(conn, a, Wanted(data, sample, params, rows))
    if sample:
        data, rows = first.request.body("dataframe_split"), None
    second = asked(conn, b, Wanted(data, params=params, rows=rows))
    one, other = (
        deployment.send(repeat=repeat, chunk=chunk, timeout=timeout, progress=progress)
        for deployment in (first, second)
    )
    left, right = as_columns(one.predictions), as_columns(other.predictions)
    if (here := _length(left)) != (there := _length(right)):
        raise InvokeError(f"'{a}' gave {plural(here, 'prediction')}, '{b}' {there}: they cannot be compared by row")
    common = [name for name in left if name in right]
    notes = list(dict.fromkeys((*one.notes, *other.notes)))
    for name, columns, others in ((a, left, right), (b, right, left)):
        if alone := [column for column in columns if column not in others]:
            notes.append(f"only '{name}' predicts {', '.join(alone)}")
    if not common:
        raise InvokeError(f"'{a}' and '{b}' have no column of predictions in common: {'; '.join(notes)}")
    found = tuple(difference(name, left[name], right[name], tolerance) for name in common)
    return Comparison(one, other, found, tolerance, tuple(notes))


def the_two(conn: Connection | None, name: str, words: Sequence[str]) -> tuple[str, str]:
    """The names of two deployments that somebody means who asks ``name`` to be compared.

    Args:
        name: of an endpoint or a deployment.
        words: one is compared with ``name`` itself; of two each is a deployment under it, or one of its own name.

    Raises:
        DeploymentNotFound, UsageError: there are not two.
    """
    names = [_under(conn, name, word) for word in words]
    pair = (name, *names) if len(names) == 1 else tuple(names)
    if len(pair) != 2 or pair[0] == pair[1]:
        raise UsageError("two deployments are compared", hint=f"--compare blue green, or {name} --compare OTHER")
    return pair[0], pair[1]


def _under(conn: Connection | None, name: str, word: str) -> str:
    ref = Ref.parse(name)
    if "/" in word or ":" in word:
        return word
    under = Ref(ref.endpoint, word, ref.kind)
    return str(under) if located(conn, name)[0].find(under) is not None else word


def _length(columns: Mapping[str, Sequence[Any]]) -> int:
    return max((len(column) for column in columns.values()), default=0)


def _confusion(one: Difference, a: str, b: str) -> Table:
    """How often each class of ``a`` is which of ``b``."""
    labels = sorted({label for pair in one.confusion for label in pair})
    rows = tuple((label, *(count(one.confusion.get((label, other), 0)) for other in labels)) for label in labels)
    return Table(
        (f"{a} ↓ {b} →", *labels),
        rows,
        (False, *([True] * len(labels))),
        title=f"{one.name}: classes of {a} by those of {b}",
    )
