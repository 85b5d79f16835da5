"""What a tracking server is known to answer rightly, so that the planner asks it for no more than that.

Known, not guessed: each entry below says from where. A filter that is in doubt is left out; the columns are filtered
again in any case, so that leaving one out costs time and never changes an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from .connection import Connection

__all__ = ["AZURE", "FILES", "SERVER", "SQL", "SQLITE", "UNKNOWN", "Capabilities", "of"]

PAGE = 1000  # runs a request; the memory and the patience of a page, mlflow itself allows 50,000
STATUSES = MappingProxyType({word: word for word in ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")})


@dataclass(frozen=True)
class Capabilities:
    """What can be asked of one kind of server. No server at all knows OR.

    Args:
        max_page: runs that may be asked for in one request.
        filters: whether filtering there spares anything.
        attributes: those that its filter compares as our columns do.
        statuses: our word for a run's state to the server's; a state that is absent is not asked for.
        like: "full" for any pattern, "prefix" for ``abc%`` only, "none".
        ilike: whether it knows ILIKE, and ``_`` in it.
        text_not_equal: ``!=`` on params and tags.
        metrics: metrics are filtered, and what was logged is found by the next search.
        nan_is_zero: NaN is stored as 0, so that ``>=`` of the lowest number finds each run that has the metric.
        params_null: ``params.x IS NULL``.
        presence: ``LIKE '%'`` finds each run that has the param or tag.
        odd_names: names in backticks.
        order_attributes, order_by_metrics: what it sorts by as we do.
        metrics_lag: seconds after which its search is sure to show what was logged.
        columns: all runs are read by columns (`bulk`) in the time of a page of its search.
    """

    max_page: int = PAGE
    filters: bool = True
    attributes: frozenset[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=lambda: STATUSES)
    like: Literal["none", "prefix", "full"] = "none"
    ilike: bool = False
    text_not_equal: bool = False
    metrics: bool = False
    nan_is_zero: bool = False
    params_null: bool = False
    presence: bool = False
    odd_names: bool = False
    order_attributes: frozenset[str] = frozenset()
    order_by_metrics: bool = False
    metrics_lag: float = 0
    columns: bool = False


_OPEN_SOURCE = frozenset({"run_id", "run_name", "status", "start_time", "end_time"})

# A database of known ways, PostgreSQL or SQLite, opened by the mlflow in this process: its own source says what it does
# (store/tracking/sqlalchemy_store.py, _get_sqlalchemy_filter_clauses). LIKE respects case.
SQL = Capabilities(
    attributes=_OPEN_SOURCE,
    like="full",
    ilike=True,
    text_not_equal=True,
    metrics=True,
    nan_is_zero=True,
    params_null=True,  # mlflow#21283; the planner sees by the parser whether the installed mlflow has it
    presence=True,
    odd_names=True,
    order_attributes=frozenset({"start_time", "end_time"}),
    order_by_metrics=True,
    columns=True,
)

# SQLite joins the metric for mlflow's ORDER BY run by run: 4.8 s for the first 11 of 10,000 runs. Reading all 10,000
# takes as long (5.1 s), and grows in proportion to the runs whatever SQLite's planner does.
SQLITE = replace(SQL, order_by_metrics=False)

# An mlflow server, whose database nobody tells: what SQLite, PostgreSQL, MySQL, SQL Server and an mlruns folder have
# in common. MySQL and SQL Server ignore trailing spaces (so no !=) and the case of names (so no IS NULL), "[" is a
# wildcard of SQL Server's LIKE, an mlruns folder keeps NaN, and its LIKE stops at line ends.
SERVER = Capabilities(
    attributes=_OPEN_SOURCE,
    like="prefix",
    ilike=True,
    metrics=True,
    presence=True,
    odd_names=True,
    order_attributes=frozenset({"start_time", "end_time"}),
    order_by_metrics=True,
)

# An mlruns folder: mlflow reads every file of every run for each page, so that one page without a filter is fastest.
FILES = Capabilities(max_page=50_000, filters=False)

# Azure Machine Learning: learn.microsoft.com/azure/machine-learning/how-to-track-experiments-mlflow, "Support matrix".
# No order by metrics, params or tags; no escaped names; no != on tags. Metrics reach its search late
# (azure-sdk-for-python#39198), and a filter would drop the runs whose metrics are on their way. Of the states only
# Finished is sure to mean the same runs: Failed, say, may or may not include what did not respond. How late they are
# nobody tells; a quarter of an hour is our guess, and far more than the seconds of the report.
AZURE = Capabilities(
    max_page=900,  # "MaxResults … must be less than 1000" (mlflow#10694)
    attributes=frozenset({"run_id", "status"}),
    statuses=MappingProxyType({"FINISHED": "Finished"}),
    like="prefix",
    order_attributes=frozenset({"start_time"}),
    metrics_lag=900,
)

# Databricks and whatever else speaks the protocol: equality.
UNKNOWN = Capabilities(attributes=frozenset({"run_id"}))

_BY_SCHEME = {
    "sqlite": SQLITE,
    "postgresql": SQL,
    "mysql": SERVER,
    "mssql": SERVER,
    "http": SERVER,
    "https": SERVER,
    "file": FILES,
    "azureml": AZURE,
}


def of(connection: Connection) -> Capabilities:
    """What can be asked of a connection's tracking server. Asks nobody: the URI tells enough."""
    return _BY_SCHEME.get(connection.uri.partition("://")[0].partition("+")[0], UNKNOWN)
