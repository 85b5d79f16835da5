"""Which params a metric depends on: functional ANOVA of trees, resampled to see how far the answer can be trusted.

Params and metric are taken by rank: a sweep's values need not be uniform, and one run that diverged must not be all
that matters. `fanova` says how the shares come about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..contract import Direction, ImportanceResult, ImportanceRow
from ..errors import MetricNotFound, nearest
from .columns import as_numbers, kind_of, name_of
from .fanova import Array, explained

if TYPE_CHECKING:
    from .runtable import RunTable

__all__ = ["importance"]

FEWEST = 5  # runs, below which nothing is said
STABLE = 20  # runs, below which whatever comes out is called unstable
MOST = 5_000  # runs that are used, drawn at random; more cost time and change nothing
ROWS = 2_000  # runs a resample
RESAMPLES = 10
CUBE = 500  # points that the whole variance is measured on
PARAMS = 40  # that take part; of more, those that by themselves go along with the metric most
CATEGORIES = 30  # texts told apart; the rarer ones count as one
TELLING = 0.3  # share of the variance that the trees must predict on runs it has not seen
METHOD = f"fANOVA of boosted trees, by rank, {RESAMPLES} resamples"


@dataclass(frozen=True)
class _Param:
    """One param as places from 0 to 1, and whether its order means something."""

    key: str
    places: Array
    ordered: bool


def importance(runs: RunTable, metric: str, *, progress: Callable[[str], None] | None = None) -> ImportanceResult:
    """How much of what varies in a metric each param explains by itself, with intervals.

    The same runs always give the same answer.

    Args:
        runs: runs without the metric, or with NaN or an infinity there, take no part, which the note says.
        metric: its name.
        progress: told after each resample; may raise to stop.

    Raises:
        MetricNotFound: no run has it.
    """
    key = f"metrics.{metric.removeprefix('metrics.')}"
    if key not in runs:
        known = [name_of(key) for key in runs.table.column_names if kind_of(key) == "metric"]
        close = nearest(name_of(key), known)
        raise MetricNotFound(
            f"none of the {len(runs):,} runs has a metric '{name_of(key)}'",
            hint=f"did you mean '{close}'?" if close else None,
        )
    values = runs.column(key).to_numpy().astype(float)
    random = np.random.default_rng(0)
    usable = np.flatnonzero(np.isfinite(values))
    notes = [] if len(usable) == len(runs) else [f"{len(runs) - len(usable):,} runs without {name_of(key)} left out"]
    if len(usable) > MOST:
        notes.append(f"{MOST:,} of {len(usable):,} runs, drawn at random")
        usable = np.sort(random.choice(usable, MOST, replace=False))
    target = _ranks(values[usable])
    params, said = _params(runs, usable, target)
    notes += said
    if len(usable) < FEWEST or not params or float(np.ptp(target)) == 0:
        why = (
            f"too few: {len(usable)} runs have {name_of(key)}"
            if len(usable) < FEWEST
            else "no param varies among these runs"
            if not params
            else f"{name_of(key)} is the same in all of these runs"
        )
        return _result(key, [], len(usable), 0.0, [why, *notes])
    shares, predicted = _resampled(params, target, random, progress)
    rows = _rows(params, shares, target)
    floor = float(np.median(shares[:, -1]))
    return _result(key, rows, len(usable), floor, [*_trust(rows, shares, params, len(usable), predicted), *notes])


def _result(key: str, rows: list[ImportanceRow], runs: int, floor: float, notes: list[str]) -> ImportanceResult:
    note = "\n".join(notes)
    return {"metric": name_of(key), "rows": rows, "method": METHOD, "runs": runs, "floor": floor, "note": note}


# --- params as numbers -------------------------------------------------------------------------------------


def _params(runs: RunTable, usable: Array, target: Array) -> tuple[list[_Param], list[str]]:
    """The params that vary, and what was done to them."""
    found, unlike, notes = [], [], []
    for key in (key for key in runs.table.column_names if kind_of(key) == "param"):
        param = _param(runs, key, usable)
        if param is None:
            continue
        found.append(param)
        if not param.ordered and len(np.unique(param.places)) > max(CATEGORIES, len(usable) // 2):
            unlike.append(found.pop())
    if unlike:
        notes.append(f"left out, as almost every run has a text of its own: {_names(unlike)}")
    if len(found) > PARAMS:
        notes.append(f"{PARAMS} of {len(found):,} params, those that by themselves go along with the metric most")
        alone = np.array([_explained_alone(param.places, target) for param in found])
        kept = np.sort(np.argsort(-alone, kind="stable")[:PARAMS])
        found = [found[i] for i in kept]
    return found, notes


def _param(runs: RunTable, key: str, usable: Array) -> _Param | None:
    column = runs.column(key).take(pa.array(usable)).combine_chunks()
    numbers = as_numbers(column)
    values = numbers.to_numpy(zero_copy_only=False).astype(float)
    known = np.isfinite(values)
    if np.count_nonzero(known) == len(column) - column.null_count:  # as `columns.type_of` has it
        codes = np.full(len(values), -1, "i8")  # missing is a place of its own, below all numbers
        codes[known] = np.unique(values[known], return_inverse=True)[1]
        ordered = True
    else:
        texts = pc.dictionary_encode(pc.fill_null(column, "")).indices.to_numpy()
        counts = np.bincount(texts)
        common = np.argsort(-counts, kind="stable")[:CATEGORIES]
        # Told apart only where there are runs to compare: of 1,000 texts in 1,000 runs each is a place.
        is_rare = ~np.isin(texts, common) & (np.count_nonzero(counts) <= len(usable) // 2)
        codes, ordered = np.where(is_rare, len(counts), texts), False
    places = _ranks(codes)
    return _Param(key, places, ordered) if len(places) and np.ptp(places) > 0 else None


def _ranks(values: Array) -> Array:
    """Places from 0 to 1 by rank, equal values at the middle of theirs: a step is as wide as there are runs on it."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = (np.cumsum(counts) - counts / 2) / max(1, len(values))
    return np.asarray(middles[codes])


