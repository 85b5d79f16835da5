"""What the service refuses of an online endpoint or deployment before anything starts: names, traffic, sizes, quota."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .errors import Refusal, arm

__all__ = [
    "CORES",
    "MAX_DEPLOYMENTS",
    "check_name",
    "check_quota",
    "check_traffic",
    "check_variables",
    "cores_needed",
    "seconds_of",
]

MAX_DEPLOYMENTS = 20  # an endpoint (how-to-manage-quotas.md)
MAX_TIMEOUT = 180.0  # seconds that a request may take (same)
MAX_MIRRORED = 50  # percent (how-to-safely-rollout-online-endpoints.md)
# Cores by instance type, in small letters: the commoner rows of reference-managed-online-endpoints-vm-sku-list.md.
CORES = {
    "standard_ds1_v2": 1, "standard_ds2_v2": 2, "standard_ds3_v2": 4, "standard_ds4_v2": 8, "standard_ds5_v2": 16,
    "standard_d2a_v4": 2, "standard_d4a_v4": 4, "standard_d8a_v4": 8, "standard_d16a_v4": 16, "standard_d32a_v4": 32,
    "standard_d2as_v4": 2, "standard_d4as_v4": 4, "standard_d8as_v4": 8, "standard_d16as_v4": 16,
    "standard_e2s_v3": 2, "standard_e4s_v3": 4, "standard_e8s_v3": 8, "standard_e16s_v3": 16, "standard_e32s_v3": 32,
    "standard_f2s_v2": 2, "standard_f4s_v2": 4, "standard_f8s_v2": 8, "standard_f16s_v2": 16, "standard_f32s_v2": 32,
    "standard_f48s_v2": 48, "standard_f64s_v2": 64, "standard_f72s_v2": 72,
    "standard_nc6s_v3": 6, "standard_nc12s_v3": 12, "standard_nc24s_v3": 24,
    "standard_nc4as_t4_v3": 4, "standard_nc8as_t4_v3": 8, "standard_nc16as_t4_v3": 16, "standard_nc64as_t4_v3": 64,
    "standard_nc24ads_a100_v4": 24, "standard_nc48ads_a100_v4": 48, "standard_nc96ads_a100_v4": 96,
    "standard_nc40ads_h100_v5": 40, "standard_nc80adis_h100_v5": 80,
}  # fmt: skip


def check_name(kind: str, name: str) -> None:
    """3 to 32 letters, digits and single dashes, a letter first and no dash last (how-to-manage-quotas.md).

    Args:
        kind: "endpoint" or "deployment".
    """
    if not re.fullmatch(r"[A-Za-z](?:[A-Za-z0-9]|-(?=[A-Za-z0-9]))*", name) or not 3 <= len(name) <= 32:
        raise _invalid(
            f"The {kind} name '{name}' is invalid: it must be 3 to 32 characters long, start with a letter, and have "
            "letters, digits and single dashes only."
        )


def check_traffic(traffic: dict[str, Any], mirror: dict[str, Any], deployments: list[str]) -> None:
    """Percents to deployments that exist, all or nothing; at most one mirrored, to at most half.

    Args:
        traffic, mirror: percents by deployment.
        deployments: those that there are.
    """
    for what, found in (("traffic", traffic), ("mirrorTraffic", mirror)):
        unknown = [name for name in found if name not in deployments]
        if unknown:
            raise _invalid(f"The {what} names deployments that do not exist: {', '.join(unknown)}.")
        if not all(isinstance(p, int) and not isinstance(p, bool) and 0 <= p <= 100 for p in found.values()):
            raise _invalid(f"The values of {what} must be integers from 0 to 100.")
    if sum(traffic.values()) not in (0, 100):
        raise _invalid(f"The sum of traffic must be either 0 or 100; it is {sum(traffic.values())}.")
    if len(mirror) > 1 or sum(mirror.values()) > MAX_MIRRORED:
        raise _invalid(f"Traffic can be mirrored to one deployment only, at most {MAX_MIRRORED} percent.")
    both = [name for name, percent in mirror.items() if percent and traffic.get(name)]
    if both:
        raise _invalid(f"The deployment {both[0]} cannot have live and mirrored traffic at once.")


def check_variables(variables: dict[str, Any]) -> None:
    """Environment variables that a process can have."""
    for name, value in variables.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", str(name)) or "\0" in str(value):
            raise _invalid(f"The environment variable {str(name)!r} is invalid.")


def cores_needed(instance_type: str, count: int) -> int:
    """With the 20 % more instances that the service wants for upgrades: 8 for one of 4 cores (mslearn-azure-ml#30).

    Raises:
        Refusal: the instance type is not known.
    """
    cores = CORES.get(instance_type.lower())
    if cores is None:
        raise _failed({"VmSize": [f"The VM size '{instance_type}' is not supported for managed online deployments."]})
    return cores * math.ceil(count * 1.2)


def check_quota(instance_type: str, needed: int, used: int, limit: int, subscription: str) -> None:
    """400 in the words of mslearn-azure-ml#30 and others where there are not enough cores left.

    Args:
        needed, used, limit: cores.
    """
    if used + needed > limit:
        words = (
            f"Not enough quota available for {instance_type} in SubscriptionId {subscription}. "
            f"Current usage/limit: {used}/{limit}. Additional needed: {needed} "
            "Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-outofquota"
        )
        raise _failed({"VmSize": [words]})


def seconds_of(duration: str) -> float:
    """Of an ISO 8601 duration ("PT1M30S", "P0DT5S"), as requestTimeout has one.

    Raises:
        Refusal: it is none, or longer than a request may take.
    """
    pattern = r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?"
    match = re.fullmatch(pattern, duration)
    if match is None:
        raise _invalid(f"'{duration}' is not a duration.")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds
    if total > MAX_TIMEOUT:
        raise _invalid(f"The request timeout must be at most {MAX_TIMEOUT:g} seconds; it is {total:g}.")
    return total


def _invalid(message: str) -> Refusal:
    return arm(400, "BadRequest", "The request is invalid.", details=[("InvalidArgument", message)])


def _failed(errors: dict[str, list[str]]) -> Refusal:
    """What the service behind Resource Manager said, as it is passed on (mslearn-azure-ml#30)."""
    body = {
        "errors": errors,
        "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
        "title": "One or more validation errors occurred.",
        "status": 400,
    }
    message = f"InferencingClient HttpRequest error, error detail: {json.dumps(body)}"
    return arm(
        400, "BadRequest", "The request is invalid.", details=[("InferencingClientCreateDeploymentFailed", message)]
    )
