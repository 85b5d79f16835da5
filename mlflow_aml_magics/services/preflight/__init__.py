"""Checks before a model is registered or deployed: what will fail later is said now, with the command that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from .findings import Finding, Level, Preflight, ranked, refuse_bad

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles
    from .at_hand import AtHand

__all__ = ["Finding", "Level", "Preflight", "check_files", "check_model_files", "preflight", "refuse_bad"]

ON_AZURE = ("online", "kubernetes", "batch")


def check_files(files: ModelFiles, *, target: str | None = None, is_azure: bool = False) -> tuple[Finding, ...]:
    """What reading its files tells, the worst first; nothing of the model is run.

    Args:
        target: where it is to be deployed, one of `services.deploy.KINDS`; None for registering alone.
        is_azure: whether Azure Machine Learning keeps it; said by the target where that is one of its own.
    """
    from .checks import CHECKS, Subject

    subject = Subject.of(files, target, is_azure=is_azure or target in ON_AZURE)
    return ranked(finding for check in CHECKS.values() for finding in check(subject))


def preflight(
    conn: Connection,
    source: object,
    *,
    target: str | None = None,
    load: bool = True,
    progress: Progress | None = None,
) -> Preflight:
    """`check_files`, and with ``load`` whether it loads and scores its own example in a process of its own.

    Nothing is written to the store.

    Args:
        source: as `register` and `deploy` take it: wine:3, a run, runs:/…, a folder.
        progress: told in words what goes on.

    Raises:
        ModelNotFound, RunNotFound, NoModelInRun, ModelError: there is no model to check.
    """
    from .at_hand import at_hand

    say = progress or (lambda _: None)
    say(f"looking up {source if isinstance(source, str) else type(source).__name__}")
    with at_hand(conn, source, say) as model:
        checked = check_model_files(
            model.files, model.label, target=target, is_azure=conn.azure is not None, load=load, progress=say
        )
        return replace(checked, findings=(*checked.findings, *_kept_already(conn, model)))


def check_model_files(
    files: ModelFiles, model: str, *, target: str | None, is_azure: bool, load: bool, progress: Progress
) -> Preflight:
    """The check of a folder that is at hand.

    Args:
        model: what it is called: "wine version 3".
        load: load it too, where it can be served and reading it found nothing that will fail.
    """
    found = check_files(files, target=target, is_azure=is_azure)
    if not load or not files.servable:
        return Preflight(model, found)
    from .loading import try_out

    checked, tried = try_out(files, target=target, progress=progress)
    return Preflight(model, ranked((*found, *tried)), checked.load_seconds, checked.score_ms)


def _kept_already(conn: Connection, model: AtHand) -> Iterator[Finding]:
    """The versions that hold the very same content, of whichever model."""
    from ...client.models import content_digest, list_versions
    from ..model_tags import DIGEST

    digest = content_digest(model.files.path)
    for version in list_versions(conn):
        itself = model.version is not None and version.uri == model.version.uri
        if version.tags.get(DIGEST) == digest and not itself:
            yield Finding("info", f"{version.name}:{version.version} holds the same content")
