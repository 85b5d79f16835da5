"""Who a login belongs to, for people with several."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Identity", "identity_of", "who"]


@dataclass(frozen=True)
class Identity:
    """Who a token belongs to, from its own claims."""

    name: str
    tenant: str

    def __str__(self) -> str:
        return f"{self.name} (tenant {self.tenant})" if self.tenant else self.name


def who(credential: Any, scope: str) -> Identity:
    """Who a credential's token belongs to: a user's name, or the id of an application or a managed identity."""
    return identity_of(credential.get_token(scope).token)


def identity_of(token: str) -> Identity:
    """The claims of a token that name its owner. The signature is not looked at: nothing rests on the answer."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return Identity("unknown", "")
    names = ("upn", "preferred_username", "unique_name", "email", "app_displayname", "appid", "oid")
    name = next((str(claims[key]) for key in names if claims.get(key)), "unknown")
    return Identity(name, str(claims.get("tid", "")))
