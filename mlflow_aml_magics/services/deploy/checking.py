"""What a registered model's small files tell before Azure is asked to serve it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...client.model_glance import glance
from ...errors import UsageError
from ..preflight import check_files, refuse_bad
from .target import servable

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from .options import DeployOptions
    from .target import ModelToServe

__all__ = ["check_model", "check_registered"]


def check_registered(model: ModelToServe, kind: str) -> None:
    """See that Azure knows the model.

    Raises:
        UsageError: it is not registered.
    """
    if model.version is None:
        raise UsageError(
            f"{model.label} is not registered, and Azure serves registered models only",
            hint=f"%aml_register {model.ref} --name NAME, then %aml_deploy NAME --to {kind}",
        )


def check_model(conn: Connection, model: ModelToServe, kind: str, options: DeployOptions, progress: Progress) -> None:
    """Look at all of its files but the weights, which are not fetched. What is likely to fail is told.

    Raises:
        ModelError: it will fail; `force` goes on.
    """
    progress(f"checking {model.label}")
    seen = replace(model, fetch=lambda: glance(conn, model.uri))
    servable(seen)
    findings = check_files(seen.files, target=kind)
    if not options.force:
        refuse_bad(model.label, "deployed", findings)
    for finding in findings:
        if finding.level in ("warn", "bad"):
            progress(f"{finding.what}; {finding.fix}" if finding.fix else finding.what)
