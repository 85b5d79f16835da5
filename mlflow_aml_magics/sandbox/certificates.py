"""A throw-away authority for the sandbox's hosts, and a bundle that trusts it besides the public ones."""

from __future__ import annotations

import importlib
import os
import ssl
from pathlib import Path
from typing import Any

__all__ = ["DOMAIN", "make"]

DOMAIN = "azureml.test"  # .test is reserved for this (RFC 6761): no resolver answers for it
_NAMES = (
    DOMAIN,
    f"*.{DOMAIN}",
    f"*.api.{DOMAIN}",
    f"*.blob.{DOMAIN}",
    f"*.dfs.{DOMAIN}",
    f"*.inference.ml.{DOMAIN}",
    f"*.local.inference.ml.{DOMAIN}",  # NAME.REGION.inference.ml.…: a scoring host
)


def make(bundle: Path) -> ssl.SSLContext:
    """A server's TLS context for our hosts; writes the certificates that a client must trust to ``bundle``.

    The bundle holds the public roots too (what the machine already trusts, else certifi's), since one variable,
    REQUESTS_CA_BUNDLE, stands for all hosts. The authority's private key never leaves this process.
    """
    trustme: Any = importlib.import_module("trustme")  # of the extra [sandbox]; typed only where it is installed

    authority = trustme.CA(organization_name="mlflow_aml_magics sandbox")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*_NAMES).configure_cert(context)
    bundle.write_bytes(authority.cert_pem.bytes() + b"\n" + _public_roots())
    return context


def _public_roots() -> bytes:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        path = os.environ.get(name)
        if path and Path(path).is_file():
            return Path(path).read_bytes()
    import certifi

    return Path(certifi.where()).read_bytes()
