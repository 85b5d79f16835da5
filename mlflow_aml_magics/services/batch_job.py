"""A scoring job of a batch endpoint: begun, waited for, found again after a restart, its predictions as a DataFrame."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import AmlMagicsError, DeploymentError, InvokeError, NotFound, UsageError
from ..render.document import Code, Document, Facts, Note, Shown, Table, Tone
from ..render.format import duration, plural, timestamp
from .deploy import Ref, located, target
from .deploy.following import Followed, TooLong, follow

if TYPE_CHECKING:
    import pandas as pd

    from ..client.azure_batch_jobs import JobSeen
    from ..client.connection import Connection, Progress

__all__ = ["BatchJob", "BatchJobList", "batch_job", "jobs", "score"]

# "waiting": for the cluster's nodes and the model's environment.
State = Literal["waiting", "running", "canceling", "completed", "failed", "canceled"]
STATES: dict[str, State] = {
    "NotStarted": "waiting", "Queued": "waiting", "Preparing": "waiting", "Provisioning": "waiting",
    "Starting": "waiting", "CancelRequested": "canceling", "Completed": "completed", "Failed": "failed",
    "Canceled": "canceled",
}  # fmt: skip
TONES: dict[State, Tone] = {
    "waiting": "info", "running": "info", "canceling": "warn", "completed": "good", "failed": "bad", "canceled": "warn",
}  # fmt: skip
ENDED = ("completed", "failed", "canceled")
WAIT_SECONDS = 86_400.0  # a day
LOG_LINES = 12  # of a failed job, shown


@dataclass(frozen=True)
class BatchJob(Shown):
    """A job as it was when it was asked for; `refresh` tells how it is now.

    ``name`` finds it again in any session, by `batch_job`. ``data`` is what it scores, "" where nobody kept that;
    ``ended`` is None while it goes on; ``link`` its page in the studio; ``detail`` what its log says of a failure.

    >>> job = score(conn, "wine", "to_score/")                          # doctest: +SKIP
    >>> job.wait().predictions()                                        # doctest: +SKIP
         file_name  row  prediction
    0   part-0.csv    0        5.31
    """

    name: str
    endpoint: str
    deployment: str
    state: State
    data: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    link: str = ""
    detail: str = ""
    _conn: Connection | None = field(default=None, repr=False, compare=False)

    @property
    def elapsed(self) -> float:
        """Seconds since it began, until its end."""
        if self.started is None:
            return 0.0
        return max(0.0, ((self.ended or datetime.now(timezone.utc)) - self.started).total_seconds())

    def refresh(self) -> BatchJob:
        """The job as it is now."""
        return batch_job(self._connection, self.name, data=self.data)

    def wait(self, progress: Progress | None = None, *, timeout: float = WAIT_SECONDS) -> BatchJob:
        """The job when it has ended. An interrupt leaves it as it goes.

        Args:
            progress: told each second how far it is.
            timeout: seconds.

        Raises:
            InvokeError: it failed, or was canceled; with the decisive line of its log.
            DeploymentError: whoever waits was interrupted, or the time was up; the job goes on.
        """

        def look() -> Followed[BatchJob]:
            now = self.refresh()
            return Followed(now, f"job {self.name}: {now.state}", done=now.state in ENDED)

        try:
            job = follow(look, progress or _silent, timeout=timeout)
        except KeyboardInterrupt as exc:
            raise DeploymentError(f"interrupted: the job {self.name} goes on by itself", hint=self._again) from exc
        except TooLong as exc:
            raise DeploymentError(f"the job {self.name} goes on after {timeout:g} s", hint=self._again) from exc
        if job.state == "completed":
            return job
        how = "was canceled" if job.state == "canceled" else "failed"
        why = f": {job.detail.splitlines()[-1]}" if job.detail else ""
        raise InvokeError(f"the job {self.name} {how}{why}", hint=f"%aml_endpoints {self.endpoint} --logs")

    def cancel(self, progress: Progress | None = None) -> BatchJob:
        """End it, and wait until it has; one that has ended stays as it is. Returns it as it is then."""
        from ..client.azure_batch_jobs import cancel

        now = self.refresh()
        if now.state in ENDED:
            return now
        cancel(self._connection, self.name)
        with suppress(InvokeError):  # that it was canceled is what was wanted
            return self.wait(progress)
        return self.refresh()

    def predictions(self, progress: Progress | None = None) -> pd.DataFrame:
        """What the model gave for each row: ``file_name``, ``row`` (from 0 in its file) and ``prediction``.

        A model that gives several columns has those in place of ``prediction``; a file that is no table has no ``row``.
        Sorted by file and row. Waits for a job that has not ended.

        Raises:
            InvokeError: the job failed, or its output cannot be read.
        """
        from ..client.azure_batch_jobs import predictions
        from .batch_predictions import read_predictions

        job = self if self.state == "completed" else self.wait(progress)
        with tempfile.TemporaryDirectory(prefix="mlflow-aml-batch-") as scratch:
            file = predictions(self._connection, job.name, Path(scratch))
            return read_predictions(file, job.name, lambda: _output_names(job))

    def logs(self, tail: int = 50) -> str:
        """The last lines that it wrote."""
        from ..client.azure_batch_jobs import job_log

        return "\n".join(job_log(self._connection, self.name).rstrip().splitlines()[-tail:])

    @property
    def _again(self) -> str:
        return f"%aml_invoke {self.endpoint} --job {self.name}"

    @property
    def _connection(self) -> Connection:
        assert self._conn is not None
        return self._conn

    def _document(self) -> Document:
        where = f"{self.endpoint}/{self.deployment}" if self.deployment else self.endpoint
        facts = (
            ("endpoint", where),
            ("state", self.state),
            ("data", self.data),
            ("started", f"{timestamp(self.started)} UTC" if self.started else ""),
            ("took" if self.ended else "since", duration(self.elapsed)),
            ("studio", self.link),
        )
        blocks: list[Facts | Code | Note] = [Facts(tuple((k, v) for k, v in facts if v))]
        if self.detail:
            blocks.append(Code(self.detail, "text"))
        following = {
            "completed": ".predictions() of this result, as a DataFrame",
            "failed": ".logs() of this result",
            "canceled": "",
        }
        if step := following.get(self.state, f"{self._again} waits for it, in any session"):
            blocks.append(Note(f"next: {step}", TONES[self.state]))
        return Document(f"job {self.name}", tuple(blocks))


@dataclass(frozen=True)
class BatchJobList(Shown):
    """The jobs of an endpoint, the latest first."""

    endpoint: str
    items: tuple[BatchJob, ...]

    def __iter__(self) -> Iterator[BatchJob]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> BatchJob:
        return self.items[index]

    def _document(self) -> Document:
        rows = tuple((j.name, j.state, timestamp(j.started), duration(j.elapsed)) for j in self.items)
        tones = tuple((None, TONES[job.state], None, None) for job in self.items)
        table = Table(("job", "state", "started (UTC)", "took"), rows, tones=tones)
        return Document(f"{plural(len(self.items), 'job')} of {self.endpoint}", (table,) if rows else ())


def score(conn: Connection, name: str, data: object, *, progress: Progress | None = None) -> BatchJob:
    """Have a batch endpoint score files. Returns the job when it has begun.

    Args:
        name: the endpoint, or ENDPOINT/DEPLOYMENT for another than its default.
        data: a DataFrame; a file or a folder of this machine (CSV or Parquet; folders below are not looked into); a
            data asset of the workspace, "azureml:NAME:VERSION", "azureml:NAME@latest"; or an address, azureml://…
        progress: told what is sent.

    Raises:
        DeploymentNotFound
        UsageError: it is no batch endpoint.
        InvokeError: there is nothing to score, or it lacks a column that the model takes; nothing was sent.
        StoreUnreachable: the service does not answer; what was sent is named.

    >>> score(conn, "wine", "to_score/").wait().predictions()           # doctest: +SKIP
    """
    from ..client.azure_batch_jobs import begin
    from .batch_data import sent

    say = progress or _silent
    place, deployment = located(conn, name)
    if deployment.target != "batch":
        raise UsageError(
            f"'{name}' is on the target {deployment.target}, which answers at once", hint=f"%aml_invoke {name} --data …"
        )
    if deployment.state != "running":
        raise DeploymentError(
            f"'{name}' cannot score: {deployment.detail or deployment.state}", hint=f"%aml_endpoints {name}"
        )
    ref = Ref.parse(name)
    source = sent(conn, data, place.about(ref), say)
    say(f"beginning a job of {deployment.name}")
    wanted = ref.deployment or (None if deployment.traffic else deployment.name.partition("/")[2])
    job = begin(conn, deployment.endpoint, deployment.url, source, deployment=wanted)
    found = batch_job(conn, job, data=source.label)
    say(f"job {job} has begun{f': {found.link}' if found.link else ''}")
    return found


def batch_job(conn: Connection, name: str, *, data: str = "", endpoint: str | None = None) -> BatchJob:
    """A job by its name, from any session.

    Args:
        data: what it is known to score.
        endpoint: whose it must be, if that matters.

    Raises:
        NotFound: there is none, or it is of another endpoint.
    """
    from ..client.azure_batch_jobs import job_log, look

    _need_azure(conn)
    seen = look(conn, name)
    if seen is None:
        raise NotFound(f"no job '{name}' in {conn.label}", hint="ws.batch_jobs('ENDPOINT') lists those of an endpoint")
    if endpoint is not None and seen.endpoint != Ref.parse(endpoint).endpoint:
        raise NotFound(f"the job '{name}' is of {seen.endpoint}", hint=f"%aml_invoke {seen.endpoint} --job {name}")
    detail = ""
    if seen.status == "Failed":
        with suppress(AmlMagicsError):  # that it failed is said, whatever else can be found out
            detail = "\n".join(job_log(conn, name).rstrip().splitlines()[-LOG_LINES:])
    return _job(conn, seen, data, detail)


def jobs(conn: Connection, endpoint: str) -> BatchJobList:
    """The jobs of a batch endpoint, the latest first, at most 50; also of one that is deleted."""
    from ..client.azure_batch_jobs import past_jobs

    _need_azure(conn)
    return BatchJobList(endpoint, tuple(_job(conn, seen, "", "") for seen in past_jobs(conn, endpoint)))


def _job(conn: Connection, seen: JobSeen, data: str, detail: str) -> BatchJob:
    assert conn.azure is not None
    state = STATES.get(seen.status, "running")
    return BatchJob(
        name=seen.name,
        endpoint=seen.endpoint,
        deployment=seen.deployment,
        state=state,
        data=data,
        started=seen.started,
        ended=seen.changed if state in ENDED else None,
        link=conn.azure.studio.run(seen.name),
        detail=detail,
        _conn=conn,
    )


def _output_names(job: BatchJob) -> tuple[str, ...]:
    """What the model calls its outputs, () where that cannot be known any more."""
    from ..frames.signature import parse_signature

    with suppress(AmlMagicsError):  # the deployment may be gone, its predictions are not
        ref = Ref(job.endpoint, job.deployment or None)
        signature = parse_signature(target(job._connection, "batch").about(ref).signature)
        if signature is not None:
            return tuple(str(output.name) for output in signature.outputs if output.name is not None)
    return ()


def _need_azure(conn: Connection) -> None:
    target(conn, "batch")  # refuses a store without endpoints


def _silent(_: str) -> None:
    pass
