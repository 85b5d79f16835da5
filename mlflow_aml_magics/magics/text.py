"""Text that a magic returns: shown as it is, without quotes, and a str for whoever takes it."""

from __future__ import annotations

__all__ = ["Text"]


class Text(str):
    """A str whose repr is itself: ``command = %aml_invoke wine --sample --curl``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_pretty_(self, printer: object, _cycle: bool) -> None:
        """IPython prints a str by its own rules, but for this."""
        printer.text(str(self))  # type: ignore[attr-defined]
