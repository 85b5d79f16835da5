"""Scoring jobs of batch endpoints: begun, looked at, canceled, their files read.

Not azure-ai-ml's `invoke`: its headers are one dict of the module, changed in place, so that after a call that names a
deployment every later one of the kernel goes there too (1.35.2); and it prints as it uploads.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..errors import AmlMagicsError, DeploymentError, InvokeError, NotFound, StoreUnreachable
from .artifacts import open_files
from .azure_data import Data
from .azure_files import asked, told
from .azure_rest import call, created_at
from .azure_scoring import score
from .logs import quiet

if TYPE_CHECKING:
    from .connection import Connection
    from .scoring import Answer

__all__ = ["JobSeen", "begin", "cancel", "job_log", "look", "past_jobs", "predictions"]

API = "2024-01-01-preview"  # of jobs in azure-ai-ml 1.35
TRIES = 3  # of a request that began a job, or did not: nobody knows where the connection broke
START_SECONDS = 60.0  # until the service has answered that a job began
JOBS = 50  # listed, the latest
OUTPUT = "score"  # of the job's step: holds the predictions
# What Azure writes about a failure, the most telling first (how-to-troubleshoot-batch-endpoints.md).
LOGS = ("logs/user/error.txt", "user_logs/std_log_0.txt", "logs/azureml/executionlogs.txt")
_RUN_STATES = {"FINISHED": "Completed", "FAILED": "Failed", "KILLED": "Canceled", "RUNNING": "Running"}


@dataclass(frozen=True)
class JobSeen:
    """A job as it is now; ``status`` in Azure's words, times None where it does not tell them."""

    name: str
    status: str
    endpoint: str = ""
    deployment: str = ""
    started: datetime | None = None
    changed: datetime | None = None


def begin(conn: Connection, endpoint: str, url: str, data: Data, *, deployment: str | None) -> str:
    """Begin a job. Returns its name.

    A broken connection does not tell whether the job began: it is looked for by a word of ours before a second attempt.

    Raises:
        InvokeError: the service refuses, or somebody interrupts.
        StoreUnreachable: it does not answer.
    """
    word = f"aml-{uuid.uuid4().hex[:12]}"
    perhaps = f"should it have begun all the same, it is called {word} among the jobs of '{endpoint}'"
    where = data.uri.partition("?")[0]  # the query may be a SAS
    kind = "UriFile" if data.kind == "uri_file" else "UriFolder"
    given = {"inputData": {kind: {"jobInputType": kind, "uri": data.uri}}, "name": word}
    body = json.dumps({"properties": given})

    def ask() -> Answer:
        return score(url, body, key=_token(conn), deployment=deployment, timeout=START_SECONDS, name=endpoint)

    try:
        found, why = _begun(conn, endpoint, ask, word)
    except KeyboardInterrupt as exc:
        raise InvokeError(f"interrupted: {perhaps}; its data is at {where}") from exc
    if not found:
        message = f"'{endpoint}' did not say that the job began: {why}; its data is at {where}"
        raise StoreUnreachable(message, hint=f"again; {perhaps}")
    return found


def _begun(conn: Connection, endpoint: str, ask: Callable[[], Answer], word: str) -> tuple[str, str]:
    """The job's name, and why there is none."""
    why = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(attempt)
            if found := _named(conn, endpoint, word):
                return found, ""
        try:
            answer = ask()
        except DeploymentError as exc:  # nothing answers
            why = exc.message
            continue
        said = _json(answer.body)
        if answer.status in (200, 201, 202) and said.get("name"):
            return str(said["name"]), ""
        error = said.get("error") or {}
        why = str(error.get("message") or answer.body[:200] or f"HTTP status {answer.status}")
        if answer.status == 401:
            _forget(conn)
        elif answer.status != 429 and answer.status < 500:
            raise InvokeError(f"'{endpoint}' refused the job: {why}")
    return "", why


def look(conn: Connection, name: str) -> JobSeen | None:
    """A job as it is now, or None where there is none of that name."""
    reply = call(conn, f"looking up the job {name}", "GET", f"/jobs/{quote(name, safe='')}", api_version=API)
    properties = reply.document.get("properties") if reply.found else None
    if not isinstance(properties, Mapping):
        return None
    more = {**(properties.get("tags") or {}), **(properties.get("properties") or {})}
    return JobSeen(
        name=str(reply.document.get("name") or name),
        status=str(properties.get("status") or ""),
        endpoint=str(more.get("azureml.endpointname") or properties.get("experimentName") or ""),
        deployment=str(more.get("azureml.deploymentname") or ""),
        started=created_at(reply.document),
        changed=created_at(reply.document, "lastModifiedAt"),
    )


