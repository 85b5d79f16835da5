"""Is a difference between runs more than chance? Bootstrap intervals over their repeats: folds, child runs, seeds.

The intervals are percentiles of resampled means, widened for few repeats as T. Hesterberg, "What Teachers Should Know
About the Bootstrap", The American Statistician 69 (2015), section 5.3: by sqrt(n / (n - 1)) and by Student's t.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..contract import Goal, NoiseGroup, NoiseResult, NoiseVerdict
from ..errors import MetricNotFound, RunNotFound, UsageError, nearest
from .columns import kind_of, name_of
from .groups import keys_of, params_but_seeds

if TYPE_CHECKING:
    from .runtable import RunTable

__all__ = ["Interval", "difference", "is_it_noise"]

Array = np.ndarray[Any, Any]

DRAWS = 4_000
LEVEL = 0.95
MANY = 500  # repeats, above which resampled means are normally distributed to all that is shown of them
FEW = 5  # repeats, below which a verdict is said with care
PARENT = "tags.mlflow.parentRunId"
METHOD = f"bootstrap of the difference of means, {LEVEL:.0%} interval, {DRAWS:,} draws"
_NUMBER = re.compile(r"(?<=fold)([_ -]?\d+)|(?<=split)([_ -]?\d+)|(?<=cv)([_ -]?\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Interval:
    """A difference of two means and where it probably lies."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class _Repeats:
    """What was measured again and again for one run. Values of two runs with the same ``labels`` belong together."""

    values: Array
    labels: tuple[str, ...]
    said: str


def difference(ours: Array, theirs: Array, *, paired: bool = False, seed: int = 0) -> Interval | None:
    """The mean of ``ours`` less that of ``theirs``, with its 95 % interval; None where repeats are too few to tell.

    Args:
        ours, theirs: finite values, two or more each.
        paired: the values belong together one by one, such as folds of the same split.
        seed: of the draws; the same seed gives the same interval.
    """
    from scipy.stats import t

    random = np.random.default_rng(seed)
    samples = [ours - theirs] if paired else [ours, theirs]
    if min(len(sample) for sample in samples) < 2:
        return None
    drawn, variances = [], []
    for sample in samples:
        n = len(sample)
        if n > MANY:
            means = random.normal(0, sample.std() / math.sqrt(n), DRAWS)
        else:
            means = sample[random.integers(0, n, (DRAWS, n))].mean(axis=1) - sample.mean()
        drawn.append(means * math.sqrt(n / (n - 1)))
        variances.append(float(sample.var(ddof=1)) / n)
    sizes = [len(sample) for sample in samples]
    spread = sum(part**2 / (n - 1) for part, n in zip(variances, sizes, strict=True))
    freedom = sum(variances) ** 2 / spread if spread > 0 else sum(sizes) - len(sizes)  # Welch's
    wider = float(t.ppf((1 + LEVEL) / 2, freedom) / t.ppf((1 + LEVEL) / 2, 1e9))
    middle = float(ours.mean() - theirs.mean())
    off = drawn[0] - drawn[1] if len(drawn) > 1 else drawn[0]
    low, high = np.quantile(off, ((1 - LEVEL) / 2, (1 + LEVEL) / 2)) * wider
    return Interval(middle, middle + float(low), middle + float(high))


def is_it_noise(
    runs: RunTable,
    run_ids: Sequence[str],
    metric: str,
    *,
    baseline: str = "",
    group_by: Sequence[str] = (),
    goal: Goal | None = None,
) -> NoiseResult:
    """Whether runs differ from a baseline by more than their repeats differ among each other.

    What counts as repeats of a run is, in this order: its own fold metrics (``fold_0_auc``, ``auc_fold1``), its child
    runs that have the metric, and the runs whose params are equal but for seeds.

    Args:
        runs: all runs at hand; repeats are looked for among them.
        run_ids: the runs to judge.
        metric: its name.
        baseline: one of ``run_ids``; the first where empty.
        group_by: columns whose equal values make runs repeats of each other, in place of all params but seeds.
        goal: which way the metric gets better.

    Raises:
        MetricNotFound: no run has the metric.
        RunNotFound: a run is not among ``runs``.
    """
    key = f"metrics.{metric.removeprefix('metrics.')}"
    folds = _fold_keys(runs, key)
    if key not in runs and not folds:
        known = [name_of(key) for key in runs.table.column_names if kind_of(key) == "metric"]
        close = nearest(name_of(key), known)
        raise MetricNotFound(
            f"none of the {len(runs):,} runs has a metric '{name_of(key)}'",
            hint=f"did you mean '{close}'?" if close else None,
        )
    ids = runs.column("run_id").to_pylist()
    places = {run_id: row for row, run_id in enumerate(ids)}
    absent = [run_id for run_id in (*run_ids, *([baseline] if baseline else ())) if run_id not in places]
    if absent:
        raise RunNotFound(f"run {absent[0]} is not among the {len(runs):,} runs shown")
    columns = keys_of(runs, group_by) if group_by else params_but_seeds(runs)
    found = {run_id: _repeats(runs, key, places[run_id], folds, columns) for run_id in (baseline, *run_ids) if run_id}
    if not run_ids:
        raise UsageError("noise is judged between two runs or more", hint="name them, or tick them in the panel")
    base = baseline or run_ids[0]
    return {
        "metric": name_of(key),
        "groups": [_judged(run_id, found[run_id], base, found[base], goal) for run_id in run_ids],
        "method": METHOD,
    }


# --- repeats -----------------------------------------------------------------------------------------------


