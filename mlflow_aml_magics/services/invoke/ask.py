"""Which deployment is asked, and what is it sent?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import AmlMagicsError, InvokeError, UsageError
from ..deploy import Deployment, Ref, located
from ..deploy.target import Target
from .answer import Invocation
from .chunks import Stopped, send
from .data import read
from .request import Request, from_data, from_model

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress

__all__ = ["ANSWER_SECONDS", "Asked", "Wanted", "asked", "invoke"]

ANSWER_SECONDS = 60.0  # mlflow's scoring server gives up after as long


@dataclass(frozen=True)
class Wanted:
    """What the user wants to send; see `invoke`."""

    data: object = None
    sample: bool = False
    params: Mapping[str, Any] | None = None
    rows: slice | None = None

    def check(self) -> None:
        """See that it is one of the two.

        Raises:
            UsageError
        """
        if self.sample == (self.data is not None):
            raise UsageError("say what to send: either data or sample", hint="%aml_invoke NAME --sample")
        if self.rows is not None and self.rows.step not in (None, 1):
            raise UsageError("rows are taken as they stand: a slice has no step here")


@dataclass(frozen=True)
class Asked:
    """A deployment, and the request that it is to get."""

    name: str
    target: Target
    deployment: Deployment
    request: Request

    def send(self, *, repeat: int, chunk: int | None, timeout: float, progress: Progress | None) -> Invocation:
        """Send it, in parts where it is long.

        Raises:
            InvokeError, DeploymentError: as `invoke`.
        """
        post = partial(self._post, timeout=timeout)
        of = partial(Invocation.of, self.name, self.deployment.model, self.request, self.target.wire)
        try:
            return of(
                send(self.name, self.request, self.target.wire, post, chunk=chunk, repeat=repeat, progress=progress)
            )
        except Stopped as stop:
            why = stop.__cause__
            said = why.message if isinstance(why, AmlMagicsError) else "interrupted"
            hint = why.hint if isinstance(why, AmlMagicsError) else None
            done = of(stop.done) if stop.done.rows else None
            if done is not None:
                hint = f"--rows {stop.left} goes on; the rows before are in sys.last_value.done" + (
                    f". {hint}" if hint else ""
                )
            raise InvokeError(f"{stop.where}: {said}", hint=hint, done=done) from why

    def _post(self, body: str, *, timeout: float) -> Any:
        return self.target.send(Ref.parse(self.name), body, timeout=timeout)


def asked(conn: Connection | None, name: str, wanted: Wanted, *, at: tuple[Target, Deployment] | None = None) -> Asked:
    """The deployment of that name and its request, checked; nothing is sent.

    Args:
        at: where it is, if that is known already.

    Raises:
        DeploymentNotFound
        InvokeError: the request does not fit.
        UsageError: a batch endpoint, or no such rows.
    """
    wanted.check()
    target, deployment = at or located(conn, name)
    if deployment.target == "batch":
        raise UsageError(
            f"'{name}' is a batch endpoint: it answers nothing at once", hint=f"%aml_invoke {name} --data FOLDER"
        )
    files = target.about(Ref.parse(name))
    if wanted.sample:
        request = from_model(files, name, wanted.params)
    else:
        upto = wanted.rows.stop if wanted.rows is not None else None
        values = read(wanted.data, upto if upto is None or upto >= 0 else None)
        request = from_data(files, values, params=wanted.params)
    return Asked(name, target, deployment, request if wanted.rows is None else _only(request, wanted.rows))


def _only(request: Request, rows: slice) -> Request:
    start, stop, _ = rows.indices(request.rows)
    if not request.divisible:
        raise UsageError("the request is not one of rows: rows cannot be taken from it")
    if start >= stop:
        raise UsageError(f"there are no rows from {start} to {rows.stop}: the data has {request.rows}")
    return request.part(start, stop)


def invoke(
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
    progress: Progress | None = None,
    at: tuple[Target, Deployment] | None = None,
) -> Invocation:
    """Ask a deployment for predictions.

    Args:
        name: of the deployment: "wine", "wine/blue" for one of an endpoint, "online:wine".
        data: a DataFrame, records, rows, columns by name, JSON text in either wire form, or the path of a .csv, .json,
            .jsonl or .parquet file.
        sample: take the model's own input example, or one made up from its signature.
        params: of the model, beside the data.
        rows: of the data or the sample only these.
        repeat: send the same request so many times, to measure.
        chunk: rows a request; None for as many as are bearable, 1,000 or 1 MB.
        timeout: seconds to wait for each answer.
        progress: told how many of many rows are scored.
        at: where the deployment is, if that is known already.

    Raises:
        DeploymentNotFound
        DeploymentError: it has ended or does not answer.
        InvokeError: the request does not fit the model's signature, or the model fails on it. Of many rows its ``done``
            is what was scored before.

    >>> invoke(None, "wine", sample=True).predictions            # doctest: +SKIP
    [152.1, 83.7, 172.9]
    """
    check_counts(repeat, chunk)
    request = asked(conn, name, Wanted(data, sample, params, rows), at=at)
    return request.send(repeat=repeat, chunk=chunk, timeout=timeout, progress=progress)


def check_counts(repeat: int, chunk: int | None) -> None:
    """See that something is asked.

    Raises:
        UsageError
    """
    if repeat < 1:
        raise UsageError(f"{repeat} times asks nothing", hint="repeat from 1 on")
    if chunk is not None and chunk < 1:
        raise UsageError(f"a request of {chunk} rows asks nothing", hint="chunk from 1 on")
