"""A request that a deployment should accept, to look at, fill in and send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...frames.bodies import Rows, read_body
from ...frames.samples import FormField, param_fields, request_fields
from ...render.document import Code, Document, Facts, Note, Shown
from ..deploy import Ref, located
from .answer import shortened
from .data import read
from .request import Request, example_of, from_data, from_model, signature_of

if TYPE_CHECKING:
    from ...client.connection import Connection
    from ...client.models import ModelFiles
    from ...frames.signature import Form

__all__ = ["Sample", "sample_of"]


@dataclass(frozen=True)
class Sample(Shown):
    """A request in both wire forms and as the fields of a form.

    Args:
        deployment: what it is for.
        model: that is deployed there.
        fields: one for each input (`FormField.as_dict`): name, kind, type, required, value, choices, minimum, maximum.
            An array is one field of the kind "json". Empty for a model that takes dicts, lists or messages: only JSON
            says those.
        params: the same of each parameter.
        rows: the request's values by row in the order of the fields; of arrays one row.
        body: in MLflow's form.
        azure: in Azure Machine Learning's form, ``input_data``.
        wire: "mlflow" or "azure", which of the two the deployment takes.
        source: "input example", "signature", or "data" where it was given.
        notes: what to know of it.
    """

    deployment: str
    model: str
    fields: tuple[Mapping[str, Any], ...]
    params: tuple[Mapping[str, Any], ...]
    rows: tuple[tuple[Any, ...], ...]
    body: Mapping[str, Any]
    azure: Mapping[str, Any]
    wire: str
    source: str
    notes: tuple[str, ...] = ()

    def _document(self) -> Document:
        facts = Facts((("deployment", f"{self.deployment}, {self.model}"), ("made from", self.source)))
        text, note = shortened(self.azure if self.wire == "azure" else self.body)
        notes = (Note(note, "info") for note in self.notes)
        return Document(f"request for {self.deployment}", (facts, Code(text, "json", title=f"request{note}"), *notes))


def sample_of(
    conn: Connection | None, name: str, data: object = None, *, params: Mapping[str, Any] | None = None
) -> Sample:
    """A request for a deployment, made from its model or from data; nothing is sent.

    Args:
        name: of the deployment or endpoint.
        data: as `invoke` takes it, to be checked and turned into both forms; None for the model's own input example,
            else one made up from its signature.
        params: of the model.

    Raises:
        DeploymentNotFound
        InvokeError: the data does not fit, or there is neither an example nor a signature to make a request from.
    """
    target, deployment = located(conn, name)
    files = target.about(Ref.parse(name))
    request = from_model(files, name, params) if data is None else from_data(files, read(data), params=params)
    return sample(name, deployment.model, files, request, target.wire)


def sample(name: str, model: str, files: ModelFiles, request: Request, wire: Form) -> Sample:
    """The request as a sample for a deployment of that wire form."""
    signature = signature_of(files)
    payload = request.payload
    example = example_of(files)
    fields: tuple[FormField, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    if isinstance(payload, Rows):
        fields = request_fields(signature, payload, payload if example is None else read_body(example))
        places = {name: i for i, name in enumerate(payload.columns or tuple(field.name for field in fields))}
        rows = tuple(tuple(row[places[f.name]] if f.name in places else None for f in fields) for row in payload.rows)
    elif signature is not None and signature.takes_tensors:
        fields = request_fields(signature, payload, payload)
        rows = (tuple(field.value for field in fields),)
    return Sample(
        deployment=name,
        model=model,
        fields=tuple(field.as_dict() for field in fields),
        params=tuple(field.as_dict() for field in param_fields(signature, request.params)),
        rows=rows,
        body=request.body("dataframe_split"),
        azure=request.body("input_data"),
        wire="azure" if wire == "input_data" else "mlflow",
        source=request.source,
        notes=request.notes,
    )
