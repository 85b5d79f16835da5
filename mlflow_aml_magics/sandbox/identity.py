"""Who may ask: the metadata of our cloud, the token of a managed identity or a client secret, and their checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from .certificates import DOMAIN
from .errors import Refusal, arm, mlflow
from .faults import Faults
from .http import Request, Response, Routes, json_response

__all__ = ["CLIENT_ID", "CLOUD", "TENANT_ID", "Identity"]

CLOUD = "AzureMLSandbox"
TENANT_ID = "5a4d0b0c-0000-4000-8000-00000000da7a"
CLIENT_ID = "5a4d0b0c-0000-4000-8000-0000000000c1"
LIFETIME = 3600  # seconds; what Entra gives is 60 to 90 minutes


class Identity:
    """Hands out tokens and checks them. Secrets are random and live as long as the process."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._key = secrets.token_bytes(32)
        self.msi_secret = secrets.token_hex(16)
        self.client_secret = secrets.token_urlsafe(24)
        self.lifetime = LIFETIME

    def add_routes(self, routes: Routes) -> None:
        login = rf"login\.{DOMAIN}"
        tenant = "/(?P<tenant>[^/]+)"
        routes.add("GET", rf"management\.{DOMAIN}", "/metadata/endpoints", self._metadata)
        routes.add("GET", r"127\.0\.0\.1", "/msi/token", self._managed_identity)
        routes.add("POST", login, f"{tenant}/oauth2/v2.0/token", self._client_secret)
        routes.add("GET", login, f"{tenant}/v2.0/.well-known/openid-configuration", self._openid)

    def check(self, request: Request) -> None:
        """Raise 401 as the service does when the bearer token is missing, foreign or expired."""
        words = request.headers.get("authorization", "").split()
        if len(words) != 2 or words[0].lower() != "bearer":
            raise self._denied(request, "AuthenticationFailed", "The 'Authorization' header is missing.")
        claims = self._claims(words[1])
        if claims is None:
            raise self._denied(request, "InvalidAuthenticationToken", "The access token is invalid.")
        now = time.time()
        if float(claims["exp"]) <= now or float(claims["iat"]) < self._faults.tokens_valid_from:
            raise self._denied(request, "ExpiredAuthenticationToken", "The access token has expired.")
        known = [f"https://management.{DOMAIN}", f"https://ml.{DOMAIN}", _AML]
        if request.path.startswith(("/registrymanagement/", "/mferp/")):
            known += _PUBLIC
        if str(claims["aud"]).rstrip("/") not in known:
            raise self._denied(
                request, "InvalidAuthenticationTokenAudience", "The access token is for another resource."
            )

    def token(self, resource: str) -> tuple[str, int]:
        """A token for a resource, and when it expires (epoch seconds)."""
        now = time.time()
        expires = int(now + self.lifetime)
        claims = {"aud": resource, "iss": f"https://sts.{DOMAIN}/{TENANT_ID}/", "iat": now, "nbf": int(now)}
        claims |= {"exp": expires, "appid": CLIENT_ID, "oid": CLIENT_ID, "tid": TENANT_ID, "name": "sandbox user"}
        head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        payload = _b64(json.dumps(claims).encode())
        return f"{head}.{payload}.{self._sign(f'{head}.{payload}')}", expires

    def audience(self, token: str) -> str | None:
        """What a token is for; None if it is not ours, or has expired."""
        claims = self._claims(token) if token.count(".") == 2 else None
        if claims is None or float(claims["exp"]) <= time.time():
            return None
        return None if float(claims["iat"]) < self._faults.tokens_valid_from else str(claims["aud"]).rstrip("/")

    def _claims(self, token: str) -> dict[str, Any] | None:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(signed).encode()):
            return None
        payload = signed.partition(".")[2]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return found

    def _sign(self, text: str) -> str:
        return _b64(hmac.new(self._key, text.encode(), hashlib.sha256).digest())

    def _denied(self, request: Request, code: str, message: str) -> Refusal:
        challenge = f'Bearer authorization_uri="https://login.{DOMAIN}/{TENANT_ID}", error="invalid_token"'
        headers = {"WWW-Authenticate": challenge}
        if request.path.startswith("/mlflow/"):
            return mlflow(401, message, code=code, error_code="UNAUTHENTICATED", headers=headers)
        return arm(401, code, message, headers=headers)

    def _metadata(self, request: Request) -> Response:
        """Endpoints of our cloud; azureml-mlflow wants a list, azure-ai-ml takes one too."""
        cloud = {
            "name": CLOUD,
            "portal": f"https://portal.{DOMAIN}",
            "resourceManager": f"https://management.{DOMAIN}/",
            "authentication": {
                "loginEndpoint": f"https://login.{DOMAIN}/",
                "audiences": [f"https://management.{DOMAIN}/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "graphAudience": f"https://graph.{DOMAIN}/",
            "suffixes": {"storage": DOMAIN, "keyVaultDns": f"vault.{DOMAIN}", "acrLoginServer": f"azurecr.{DOMAIN}"},
        }
        return json_response([cloud])

    def _managed_identity(self, request: Request) -> Response:
        """What a compute instance answers at MSI_ENDPOINT: api-version 2017-09-01, secret in a header."""
        if not hmac.compare_digest(request.headers.get("secret", ""), self.msi_secret):
            return json_response({"error": "unauthorized"}, 401)
        resource = request.query.get("resource", "")
        token, expires = self.token(resource)
        body = {"access_token": token, "expires_on": str(expires), "resource": resource, "token_type": "Bearer"}
        return json_response(body)

    def _client_secret(self, request: Request, tenant: str) -> Response:
        form = {k: v[0] for k, v in parse_qs(request.body.decode()).items()}
        right = hmac.compare_digest(form.get("client_secret", ""), self.client_secret)
        if tenant != TENANT_ID:
            return _oauth_error("invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        if form.get("client_id") != CLIENT_ID or not right:
            return _oauth_error("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        token, expires = self.token(form.get("scope", "").removesuffix("/.default"))
        return json_response({"access_token": token, "expires_in": expires - int(time.time()), "token_type": "Bearer"})

    def _openid(self, request: Request, tenant: str) -> Response:
        base = f"https://login.{DOMAIN}/{tenant}"
        return json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            }
        )


# azure-ai-ml makes this audience from the portal's name: "ml.azure." and all after its second dot.
_AML = f"https://ml.azure.{DOMAIN.partition('.')[2]}"

# `models.share` of azure-ai-ml 1.35 makes its registry client without the cloud's scopes: it asks for the public ones.
_PUBLIC = ["https://management.azure.com", "https://ml.azure.com"]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _oauth_error(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)
