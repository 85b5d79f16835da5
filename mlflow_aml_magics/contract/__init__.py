"""Every shape that crosses between the kernel and the browser; ``labextension/src/contract.ts`` is made from it.

    python -m mlflow_aml_magics.contract > labextension/src/contract.ts

Bulk data does not appear here: runs and histories travel as Arrow IPC streams, runs in columns that `ColumnInfo`
describes, in order.
"""

from __future__ import annotations

from typing import Any

from .actions import (
    CopyArgs,
    CopyResult,
    DeployArgs,
    DeployResult,
    InvokeArgs,
    InvokeResult,
    RegisterArgs,
    RegisterResult,
)
from .comparison import ComparedRow, ComparedRun, ComparedSection, ComparisonInfo, DeltaTone
from .requests import CancelArgs, Failure, Progress, Reply, Request, RequestName
from .runs import ColumnInfo, ColumnKind, ColumnType, ExplorerInfo, Goal
from .view import AxisScale, ChartKind, ChartSpec, SortTerm, Tab, View

__all__ = [
    "CONTRACT_VERSION",
    "SHAPES",
    "AxisScale",
    "CancelArgs",
    "ChartKind",
    "ChartSpec",
    "ColumnInfo",
    "ColumnKind",
    "ColumnType",
    "ComparedRow",
    "ComparedRun",
    "ComparedSection",
    "ComparisonInfo",
    "CopyArgs",
    "CopyResult",
    "DeltaTone",
    "DeployArgs",
    "DeployResult",
    "ExplorerInfo",
    "Failure",
    "Goal",
    "InvokeArgs",
    "InvokeResult",
    "Progress",
    "RegisterArgs",
    "RegisterResult",
    "Reply",
    "Request",
    "RequestName",
    "SortTerm",
    "Tab",
    "View",
]

CONTRACT_VERSION = 2  # raised when a shape changes in a way an older front end cannot read

SHAPES: tuple[Any, ...] = (
    ColumnInfo,
    ExplorerInfo,
    SortTerm,
    ChartSpec,
    View,
    Failure,
    CancelArgs,
    Request,
    Progress,
    Reply,
    RegisterArgs,
    RegisterResult,
    DeployArgs,
    DeployResult,
    InvokeArgs,
    InvokeResult,
    CopyArgs,
    CopyResult,
    ComparedRow,
    ComparedSection,
    ComparedRun,
    ComparisonInfo,
)
