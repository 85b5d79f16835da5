"""What a mend of the bridge is, and how it is put in and taken out again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ..connection import Connection

__all__ = ["Patches", "Unit", "is_missing_endpoint"]


class Patches:
    """Attributes that were replaced, and how they were."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, bool, Any, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute of a class or a module."""
        had = name in vars(owner)
        before = vars(owner).get(name)
        setattr(owner, name, value)
        self._made.append((owner, name, had, before, vars(owner)[name]))

    def undo(self) -> None:
        """Put everything back, the last first. What somebody else replaced after us is left to them."""
        while self._made:
            owner, name, had, before, ours = self._made.pop()
            if vars(owner).get(name) is not ours:
                continue
            if had:
                setattr(owner, name, before)
            else:
                delattr(owner, name)  # it was inherited


class Unit(ABC):
    """One thing that azureml-mlflow or the service lacks, mended while somebody is connected to Azure ML.

    ``mends`` says what for people, ``issue`` where it is reported.
    """

    name: ClassVar[str]
    mends: ClassVar[str]
    issue: ClassVar[str]

    def __init__(self) -> None:
        self.patches = Patches()

    def applies(self, connection: Connection) -> bool:
        """Whether it is needed here: False as soon as the service or the library has learned it."""
        return True

    @abstractmethod
    def install(self) -> None:
        """Put it in."""

    def remove(self) -> None:
        """Take it out."""
        self.patches.undo()


def is_missing_endpoint(exc: Exception) -> bool:
    """Whether the service has no such endpoint: 404, 405 or 501 without the JSON that a missing object is told with."""
    missing = any(f"failed with error code {status}" in str(exc) for status in (404, 405, 501))
    return missing or getattr(exc, "error_code", "") == "ENDPOINT_NOT_FOUND"
