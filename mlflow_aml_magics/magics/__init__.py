"""The magics: one verb a file, each parsing its words, calling one method of `Workspace`, and returning what it gives.

Nothing of a verb is imported before it is used, so that ``%load_ext`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .session import Session

__all__ = ["VERBS", "Verb", "load", "unload"]

# verb -> what it does in a line; a verb is %aml_VERB and lives in the module VERB
VERBS = {
    "track": "start tracking what this notebook trains; %%aml_track runs a cell as one run",
    "runs": "the runs that match a query, as a DataFrame",
    "best": "the best run by a metric",
    "show": "one run in full",
    "compare": "the run explorer, or two runs side by side",
    "register": "check a model, and make it a version of a registered model",
    "models": "the panel of registered models; changes of a version, what was said about it, where it comes from",
    "share": "copy a version to a registry, another workspace or another store",
    "download": "bring a model or a run's artifacts to this machine",
    "deploy": "serve a model here or on an endpoint; share traffic, read logs, delete",
    "invoke": "ask a deployment for predictions; %%aml_invoke takes JSON from the cell",
    "endpoints": "the panel of all deployments: try, share traffic, read logs, delete",
    "doctor": "what is wrong with packages, login and workspace, and the command that mends it",
}
CELL_VERBS = ("track", "invoke")


class Verb:
    """A magic that imports its module on first use. Its docstring is the parser's help, so ``%aml_track?`` is true."""

    _ipython_magic_no_var_expand = True  # IPython.core.magic.no_var_expand: `parsing.expanded` knows our queries

    def __init__(self, name: str, session: Session) -> None:
        self.name = name
        self.session = session
        self.__name__ = f"aml_{name}"

    def __call__(self, line: str, cell: str | None = None) -> Any:
        __tracebackhide__ = True
        from .parsing import expanded, run_verb

        return run_verb(self.module(), self.session, expanded(self.session.shell, line), cell)

    def module(self) -> Any:
        """The module with this verb's `parser` and `run`."""
        return import_module(f".{self.name}", __package__)

    def __getattribute__(self, name: str) -> Any:
        if name == "__doc__":
            return self.module().parser().format_help()
        return super().__getattribute__(name)


class Index:
    """``%aml``: every verb in a line; ``%aml track …`` is ``%aml_track …``."""

    __name__ = "aml"
    _ipython_magic_no_var_expand = True

    def __init__(self, session: Session) -> None:
        self.session = session

    def __call__(self, line: str, cell: str | None = None) -> Any:
        __tracebackhide__ = True
        from .index import run_index
        from .parsing import expanded

        return run_index(self.session, expanded(self.session.shell, line), cell)


def load(shell: InteractiveShell) -> None:
    """Register the magics, once however often it is called."""
    if getattr(shell, "_aml_session", None) is not None:
        return
    from .session import Session

    session = Session(shell)
    register: Any = shell.register_magic_function
    register(Index(session), "line_cell", "aml")
    for name in VERBS:
        register(Verb(name, session), "line_cell" if name in CELL_VERBS else "line", f"aml_{name}")
    session.attach()
    shell._aml_session = session  # type: ignore[attr-defined]  # the shell owns it: one shell, one session


def unload(shell: InteractiveShell) -> None:
    """Stop tracking, take the magics and hooks away, and put back what was found."""
    session: Session | None = getattr(shell, "_aml_session", None)
    if session is None:
        return
    session.detach()
    for name in ("aml", *(f"aml_{verb}" for verb in VERBS)):
        for kind in ("line", "cell"):
            shell.magics_manager.magics[kind].pop(name, None)
    del shell._aml_session  # type: ignore[attr-defined]