def cancel(conn: Connection, name: str) -> None:
    """Ask for the end of a job, which takes a moment."""
    call(conn, f"canceling the job {name}", "POST", f"/jobs/{quote(name, safe='')}/cancel", api_version=API)


def past_jobs(conn: Connection, endpoint: str) -> list[JobSeen]:
    """The jobs of an endpoint, the latest first, at most 50.

    From its runs: azure-ai-ml's own `list_jobs` fails at times, and this is what Microsoft advises in its place
    (Azure/azureml-examples#4041).
    """
    found = []
    for run in _runs(conn, endpoint):
        info = run.info
        ended = info.end_time
        found.append(
            JobSeen(
                name=info.run_id,
                status=_RUN_STATES.get(info.status, "Queued"),
                endpoint=endpoint,
                deployment=str(run.data.tags.get("azureml.deploymentname", "")),
                started=_moment(info.start_time),
                changed=_moment(ended) if ended else None,
            )
        )
    return found


def job_log(conn: Connection, name: str) -> str:
    """What a job wrote: the most telling of the logs of its steps; "" before there is any."""
    for run in [*_steps(conn, name), name]:
        with suppress(AmlMagicsError):  # a step that never began has no artifacts
            remote = open_files(conn, f"azureml://artifacts/ExperimentRun/dcid.{run}")
            there = {file.path: file for file in remote.files()}
            for path in LOGS:
                text = remote.head(there[path], 1 << 20).data.decode("utf-8", "replace") if path in there else ""
                if text.strip():
                    return text
    return ""


def predictions(conn: Connection, name: str, to: Path) -> Path:
    """Download what a job that is completed has scored. Returns the file.

    Raises:
        NotFound: it has no such output.
    """
    azure = conn.azure
    assert azure is not None
    for step in [*_steps(conn, name), name]:
        target = to / step
        with quiet("azure.ai.ml"), told(conn, f"downloading the predictions of the job {name}"):
            azure.ml_client.jobs.download(step, download_path=str(target), output_name=OUTPUT)
        files = sorted(path for path in target.rglob("*") if path.is_file())
        if files:
            return next((path for path in files if path.name == "predictions.csv"), files[0])
    raise NotFound(f"the job {name} has no output '{OUTPUT}'", hint=f"az ml job show --name {name}")


def _steps(conn: Connection, name: str) -> list[str]:
    azure = conn.azure
    assert azure is not None
    jobs = azure.ml_client.jobs
    with quiet("azure.ai.ml"):
        found = asked(conn, f"looking up the steps of the job {name}", lambda: list(jobs.list(parent_job_name=name)))
    return [str(step.name) for step in found if step is not None]


def _runs(conn: Connection, endpoint: str) -> list[Any]:
    """The runs of the endpoint's experiment that are jobs, not their steps."""
    with conn.guard(f"listing the jobs of '{endpoint}'"):
        experiment = conn.mlflow.get_experiment_by_name(endpoint)
        if experiment is None:
            return []
        found = conn.mlflow.search_runs([experiment.experiment_id], max_results=2 * JOBS)
    return [run for run in found if not run.data.tags.get("mlflow.parentRunId")][:JOBS]


def _named(conn: Connection, endpoint: str, word: str) -> str:
    with suppress(AmlMagicsError):  # it is asked for again in any case
        return next((run.info.run_id for run in _runs(conn, endpoint) if run.info.run_name == word), "")
    return ""


def _token(conn: Connection) -> str:
    from azure.ai.ml._azure_environments import _get_aml_resource_id_from_metadata, _resource_to_scopes

    azure = conn.azure
    assert azure is not None
    assert azure.credential is not None
    # The audience of Azure ML is another in each cloud; azure-ai-ml knows it, and says it in no other way.
    return str(azure.credential.get_token(*_resource_to_scopes(_get_aml_resource_id_from_metadata())).token)


def _forget(conn: Connection) -> None:
    assert conn.azure is not None
    if conn.azure.credential is not None:
        conn.azure.credential.forget()


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc) if milliseconds else None
