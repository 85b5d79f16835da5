"""The files of a model that is to be checked, on this machine for as long as the check takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..download import copied

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles, ModelVersion

__all__ = ["AtHand", "at_hand"]


@dataclass(frozen=True)
class AtHand:
    """A model with its files here; ``version`` is None for one that is not registered."""

    label: str
    files: ModelFiles
    version: ModelVersion | None = None


@contextmanager
def at_hand(conn: Connection, source: object, say: Progress) -> Iterator[AtHand]:
    """Whatever `register` takes, as files that are gone with the block where they were brought for it.

    Raises:
        ModelNotFound, RunNotFound, NoModelInRun
        ModelError: it is no MLflow model.
    """
    from ...client.models import download_shared, fetch, read_model, save_object, shared_model
    from ..deploy import model_to_serve

    source = getattr(getattr(source, "info", None), "run_id", None) or source  # mlflow's own run object
    with tempfile.TemporaryDirectory(prefix="mlflow-aml-check-") as scratch:
        if not isinstance(source, (str, Path)):
            kind = type(source).__name__
            say(f"saving the {kind} and finding out what it requires")
            yield AtHand(f"this {kind}", read_model(save_object(source, Path(scratch) / kind)))
        elif isinstance(source, str) and (shared := shared_model(source)) is not None:
            say(f"downloading {shared.name} of the registry {shared.registry}")
            yield AtHand(source, read_model(download_shared(conn, shared, Path(scratch))))
        elif isinstance(source, str) and source.startswith("azureml:"):
            path = fetch(conn, source, progress=lambda *far: say(f"reading the model: {copied(*far)}"))
            yield AtHand(source, read_model(path))
        else:
            model, _ = model_to_serve(conn, source, say)
            yield AtHand(model.label, model.files, model.version)
