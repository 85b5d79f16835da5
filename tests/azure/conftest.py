"""Connections to the sandbox's first workspace: Microsoft's own SDKs, with our login and the bridge around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import mlflow
import pytest

from mlflow_aml_magics.client.connection import Connection

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox


@pytest.fixture
def connection(in_sandbox: Sandbox, connected: Connection) -> Connection:
    """Connected to the workspace; mlflow's globals are as they were."""
    return connected


@pytest.fixture
def bridged(connection: Connection, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """The bridge is in, the workspace is mlflow's current store, and the experiment is called like the test."""
    with connection.as_current():
        mlflow.set_experiment(request.node.name.partition("[")[0])
        yield connection
        while mlflow.active_run():
            mlflow.end_run()