def _explained_alone(places: Array, target: Array) -> float:
    """The share of the target's variance between at most ten groups of places."""
    group = np.minimum((places * 10).astype(int), 9)
    counts = np.bincount(group, minlength=10)
    means = np.bincount(group, target, minlength=10) / np.maximum(counts, 1)
    groups = np.count_nonzero(counts)
    between = float((counts * (means - target.mean()) ** 2).sum())
    whole = float(((target - target.mean()) ** 2).sum())
    return between / max(1e-300, whole) - (int(groups) - 1) / len(target)


def _names(params: Sequence[_Param], most: int = 4) -> str:
    names = [name_of(param.key)[:40] for param in params]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


# --- the trees ---------------------------------------------------------------------------------------------


def _resampled(
    params: Sequence[_Param], target: Array, random: np.random.Generator, progress: Callable[[str], None] | None
) -> tuple[Array, float]:
    """Shares of variance (resample x param, the last column that of random numbers), and the share predicted unseen."""
    places, count = np.column_stack([param.places for param in params]), len(target)
    shares = np.zeros((RESAMPLES, len(params) + 1))
    predicted, times = np.zeros(count), np.zeros(count)
    for i in range(RESAMPLES):
        if progress:
            progress(f"resample {i + 1} of {RESAMPLES}")
        drawn = random.integers(0, count, min(count, ROWS))
        unseen = np.setdiff1d(np.arange(count), drawn)
        x = np.column_stack([places, random.permutation(places[:, i % len(params)])])
        cube = random.random((CUBE, x.shape[1]))  # what the whole variance is measured on: each param by itself
        fitted, in_cube, marginals = explained(x, target, drawn, cube, seed=i)
        predicted[unseen] += fitted[unseen]
        times[unseen] += 1
        whole = max(in_cube.var(), marginals.var(axis=1).sum())
        shares[i] = marginals.var(axis=1) / whole if whole > 0 else 0
    seen = times > 0
    missed = np.mean((predicted[seen] / times[seen] - target[seen]) ** 2) if seen.any() else np.inf
    return shares, float(1 - missed / target.var())


# --- what to make of it ------------------------------------------------------------------------------------


def _rows(params: Sequence[_Param], shares: Array, target: Array) -> list[ImportanceRow]:
    rows: list[ImportanceRow] = []
    for i, param in enumerate(params):
        low, middle, high = (float(part) for part in np.quantile(shares[:, i], (0.05, 0.5, 0.95)))
        rows.append(
            {"key": param.key, "importance": middle, "low": low, "high": high, "direction": _direction(param, target)}
        )
    return sorted(rows, key=lambda row: -row["importance"])


def _direction(param: _Param, target: Array) -> Direction:
    if not param.ordered:
        return "none"
    together = float(np.corrcoef(param.places, target)[0, 1])
    # Beyond what chance gives to two columns that have nothing to do with each other (2.5 standard errors).
    if abs(together) < max(0.1, 2.5 / np.sqrt(len(target))):
        return "none"
    return "up" if together > 0 else "down"


def _trust(
    rows: list[ImportanceRow], shares: Array, params: Sequence[_Param], runs: int, predicted: float
) -> list[str]:
    notes = []
    if runs < STABLE:
        notes.append(f"unstable: only {runs} runs, other runs may turn the order")
    elif len(rows) > 1 and rows[0]["low"] < rows[1]["high"]:
        order = [param.key for param in params]
        first, second = (order.index(row["key"]) for row in rows[:2])
        turned = int(np.count_nonzero(shares[:, second] > shares[:, first]))
        if turned * 10 >= RESAMPLES:
            names = f"{name_of(rows[1]['key'])} before {name_of(rows[0]['key'])}"
            notes.append(f"unstable: {turned} of {RESAMPLES} resamples put {names}")
    if predicted < TELLING:
        share = f"only {max(0.0, predicted):.0%} of what varies" if predicted > 0.005 else "nothing of what varies"
        notes.append(f"unstable: the params predict {share} on runs not seen; the rest is seeds, noise or not logged")
    if twins := _twins(params):
        notes.append(f"always change together, so that the share of one is spread over all: {twins}")
    left = 1 - sum(row["importance"] for row in rows)
    if left > 0.25 and predicted >= TELLING:
        notes.append(f"{left:.0%} of what the trees see is in params acting together")
    return notes


def _twins(params: Sequence[_Param]) -> str:
    """Params that rise and fall together, or that part the runs in the same groups."""
    groups: dict[bytes, list[_Param]] = {}
    for param in params:
        _, first, codes = np.unique(param.places, return_index=True, return_inverse=True)
        if len(first) > len(param.places) // 2:  # a value a run: any two such params would part the runs alike
            turned = len(first) - 1 - codes
            mark = min(codes.tobytes(), turned.tobytes()) if param.ordered else param.key.encode("utf-8", "replace")
        else:
            mark = np.argsort(np.argsort(first))[codes].astype("i4").tobytes()  # groups numbered as they come
        groups.setdefault(mark, []).append(param)
    return "; ".join(_names(group) for group in groups.values() if len(group) > 1)
