"""An endpoint of Azure and what is under it, as deployments in our words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ...client.azure_endpoints import Endpoint, Served, model_label
from .costs import cost_hint
from .online_traffic import TAG
from .target import Deployment, State

if TYPE_CHECKING:
    from ...client.connection import Connection

__all__ = ["AT", "BY", "MODEL", "NEVER", "REF", "by", "cut", "now", "rows", "state_of"]

# Tags on what we make: what was asked for, the model in words, who and when.
REF, MODEL, BY, AT = "aml.ref", "aml.model", "aml.by", "aml.at"
NEVER = datetime.fromtimestamp(0, timezone.utc)
IDLE_AFTER = timedelta(days=1)  # a new deployment without traffic is being tested, an old one is forgotten

_STATES: dict[str, State] = {
    "succeeded": "running",
    "failed": "failed",
    "canceled": "failed",
    "creating": "changing",
    "updating": "changing",
    "scaling": "changing",
    "deleting": "changing",
}


def by(conn: Connection) -> str:
    """Who makes it: the login, without its tenant."""
    assert conn.azure is not None
    return conn.azure.who.partition(" (tenant")[0]


def cut(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as Azure takes them."""
    return {key: text[:TAG] for key, text in tags.items()}


def now() -> str:
    """The time as it is in a tag."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def state_of(provisioning: str) -> State:
    """Our state for Azure's provisioningState; one that is not known is a change under way."""
    return _STATES.get(provisioning.lower(), "changing")


def rows(kind: str, conn: Connection, point: Endpoint, served: Sequence[Served]) -> tuple[Deployment, ...]:
    """The deployments of an endpoint, those with most traffic first; one that is "empty" where it has none."""
    if not served:
        return (_empty(kind, conn, point),)
    found = [_row(kind, conn, point, each) for each in served]
    return tuple(sorted(found, key=lambda row: (-(row.traffic or 0), row.name)))


def _row(kind: str, conn: Connection, point: Endpoint, served: Served) -> Deployment:
    assert conn.azure is not None
    state, traffic = state_of(served.state), point.traffic.get(served.name, 0)
    started = served.created or _time(served.tags.get(AT)) or point.created or NEVER
    cost = "" if point.compute else cost_hint(served.machine, served.count)
    detail = ""
    if state == "changing":
        detail = f"Azure says: {served.state}"
    elif state == "failed":
        was = "was cancelled" if served.state.lower() == "canceled" else "failed"
        detail = f"its creation {was}; %aml_endpoints {point.name}/{served.name} --logs tells more"
    elif not traffic and started > NEVER and datetime.now(timezone.utc) - started > IDLE_AFTER:
        detail = f"idle: no traffic{f', and it costs {cost}' if cost else ''}"
    return Deployment(
        name=f"{point.name}/{served.name}",
        target=kind,
        state=state,
        model=model_label(served.model) if served.model else served.tags.get(MODEL, ""),
        ref=served.tags.get(REF, ""),
        url=point.scoring_uri,
        store=conn.label,
        started=started,
        detail=detail,
        traffic=traffic,
        machine=_machine(point, served),
        cost=cost,
        link=conn.azure.studio.endpoint(point.name),
    )


def _empty(kind: str, conn: Connection, point: Endpoint) -> Deployment:
    assert conn.azure is not None
    state = state_of(point.state)
    detail = {
        "running": "it has no deployment",
        "failed": "making the endpoint failed",
    }.get(state, f"Azure says: {point.state}")
    return Deployment(
        name=point.name,
        target=kind,
        state="empty" if state == "running" else state,
        model="",
        ref="",
        url=point.scoring_uri,
        store=conn.label,
        started=point.created or _time(point.tags.get(AT)) or NEVER,
        detail=detail,
        machine=point.compute,
        link=conn.azure.studio.endpoint(point.name),
    )


def _machine(point: Endpoint, served: Served) -> str:
    size = f"{served.machine} × {served.count}" if served.machine else f"× {served.count}"
    return f"{point.compute}, {size}" if point.compute else size


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:  # a tag is anybody's to write
        return None
    return found.replace(tzinfo=timezone.utc) if found and found.tzinfo is None else found
