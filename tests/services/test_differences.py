"""Differences between two columns of predictions."""

from __future__ import annotations

from math import nan

import pytest

from mlflow_aml_magics.services.invoke.differences import difference
from mlflow_aml_magics.services.invoke.latency import Latency


def test_numbers_within_the_tolerance_are_equal() -> None:
    found = difference("y", [1.0, nan, 2.0, 100.0, 0.0], [1.0 + 1e-9, nan, nan, 101.0, 0.0], 1e-6)
    assert found.same == (True, True, False, False, True)
    assert (found.kind, found.max_abs, found.share_equal) == ("numbers", 1.0, 0.6)
    assert found.worst == [2, 3]


def test_lists_of_numbers_differ_by_their_largest() -> None:
    found = difference("p", [[0.1, 0.9], [0.5, 0.5], [1.0]], [[0.1, 0.9], [0.2, 0.8], [1.0, 2.0]], 1e-6)
    assert found.each == (0.0, pytest.approx(0.3), None)
    assert found.same == (True, False, False)


def test_few_different_words_are_classes_and_many_are_not() -> None:
    assert difference("c", ["a", "b", "a"], ["a", "a", "a"], 0).confusion == {("a", "a"): 2, ("b", "a"): 1}
    labels = difference("c", [1, 0, 2, 0, 1], [1, 1, 2, 0, 0], 0)
    assert (labels.kind, str(labels)) == ("classes", "60 % equal (3 of 5)")  # between labels there is no difference
    words = [f"text {i}" for i in range(40)]
    assert difference("c", words, words, 0).kind == "other"
    assert difference("n", list(range(40)), list(range(40)), 0).kind == "numbers"


def test_percentiles_leave_the_first_request_out() -> None:
    latency = Latency((500.0, *map(float, range(1, 102))))
    assert (latency.first, latency.p50, latency.p95) == (500.0, 51.0, 96.0)
    assert str(latency) == "first 500.0 ms, then p50 51.0 ms, p95 96.0 ms, 1.0 to 101.0 ms of 101 requests"
    assert str(Latency((3.14159,))) == "3.1 ms"
