"""``%aml_download``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parsing import VerbParser
from .progress import progress_line
from .variables import named

if TYPE_CHECKING:
    import argparse

    from ..services.download import Download
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_download`."""
    verb = VerbParser(
        "download",
        "Bring a model or a run's artifacts to this machine: whole and checked, or not at all.",
        examples=(
            "%aml_download wine@champion",
            "%aml_download wine:3 --to models/wine",
            "%aml_download brave-fox-12                     # all artifacts of a run",
            "%aml_download runs:/0a1b…/model --to model --force",
            "%aml_download azureml://jobs/brave_fox_12/outputs/artifacts/paths/model/",
        ),
    )
    verb.add_argument("what", help="a registered model, a run, runs:/…, a job's output, or a variable that holds any")
    verb.add_argument("--to", metavar="FOLDER", help="where; else a new folder here, called like it")
    verb.add_argument("--force", "-f", action="store_true", help="replace a folder that holds something")
    return verb


def run(session: Session, args: argparse.Namespace) -> Download:
    """What was written."""
    what = named(session, args.what)
    return session.workspace().download(what, args.to, force=args.force, progress=progress_line(session.shell))
