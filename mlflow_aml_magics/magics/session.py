"""What the magics of one shell share: its settings, its workspace, and whether tracking is on."""

from __future__ import annotations

import os
import re
import sys
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.inputtransformer2 import make_tokens_by_line
from traitlets import Bool, Unicode
from traitlets.config import Configurable

from ..config import SETTINGS, Setting, Settings, load_settings
from ..errors import AmlMagicsError, UsageError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..client.target import Target
    from ..client.tracking import Tracking
    from ..services.local_cloud import LocalCloud
    from ..workspace import Serving, Workspace

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
        self._tracking: Tracking | None = None
        self.why_experiment = ""
        self.sandbox: LocalCloud | None = None  # the one that the environment shows
        self._workspace: Workspace | None = None

    # ---- hooks

    def attach(self) -> None:
        """Hook into the shell: configuration, completion, nearest names for mistyped verbs, the end of each cell."""
        self.shell.configurables.append(self.configured)  # type: ignore[arg-type]  # IPython annotates too little
        self.shell.input_transformers_cleanup.append(self.name_verbs)
        self.shell.events.register("post_run_cell", self.after_cell)
        self.shell.set_hook("complete_command", self.complete, re_key=r".*%%?aml")

    def detach(self) -> None:
        """Undo `attach` and end tracking, whatever the store does."""
        self.shell.configurables.remove(self.configured)  # type: ignore[arg-type]
        self.shell.input_transformers_cleanup.remove(self.name_verbs)
        self.shell.events.unregister("post_run_cell", self.after_cell)
        completers = self.shell.strdispatchers["complete_command"].regexs
        for key, chain in list(completers.items()):
            chain.chain[:] = [(rank, hook) for rank, hook in chain.chain if hook != self.complete]
            if not chain.chain:
                del completers[key]
        try:
            self.stop_tracking()
        finally:
            if self._workspace is not None:
                self._workspace.close()

    def name_verbs(self, lines: list[str]) -> list[str]:
        """Send ``%aml_trak`` to ``%aml trak``, which names the nearest verb; text and others' magics stay."""
        if not any("%aml_" in line for line in lines):
            return lines
        inside = _lines_inside_strings(lines)
        known = self.shell.magics_manager.magics

        def send(match: re.Match[str]) -> str:
            name = f"aml_{match[2]}"
            taken = name in known["line"] or name in known["cell"] or match.string.rstrip().endswith("?")
            return match[0] if taken else f"{match[1]}aml {match[2]}"

        return [line if n in inside else _UNKNOWN_VERB.sub(send, line) for n, line in enumerate(lines, 1)]

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
        except Exception as exc:  # noqa: BLE001  # the cell has run, and tracking must be able to end
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

    # ---- tracking

    @property
    def tracking(self) -> Tracking | None:
        """The tracking that this shell started, while it is on."""
        return self._tracking if self._tracking is not None and self._tracking.on else None

    def track(self, tracking: Tracking, why_experiment: str) -> None:
        """Make this tracking, which is on, the session's."""
        self._tracking, self.why_experiment = tracking, why_experiment

    def enter(self, sandbox: LocalCloud | None) -> None:
        """Have the environment show this sandbox, or none, until `stop_tracking`."""
        self.sandbox = sandbox
        if sandbox is not None:
            sandbox.enter()

    def stop_tracking(self) -> list[str] | None:
        """End tracking.

        Returns:
            The ids of runs that could not be ended; None when it was off.
        """
        try:
            if self.tracking is None:
                return None
            self.after_cell(None)
            return self.tracking.stop()
        finally:
            if self.sandbox is not None:
                self.sandbox.leave()
                self.sandbox = None

    @contextmanager
    def environment_before(self) -> Iterator[None]:
        """The environment without what our own tracking set."""
        with (
            self.tracking.environment_before() if self.tracking else nullcontext(),
            self.sandbox.left() if self.sandbox else nullcontext(),
        ):
            yield

    # ---- workspace

    def workspace(self) -> Workspace:
        """The workspace: the tracked one, else the one that the settings lead to now. It changes no globals.

        Raises:
            UsageError: nothing was tracked here yet.
        """
        if self.sandbox is not None:
            self.sandbox.check()
        if self._workspace is not None and self.tracking is not None:
            self._workspace.cache = self.settings().flag("cache")
            return self._workspace
        from ..client.target import choose_target
        from ..workspace import Workspace

        settings = self.settings()
        asked = settings.text("tracking_uri") or None
        target = choose_target(asked, self.folder)
        if not self._is_open(target):
            if target.why.startswith("the default") and not (self.folder / "mlflow.db").exists():
                raise UsageError(
                    "nothing is tracked here yet: there is no mlflow.db beside the notebook",
                    hint="%aml_track starts, or name a store: %config AmlMagics.tracking_uri = '…'",
                )
            self.adopt(Workspace.connect(asked, folder=self.folder))
        assert self._workspace is not None
        self._workspace.experiments = self._home(self._workspace, settings)
        self._workspace.cache = settings.flag("cache")
        return self._workspace

    def serving(self) -> Serving:
        """Who knows what is deployed: the workspace, or this machine alone where none answers."""
        try:
            return self.workspace()
        except AmlMagicsError:
            from ..workspace import Serving

            return Serving()

    def _is_open(self, target: Target) -> bool:
        """Whether the workspace is the target's. Azure ML's is known by its name: its URI is its own to tell."""
        if self._workspace is None:
            return False
        azure = self._workspace.connection.azure
        if target.azure is None or azure is None:
            return bool(self._workspace.uri == target.uri)
        return bool(azure.ref.arm_id.lower() == target.azure.arm_id.lower())

    def opened(self) -> Workspace | None:
        """The workspace if there is one: completion must not connect."""
        return self._workspace

    def _home(self, workspace: Workspace, settings: Settings) -> tuple[str, ...]:
        name, _ = self.default_experiment(settings)
        return (name,) if name in workspace.experiment_names() else ()

    def default_experiment(self, settings: Settings) -> tuple[str, str]:
        """The experiment to use when none is named, and why it."""
        if name := settings.text("experiment"):
            return name, settings.origin["experiment"]
        if name := os.environ.get("MLFLOW_EXPERIMENT_NAME", ""):
            return name, "MLFLOW_EXPERIMENT_NAME is set"
        notebook = self.notebook
        return (notebook.stem, "the notebook's name") if notebook else (self.folder.name or "root", "the folder's name")

    def adopt(self, workspace: Workspace) -> None:
        """Make this workspace the session's."""
        if self._workspace is not None and self._workspace is not workspace:
            self._workspace.close()
        self._workspace = workspace


def _lines_inside_strings(lines: list[str]) -> set[int]:
    """The numbers, from 1, of lines that begin inside a string which began on an earlier line."""
    inside: set[int] = set()
    for line in make_tokens_by_line(lines):
        for token in line:
            inside.update(range(token.start[0] + 1, token.end[0] + 1) if token.type == tokenize.STRING else ())
    return inside
