"""``%aml_share``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parsing import VerbParser
from .progress import progress_line
from .variables import named

if TYPE_CHECKING:
    import argparse

    from ..services.share import SharedVersion
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_share`."""
    verb = VerbParser(
        "share",
        "Copy a version to a registry, to another workspace or to another store. The same content is not copied twice.",
        examples=(
            "%aml_share wine:3 --registry contoso",
            "%aml_share wine@champion --workspace ml-prod --resource-group rg-prod --alias champion",
            "%aml_share wine:3 --store sqlite:////data/models.db",
        ),
    )
    verb.add_argument("model", help="NAME:VERSION, NAME@ALIAS, or a variable that holds a version")
    verb.add_argument("--registry", metavar="NAME", help="a registry of Azure Machine Learning")
    verb.add_argument("--workspace", "-w", metavar="NAME", help="another workspace")
    verb.add_argument("--resource-group", "-g", metavar="NAME", help="its resource group; else this workspace's")
    verb.add_argument("--subscription", metavar="ID", help="its subscription; else this workspace's")
    verb.add_argument("--store", metavar="URI", help="any other store: a tracking URI, a database file, a folder")
    verb.add_argument("--name", help="what it is called there; else the same")
    verb.add_argument("--alias", "-a", help="an alias for the copy, such as champion")
    return verb


def run(session: Session, args: argparse.Namespace) -> SharedVersion:
    """The copy."""
    return session.workspace().share(
        named(session, args.model),
        registry=args.registry,
        workspace=args.workspace,
        resource_group=args.resource_group,
        subscription=args.subscription,
        store=args.store,
        name=args.name,
        alias=args.alias,
        progress=progress_line(session.shell),
    )
