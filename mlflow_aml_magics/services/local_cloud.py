"""The sandbox of a notebook: started or found, put into this process's environment, and taken out again."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MissingDependency, StoreError, StoreUnreachable

if TYPE_CHECKING:
    from ..sandbox.background import Running

__all__ = ["LocalCloud", "local_cloud"]

FOLDER = ".aml-sandbox"  # beside the notebook: after a restart of the kernel the runs are there again
PIP = 'pip install "mlflow-aml-magics[sandbox]"'


@dataclass
class LocalCloud:
    """A sandbox that ends with this process, at the latest with the last one that uses it."""

    running: Running
    is_new: bool
    _saved: dict[str, str | None] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """For the status card."""
        from ..client.paths import short_path

        return f"data in {short_path(Path(self.running.folder))}, kept; the sandbox ends with this kernel"

    def check(self) -> None:
        """Look whether it still runs, before mlflow waits for minutes.

        Raises:
            StoreUnreachable: it has died.
        """
        if not self.running.is_alive:
            raise StoreUnreachable(
                "the sandbox has died; its data is kept", hint="%aml_track --sandbox starts it again"
            )

    @property
    def names(self) -> tuple[str, str, str]:
        """Its workspace: subscription, resource group, name."""
        env = self.running.env
        return env["AZURE_SUBSCRIPTION_ID"], env["AZURE_RESOURCE_GROUP"], env["AZUREML_WORKSPACE_NAME"]

    def enter(self) -> None:
        """Set what Microsoft's SDKs need to see it, here and in the programs that are started from here."""
        if not self._saved:
            self._saved = {name: os.environ.get(name) for name in self.running.env}
            os.environ.update(self.running.env)

    def leave(self) -> None:
        """Put the environment back as `enter` found it."""
        from ..client.connection import restore_environment

        restore_environment(self._saved)
        self._saved = {}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """In its environment, for the moment."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Out of its environment, for the moment; nothing where it is not entered."""
        was_in = bool(self._saved)
        self.leave()
        try:
            yield
        finally:
            if was_in:
                self.enter()


def local_cloud(folder: Path) -> LocalCloud:
    """The sandbox of a folder, started if it does not run.

    Args:
        folder: the notebook's; the data goes into ``.aml-sandbox`` in it, which git ignores.

    Raises:
        MissingDependency: the extra [sandbox] is not installed.
        StoreError: it does not start.
    """
    from ..client.packages import is_installed

    missing = next((name for name in ("trustme", "azure.ai.ml", "azureml.mlflow") if not is_installed(name)), None)
    if missing:
        raise MissingDependency(f"the sandbox needs {missing}", hint=PIP)
    from ..sandbox import background

    data = folder.resolve() / FOLDER
    name = f"{re.sub(r'[^A-Za-z0-9]+', '-', folder.name).strip('-')[:40] or 'root'}-{_digest(data)}"
    try:
        data.mkdir(exist_ok=True)
        (data / ".gitignore").write_text("*\n", "utf-8")
        running, is_new = background.start(name, keep=data, holder=os.getpid())
    except background.SandboxError as exc:
        raise StoreError(str(exc), hint="python -m mlflow_aml_magics.sandbox status") from exc
    except OSError as exc:
        raise StoreError(f"the sandbox cannot keep its data in {data}: {exc.strerror}") from exc
    return LocalCloud(running, is_new)


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:8]
