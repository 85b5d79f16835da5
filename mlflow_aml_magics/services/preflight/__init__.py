"""Checks before a model is registered or deployed: what will fail later is said now, with the command that mends it."""

from __future__ import annotations

from .findings import Finding, Level, Preflight

__all__ = ["Finding", "Level", "Preflight", "check_files", "preflight"]

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles


def check_files(files: ModelFiles, *, target: str | None = None) -> tuple[Finding, ...]:
    """What reading its files tells: signature, example, requirements, size; nothing of the model is run.

    Args:
        target: where it is to be deployed, one of `services.deploy.KINDS`; None for registering alone.
    """
    return ()


def preflight(
    conn: Connection,
    source: object,
    *,
    target: str | None = None,
    load: bool = True,
    progress: Progress | None = None,
) -> Preflight:
    """`check_files`, and with ``load`` whether it loads and scores its own example in a process of its own.

    Args:
        source: as `register` and `deploy` take it.
    """
    return Preflight(str(source), ())
