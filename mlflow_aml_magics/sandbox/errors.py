"""How the real service says no: one exception, and the three envelopes that Azure ML answers with."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

__all__ = ["Dropped", "Refusal", "arm", "blob", "empty", "mlflow"]


class Refusal(Exception):
    """An answer other than success; the server sends it as it is."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__(f"{status} {body[:200]!r}")
        self.status, self.body, self.headers = status, body, dict(headers)


class Dropped(Exception):
    """The connection ends without an answer (a fault that was asked for)."""


def _json(status: int, body: object, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def empty(status: int) -> Refusal:
    """No body at all: what routes that the service does not have answer (azure-sdk-for-python#44896)."""
    return Refusal(status, b"", {})


def arm(
    status: int,
    code: str,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    details: Sequence[tuple[str, str]] = (),
) -> Refusal:
    """The envelope of Azure Resource Manager, as in the recordings of azure-ai-ml's own tests.

    Args:
        details: code and message of what is behind it.
    """
    inner = [{"code": code, "message": message, "details": [], "additionalInfo": []} for code, message in details]
    error: dict[str, object] = {
        "code": code, "message": message, "target": None, "details": inner, "additionalInfo": []
    }  # fmt: skip
    return _json(status, {"error": error}, headers)


def mlflow(
    status: int,
    message: str,
    *,
    code: str = "UserError",
    error_code: str = "INVALID_PARAMETER_VALUE",
    region: str = "local",
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """The envelope of the MLflow endpoints, as in azure-sdk-for-python#42155: capitals, and no top-level message."""
    error: dict[str, object] = {
        "Code": code, "Severity": None, "Message": message, "MessageFormat": None, "MessageParameters": None,
        "ReferenceCode": None, "DetailsUri": None, "Target": None, "Details": [], "InnerError": None,
        "DebugInfo": None, "AdditionalInfo": None,
    }  # fmt: skip
    body = {
        "Error": error,
        "Correlation": {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]},
        "Environment": region,
        "Location": region,
        "Time": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "ComponentName": "mlflow",
        "statusCode": status,
        "error_code": error_code,
    }
    return _json(status, body, headers)


def blob(status: int, code: str, message: str) -> Refusal:
    """The XML envelope of Blob storage, with the header that azure-storage-blob reads the code from."""
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    )
    return Refusal(status, text.encode(), {"Content-Type": "application/xml", "x-ms-error-code": code})
