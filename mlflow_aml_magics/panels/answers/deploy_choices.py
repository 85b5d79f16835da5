"""What the form of a new deployment offers: models with versions, sizes of machines with their price, clusters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...contract.endpoints import ComputeChoice, DeployChoices, MachineChoice, ModelChoice
from ...errors import AmlMagicsError

if TYPE_CHECKING:
    from ...client.connection import Connection

__all__ = ["choices_of"]


def choices_of(conn: Connection | None, progress: Callable[[str], None]) -> DeployChoices:
    """All choices; what cannot be asked is left out, and the notes say so."""
    found: DeployChoices = {"models": [], "machines": [], "computes": [], "notes": []}
    if conn is None:
        return found
    progress("looking up the models…")
    found["models"] = _models(conn)
    if conn.azure is not None:
        found["machines"] = _machines()
        try:
            found["computes"] = _computes(conn)
        except AmlMagicsError as exc:
            found["notes"].append(f"the clusters are not listed: {exc.message}")
    return found


def _models(conn: Connection) -> list[ModelChoice]:
    from ...client.models import list_versions

    models: dict[str, ModelChoice] = {}
    for version in list_versions(conn):
        model = models.setdefault(version.name, {"name": version.name, "versions": []})
        stage = version.stage if version.stage not in (None, "None") else ""
        model["versions"].append({"version": version.version, "aliases": list(version.aliases), "stage": stage})
    return list(models.values())


def _machines() -> list[MachineChoice]:
    from ...services.deploy.costs import MACHINES, cost_hint

    return [
        {"name": name, "hint": f"{cores} cores, {cost_hint(name).partition(' (')[0]}"}
        for name, (cores, _) in MACHINES.items()
    ]


def _computes(conn: Connection) -> list[ComputeChoice]:
    from ...client.azure_batch import BatchEndpoints

    found: list[ComputeChoice] = []
    for compute in BatchEndpoints(conn).computes():
        targets = [*(["batch"] if compute.scores else []), *(["kubernetes"] if compute.kind == "kubernetes" else [])]
        if targets:
            found.append({"name": compute.name, "hint": compute.size or compute.kind, "targets": targets})
    return found
