"""What the real service refuses is refused here, with its status and its envelope."""

from __future__ import annotations

from typing import Any

import pytest
import requests

LONG = "x" * 1001


def message(answer: requests.Response) -> str:
    """The text of a refusal of the MLflow endpoints, whose envelope is checked."""
    body = answer.json()
    assert body["ComponentName"] == "mlflow"
    assert body["statusCode"] == answer.status_code
    assert "message" not in body  # RestException shows the whole envelope because of this
    assert set(body["Correlation"]) == {"operation", "request"}
    text: str = body["Error"]["Message"]
    return text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"params": [{"key": f"p{n}", "value": "1"} for n in range(201)]}, "FieldName=Parameters, Limit=200, Size=201"),
        (
            {"metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": n} for n in range(251)]},
            "FieldName=MetricV2Dto.Value/Count, Limit=250, Size=251",
        ),
        ({"tags": [{"key": f"t{n}", "value": "1"} for n in range(51)]}, "FieldName=Tags, Limit=50"),
        ({"tags": [{"key": "k" * 101, "value": "1"}]}, "Limit=100, Size=101"),
        ({"tags": [{"key": "k", "value": LONG}]}, "Limit=1000, Size=1001"),
    ],
)
def test_a_run_holds_so_much(ask: Any, body: dict[str, Any], said: str) -> None:
    run_id = ask.new_run()
    answer = ask.mlflow("POST", "runs/log-batch", json={"run_id": run_id, **body})
    assert answer.status_code == 400
    assert said in message(answer)
    data = ask.mlflow("GET", "runs/get", params={"run_id": run_id}).json()["run"]["data"]
    assert not data.get("params")
    assert not data.get("metrics")


def test_params_are_counted_over_all_calls(ask: Any) -> None:
    run_id = ask.new_run()
    for start in (0, 100):
        params = [{"key": f"p{n}", "value": "1"} for n in range(start, start + 100)]
        assert ask.mlflow("POST", "runs/log-batch", json={"run_id": run_id, "params": params}).status_code == 200
    answer = ask.mlflow("POST", "runs/log-parameter", json={"run_id": run_id, "key": "one more", "value": "1"})
    assert "Limit=200, Size=201" in message(answer)
    again = ask.mlflow("POST", "runs/log-parameter", json={"run_id": run_id, "key": "p0", "value": "1"})
    assert again.status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "metrics.a = 1 or metrics.a = 2",
        "tags.team != 'red'",
        "metrics.`val loss` < 1",
        "params.a > '1'",
        "params.a ILIKE 'x%'",
        "dataset.name = 'd'",
        "attributes.start_time > 5",
        "attributes.status = 'Queued'",
        "NOT metrics.a = 1",
    ],
)
def test_filters_that_the_service_does_not_know(ask: Any, text: str) -> None:
    answer = ask.mlflow("POST", "runs/search", json={"experiment_ids": ["0"], "filter": text})
    assert answer.status_code == 400
    assert message(answer).endswith(f"Provided filter string: {text}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "metrics.a < 1 AND params.b LIKE 'x or y' and tags.`odd name` = 'it''s'",
        "attributes.status = 'Finished' AND attributes.start_time > '5'",
        "attributes.run_id IN ('a', 'b')",
        "run_id IN ('a')",
        "tags.mlflow.parentRunId = 'x'",
    ],
)
def test_filters_that_it_knows(ask: Any, text: str) -> None:
    answer = ask.mlflow("POST", "runs/search", json={"experiment_ids": ["0"], "filter": text, "max_results": 5000})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("method", "verb", "status"),
    [
        ("POST", "logged-models", 404),
        ("POST", "logged-models/search", 404),
        ("POST", "registered-models/alias", 404),
        ("GET", "registered-models/alias", 404),
        ("GET", "traces", 403),
        ("POST", "experiments/update", 400),
        ("POST", "registered-models/rename", 400),
    ],
)
def test_endpoints_that_the_service_lacks(ask: Any, method: str, verb: str, status: int) -> None:
    answer = ask.mlflow(method, verb, json={} if method == "POST" else None)
    assert answer.status_code == status
    assert (answer.content == b"") == (status == 404)


