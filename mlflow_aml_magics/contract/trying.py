"""What trying a deployment asks for: a request made from the model, and how it is answered."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from .requests import Failure

__all__ = ["SHAPES", "AnswerColumns", "SampleField", "SampleResult", "SendArgs", "SendResult", "SentSide"]


class SampleField(TypedDict):
    """An input of the model as a field of a form.

    `kind` says which control; `type` is the signature's own word. `choices` are texts and `minimum` to `maximum` the
    numbers that the model's example has; `value` is what the sample has, as JSON.
    """

    name: str
    kind: Literal["number", "integer", "boolean", "text", "datetime", "json"]
    type: str
    required: bool
    choices: list[str]
    minimum: float | None
    maximum: float | None
    value: Any


class SampleResult(TypedDict):
    """Answer to `sample_request`: a request that the deployment should accept.

    `fields` is empty where the model takes no table of columns; `params` are its parameters. `body` is mlflow's form of
    the request as JSON text, `azure` that of Azure ML; `wire` says which the deployment takes itself. `source` says
    what it was made from.
    """

    fields: list[SampleField]
    params: list[SampleField]
    rows: list[list[Any]]
    body: str
    azure: str
    wire: Literal["mlflow", "azure"]
    source: str
    note: str


class SendArgs(TypedDict):
    """Arguments of the request named `send_request`: JSON text in either form, sent `repeat` times.

    `compare` is the reference of a second deployment, empty for none.
    """

    name: str
    body: str
    repeat: int
    compare: str


class AnswerColumns(TypedDict):
    """A table ready to show: the first rows of `total`."""

    columns: list[str]
    rows: list[list[str]]
    total: int


class SentSide(TypedDict):
    """How one deployment answered. Latencies are in ms; `p50` and `p95` are None for a single request.

    `by` counts the answers by deployment, where an endpoint has several.
    """

    name: str
    status: int
    first: float
    p50: float | None
    p95: float | None
    times: int
    by: dict[str, int]
    failure: Failure | None


class SendResult(TypedDict):
    """Answer to `send_request`: two sides and their differences in `table` where two were compared.

    `summary` are lines to read: how far the two differ. `raw` is the answer as JSON text, shortened.
    """

    sides: list[SentSide]
    table: AnswerColumns
    summary: list[str]
    raw: str


SHAPES: tuple[Any, ...] = (SampleField, SampleResult, SendArgs, AnswerColumns, SentSide, SendResult)
