"""What a registered model's small files tell before Azure is asked to serve it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...client.model_glance import glance
from ...errors import UsageError
from ..preflight import check_files, refuse_bad
from .target import servable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...client.connection import Connection, Progress
    from ..preflight import Finding
    from .options import DeployOptions
    from .target import ModelToServe

__all__ = ["check_model", "check_registered", "findings_of"]


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


def findings_of(conn: Connection, model: ModelToServe, kind: str) -> Sequence[Finding]:
    """What is seen in its files, all but the weights.

    Raises:
        ModelError: it has nothing that predicts.
    """
    seen = replace(model, fetch=lambda: glance(conn, model.uri))
    servable(seen)
    return check_files(seen.files, target=kind)


def check_model(conn: Connection, model: ModelToServe, kind: str, options: DeployOptions, progress: Progress) -> None:
    """Look at all of its files but the weights, which are not fetched. What is likely to fail is told.

    Raises:
        ModelError: it will fail; `force` goes on.
    """
    progress(f"checking {model.label}")
    findings = findings_of(conn, model, kind)
    if not options.force:
        refuse_bad(model.label, "deployed", findings)
    for finding in findings:
        if finding.level in ("warn", "bad"):
            progress(f"{finding.what}; {finding.fix}" if finding.fix else finding.what)
