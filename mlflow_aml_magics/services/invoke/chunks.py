"""How are many rows sent? In requests of a bearable size, one after the other; what was answered is not lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import AmlMagicsError
from ...render.format import count
from .predictions import values_in
from .refusals import check
from .request import Request

if TYPE_CHECKING:
    from ...client.connection import Progress
    from ...client.scoring import Answer
    from ...frames.signature import Form

__all__ = ["CHUNK_BYTES", "CHUNK_ROWS", "Sent", "Stopped", "send"]

CHUNK_ROWS = 1000
# Azure ML's limit on the payload of an online request is 1.5 MB (how-to-manage-quotas).
CHUNK_BYTES = 1_000_000

Post = Callable[[str], "Answer"]


@dataclass(frozen=True)
class Sent:
    """What came of a request: the answers' values, a part each, and all answers in the order of asking.

    ``rows`` is the number of rows answered so far; ``values`` has one entry a part.
    """

    values: tuple[Any, ...] = ()
    answers: tuple[Answer, ...] = ()
    rows: int = 0


class Stopped(Exception):
    """It went wrong on the way.

    ``done`` was answered before, ``where`` says which rows were not, ``left`` are those, as `--rows` takes
    them.
    """

    def __init__(self, done: Sent, request: Request, failed: Request | None) -> None:
        self.done = done
        start, end = request.first + done.rows, request.first + request.rows
        self.left = f"{start}:{end}"
        total = count(end)
        self.where = f"after row {count(start)} of {total}"
        if failed is not None:
            self.where = f"rows {count(failed.first)} to {count(failed.first + failed.rows - 1)} of {total}"
        super().__init__(self.where)


def send(
    name: str,
    request: Request,
    form: Form,
    post: Post,
    *,
    chunk: int | None = None,
    repeat: int = 1,
    progress: Progress | None = None,
) -> Sent:
    """Send a request, in parts where it is long, each part ``repeat`` times.

    Args:
        name: of the deployment, for messages.
        request: what to send.
        form: the wire form that the deployment takes.
        post: sends one body.
        chunk: rows a request; None for at most 1,000 rows and 1 MB.
        repeat: times that each part is sent, to measure; the predictions are those of the first time.
        progress: told how many rows are scored, where there are several parts.

    Raises:
        Stopped: one of several parts failed, or the user interrupted; its cause says why.
        InvokeError, DeploymentError: the only part failed.
    """
    done = Sent()
    for part, body in _parts(request, form, chunk):
        try:
            answers = []
            for _ in range(repeat):
                answers.append(post(body))
                check(name, answers[-1])
            done = Sent((*done.values, values_in(name, answers[0])), (*done.answers, *answers), done.rows + part.rows)
            if progress is not None and part is not request:
                progress(f"'{name}' has scored {count(done.rows)} of {count(request.rows)} rows")
        except (AmlMagicsError, KeyboardInterrupt) as exc:
            if part is request:
                raise
            raise Stopped(done, request, part if isinstance(exc, AmlMagicsError) else None) from exc
    return done


def _parts(request: Request, form: Form, chunk: int | None) -> Iterator[tuple[Request, str]]:
    """The parts of a request and their bodies, each of which is as long as it may be."""
    size, start = chunk or CHUNK_ROWS, 0
    while start < request.rows:
        part = request.part(start, start + size)
        body = json.dumps(part.body(form))
        if chunk is None and len(body) > CHUNK_BYTES and request.divisible and size > 1:
            size = max(1, min(size - 1, part.rows * CHUNK_BYTES // len(body)))
            continue
        yield part, body
        if part is request:
            return
        start += size
