"""Numbers, times and foreign text as people read them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import pytest

from mlflow_aml_magics.render.format import (
    clean,
    count,
    delta,
    duration,
    listed,
    number,
    one_line,
    plural,
    size,
    timestamp,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (0.0, "0"),
        (57.93412, "57.93"),
        (0.0123456, "0.01235"),
        (12345.6, "12346"),
        (-0.5, "-0.5"),
        (200.0, "200"),
        (1.23e-5, "1.23e-5"),
        (1e20, "1e20"),
        (0.1 + 0.2, "0.3"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("new", "old", "shown"),
    [
        (57.87, 59.8, "−1.93 (−3.2 %)"),
        (1, 0, "+1"),
        (3, 1, "+2 (+200 %)"),
        (1, 1, "0"),
        (math.nan, 1, ""),
        (1e9, 1, "+999999999"),
    ],
)
def test_differences(new: float, old: float, shown: str) -> None:
    assert delta(new, old) == shown


def test_counts_sizes_and_lengths() -> None:
    assert (count(2341), plural(1, "run"), plural(2341, "run")) == ("2,341", "1 run", "2,341 runs")
    assert (size(812), size(1_234_567), size(999_999), size(None)) == ("812 B", "1.2 MB", "1.0 MB", "")
    assert (duration(0.0371), duration(1.2), duration(200), duration(7500)) == (
        "37 ms",
        "1.2 s",
        "3 min 20 s",
        "2 h 5 min",
    )
    assert listed("abcde") == "a, b, c and 2 more"


def test_times_are_utc() -> None:
    moment = datetime(2026, 11, 21, 6, 14, 9, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp(moment) == timestamp(moment.timestamp() * 1000) == "2026-11-21 05:14:09"
    assert timestamp(10**20) == str(10**20)


def test_text_that_acts_is_made_visible() -> None:
    assert clean("a\x1b[31mb\u202ec\r\nd") == "a\ufffd[31mb\ufffdc\nd"
    assert one_line("  a\nb\t c  ") == "a ↵ b c"
    assert one_line("z" * 10_000) == "z" * 179 + "… (10,000 characters)"
    assert len(one_line("z" * 300, 80)) == 80
    assert one_line("\ud800").encode() == "\ufffd".encode()
