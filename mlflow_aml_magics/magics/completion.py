"""Tab: what may follow the words typed so far. It never connects: names come from the workspace that is open."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import AmlMagicsError
from . import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..workspace import Workspace
    from .session import Session

__all__ = ["complete"]


def complete(session: Session, text: str) -> list[str]:
    """The words that may stand where the cursor is.

    Args:
        text: the line up to the cursor.
    """
    command, _, rest = text[text.rindex("%aml") + 1 :].partition(" ")
    if not rest and not text.endswith(" "):
        return [name for name in ("aml", *(f"aml_{verb}" for verb in VERBS)) if name.startswith(command)]
    verb = command.removeprefix("aml_")
    if verb not in VERBS:
        return []
    words = rest.split(" ")
    current, previous = words[-1], words[-2] if len(words) > 1 else ""
    if current.startswith("-"):
        options = import_module(f".{verb}", __package__).parser().options()
        return [option for option in options if option.startswith(current)]
    source = _SOURCES.get((verb, previous)) or _SOURCES.get(("", previous)) or _SOURCES.get((verb, ""))
    workspace = session.opened()
    if source is None or workspace is None:
        return []
    try:
        return [name for name in source(workspace) if name.startswith(current)]
    except AmlMagicsError:
        return []  # a store that does not answer offers no names; the magic itself will say so


def _experiments(workspace: Workspace) -> list[str]:
    return workspace.experiment_names()


def _runs(workspace: Workspace) -> list[str]:
    return [str(name) for name in workspace.run_table().column("run_name").to_pylist()]


def _metrics(workspace: Workspace) -> list[str]:
    return [info["name"] for info in workspace.run_table().infos() if info["kind"] == "metric"]


def _models(workspace: Workspace) -> list[str]:
    from ..client.models import list_versions

    versions = list_versions(workspace.connection, metrics=False)  # metrics cost a request a version
    aliased = [f"{version.name}@{alias}" for version in versions for alias in version.aliases]
    return aliased + [f"{version.name}:{version.version}" for version in versions]


def _model_names(workspace: Workspace) -> list[str]:
    return workspace._model_names()


def _deployments(workspace: Workspace) -> list[str]:
    return [deployment.name for deployment in workspace.endpoints()]


_SOURCES: dict[tuple[str, str], Callable[[Workspace], list[str]]] = {
    ("", "--children"): _runs,
    ("", "--experiment"): _experiments,
    ("", "-e"): _experiments,
    ("", "--metric"): _metrics,
    ("", "-m"): _metrics,
    ("show", ""): _runs,
    ("compare", ""): _runs,
    ("register", ""): _runs,
    ("register", "--name"): _model_names,
    ("models", ""): _model_names,
    ("deploy", ""): _models,
    ("download", ""): _models,
    ("deploy", "--delete"): _deployments,
    ("deploy", "--logs"): _deployments,
    ("invoke", ""): _deployments,
}
