"""Rows of a page whose metrics a server's search shows late, as `fresh` completes them."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from mlflow.entities import Run

from ..fresh import completed
from .pages import Page, page_of_runs

if TYPE_CHECKING:
    from ..connection import Connection, Progress

__all__ = ["with_latest"]

_ENDED = ("FINISHED", "FAILED", "KILLED")


def with_latest(connection: Connection, page: Page, lag: float, progress: Progress | None) -> Page:
    """The page, with the latest metrics of runs that are open or ended a short while ago.

    Args:
        connection: where the page is from.
        page: what the search gave.
        lag: seconds after which search shows what was logged.
        progress: told how many runs are asked for.
    """
    before = int((time.time() - lag) * 1000)
    ended = pc.is_in(page.attributes["status"], value_set=pa.array(_ENDED))
    settled = pc.and_(ended, pc.fill_null(pc.less_equal(page.attributes["end_time"], before), False))
    doubtful = np.flatnonzero(~settled.to_numpy(zero_copy_only=False))
    runs = [_run(page, place) for place in doubtful.tolist()]
    pairs = zip(doubtful.tolist(), runs, completed(connection, runs, lag, progress=progress), strict=True)
    latest = {place: new for place, old, new in pairs if new is not old}
    return _replaced(page, latest) if latest else page


def _run(page: Page, place: int) -> Run:
    """What `completed` looks at of a run."""
    of, keys, values = page.rows["metrics"]
    start, end = np.searchsorted(of, [place, place + 1])
    metrics = dict(zip(keys[start:end].to_pylist(), values[start:end].to_pylist(), strict=True))
    info = {key: page.attributes[key][place].as_py() for key in ("run_id", "status", "start_time", "end_time")}
    return cast("Run", SimpleNamespace(info=SimpleNamespace(**info), data=SimpleNamespace(metrics=metrics)))


def _replaced(page: Page, latest: dict[int, Run]) -> Page:
    new = page_of_runs(list(latest.values()))
    places = np.array(list(latest))
    is_new = np.zeros(len(page), bool)
    is_new[places] = True
    attributes = {
        key: pc.replace_with_mask(column, pa.array(is_new), new.attributes[key])
        for key, column in page.attributes.items()
    }
    rows = {}
    for name, (of, keys, values) in page.rows.items():
        more_of, more_keys, more_values = new.rows[name]
        kept = np.where(is_new[of], -1, of)
        rows[name] = (
            np.concatenate([kept, places[more_of]]),
            pa.concat_arrays([keys, more_keys]),
            pa.concat_arrays([values, more_values]),
        )
    return Page(attributes, rows)
