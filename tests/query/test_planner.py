"""What is asked of which server, and what happens where the answer alone would mislead."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.protos.service_pb2 import SearchRuns
from mlflow.utils.proto_json_utils import message_to_json

from mlflow_aml_magics.client import capabilities
from mlflow_aml_magics.client.alternatives import alternatives
from mlflow_aml_magics.client.capabilities import AZURE, FILES, SERVER, SQL, SQLITE, UNKNOWN, Capabilities
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.client.planner import MAX_CLAUSES, order_clauses, plan, presence_filters
from mlflow_aml_magics.client.runs import ExperimentRef, list_experiments, read_runs
from mlflow_aml_magics.errors import QueryError
from mlflow_aml_magics.frames.query import Column, parse, parse_order
from mlflow_aml_magics.frames.runtable import RunTable
from mlflow_aml_magics.workspace import Workspace

START = 1_780_000_000_000  # ms


# --- the words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "pushed"),
    [
        ("", ""),
        ("metrics.rmse < 0.5", "metrics.rmse < 0.5"),
        ("metrics.rmse < 0.5 AND params.model = 'rf'", "metrics.rmse < 0.5 AND params.model = 'rf'"),
        ("metrics.rmse >= 1e16", "metrics.rmse >= 1e16"),
        ("~ 'forest' AND params.model = 'rf'", "params.model = 'rf'"),
        ("NOT ~ 'forest' OR rmse < 1", ""),
        ("metrics.rmse = -1e-7", "metrics.rmse = -1e-07"),
        ("metrics.rmse > '3'", "metrics.rmse > 3.0"),
        ("metrics.rmse != 2", "metrics.rmse != 2.0"),
        ("metrics.`val/loss` < 1", "metrics.`val/loss` < 1.0"),
        ("params.in = 'a'", "params.`in` = 'a'"),
        ("status = 'Completed'", "attributes.status = 'FINISHED'"),
        ("status != 'queued'", "attributes.status != 'SCHEDULED'"),
        ("start_time >= '2026-11-21'", "attributes.start_time >= 1795219200000"),
        ("start_time < 1000.5", "attributes.start_time < 1001"),
        ("start_time <= 1000.5", "attributes.start_time <= 1000"),
        ("start_time > 1000.5", "attributes.start_time > 1000"),
        ("run_id IN ('a1', 'b2')", "attributes.run_id IN ('a1', 'b2')"),
        ("run_id IN ('brave_fox_x1', '0a-b2')", "attributes.run_id IN ('brave_fox_x1', '0a-b2')"),
        ("run_name LIKE '%x_y%'", "attributes.run_name LIKE '%x_y%'"),
        ("params.model IS NULL", "params.model IS NULL"),
        ("params.model IN ('rf')", "params.model = 'rf'"),
        ("params.model NOT IN ('a', 'b')", "params.model != 'a' AND params.model != 'b'"),
        ("NOT (params.model = 'rf' OR status = 'FAILED')", "params.model != 'rf' AND attributes.status != 'FAILED'"),
        ("NOT NOT params.model = 'rf'", "params.model = 'rf'"),
        # The presence of a column is all that is safe to ask:
        ("metrics.rmse != 0", "metrics.rmse >= -1.7976931348623157e308"),  # NaN is stored as 0
        ("NOT metrics.rmse < 1", "metrics.rmse >= -1.7976931348623157e308"),  # which NaN is not, either
        ("params.depth = 3", "params.depth LIKE '%'"),  # '3', '3.0' and '03'
        ("params.model RLIKE 'r.'", "params.model LIKE '%'"),
        ("params.model = 'it''s'", "params.model LIKE '%'"),
        ("params.model = 'a\\b'", "params.model LIKE '%'"),
        ("params.model = 'a -- b'", "params.model LIKE '%'"),
        ("params.model = ' rf'", "params.model LIKE '%'"),
        ("tags.env = 'a' OR tags.env = 'b'", "tags.env LIKE '%'"),
        ("tags.env = 'a' OR tags.n = 'b'", ""),
        ("tags.env = 'a' AND tags.n = 'b' OR tags.env = 'c'", "tags.env LIKE '%'"),
        ("NOT (tags.env = 'a' AND tags.env = 'b')", "tags.env LIKE '%'"),
        ("tags.env IS NOT NULL", "tags.env LIKE '%'"),
        # Nothing is:
        ("tags.env IS NULL", ""),  # a tag may hold NULL
        ("metrics.rmse IS NULL", ""),
        ("metrics.rmse < 1e999", "metrics.rmse >= -1.7976931348623157e308"),
        ("rmse < 1", ""),  # which kind it is must be found out first
        ("user = 'ann'", ""),  # a tag or an attribute, whichever there is
        ("artifact_uri LIKE 's3:%'", ""),
        ("status LIKE 'F%'", ""),
        ("start_time = 1000.5", ""),
        ("run_id IN ('A1', 'b2')", ""),  # mlflow drops ids with capitals
    ],
)
def test_sqlite_is_asked(query: str, pushed: str) -> None:
    assert plan(parse(query), SQL).pushed == pushed


@pytest.mark.parametrize(
    ("able", "query", "pushed"),
    [
        (SERVER, "params.model LIKE 'rf%x'", "params.model LIKE 'rf%'"),  # LIKE in mlruns folders stops at line ends
        (SERVER, "params.model LIKE 'a[x]%'", "params.model LIKE 'a%'"),  # SQL Server's wildcard
        (SERVER, "params.model LIKE '%x'", "params.model LIKE '%'"),
        (SERVER, "params.model ILIKE 'Disk é%'", "params.model ILIKE 'Di__ _%'"),
        (SERVER, "params.model != 'rf'", "params.model LIKE '%'"),  # 'rf ' is 'rf' to MySQL
        (SERVER, "metrics.rmse IS NOT NULL", ""),
        (FILES, "metrics.rmse < 1 AND params.model = 'rf'", ""),
        (AZURE, "params.model = 'rf'", "params.model = 'rf'"),
        (AZURE, "tags.mlflow.parentRunId = 'a'", "tags.mlflow.parentRunId = 'a'"),
        (AZURE, "tags.env != 'dev'", ""),
        (AZURE, "params.`learning rate` = '1'", ""),
        (AZURE, "metrics.rmse < 1", ""),  # the metrics of a fresh run are on their way
        (AZURE, "status = 'completed'", "attributes.status = 'Finished'"),
        (AZURE, "status = 'failed'", ""),
        (AZURE, "status != 'completed'", ""),
        (AZURE, "start_time > 5", ""),
        (AZURE, "params.model ILIKE 'rf%'", ""),
        (AZURE, "params.model LIKE 'rf%'", "params.model LIKE 'rf%'"),
        (UNKNOWN, "params.model = 'rf' AND metrics.rmse < 1", "params.model = 'rf'"),
    ],
)
def test_other_servers_are_asked(able: Capabilities, query: str, pushed: str) -> None:
    assert plan(parse(query), able).pushed == pushed


def test_the_whole_query_is_left_for_the_columns() -> None:
    node = parse("metrics.rmse < 1 AND params.model RLIKE 'x'")
    assert plan(node, SQL).rest == node
    assert plan(parse(""), SQL).rest is None


@pytest.mark.parametrize(
    ("able", "query", "asked"),
    [
        (
            SQL,
            "metrics.rmse < 1 OR params.model = 'rf'",
            ["metrics.rmse < 1.0", "params.model = 'rf'"],
        ),
        (
            SQL,
            "NOT (params.model != 'rf' AND status = 'FAILED')",
            ["params.model = 'rf'", "attributes.status != 'FAILED'"],
        ),
        (
            SQL,
            "params.model IN ('rf', 'it''s') AND metrics.rmse IS NOT NULL OR params.model = 'x'",
            [],  # of the first part nothing is sure but that there is a model
        ),
        (
            SQL,
            "tags.env IN ('a', 'b') AND metrics.rmse IS NOT NULL",
            [
                "metrics.rmse >= -1.7976931348623157e308 AND tags.env = 'a'",
                "metrics.rmse >= -1.7976931348623157e308 AND tags.env = 'b'",
            ],
        ),
        (AZURE, "params.model = 'a' OR tags.x = 'b'", ["params.model = 'a'", "tags.x = 'b'"]),
        (AZURE, "params.model = 'a' OR metrics.rmse < 1", []),  # metrics are not asked for
        (SQL, "run_id IN ('a', 'b')", []),  # one filter does
        (SQL, "status = 'RUNNING' AND (params.a = 'x' OR params.b = 'y')", []),
        (SQL, "params.a = 'x' OR metrics.rmse != 0", []),  # the second is nearly every run
        (SQL, "tags.env IN ('a', 'b', 'c', 'd', 'e')", []),  # too many searches
        (SQL, "tags.env NOT IN ('a', 'b')", []),
    ],
)
def test_servers_are_asked_one_alternative_after_the_other(able: Capabilities, query: str, asked: list[str]) -> None:
    assert alternatives(parse(query), able) == asked


def test_joins_are_few() -> None:
    query = " AND ".join(f"params.p{i} = '{i}'" for i in range(100))
    assert len(plan(parse(query), SQL).clauses) == MAX_CLAUSES


@pytest.mark.parametrize(
    ("able", "order", "asked"),
    [
        (SQL, "metrics.rmse, start_time DESC", ["metrics.rmse ASC", "attributes.start_time DESC"]),
        (SQL, "metrics.`val/loss` DESC", ["metrics.`val/loss` DESC"]),
        (SQL, "params.depth", None),  # numbers to us, texts there
        (SQL, "tags.env", None),  # the database's alphabet
        (SQL, "start_time, start_time DESC", None),
        (SQLITE, "metrics.rmse", None),  # it would take longer than reading all
        (AZURE, "start_time", ["attributes.start_time ASC"]),
        (AZURE, "metrics.rmse", None),
    ],
)
def test_orders(able: Capabilities, order: str, asked: list[str] | None) -> None:
    assert order_clauses(parse_order(order), able) == asked


def test_presence() -> None:
    assert presence_filters(Column("metric", "rmse"), SERVER) == ["metrics.rmse != 1", "metrics.rmse = 1"]
    assert presence_filters(Column("tag", "odd name"), AZURE) == []


@pytest.mark.parametrize(
    ("uri", "able"),
    [
        ("sqlite:////x/mlflow.db", SQLITE),
        ("postgresql+psycopg2://u:p@host/db", SQL),
        ("mysql+pymysql://u:p@host/db", SERVER),
        ("https://mlflow.example.com", SERVER),
        ("file:///x/mlruns", FILES),
        ("azureml://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/s", AZURE),
        ("databricks", UNKNOWN),
    ],
)
def test_capabilities_follow_from_the_uri(uri: str, able: Capabilities) -> None:
    assert capabilities.of(Connection(uri)) is able


# --- reading -----------------------------------------------------------------------------------------------


class Runs:
    """A store that a test fills, and how it was read."""

    def __init__(self, uri: str) -> None:
        self.connection = open_connection(uri)
        self.client: MlflowClient = self.connection.mlflow
        self.pages: list[str] = []
        self.count = 0

    def add(
        self,
        name: str,
        *,
        metrics: dict[str, float] | None = None,
        params: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        experiment: str = "0",
    ) -> str:
        run_id = str(
            self.client.create_run(experiment, run_name=name, start_time=START + self.count * 1000).info.run_id
        )
        self.count += 1
        self.client.log_batch(
            run_id,
            [Metric(key, value, 0, 0) for key, value in (metrics or {}).items()],
            [Param(key, value) for key, value in (params or {}).items()],
            [RunTag(key, value) for key, value in (tags or {}).items()],
        )
        return run_id

    def read(self, query: str = "", order_by: str | None = None, limit: int | None = None, **able: object) -> RunTable:
        self.pages.clear()
        return read_runs(
            self.connection,
            list_experiments(self.connection),
            query=query,
            order_by=order_by,
            limit=limit,
            progress=self.pages.append,
            able=replace(capabilities.of(self.connection), **{"columns": False, **able}),  # type: ignore[arg-type]
        )

    def names(self, *args: object, **able: object) -> list[object]:
        return list(self.read(*args, **able).column("run_name").to_pylist())  # type: ignore[arg-type]


@pytest.fixture
def runs(store_uri: str) -> Iterator[Runs]:
    found = Runs(store_uri)
    yield found
    found.connection.close()


def test_only_matching_runs_travel(runs: Runs) -> None:
    for i in range(6):
        runs.add(f"r{i}", params={"model": "rf" if i == 2 else "gbm"})
    assert runs.names("params.model = 'rf'") == ["r2"]
    assert runs.pages == ["1 runs read"]
    assert runs.names("model = 'rf'") == ["r2"]
    assert runs.pages == ["1 runs read"]


@pytest.mark.parametrize("columns", [False, True])
def test_words_are_looked_for_in_columns_that_the_query_does_not_name(runs: Runs, columns: bool) -> None:
    for i in range(6):
        last = runs.add(f"r{i}", params={"model": "random forest" if i < 3 else "gbm"}, tags={"team": f"red {i}"})
    assert runs.names("~ 'FOREST'", columns=columns) == ["r2", "r1", "r0"]
    assert runs.names("~ 'forest red' AND NOT ~ '1'", columns=columns) == ["r2", "r0"]
    assert runs.names(f"~ '{last[:8]}'", columns=columns) == ["r5"]
    assert runs.names("~ 'red 4' OR model = 'random forest'", "tags.team", 2, columns=columns) == ["r0", "r1"]
    assert runs.names("~ 'nothing has this'", columns=columns) == []


def test_reading_stops_at_the_limit(runs: Runs) -> None:
    for i in range(8):
        runs.add(f"r{i}", metrics={"rmse": float(i)} if i else {"rmse": float("nan")})
    found = runs.read("", "rmse", 2, order_by_metrics=True)
    assert found.column("run_name").to_pylist() == ["r1", "r2"]
    assert runs.pages == ["3 runs read"]
    assert found.total > len(found)
    assert runs.names("metrics.rmse > 3", "metrics.rmse DESC", 1, max_page=2, order_by_metrics=True) == ["r7"]
    assert runs.pages == ["2 runs read"]
    assert runs.names("run_name RLIKE '[01]$'", None, 1, max_page=3) == ["r1"]  # filtered here, page by page
    assert len(runs.pages) == 3
    assert runs.read("", "rmse", 8, order_by_metrics=True).total == 8


def test_an_order_that_the_server_has_not_reads_all(runs: Runs) -> None:
    for depth in ("10", "9", "2"):
        runs.add(f"d{depth}", params={"depth": depth})
    assert runs.names("", "params.depth", 1) == ["d2"]
    assert runs.pages == ["3 runs read"]


def test_an_unknown_name_is_told_though_no_run_came(runs: Runs) -> None:
    runs.add("a", metrics={"rmse": 1.0}, params={"model": "rf"})
    for query in ("params.modle = 'rf'", "params.model = 'none' AND params.modle = 'x'"):
        with pytest.raises(QueryError, match="no parameter is called 'modle'") as caught:
            runs.read(query)
        assert caught.value.hint == "params.model"
        assert caught.value.text[caught.value.start : caught.value.end] == "params.modle"


def test_a_wrong_literal_is_told_though_no_run_came(runs: Runs) -> None:
    runs.add("a", metrics={"rmse": 1.0}, params={"model": "rf"})
    with pytest.raises(QueryError, match="no regular expression"):
        runs.read("params.model = 'none' AND run_name RLIKE '('")
    with pytest.raises(QueryError, match="is no number"):
        runs.read("params.model = 'none' AND metrics.rmse > 'x'")


def test_an_empty_store_knows_no_wrong_names(runs: Runs) -> None:
    assert runs.names("params.model = 'rf' AND rmse < 1", "rmse") == []


def test_a_column_of_other_runs_only_is_known(runs: Runs) -> None:
    runs.add("old", params={"model": "rf"}, metrics={"auc": float("nan")})
    runs.add("new", params={"model": "gbm"})
    assert runs.names("params.model = 'gbm' AND metrics.auc IS NULL") == ["new"]
    assert runs.names("params.model = 'gbm' AND (metrics.auc > 1 OR status = 'running')") == ["new"]
    assert runs.names("params.model = 'gbm'", "metrics.auc") == ["new"]


def test_a_filter_does_not_change_what_a_name_means(runs: Runs) -> None:
    runs.add("both", params={"x": "1", "model": "rf"})
    runs.add("one", metrics={"x": 1.0}, params={"model": "gbm"})
    with pytest.raises(QueryError, match=r"could be metrics\.x or params\.x"):
        runs.read("params.model = 'gbm' AND x = 1")
    with pytest.raises(QueryError, match=r"could be metrics\.x or params\.x"):
        runs.read("params.model = 'none' AND x = 1")


def test_a_deleted_name_tag_loses_no_run(runs: Runs) -> None:
    runs.client.delete_tag(runs.add("lonely"), "mlflow.runName")
    runs.add("other")
    assert runs.names("run_name = 'lonely'") == ["lonely"]


def test_letters_that_sqlite_does_not_fold(runs: Runs) -> None:
    runs.add("kelvin", params={"unit": "\u212a"})
    runs.add("accent", params={"unit": "É"})
    assert runs.names("params.unit ILIKE 'k'") == ["kelvin"]
    assert runs.names("params.unit ILIKE 'é'") == ["accent"]


def test_experiments_are_left_out_by_name(runs: Runs) -> None:
    other = runs.client.create_experiment("wine")
    runs.add("a")
    runs.add("b", experiment=other)
    assert runs.names("experiment = 'wine'") == ["b"]
    assert runs.pages == ["1 runs read"]
    assert runs.names(f"experiment_id != '{other}' AND run_name = 'a'") == ["a"]
    assert runs.names("experiment = 'beer'") == []


def test_alternatives_are_merged_newest_first(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(6):
        runs.add(f"r{i}", params={"model": "rf" if i % 2 else "gbm"}, metrics={"rmse": float(i)})
    query = "params.model = 'rf' OR metrics.rmse >= 4"
    assert runs.names(query) == ["r5", "r4", "r3", "r1"]
    assert runs.pages == ["3 runs read", "5 runs read"]
    assert runs.names("params.model = 'x' OR metrics.rmse > 9") == []
    assert runs.pages == ["0 runs read", "0 runs read"]
    with pytest.raises(QueryError, match="modle"):
        runs.read("params.modle = 'rf' OR metrics.rmse >= 4")
    monkeypatch.setattr("mlflow_aml_magics.client.search.PATIENCE", 2)
    assert runs.names(query, max_page=2) == ["r5", "r4", "r3", "r1"]
    assert runs.pages == ["2 runs read", "6 runs read"]  # it gave up, and read all


def test_the_workspace_passes_it_on(runs: Runs) -> None:
    for i in range(3):
        runs.add(f"r{i}", metrics={"rmse": float(i)}, params={"model": "rf" if i else "gbm"})
    workspace = Workspace(runs.connection)
    said: list[str] = []
    assert workspace.run_table("rmse < 1.5 AND model = 'rf'", progress=said.append).column("run_name").to_pylist() == [
        "r1"
    ]
    assert said == ["3 runs read"]  # of so few, all
    assert list(workspace.runs(order_by="rmse DESC", limit=1)["metrics.rmse"]) == [2.0]


# --- a server that refuses ---------------------------------------------------------------------------------


@pytest.fixture
def refusing_server(store_uri: str) -> Iterator[Callable[[int, str], str]]:
    """A tracking server over HTTP that answers any filter or order with this status and body."""
    answer = {"status": 400, "body": ""}
    client = MlflowClient(tracking_uri=store_uri, registry_uri=store_uri)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if asked.get("filter") or asked.get("order_by"):
                self.reply(int(answer["status"]), str(answer["body"]))
                return
            found = client.search_runs(asked["experiment_ids"], "", ViewType.ACTIVE_ONLY, int(asked["max_results"]))
            self.reply(200, message_to_json(SearchRuns.Response(runs=[run.to_proto() for run in found])))

        def do_GET(self) -> None:
            self.reply(404, "")

        def reply(self, status: int, body: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def start(status: int, body: str) -> str:
        answer.update(status=status, body=body)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}'),
        (400, '{"error": {"code": "UserError", "message": "Currently unsupported filter string format"}}'),
        (400, ""),
    ],
    ids=["mlflow", "Azure ML", "nothing"],
)
def test_a_refused_filter_is_done_here(
    runs: Runs, refusing_server: Callable[[int, str], str], status: int, body: str
) -> None:
    runs.add("a", params={"model": "rf"}, metrics={"rmse": 1.0})
    runs.add("b", params={"model": "gbm"}, metrics={"rmse": 2.0})
    connection = Connection(refusing_server(status, body))
    found = read_runs(
        connection, [ExperimentRef("0", "Default")], query="model = 'gbm'", order_by="metrics.rmse", limit=1
    )
    assert found.column("run_name").to_pylist() == ["b"]


def test_a_folder_is_read_plainly(tmp_path: Path) -> None:
    """mlruns folders are read in one page, without a filter."""
    runs = Runs((tmp_path / "mlruns").as_uri())
    for i in range(3):
        runs.add(f"r{i}", metrics={"rmse": float("inf") if i else float("nan")})
    assert runs.names("metrics.rmse != 0") == ["r2", "r1", "r0"]
    assert runs.names("metrics.rmse > 1", "start_time", 1) == ["r1"]


def test_ids_may_have_any_form(tmp_path: Path) -> None:
    """Azure ML's experiments have UUIDs for ids; an mlruns folder takes what its folders are called."""
    runs = Runs((tmp_path / "mlruns").as_uri())
    old, new = runs.client.create_experiment("wine"), "0b5e0f4c-7d3e-4c8e-9d47-6a3a2f0c9b11"
    parent = runs.add("parent", experiment=old)
    for name, rmse in (("a", 1.0), ("b", 2.0)):
        runs.add(name, experiment=old, metrics={"rmse": rmse}, tags={"mlflow.parentRunId": parent})
    (tmp_path / "mlruns" / old).rename(tmp_path / "mlruns" / new)
    for file in (tmp_path / "mlruns" / new).rglob("meta.yaml"):
        file.write_text(file.read_text().replace(old, new))
    workspace = Workspace(runs.connection, experiments=["Default"])
    assert list(workspace.runs(experiment=new, query="metrics.rmse < 2")["tags.mlflow.runName"]) == ["a"]
    ids = dict(workspace.runs(experiment="wine").set_index("tags.mlflow.runName")["run_id"])
    assert "+1" in repr(workspace.compare(ids["a"], ids["b"], static=True))
    assert len(workspace.runs(children=parent)) == 2  # of another experiment than the workspace's own
