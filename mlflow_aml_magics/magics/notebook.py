"""Which notebook this is, in the hosts that say so."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["notebook_path"]

_VSCODE_SUFFIX = re.compile(r"-jvsc-[0-9a-f-]+(?=\.ipynb$)")  # VS Code names sessions on a remote server so


def notebook_path(shell: InteractiveShell) -> Path | None:
    """The notebook's file: VS Code puts it into the namespace, JupyterLab and Notebook 7 into the environment."""
    named = shell.user_ns.get("__vsc_ipynb_file__")
    if isinstance(named, str) and named.endswith(".ipynb"):
        return Path(named)
    # jupyter_server >= 1.15 sets it for each session (jupyter-server#631); consoles have no file
    session = os.environ.get("JPY_SESSION_NAME", "")
    if not session.endswith(".ipynb"):
        return None
    path = Path(_VSCODE_SUFFIX.sub("", session))
    if not path.is_absolute() or not path.exists():
        return Path.cwd() / path.name  # a kernel starts in its notebook's folder
    return path
