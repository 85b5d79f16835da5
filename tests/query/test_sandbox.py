"""The same runs in an Azure ML workspace and in SQLite: the same answers, row for row, whatever is asked.

The workspace is the sandbox's, which refuses what the service is known to refuse. The runs are written to both through
mlflow's client, and told apart by a tag: their ids differ.
"""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_aml_magics.client import bridge
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.errors import QueryError
from mlflow_aml_magics.workspace import Workspace

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox

RUNS, QUERIES = 40, 320
PLACES = ["twins one", "twins two"]
IDS = ("run_id", "experiment_id", "artifact_uri", "experiment")  # what differs between the stores, and what has an id
SEARCH, GET = "POST .*/runs/search$", "GET .*/runs/get$"


@dataclass
class Twins:
    """Two stores with the same runs."""

    azure: Workspace
    local: Workspace
    ids: dict[str, str]  # local run id -> the other's


_twins: list[Twins] = []


@pytest.fixture
def twins(
    azure: Connection, draw: Any, remembering: Any, _schema: Path, tmp_path_factory: pytest.TempPathFactory
) -> Twins:
    """Filled for the first test that asks."""
    if not _twins:
        file = shutil.copy(_schema, tmp_path_factory.mktemp("twins"))
        local = open_connection(f"sqlite:///{file}")
        ids = {}
        with bridge.applied(azure):
            stores = [(c, [c.mlflow.create_experiment(name) for name in PLACES]) for c in (local, azure)]
            for i, run in enumerate(draw(RUNS, 11, apart=True)):
                run.tags["twin"] = f"t{i:02}"
                mine, theirs = [run.write(connection.mlflow, places) for connection, places in stores]
                ids[mine] = theirs
        both = [Workspace(remembering(connection), experiments=PLACES) for connection in (azure, local)]
        _twins.append(Twins(*both, ids))
    return _twins[0]


def rows(workspace: Workspace, query: str, order: str | None, limit: int | None) -> pd.DataFrame | str:
    """The answer without what names a store's own ids; or the message of the error."""
    try:
        frame = workspace.runs(query, order_by=order, limit=limit)
    except QueryError as error:
        return error.message
    return frame.drop(columns=[name for name in frame if name in IDS])


def test_generated_queries(
    twins: Twins, in_sandbox: Sandbox, make_generator: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = make_generator(twins.local.run_table(), 12, without=IDS)
    kept = errors = 0
    before, gets = len(in_sandbox.requests(SEARCH)), len(in_sandbox.requests(GET))
    for i in range(QUERIES):
        query, order, limit = generator.query(), generator.order(), generator.limit()
        theirs = query
        if i % 20 == 0:
            some = generator.chance.sample(sorted(twins.ids), 3)
            query = " OR ".join(f"run_id = '{run_id}'" for run_id in some[:2]) + f" OR run_id IN ('{some[2]}')"
            theirs = re.sub(r"[0-9a-f]{32}", lambda match: twins.ids[match[0]], query)
        mine, found = rows(twins.local, query, order, limit), rows(twins.azure, theirs, order, limit)
        where = (query, order, limit)
        if isinstance(mine, str) or isinstance(found, str):
            assert found == mine, where
            errors += 1
            continue
        try:
            pd.testing.assert_frame_equal(found, mine)
        except AssertionError as difference:
            raise AssertionError(where) from difference
        kept += 0 < len(mine) < RUNS
    asked = in_sandbox.requests(SEARCH)[before:]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{QUERIES} queries, {kept} keep some and not all, {errors} errors, the same; "
            f"{len(asked)} searches of the service\n"
        )
    assert kept > QUERIES / 3
    assert {request.status for request in asked} == {200}  # nothing was asked that the service refuses
    assert len(in_sandbox.requests(GET)) == gets  # finished old runs are not asked for one by one
