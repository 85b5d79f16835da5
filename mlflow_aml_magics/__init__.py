"""Track, compare, register and deploy models from the notebook, on MLflow and Azure Machine Learning.

    %load_ext mlflow_aml_magics
    %aml_track

In Python::

    from mlflow_aml_magics import Workspace
    ws = Workspace.connect()
    ws.runs("metrics.rmse < 60")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .errors import AmlMagicsError
    from .workspace import Workspace

__all__ = ["AmlMagicsError", "Workspace", "__version__", "load_ipython_extension", "unload_ipython_extension"]

__version__ = "0.1.0"

_LAZY = {"AmlMagicsError": "errors", "Workspace": "workspace"}  # importing us must load nothing heavy


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext mlflow_aml_magics`."""
    from .magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext mlflow_aml_magics`: takes the magics away and puts back what tracking changed."""
    from .magics import unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "mlflow-aml-magics"}]
