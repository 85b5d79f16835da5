"""Is a deployment asked over HTTP, or does a job score the data? A batch endpoint answers with files, later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..deploy import Ref, located
from ..deploy.target import Target
from .answer import Invocation
from .ask import ANSWER_SECONDS, Wanted, check_counts, invoke
from .data import read
from .request import from_data, from_model

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ..batch_job import BatchJob

__all__ = ["invoke_or_score"]


def invoke_or_score(
    conn: Connection | None,
    name: str,
    *,
    data: object = None,
    sample: bool = False,
    params: Mapping[str, Any] | None = None,
    rows: slice | None = None,
    repeat: int = 1,
    chunk: int | None = None,
    timeout: float = ANSWER_SECONDS,
    wait: bool = True,
    progress: Progress | None = None,
) -> Invocation | BatchJob:
    """Ask a deployment for predictions; a batch endpoint is given a job.

    Args:
        data: of a batch endpoint also a folder, or what Azure ML knows: ``azureml://…``, a data asset as NAME:VERSION.
        wait: until the job of a batch endpoint has ended.
        name, sample, params, rows, repeat, chunk, timeout, progress: as `invoke`.

    Raises:
        DeploymentNotFound, DeploymentError, InvokeError: as `invoke`.
        UsageError: an option that a batch endpoint has no use for.
    """
    check_counts(repeat, chunk)
    wanted = Wanted(data, sample, params, rows)
    wanted.check()
    target, deployment = at = located(conn, name)
    if deployment.target != "batch":
        return invoke(
            conn,
            name,
            data=data,
            sample=sample,
            params=params,
            rows=rows,
            repeat=repeat,
            chunk=chunk,
            timeout=timeout,
            progress=progress,
            at=at,
        )
    for option, is_given in (("rows", rows is not None), ("params", params), ("repeat", repeat > 1), ("chunk", chunk)):
        if is_given:
            raise UsageError(f"'{name}' is a batch endpoint, which has no {option}")
    assert conn is not None  # a batch endpoint is one of a workspace
    from ..batch_job import score

    job = score(conn, name, _files(target, name, wanted), progress=progress)
    return job.wait(progress) if wait else job


def _files(target: Target, name: str, wanted: Wanted) -> object:
    """What the job is to read: rows as a DataFrame that fits the model, files as they are."""
    data = wanted.data
    is_text = isinstance(data, str) and data.lstrip().startswith(("{", "["))
    if not wanted.sample and not is_text and not isinstance(data, (Mapping, list, tuple)):
        return data
    import pandas as pd

    files = target.about(Ref.parse(name))
    request = from_model(files, name) if wanted.sample else from_data(files, read(data))
    columns = request.columns()
    if not columns:
        raise UsageError(f"'{name}' is a batch endpoint: it scores tables, and this is none", hint="--data FOLDER")
    return pd.DataFrame(columns)
