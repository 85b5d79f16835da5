"""Generated queries on a store that is read by columns: the answer is what reading everything and filtering gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlflow_aml_magics.client.connection import open_connection
from mlflow_aml_magics.client.runs import list_experiments, read_runs
from mlflow_aml_magics.errors import QueryError
from mlflow_aml_magics.frames.runtable import RunTable

QUERIES = 300


def answer(read: Callable[..., RunTable], **words: Any) -> RunTable | str:
    """What is read, or the message of the error."""
    try:
        return read(**words)
    except QueryError as error:
        return error.message


def sorted_by(runs: RunTable, order: str | None) -> RunTable:
    return runs.sort(order) if order else runs


def test_what_decides_is_read_first(draw: Any, make_generator: Any, store_uri: str) -> None:
    connection = open_connection(store_uri)
    names = [connection.mlflow.create_experiment(name) for name in ("wine", "odd one")]
    for run in draw(60, 1):
        run.write(connection.mlflow, names)
    experiments = list_experiments(connection)
    everything = read_runs(connection, experiments)
    assert len(everything) == 60
    generator = make_generator(everything, 9)
    some = 0
    for _ in range(QUERIES):
        query, order, limit = generator.query(), generator.order(), generator.limit()
        expected = answer(lambda query=query, order=order: sorted_by(everything.filter(query), order))
        found = answer(
            lambda **words: read_runs(connection, experiments, **words), query=query, order_by=order, limit=limit
        )
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected, query
            continue
        wanted = expected.column("run_id").to_pylist()[:limit]
        assert found.column("run_id").to_pylist() == wanted, (query, order, limit)
        assert min(found.total, (limit or 0) + 1) == min(len(expected), (limit or 0) + 1), (query, order, limit)
        for key in found.table.column_names:  # the same values, though they were read apart
            if key in everything:
                assert repr(found.column(key).to_pylist()) == repr(expected.column(key).to_pylist()[:limit]), key
        some += 0 < len(expected) < 15
    assert some > 50
    connection.close()
