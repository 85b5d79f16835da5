"""What the magics of one shell share: its settings, its workspace, and whether tracking is on."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Unicode
from traitlets.config import Configurable

from ..config import SETTINGS, Setting, Settings, load_settings
from ..errors import AmlMagicsError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..client.tracking import Tracking
    from ..workspace import Workspace

__all__ = ["AmlMagics", "Session"]

_UNKNOWN_VERB = re.compile(r"^(\s*(?:[\w\s,.]+=\s*)?%%?)aml_(\w+)")


def _trait(setting: Setting) -> Any:
    kind: Any = Bool if isinstance(setting.default, bool) else Unicode
    return kind(None, allow_none=True, help=setting.help).tag(config=True)


AmlMagics: type[Configurable] = type(  # one trait a setting: `config.SETTINGS` stays the only list of them
    "AmlMagics",
    (Configurable,),
    {
        "__doc__": "`%config AmlMagics` lists these; `%config AmlMagics.autolog = False` sets one for the session.",
        "__module__": __name__,
        **{setting.name: _trait(setting) for setting in SETTINGS},
    },
)


class Session:
    """The state of one shell.

    Args:
        shell: the IPython shell that the extension was loaded into.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.configured = AmlMagics(parent=shell)
        self.tracking: Tracking | None = None
        self.why_experiment = ""
        self._workspace: Workspace | None = None

    # ---- hooks

    def attach(self) -> None:
        """Hook into the shell: configuration, completion, nearest names for mistyped verbs, the end of each cell."""
        self.shell.configurables.append(self.configured)  # type: ignore[arg-type]  # IPython annotates too little
        self.shell.input_transformers_cleanup.append(self.name_verbs)
        self.shell.events.register("post_run_cell", self.after_cell)
        self.shell.set_hook("complete_command", self.complete, re_key=r".*%%?aml")

    def detach(self) -> None:
        """Undo `attach` and end tracking."""
        self.stop_tracking()
        if self._workspace is not None:
            self._workspace.close()
        self.shell.configurables.remove(self.configured)  # type: ignore[arg-type]
        self.shell.input_transformers_cleanup.remove(self.name_verbs)
        self.shell.events.unregister("post_run_cell", self.after_cell)
        completers = self.shell.strdispatchers["complete_command"].regexs
        for key, chain in list(completers.items()):
            chain.chain[:] = [(rank, hook) for rank, hook in chain.chain if hook != self.complete]
            if not chain.chain:
                del completers[key]

    def name_verbs(self, lines: list[str]) -> list[str]:
        """Send ``%aml_trak`` to ``%aml trak``, which names the nearest verb."""
        from . import VERBS

        def send(match: re.Match[str]) -> str:
            return match[0] if match[2] in VERBS else f"{match[1]}aml {match[2]}"

        return [_UNKNOWN_VERB.sub(send, line) if "%aml_" in line else line for line in lines]

    def complete(self, _shell: object, event: Any) -> list[str]:
        """Tab: options, and names of experiments, runs, models, deployments."""
        from .completion import complete

        return complete(self, str(event.text_until_cursor))

    def after_cell(self, _result: object) -> None:
        """Keep the cells' source with the runs that the cell started."""
        if self.tracking is None:
            return
        try:
            self.tracking.keep_cells(self.cells())
        except AmlMagicsError as exc:
            print(f"the cells' source was not kept: {exc}", file=sys.stderr)

    def cells(self) -> str:
        """The cells executed so far, as one Python-like text."""
        history = self.shell.history_manager
        cells = history.input_hist_raw[1:] if history is not None else []
        return "\n\n".join(f"# In [{n}]\n{cell.rstrip()}" for n, cell in enumerate(cells, 1) if cell.strip()) + "\n"

    # ---- where we are

    @property
    def notebook(self) -> Path | None:
        """The notebook's file, where the host tells it."""
        from .notebook import notebook_path

        return notebook_path(self.shell)

    @property
    def folder(self) -> Path:
        """The notebook's folder, else the working directory."""
        notebook = self.notebook
        return notebook.parent if notebook else Path.cwd()

    def settings(self) -> Settings:
        """The settings in force now."""
        names = (setting.name for setting in SETTINGS)
        return load_settings(self.folder, {n: v for n in names if (v := getattr(self.configured, n)) is not None})

    # ---- workspace

    def workspace(self) -> Workspace:
        """The workspace: the tracked one, else the one that the settings lead to. Opening it changes no globals."""
        if self._workspace is None:
            from ..workspace import Workspace

            settings = self.settings()
            self._workspace = Workspace.connect(settings.text("tracking_uri") or None, folder=self.folder)
            self._workspace.experiments = self._home(self._workspace, settings)
        return self._workspace

    def opened(self) -> Workspace | None:
        """The workspace if there is one: completion must not connect."""
        return self._workspace

    def _home(self, workspace: Workspace, settings: Settings) -> tuple[str, ...]:
        from ..client.runs import list_experiments

        name, _ = self.default_experiment(settings)
        return (name,) if name in {e.name for e in list_experiments(workspace.connection)} else ()

    def default_experiment(self, settings: Settings) -> tuple[str, str]:
        """The experiment to use when none is named, and why it."""
        import os

        if name := settings.text("experiment"):
            return name, settings.origin["experiment"]
        if self.tracking is None and (name := os.environ.get("MLFLOW_EXPERIMENT_NAME", "")):
            return name, "MLFLOW_EXPERIMENT_NAME is set"
        notebook = self.notebook
        return (notebook.stem, "the notebook's name") if notebook else (self.folder.name, "the folder's name")

    def adopt(self, workspace: Workspace) -> None:
        """Make this workspace the session's."""
        if self._workspace is not None and self._workspace is not workspace:
            self._workspace.close()
        self._workspace = workspace

    def stop_tracking(self) -> bool:
        """End tracking; False when it was off."""
        if self.tracking is None:
            return False
        self.after_cell(None)
        self.tracking.stop()
        self.tracking = None
        return True
