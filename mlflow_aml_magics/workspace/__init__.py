"""The Python API: everything that a magic or a button does is a method of `Workspace`."""

from __future__ import annotations

from .serving import Serving
from .workspace import Workspace

__all__ = ["Serving", "Workspace"]
