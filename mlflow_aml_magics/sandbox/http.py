"""One request, one answer, and the table that leads from the one to the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Handler", "Request", "Response", "Routes", "json_response"]


@dataclass(frozen=True)
class Request:
    """What a client asked for. Header names are in lower case; `path` is decoded, `query` holds single values."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; {} for none or anything else."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Response:
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    found = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Response(status, json.dumps(body).encode(), found)


# Gets the request and the named groups of its route's pattern.
Handler = Callable[..., Response]


class Routes:
    """An ordered table of method, host and path. Later routes (endpoints, deployments) are added with `add`.

    >>> routes = Routes()
    >>> routes.add("GET", r"management\\..*", "/ping/(?P<name>[^/]+)", lambda request, name: Response(204))
    >>> handler, words = routes.find(Request("GET", "management.azureml.test", "/ping/x", {}, {}, b""))
    >>> words
    {'name': 'x'}
    """

    def __init__(self) -> None:
        self._table: list[tuple[frozenset[str], re.Pattern[str], re.Pattern[str], Handler]] = []

    def add(self, methods: str, host: str, path: str, handler: Handler) -> None:
        """Answer requests whose method, whole host and whole path match. Azure's paths ignore case.

        Args:
            methods: one or more, with blanks between.
            host, path: regular expressions; the named groups of `path` become the handler's keywords.
        """
        found = frozenset(methods.split())
        self._table.append((found, re.compile(host, re.IGNORECASE), re.compile(path, re.IGNORECASE), handler))

    def find(self, request: Request) -> tuple[Handler, dict[str, str]] | None:
        """The first route that fits."""
        for methods, host, path, handler in self._table:
            if request.method in methods and host.fullmatch(request.host):
                match = path.fullmatch(request.path)
                if match:
                    return handler, {k: v for k, v in match.groupdict().items() if v is not None}
        return None
