"""Resource Manager's documents of a workspace, read and written as they are, over azure-ai-ml's own pipeline.

Its entities drop what they do not know when a resource is read and sent back, its pollers print dots into the cell and
keep what the service says of a failure in a thread. The pipeline brings its login, retries and proxies.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..errors import DeploymentError
from .azure_files import asked

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["ENDS", "FORGOTTEN", "Reply", "call", "created_at", "ended", "pages", "tags_of", "writable"]

REFUSALS = (400, 409, 412, 422)
FORGOTTEN = "Forgotten"
ENDS = ("Succeeded", "Failed", "Canceled")  # of operations and of resources
_READ_ONLY = ("id", "name", "type", "systemData")
_READ_ONLY_PROPERTIES = ("provisioningState", "scoringUri", "swaggerUri")
PAGES = 100  # of a list; more would be a service that goes in a circle


@dataclass(frozen=True)
class Reply:
    """An answer. ``operation`` is where a long-running one says how far it is, "" where all is done."""

    status: int
    document: dict[str, Any] = field(default_factory=dict)
    operation: str = ""

    @property
    def found(self) -> bool:
        """Whether there is such a resource."""
        return self.status != 404


def call(
    conn: Connection,
    doing: str,
    method: str,
    path: str,
    *,
    api_version: str = "",
    body: Mapping[str, Any] | None = None,
) -> Reply:
    """Ask Resource Manager. A resource that is not there is a reply too.

    Args:
        doing: the action in words, for messages.
        path: below the workspace, "/onlineEndpoints/wine"; or a whole address, as the service gives for operations.

    Raises:
        DeploymentError: it refuses what was asked; the message has its code and words.
        AuthError, StoreError: as for every call of Azure.
    """
    from azure.core.rest import HttpRequest

    azure = conn.azure
    assert azure is not None
    # The one place that knows azure-ai-ml's insides: its pipeline and the address that it goes to.
    operations = azure.ml_client.online_endpoints._online_operation
    root = str(operations._config.base_url).rstrip("/")
    url = path if path.startswith("https://") else f"{root}{azure.ref.arm_id}{path}"
    params = {"api-version": api_version} if api_version else None

    def ask() -> Reply:
        request = HttpRequest(method, url, params=params, json=body)
        response = operations._client.send_request(request)
        document = _document(response)
        code, words = _said(document)
        if response.status_code == 404 and code not in ("ResourceGroupNotFound", "SubscriptionNotFound"):
            return Reply(404, document)
        if response.status_code in REFUSALS or code == "RequestDisallowedByPolicy":
            raise DeploymentError(f"{doing}: {code or response.status_code}: {words or 'no reason given'}")
        response.raise_for_status()
        headers = response.headers
        return Reply(response.status_code, document, headers.get("Azure-AsyncOperation", headers.get("Location", "")))

    return asked(conn, doing, ask)


def pages(conn: Connection, doing: str, path: str, *, api_version: str) -> list[dict[str, Any]]:
    """All documents of a list; [] where there is no such list."""
    found: list[dict[str, Any]] = []
    reply = call(conn, doing, "GET", path, api_version=api_version)
    for _ in range(PAGES):
        found += [item for item in reply.document.get("value") or () if isinstance(item, dict)]
        following = reply.document.get("nextLink")
        if not isinstance(following, str) or not following.startswith("https://"):
            break
        reply = call(conn, doing, "GET", following)
    return found


def ended(conn: Connection, operation: str) -> tuple[str, str]:
    """How a long-running operation ended: one of `ENDS`, and what the service says of a failure.

    "" while it goes on, `FORGOTTEN` where the service does not know it any more.
    """
    reply = call(conn, "asking how far it is", "GET", operation)
    if not reply.found:
        return FORGOTTEN, ""
    status = str(reply.document.get("status") or ("" if reply.status == 202 else "Succeeded"))
    code, words = _said(reply.document)
    return (status if status in ENDS else ""), (f"{code}: {words}" if code and words else words or code)


def writable(document: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's document as it may be sent back."""
    body = {key: copy.deepcopy(part) for key, part in document.items() if key not in _READ_ONLY}
    body["properties"] = {
        key: part for key, part in (body.get("properties") or {}).items() if key not in _READ_ONLY_PROPERTIES
    }
    if identity := body.get("identity"):
        users: dict[str, Any] = {name: {} for name in identity.get("userAssignedIdentities") or ()}
        body["identity"] = {"type": identity.get("type")} | ({"userAssignedIdentities": users} if users else {})
    return body


def tags_of(document: Mapping[str, Any]) -> dict[str, str]:
    """A resource's tags."""
    return {str(key): str(text) for key, text in (document.get("tags") or {}).items()}


def created_at(document: Mapping[str, Any], moment: str = "createdAt") -> datetime | None:
    """When a resource was made, as its systemData says; ``moment`` "lastModifiedAt" for its last change."""
    text = str((document.get("systemData") or {}).get(moment) or "")
    match = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text)  # Azure's seven decimals are not Python 3.10's
    return datetime.fromisoformat(match[0]).replace(tzinfo=timezone.utc) if match else None


def _document(response: Any) -> dict[str, Any]:
    try:
        said = response.json() if response.content else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {"text": said} if isinstance(said, str) else {}


def _said(document: Mapping[str, Any]) -> tuple[str, str]:
    """Code and words of an error envelope: of what is inside, which says more, where there is that."""
    error = document.get("error")
    if not isinstance(error, Mapping):
        return "", ""
    inner = [part for part in error.get("details") or () if isinstance(part, Mapping)]
    words = [_unpacked(str(part.get("message", ""))) for part in inner] or [str(error.get("message", ""))]
    return str(error.get("code", "")), " ".join(dict.fromkeys(word.strip() for word in words if word.strip()))


def _unpacked(text: str) -> str:
    """What a service behind Resource Manager said is passed on as JSON in the text: its messages."""
    start = text.find("{")
    try:
        errors = json.loads(text[start:]).get("errors") if start >= 0 else None
        found = [str(word) for words in errors.values() for word in words] if isinstance(errors, dict) else []
    except (ValueError, AttributeError, TypeError):
        return text
    return " ".join(found) or text
