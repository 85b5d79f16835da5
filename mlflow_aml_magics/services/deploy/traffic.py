"""The arithmetic of traffic: what shares may be, what a new deployment gets, what was before."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ...errors import DeploymentNotFound, UsageError, nearest

__all__ = ["BEFORE", "check_shares", "first_shares", "parse_shares", "trial_shares", "worded"]

BEFORE = "aml.traffic.before"  # the tag of an endpoint that remembers the shares before the last change


def check_shares(endpoint: str, shares: Mapping[str, int], known: Collection[str]) -> dict[str, int]:
    """The shares of all of an endpoint's deployments; those not named get none.

    Raises:
        UsageError: a share is no percentage, or the sum is neither 100 nor 0.
        DeploymentNotFound: with the nearest name.
    """
    for name, share in shares.items():
        if name not in known:
            meant = nearest(name, known)
            raise DeploymentNotFound(
                f"'{endpoint}' has no deployment '{name}'; it has {', '.join(sorted(known)) or 'none'}",
                hint=f"did you mean '{meant}'?" if meant else f"%aml_endpoints {endpoint}",
            )
        if isinstance(share, bool) or not isinstance(share, int) or not 0 <= share <= 100:
            raise UsageError(f"{name}={share} is no share: a whole number from 0 to 100")
    total = sum(shares.values())
    if total not in (0, 100):
        raise UsageError(
            f"the shares {worded(shares)} sum to {total}, not to 100",
            hint=f"--traffic {worded(_mended(shares))}, or all 0 to stop the traffic",
        )
    return {name: shares.get(name, 0) for name in sorted(known)}


def first_shares(current: Mapping[str, int], deployments: Collection[str], new: str) -> dict[str, int] | None:
    """All to the only deployment of an endpoint that had no traffic; else None: it stays as it is."""
    if list(deployments) == [new] and not any(current.values()):
        return {new: 100}
    return None


def trial_shares(current: Mapping[str, int], new: str) -> dict[str, int]:
    """A tenth for a new deployment, from the one with most; all where nobody has any.

    >>> trial_shares({"blue": 100, "green": 0}, "green")
    {'blue': 90, 'green': 10}
    """
    shares = {name: share for name, share in current.items() if share}
    if not shares:
        return {new: 100}
    most = max(shares, key=lambda name: shares[name])
    tenth = min(10, shares[most])
    return {**shares, most: shares[most] - tenth, new: tenth}


def worded(shares: Mapping[str, int]) -> str:
    """As `--traffic` takes them: blue=90,green=10."""
    return ",".join(f"{name}={share}" for name, share in sorted(shares.items())) or "none"


def parse_shares(text: str) -> dict[str, int]:
    """What `worded` wrote, and nothing else: a tag is anybody's to write. {} for what cannot be read."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        if not name or not share.isdigit():
            return {}
        found[name] = int(share)
    return found


def _mended(shares: Mapping[str, int]) -> dict[str, int]:
    """The same proportions, to 100 in all."""
    total = sum(shares.values())
    mended = {name: share * 100 // total for name, share in shares.items()}
    mended[max(mended, key=lambda name: mended[name])] += 100 - sum(mended.values())
    return mended
