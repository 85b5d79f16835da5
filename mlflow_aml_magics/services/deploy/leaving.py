"""What is told when a deployment in Azure is left before it is done: Azure goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...errors import AuthError, DeploymentError, StoreUnreachable
from .following import TooLong

__all__ = ["told_on_leaving", "ways_back"]


@contextmanager
def told_on_leaving(doing: Callable[[], str], back: Callable[[], str], timeout: float) -> Iterator[None]:
    """Whoever leaves the block is told what goes on without them, and how to come back.

    Args:
        doing: what is under way by then, in words.
        back: how to go on with it, or to undo it.
        timeout: seconds that it was followed for.
    """
    try:
        yield
    except KeyboardInterrupt as exc:
        raise DeploymentError(
            f"interrupted: {doing()}; Azure goes on by itself, nothing was undone", hint=back()
        ) from exc
    except TooLong as exc:
        raise DeploymentError(
            f"{doing()} for more than {timeout:g} s; Azure goes on by itself, nothing was undone", hint=back()
        ) from exc
    except AuthError as exc:
        hint = f"{exc.hint}; then {back()}" if exc.hint else back()
        raise type(exc)(f"{exc.message}; {doing()}", hint=hint) from exc
    except StoreUnreachable as exc:
        raise StoreUnreachable(f"{exc.message}; {doing()}", hint=f"when it answers again: {back()}") from exc


def ways_back(again: str, new: str) -> str:
    """The call that goes on, and what removes ``new``, which was not there before; "" if all was."""
    goes_on = f"{again} goes on with it"
    return f"{goes_on}; %aml_endpoints {new} --delete removes it" if new else goes_on
