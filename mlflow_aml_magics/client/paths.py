"""Paths and URIs as people read them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

__all__ = ["redacted", "shell_path", "short_path"]

# Before the host: up to the first slash; where a colon says that a password follows, up to the @ (SQLAlchemy lets
# passwords hold slashes), but not after a port number. Without a scheme only with the colon.
_USERINFO = re.compile(r"((?<=://)([^/\s]*@|[^/:\s@]*:(?!\d+(?:[/?#\s]|$))[^\s]*@)|^[^/:\s@]+:(?!/)[^\s]*@)")
_SECRET_PART = re.compile(
    r"(?<=[?&;])([^=?&;\s]*(?:pass|pwd|secret|token|key|sig|auth|cred)[^=?&;\s]*)=[^&;\s'\"]*", re.IGNORECASE
)
# A whole connection string, percent-encoded.
_ENCODED = re.compile(r"(?<=[?&])(odbc_connect)=[^&\s'\"]*", re.IGNORECASE)


def redacted(text: str) -> str:
    """A URI, or a text with URIs in it, without its credentials.

    Gone are what stands before the host, a name too, for some services take a token there, and the values of query
    parts whose names sound like a secret.

        >>> redacted("postgresql://me:pw@host/db?sslmode=on&password=pw")
        'postgresql://***@host/db?sslmode=on&password=***'
    """
    shorter = _USERINFO.sub("***@", text)
    return _ENCODED.sub(r"\1=***", _SECRET_PART.sub(r"\1=***", shorter))


def short_path(path: Path | None) -> str:
    """A path as its reader says it: "this folder", what is below it, or from the home folder on.

    Outputs are shared with their notebooks: names of users and machines stay out of them where they can.
    """
    if path is None:
        return ""
    here = Path.cwd()
    if path == here:
        return "this folder"
    if here in path.parents:
        return str(path.relative_to(here))
    home = Path.home()
    return f"~/{path.relative_to(home)}" if home in path.parents else str(path)


def shell_path(path: Path) -> str:
    """A path for a shell command, from the home folder on where it is in there; it may end a word, as in @PATH."""
    home = Path.home()
    return f'"$HOME"/{shlex.quote(str(path.relative_to(home)))}' if home in path.parents else shlex.quote(str(path))
