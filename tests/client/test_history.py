"""Metric histories of many runs: the points that mlflow gives one series at a time."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from mlflow.entities import Metric

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.client.bulk import history
from mlflow_aml_magics.client.bulk.history import metric_values, read_histories
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.frames.downsample import thinned
from mlflow_aml_magics.frames.histories import Histories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_aml_magics.sandbox import Sandbox

NAN = float("nan")
ODD = ["loss", "Loss", "val/loss é"]
STEPS = 2**53 + 1  # one that a float cannot hold


def write(connection: Connection, experiment: str, *, runs: int = 3, points: int = 120) -> list[str]:
    """Runs with a history each of three metrics: out of order, with NaN, inf, and several points at one step."""
    client, chance, ids = connection.mlflow, random.Random(1), []
    experiment_id = client.create_experiment(experiment)
    for i in range(runs):
        run_id = client.create_run(experiment_id).info.run_id
        for name in ODD[: 3 - i % 2]:
            logged = [
                Metric(name, chance.choice([chance.random(), NAN, 1e300, -2.0]), 1_780_000_000_000 + n, n // 2 * 3)
                for n in range(points)
            ]
            chance.shuffle(logged)
            for begin in range(0, points, 200):
                client.log_batch(run_id, logged[begin : begin + 200])
        client.set_terminated(run_id)
        ids.append(run_id)
    return ids


def series(found: Histories) -> dict[tuple[str, str], list[tuple[int, int, str]]]:
    """The points of each series in their order; values as text, in which NaN is NaN."""
    grouped: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    moments = found.table.column("timestamp").cast(pa.int64()).to_pylist()
    for row, moment in zip(found.table.drop_columns("timestamp").to_pylist(), moments, strict=True):
        grouped.setdefault((row["run_id"], row["metric"]), []).append((row["step"], moment, repr(row["value"])))
    return grouped


def by_mlflow(connection: Connection, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[object]]:
    found = {}
    for run_id, metric in wanted:
        with connection.guard("reading"):
            points = connection.mlflow.get_metric_history(run_id, metric)
        if points:
            found[run_id, metric] = sorted((point.step, point.timestamp, repr(point.value)) for point in points)
    return found


def all_points_are_mlflows(connection: Connection, ids: list[str]) -> None:
    wanted = [(run_id, metric) for run_id in reversed(ids) for metric in [*ODD, "absent"]]
    found = read_histories(connection, wanted, points=None)
    assert series(found) == by_mlflow(connection, wanted)
    assert list(series(found)) == [pair for pair in wanted if pair in series(found)]  # in the order asked for
    assert found.note == ""


def test_sqlite(store_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = open_connection(store_uri)
    ids = write(connection, "histories")
    connection.mlflow.log_metric(ids[0], "loss", 0.125, step=STEPS, timestamp=STEPS)
    all_points_are_mlflows(connection, ids)
    monkeypatch.setattr(history, "AT_ONCE", 150)  # points: two series in one piece are too many
    all_points_are_mlflows(connection, ids)
    for how, of in (("min", min), ("max", max)):
        values = metric_values(connection, [*ids, "0" * 32], "loss", how).to_pylist()
        for run_id, value in zip(ids, values, strict=False):
            points = connection.mlflow.get_metric_history(run_id, "loss")
            assert value == of(point.value for point in points if not math.isnan(point.value))
        assert values[-1] is None
    last = [connection.mlflow.get_run(run_id).data.metrics["loss"] for run_id in ids]
    assert repr(metric_values(connection, ids, "loss").to_pylist()) == repr(last)
    assert metric_values(connection, ids, "loss", "step", STEPS).to_pylist() == [0.125, None, None]


def test_postgres(postgres_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = open_connection(postgres_uri)
    ids = write(connection, "histories")
    connection.mlflow.log_metric(ids[0], "loss", 0.125, step=STEPS, timestamp=STEPS)
    all_points_are_mlflows(connection, ids)
    monkeypatch.setattr(history, "AT_ONCE", 150)
    all_points_are_mlflows(connection, ids)
    assert metric_values(connection, ids, "loss", "max").to_pylist() == [1e300] * 3
    assert metric_values(connection, ids, "loss", "step", STEPS).to_pylist() == [0.125, None, None]
    connection.close()


def test_the_sandbox(in_sandbox: Sandbox, connected: Connection) -> None:
    with connected.guard("writing to"):  # as any call of ours, which logs in again where a token has run out
        ids = write(connected, "histories-in-azure", runs=2, points=1000)  # more than a page of the service
    all_points_are_mlflows(connected, ids)
    lowest = metric_values(connected, ids, "loss", "min").to_pylist()
    assert lowest == [-2.0, -2.0]


def test_a_server_gives_all_points_or_a_sample_and_says_which(server_uri: str) -> None:
    connection = open_connection(server_uri)
    ids = write(connection, "histories", points=100)
    all_points_are_mlflows(connection, ids)
    wanted = [(run_id, metric) for run_id in ids for metric in ODD]
    whole = read_histories(connection, wanted, points=100)
    assert series(whole) == by_mlflow(connection, wanted)
    assert whole.note == ""
    sample = read_histories(connection, wanted, points=20)
    for key, points in series(sample).items():
        there = series(whole)[key]
        assert len(points) <= 20
        assert set(points) <= set(there)
        assert (points[0][0], points[-1][0]) == (there[0][0], there[-1][0])
    assert set(sample.series.column("there").to_pylist()) == {None}
    assert "does not tell" in sample.note
    assert metric_values(connection, ids, "loss", "max").to_pylist() == [1e300] * 3


def test_a_thinned_series_keeps_its_ends_its_lowest_and_its_highest() -> None:
    chance = np.random.default_rng(0)
    for trial in range(200):
        lengths = chance.integers(1, 60, 5)
        of = np.repeat(np.arange(5), lengths)
        values = chance.integers(0, 9, len(of)).astype(float)
        values[chance.random(len(of)) < (1 if trial % 9 == 0 else 0.2)] = NAN
        points = int(chance.integers(4, 30))
        kept = thinned(of, values, points)
        for one in range(5):
            before, after = np.flatnonzero(of == one), kept[of[kept] == one]
            if len(before) <= points:
                assert (before == after).all()
                continue
            assert len(after) <= points
            assert (after[0], after[-1]) == (before[0], before[-1])
            if not np.isnan(values[before]).all():
                assert np.nanmin(values[before]) == np.nanmin(values[after])
                assert np.nanmax(values[before]) == np.nanmax(values[after])


def test_the_workspace_says_what_is_left_out_and_keeps_what_ended(store_uri: str) -> None:
    workspace = Workspace.connect(store_uri)
    ids = write(workspace.connection, "histories")
    table = workspace.history(workspace.runs(), "loss", points=10)
    assert table.schema.metadata[b"note"] == b"30 points of 360: 3 of 3 series are thinned" or table.num_rows < 30
    runs = workspace.run_table()
    assert workspace.history(runs, "loss", points=None).num_rows == 360
    workspace.connection.mlflow.log_metric(ids[0], "loss", 3.5, step=10_000)
    assert workspace.history(runs, "loss", points=None).num_rows == 360  # as the table has it
    assert workspace.history(workspace.run_table(), "loss", points=None).num_rows == 361
    assert workspace.metric_values(ids, "loss", "step", 10_000).to_pylist() == [3.5, None, None]
