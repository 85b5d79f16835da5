"""What is wrong, and the command that mends it: packages, front end, login, workspace, bridge."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AmlMagicsError
from ..render.document import Document, Facts, Note, Shown, Tone

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.target import Target

__all__ = ["Check", "Diagnosis", "diagnose"]

PIP = 'pip install --upgrade "mlflow-aml-magics[azure]"'
HOSTS = (
    ("VSCODE_PID", "VS Code"),
    ("VSCODE_IPC_HOOK_CLI", "VS Code"),
    ("JPY_SESSION_NAME", "Jupyter"),
    ("JUPYTERHUB_USER", "JupyterHub"),
    ("COLAB_RELEASE_TAG", "Colab"),
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. ``mend`` is the command that helps, where something is wrong."""

    what: str
    found: str
    tone: Tone = "good"
    mend: str = ""


@dataclass(frozen=True)
class Diagnosis(Shown):
    """Everything that was looked at, in order. Holds no secret."""

    checks: tuple[Check, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return all(check.tone != "bad" for check in self.checks)

    def _document(self) -> Document:
        facts = Facts(tuple((check.what, check.found) for check in self.checks))
        notes = [
            Note(f"{check.what}: {check.found}" + (f" — {check.mend}" if check.mend else ""), check.tone)
            for check in self.checks
            if check.tone in ("bad", "warn")
        ]
        wrong = sum(check.tone == "bad" for check in self.checks)
        title = "Nothing is wrong" if not wrong else "1 thing is wrong" if wrong == 1 else f"{wrong} things are wrong"
        return Document(title, (facts, *notes))


def diagnose(folder: Path, *, connection: Connection | None = None, offline: bool = False) -> Diagnosis:
    """Look at everything.

    Args:
        folder: the notebook's, where config.json is looked for.
        connection: the one that is open; None opens what `%aml_track` would.
        offline: connect to nothing.
    """
    target, checks = _target(folder)
    checks = [*_packages(connection, target), *_front_end(), *checks]
    if connection is not None:
        checks += _connected(connection)
    elif offline:
        checks.append(Check("connection", "not looked at (--offline)", "info"))
    elif target is not None:
        checks += _connect(target)
    return Diagnosis(tuple(checks))


def _packages(connection: Connection | None, target: Target | None) -> Iterator[Check]:
    from .. import __version__
    from ..client.packages import PACKAGES, broken_pair, untested, version_of

    wants_azure = (target is not None and target.azure is not None) or (
        connection is not None and bool(connection.azure)
    )
    yield Check(
        "Python", f"{platform.python_version()} on {platform.system()}, mlflow-aml-magics {__version__}", "info"
    )
    for package in PACKAGES:
        version = version_of(package)
        if version:
            yield Check(package, version)
        else:
            yield Check(package, "not installed", "bad" if wants_azure or package == "mlflow" else "info", PIP)
    if broken := broken_pair():
        yield Check("packages together", broken, "bad", PIP)
    elif newer := untested():
        yield Check("packages together", newer, "warn", 'pip install "mlflow<=3.15.0"')


def _front_end() -> Iterator[Check]:
    from ..client.packages import version_of

    host = next((name for variable, name in HOSTS if os.environ.get(variable)), "")
    kernel = (
        f"ipykernel {version_of('ipykernel')}" if "ipykernel" in sys.modules else "no kernel: a terminal or a script"
    )
    yield Check(
        "front end", f"{kernel}{', in ' + host if host else ''}, anywidget {version_of('anywidget') or 'missing'}"
    )


def _target(folder: Path) -> tuple[Target | None, list[Check]]:
    from ..client.target import choose_target

    try:
        target = choose_target(None, folder)
    except AmlMagicsError as exc:
        return None, [Check("where to connect", exc.message, "bad", exc.hint or "")]
    where = f"Azure ML workspace {target.azure}" if target.azure else target.uri.partition("://")[0] + " store"
    return target, [Check("where to connect", f"{where} ({target.why})", "info")]


def _connect(target: Target) -> list[Check]:
    from ..client.connection import open_connection

    try:
        if target.azure is None:
            connection = open_connection(target.uri)
        else:
            from ..client.azure import connect_target

            connection = connect_target(target)
    except AmlMagicsError as exc:
        return [Check("connection", exc.message, "bad", exc.hint or "")]
    try:
        return _connected(connection)
    finally:
        connection.close()


def _connected(connection: Connection) -> list[Check]:
    from ..client import bridge

    checks = []
    try:
        with connection.guard("looking at"):
            connection.mlflow.search_experiments(max_results=1)
    except AmlMagicsError as exc:
        checks.append(Check("connection", exc.message, "bad", exc.hint or ""))
    else:
        checks.append(Check("connection", f"{connection.label} answers"))
    azure = connection.azure
    if azure is None:
        return checks
    checks.append(Check("login", f"{azure.who}, by {azure.source}"))
    checks.append(
        Check("workspace", f"{azure.ref}, {azure.region or 'region not told'}, cloud {azure.cloud or 'default'}")
    )
    with bridge.applied(connection):
        for unit in bridge.installed():
            checks.append(Check(f"bridge: {unit.name}", unit.mends, "info"))
    return checks
