"""``%aml_endpoints``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parsing import VerbParser

if TYPE_CHECKING:
    import argparse

    from ..services.deploy import DeploymentList
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_endpoints`."""
    return VerbParser(
        "endpoints",
        "Every deployment that was started from a notebook on this machine, running or not.",
        examples=("%aml_endpoints",),
    )


def run(_session: Session, _args: argparse.Namespace) -> DeploymentList:
    """The deployments."""
    from ..workspace import Workspace

    return Workspace.endpoints()
