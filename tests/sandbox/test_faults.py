"""Faults come when asked for and are gone afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from mlflow_aml_magics.sandbox import Sandbox


def test_throttling_says_when_to_come_back(ask: Any, sandbox: Sandbox) -> None:
    with sandbox.fault("throttle", path="runs/create", retry_after=7):
        answer = ask.mlflow("POST", "runs/create", json={"experiment_id": "0"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        assert answer.json()["ComponentName"] == "mlflow"
        assert ask.arm("GET").status_code == 200
    assert ask.new_run()


def test_a_fault_ends_after_its_times(ask: Any, sandbox: Sandbox) -> None:
    with sandbox.fault("error", times=2) as fault:
        assert [ask.arm("GET").status_code for _ in range(3)] == [500, 500, 200]
        assert fault.hits == 2


def test_a_connection_drops(ask: Any, sandbox: Sandbox) -> None:
    with sandbox.fault("drop", times=1), pytest.raises(requests.ConnectionError):
        ask.arm("GET")
    assert sandbox.requests("management.azureml.test")[-1].status == 0
    assert ask.arm("GET").status_code == 200


def test_answers_are_slow(ask: Any, sandbox: Sandbox) -> None:
    with sandbox.fault("latency", seconds=0.3):
        start = time.monotonic()
        ask.arm("GET")
        assert time.monotonic() - start >= 0.3


def test_tokens_expire(ask: Any, sandbox: Sandbox) -> None:
    with sandbox.fault("expired_token"):
        answer = ask.arm("GET")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")
        ask.sign_in()
        assert ask.arm("GET").status_code == 200


def test_search_lags_behind_but_the_run_has_its_metrics(ask: Any, sandbox: Sandbox) -> None:
    run_id = ask.new_run()
    search = {"experiment_ids": ["0"], "filter": f"attributes.run_id = '{run_id}'"}
    with sandbox.fault("lag", seconds=60):
        body = {"run_id": run_id, "key": "late", "value": 1.0, "timestamp": 1}
        ask.mlflow("POST", "runs/log-metric", json=body).raise_for_status()
        (run,) = ask.mlflow("POST", "runs/search", json=search).json()["runs"]
        assert run["data"]["metrics"] == []
        whole = ask.mlflow("GET", "runs/get", params={"run_id": run_id}).json()["run"]
        assert [m["key"] for m in whole["data"]["metrics"]] == ["late"]
    (run,) = ask.mlflow("POST", "runs/search", json=search).json()["runs"]
    assert [m["key"] for m in run["data"]["metrics"]] == ["late"]


def test_an_unknown_fault_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no fault 'rain': one of latency"), sandbox.fault("rain"):
        pass


def test_microsofts_clients_live_through_faults(
    sandbox: Sandbox, run_script: Callable[..., dict[str, Any]], ask: Any
) -> None:
    with (
        sandbox.fault("throttle", path="runs/log-batch", times=1),
        sandbox.fault("error", path="artifacts/batch/metadata", times=1),
        sandbox.fault("error", path="workspaces/sandbox$", times=1),
    ):
        told = run_script("under_fire.py")
    assert told == {"params": {"a": "1"}, "text": "kept"}