def test_a_history_has_pages_of_less_than_1000(ask: Any) -> None:
    run_id = ask.new_run()
    for start in range(0, 1250, 250):
        rows = [{"key": "m", "value": n, "timestamp": n, "step": n} for n in range(start, start + 250)]
        ask.mlflow("POST", "runs/log-batch", json={"run_id": run_id, "metrics": rows}).raise_for_status()
    where = {"run_id": run_id, "metric_key": "m"}
    refused = ask.mlflow("GET", "metrics/get-history", params={**where, "max_results": 1000})
    assert message(refused) == "MaxResults = 1000 is invalid: MaxResults must be less than 1000."
    first = ask.mlflow("GET", "metrics/get-history", params={**where, "max_results": 999}).json()
    rest = ask.mlflow(
        "GET", "metrics/get-history", params={**where, "max_results": 999, "page_token": first["next_page_token"]}
    ).json()
    assert len(first["metrics"]) + len(rest["metrics"]) == 1250


def test_tag_keys_of_models_are_checked(ask: Any) -> None:
    tags = [{"key": "Accuracy:", "value": "1"}]
    answer = ask.mlflow("POST", "registered-models/create", json={"name": "odd", "tags": tags})
    assert answer.status_code == 400
    assert message(answer) == "The request is invalid."


def test_resource_manager_refuses_in_its_envelope(ask: Any) -> None:
    answer = ask.arm("GET", "/models/none/versions/1", params={"api-version": "2023-08-01-preview"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "UserError"
    changed = {"properties": {"modelUri": "azureml://jobs/a/outputs/artifacts/paths/model/"}}
    assert ask.arm("PUT", "/models/fixed/versions/1", json=changed).status_code == 201
    assert ask.arm("PUT", "/models/fixed/versions/1", json=changed).status_code == 200
    changed["properties"]["modelUri"] = "azureml://jobs/b/outputs/artifacts/paths/model/"
    answer = ask.arm("PUT", "/models/fixed/versions/1", json=changed)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Asset paths cannot be updated.")


def test_nobody_gets_in_without_a_token(ask: Any, sandbox: Any) -> None:
    for token, code in (("", "AuthenticationFailed"), ("a.b.c", "InvalidAuthenticationToken")):
        answer = ask.arm("GET", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
    wrong = requests.get(sandbox.env["MSI_ENDPOINT"], headers={"secret": "guess"}, timeout=10)
    assert wrong.status_code == 401


def test_runs_come_in_the_order_of_their_duration(ask: Any) -> None:
    home = ask.mlflow("POST", "experiments/create", json={"name": "durations"}).json()["experiment_id"]
    for name, end in (("short", 1010), ("open", None), ("long", 9000), ("middle", 2000), ("same", 2000)):
        body = {"experiment_id": home, "start_time": 1000, "run_name": name}
        run_id = ask.mlflow("POST", "runs/create", json=body).json()["run"]["info"]["run_id"]
        if end:
            body = {"run_id": run_id, "status": "FINISHED", "end_time": end}
            ask.mlflow("POST", "runs/update", json=body).raise_for_status()
    search = {
        "experiment_ids": [home],
        "order_by": ["attributes.duration DESC", "attributes.run_name ASC"],
        "max_results": 2,
    }
    pages, token = [], None
    while not pages or token:
        answer = ask.mlflow("POST", "runs/search", json={**search, "page_token": token}).json()
        pages.append([run["info"]["run_name"] for run in answer["runs"]])
        token = answer.get("next_page_token")
    assert pages == [["long", "middle"], ["same", "short"], ["open"]]
