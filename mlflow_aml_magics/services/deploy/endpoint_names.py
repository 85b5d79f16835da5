"""How Azure lets endpoints and deployments be called, and which of each a deployment means."""

from __future__ import annotations

import re

from ...errors import UsageError
from .options import Ref

__all__ = ["FIRST", "check_name", "endpoint_and_deployment", "is_name", "proposed"]

FIRST = "blue"  # the deployment of a new endpoint
LENGTH = (3, 32)  # characters, of endpoints and deployments alike (how-to-manage-quotas.md)
_NAME = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*")


def endpoint_and_deployment(name: str, deployment: str | None) -> tuple[str, str | None]:
    """The two names, checked before anything is sent.

    Args:
        name: of the endpoint, or "ENDPOINT/DEPLOYMENT".
        deployment: asked for besides.

    Raises:
        UsageError: one that Azure would refuse, with one that it would take; or two deployments.
    """
    ref = Ref.parse(name)
    if deployment and ref.deployment and deployment != ref.deployment:
        raise UsageError(
            f"'{name}' names the deployment {ref.deployment}, and --deployment {deployment}",
            hint=f"--name {ref.endpoint} --deployment {deployment}",
        )
    check_name(ref.endpoint, "endpoint", "--name")
    wanted = deployment or ref.deployment
    if wanted is not None:
        check_name(wanted, "deployment", "--deployment")
    return ref.endpoint, wanted


def is_name(name: str) -> bool:
    """Whether Azure lets an endpoint or a deployment be called so: of another name it would refuse the question."""
    low, high = LENGTH
    return _NAME.fullmatch(name) is not None and low <= len(name) <= high


def check_name(name: str, what: str, option: str) -> None:
    """See that Azure takes a name.

    Raises:
        UsageError: with the nearest name that it takes.
    """
    if is_name(name):
        return
    low, high = LENGTH
    raise UsageError(
        f"'{name}' cannot name an {what} of Azure" if what[0] in "aeiou" else f"'{name}' cannot name a {what} of Azure",
        hint=f"{option} {proposed(name)}: {low} to {high} letters, digits and single dashes, a letter first",
    )


def proposed(name: str) -> str:
    """The nearest name that Azure takes.

    >>> proposed("wine_v2"), proposed("7"), proposed("grün--blau-")
    ('wine-v2', 'model-7', 'gr-n-blau')
    """
    low, high = LENGTH
    found = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    if not found or not found[0].isalpha():
        found = f"model-{found}".strip("-")
    found = found[:high].strip("-")
    return found if len(found) >= low else f"{found}-model"