def _fold_keys(runs: RunTable, key: str) -> list[str]:
    """The metrics that are this one, measured on one fold each."""
    plain = _without_fold(key)
    return [
        other
        for other in runs.table.column_names
        if kind_of(other) == "metric" and _NUMBER.search(other) and _without_fold(other) == plain
    ]


def _without_fold(key: str) -> str:
    """``metrics.fold_0_auc`` and ``metrics.auc_cv3`` as ``metrics.auc``."""
    bare = re.sub(r"(?i)(fold|split|cv)[_ -]?\d+", "", name_of(key))
    return "metrics." + re.sub(r"[_ /.-]+", "_", bare).strip("_")


def _repeats(runs: RunTable, key: str, row: int, folds: Sequence[str], columns: Sequence[str]) -> _Repeats:
    in_folds = [(fold, runs.column(fold)[row].as_py()) for fold in folds]
    measured = [(fold, value) for fold, value in in_folds if value is not None and math.isfinite(value)]
    if len(measured) > 1:
        labels = tuple(str(_fold(fold)) for fold, _ in measured)
        return _Repeats(np.array([value for _, value in measured]), labels, f"{len(measured)} folds")
    if key not in runs:
        return _Repeats(np.empty(0), (), "no folds")
    children = _where(runs, key, [(PARENT, runs.column("run_id")[row].as_py())]) if PARENT in runs else np.empty(0)
    if len(children) > 1:
        return _Repeats(children, (), f"{len(children)} child runs")
    equal = [(column, runs.column(column)[row].as_py()) for column in columns]
    # Where no param tells runs apart, a run is a repeat of itself only.
    values = _where(runs, key, equal or [("run_id", runs.column("run_id")[row].as_py())])
    by = f"equal {', '.join(name_of(column) for column in columns[:3])}" if columns else ""
    more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
    return _Repeats(
        values, (), f"{len(values)} run{'' if len(values) == 1 else 's'}" + (f" with {by}{more}" if by else "")
    )


def _fold(key: str) -> int:
    found = re.search(r"\d+", _NUMBER.search(key).group())  # type: ignore[union-attr]  # only keys that have one come here
    return int(found.group()) if found else 0


def _where(runs: RunTable, key: str, equal: Sequence[tuple[str, object]]) -> Array:
    """The finite values of a metric among the runs that have these values."""
    if not key:
        return np.empty(0)
    keep = pc.is_finite(runs.column(key))
    for column, value in equal:
        values = runs.column(column)
        same = pc.is_null(values) if value is None else pc.equal(values, pa.scalar(value, values.type))
        keep = pc.and_(keep, pc.fill_null(same, False))
    found: Array = runs.column(key).filter(keep).to_numpy()
    return found


# --- verdicts ----------------------------------------------------------------------------------------------


def _judged(run_id: str, ours: _Repeats, base: str, theirs: _Repeats, goal: Goal | None) -> NoiseGroup:
    n = len(ours.values)
    group: NoiseGroup = {
        "run_id": run_id,
        "repeats": ours.said,
        "n": n,
        "mean": float(ours.values.mean()) if n else None,
        "std": float(ours.values.std(ddof=1)) if n > 1 else None,
        "difference": None,
        "low": None,
        "high": None,
        "verdict": "unknown",
        "said": "",
    }
    if run_id == base:
        group["verdict"], group["said"] = "baseline", "the baseline"
        return group
    if not n or not len(theirs.values):
        group["said"] = "it has no value of the metric" if not n else "the baseline has no value of the metric"
        return group
    gap = group["difference"] = float(ours.values.mean() - theirs.values.mean())
    if _same_group(ours, theirs):
        group["said"] = "it is a repeat of the baseline: both differ by the seed only"
        return group
    paired = len(ours.labels) > 1 and ours.labels == theirs.labels
    found = difference(ours.values, theirs.values, paired=paired)
    if found is None:
        group["said"] = _too_few(n, len(theirs.values))
        return group
    if _identical(ours.values) and _identical(theirs.values):
        group["said"] = "the repeats of both are identical: they do not measure noise. Does the seed change anything?"
        return group
    group["low"], group["high"] = found.low, found.high
    group["verdict"], group["said"] = _verdict(gap, found, goal, min(n, len(theirs.values)), paired=paired)
    return group


def _identical(values: Array) -> bool:
    """But for rounding: one fit computed twice may differ in its last digits."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def _same_group(ours: _Repeats, theirs: _Repeats) -> bool:
    """Runs of equal params have the same repeats, which folds and children cannot be."""
    return (
        not ours.labels
        and ours.said == theirs.said
        and " with equal " in ours.said
        and np.array_equal(ours.values, theirs.values)
    )


def _too_few(ours: int, theirs: int) -> str:
    if ours == theirs == 1:
        return "one run each: nothing tells this from chance. Run both again with other seeds"
    whose = "this one was" if ours < theirs else "the baseline was"
    return f"{whose} run once: nothing tells this from chance. Run it again with other seeds"


def _verdict(gap: float, found: Interval, goal: Goal | None, fewest: int, *, paired: bool) -> tuple[NoiseVerdict, str]:
    span = f"between {found.low:+.3g} and {found.high:+.3g}"
    how = ", fold by fold" if paired else ""
    care = f"; only {fewest} repeats, so with care" if fewest < FEW else ""
    if found.low <= 0 <= found.high:
        return "noise", f"may well be noise: the difference is probably {span}{how}{care}"
    if goal is None:
        return (
            "different",
            f"more than noise: {'higher' if gap > 0 else 'lower'}, the difference is probably {span}{how}{care}",
        )
    word: NoiseVerdict = "better" if (gap < 0) == (goal == "min") else "worse"
    return word, f"more than noise: {word}, the difference is probably {span}{how}{care}"
