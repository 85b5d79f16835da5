"""What machines cost, roughly, and what Azure counts when it says that a quota is used up."""

from __future__ import annotations

from ...errors import nearest

__all__ = ["DEFAULT_MACHINE", "cost_hint", "machine_hint", "quota_hint"]

# No-code deployments need some memory for the environment: azure-ai-ml warns below this size.
DEFAULT_MACHINE = "Standard_DS3_v2"

# cores, and US dollars an hour: Linux, pay as you go, East US, as lists of Azure's prices had them in 2022 to 2025,
# rounded to the cent. To tell a few cents from a few dollars, not to budget with: nothing here asks for today's prices.
MACHINES: dict[str, tuple[int, float]] = {
    "Standard_DS2_v2": (2, 0.15),
    "Standard_DS3_v2": (4, 0.29),
    "Standard_DS4_v2": (8, 0.59),
    "Standard_DS5_v2": (16, 1.17),
    "Standard_F2s_v2": (2, 0.08),
    "Standard_F4s_v2": (4, 0.17),
    "Standard_F8s_v2": (8, 0.34),
    "Standard_F16s_v2": (16, 0.68),
    "Standard_E2s_v3": (2, 0.13),
    "Standard_E4s_v3": (4, 0.25),
    "Standard_E8s_v3": (8, 0.50),
    "Standard_D2as_v4": (2, 0.10),
    "Standard_D4as_v4": (4, 0.19),
    "Standard_D8as_v4": (8, 0.38),
    "Standard_NC4as_T4_v3": (4, 0.53),
    "Standard_NC8as_T4_v3": (8, 0.75),
    "Standard_NC24ads_A100_v4": (24, 3.67),
}
_BY_NAME = {name.lower(): figures for name, figures in MACHINES.items()}


def cost_hint(machine: str, count: int = 1) -> str:
    """What a deployment costs by the hour, whether asked or not; "" of a size that is not in the table.

    >>> cost_hint("Standard_DS3_v2", 2)
    'about 0.58 USD an hour (2 machines, list price East US; yours may differ)'
    """
    found = _BY_NAME.get(machine.lower())
    if found is None:
        return ""
    each = f"{count} machines, " if count > 1 else ""
    return f"about {found[1] * count:.2f} USD an hour ({each}list price East US; yours may differ)"


def quota_hint(machine: str, count: int = 1) -> str:
    """What of the quota a deployment takes: 20 % more machines than it runs on, rounded up (mslearn-azure-ml#30).

    >>> quota_hint("Standard_DS3_v2", 2)
    'takes 12 cores of the quota, of which 4 for upgrades'
    """
    found = _BY_NAME.get(machine.lower())
    if found is None:
        return ""
    cores, needed = found[0] * count, found[0] * -(-count * 12 // 10)
    return f"takes {needed} cores of the quota, of which {needed - cores} for upgrades"


def machine_hint(machine: str, kind: str) -> str:
    """What to ask for in place of a size that was refused; "" of one that is in the table, or of none.

    >>> machine_hint("Standard_D3", "online").partition(";")[0]
    '--instance-type Standard_DS3_v2'
    """
    if not machine or machine.lower() in _BY_NAME:
        return ""
    if kind == "kubernetes":
        return (
            "the instance types are the cluster's own: kubectl get instancetypes; without --instance-type its default"
        )
    return f"--instance-type {nearest(machine, MACHINES) or DEFAULT_MACHINE}; known: {', '.join(MACHINES)}"
