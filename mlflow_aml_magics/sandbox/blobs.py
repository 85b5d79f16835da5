"""A small Blob storage: put, blocks, get, ranges, head, metadata, list and delete, opened by SAS tokens.

Why not Azurite: it needs Node, which people who train models often lack, and a second process; its URLs name the
account in the path unless hosts resolve, while Microsoft's SDKs take `https://ACCOUNT.blob.SUFFIX/…` apart by its dots
and skip anything else silently. What the SDKs ask of Blob storage here is ten requests.

A SAS here has the parameters of a real one (sv, sr, sp, se, sig), and its signature, expiry and permissions are
checked; what is signed is our own text, not Azure's, so tokens made elsewhere with an account key do not open it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from .certificates import DOMAIN
from .documents import Documents
from .errors import blob as refusal
from .http import Request, Response, Routes

__all__ = ["Blobs"]

_KIND = "blob"
VERSION = "2021-12-02"  # of the Blob service; only said, never acted on
LIST_PAGE = 5000  # names a page, as Blob storage gives


class Blobs:
    """Blobs as files, their properties as documents. A container exists once something is put into it."""

    def __init__(self, folder: Path, documents: Documents) -> None:
        self._folder, self._documents = folder, documents
        self._key = secrets.token_bytes(32)
        folder.mkdir(parents=True, exist_ok=True)

    def add_routes(self, routes: Routes) -> None:
        host = rf"[a-z0-9]+\.blob\.{DOMAIN}"
        routes.add("GET", host, "/(?P<container>[^/]+)/?", self._list)
        blob = "/(?P<container>[^/]+)/(?P<name>.+)"
        routes.add("PUT", host, blob, self._put)
        routes.add("GET HEAD", host, blob, self._get)
        routes.add("DELETE", host, blob, self._delete)

    def sas(self, account: str, container: str, name: str = "", *, permissions: str, hours: float = 1.0) -> str:
        """The query of a URL that opens one blob, or with no name the whole container, for some hours."""
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + hours * 3600))
        words = {"sv": VERSION, "sr": "b" if name else "c", "sp": permissions, "se": end, "spr": "https"}
        words["sig"] = self._sign(account, container, name, words)
        return urlencode(words)

    def url(self, account: str, container: str, name: str, *, permissions: str) -> str:
        """A URL that opens one blob for an hour."""
        query = self.sas(account, container, name, permissions=permissions)
        return f"https://{account}.blob.{DOMAIN}/{container}/{quote(name)}?{query}"

    def names(self, account: str, container: str, prefix: str = "") -> list[str]:
        """The blobs whose name starts with ``prefix``, in order."""
        return sorted(name for name, _ in self._documents.list(_KIND, f"{account}/{container}", prefix))

    def copy(self, source: tuple[str, str, str], target: tuple[str, str, str]) -> int:
        """Copy all blobs below a prefix.

        Args:
            source, target: account, container, prefix.

        Returns:
            How many.
        """
        with self._documents.lock:
            found = self._documents.list(_KIND, "/".join(source[:2]), source[2])
            for name, body in found:
                place, renamed = "/".join(target[:2]), target[2] + name[len(source[2]) :]
                file = hashlib.sha256(f"{place}/{renamed}".encode()).hexdigest()
                (self._folder / file).write_bytes((self._folder / body["file"]).read_bytes())
                self._documents.put(_KIND, place, renamed, {**body, "file": file, "etag": _etag()})
        return len(found)

    def put(self, account: str, container: str, name: str, data: bytes) -> None:
        """Write a blob, as services of the sandbox's own do."""
        self._write(f"{account}/{container}", name, data, "application/octet-stream", {})

    def path(self, account: str, container: str, name: str) -> Path | None:
        """The file that holds a blob."""
        found = self._documents.get(_KIND, f"{account}/{container}", name)
        return self._folder / str(found["file"]) if found else None

    def _sign(self, account: str, container: str, name: str, words: dict[str, str]) -> str:
        text = "\n".join([account, container, name, *(words.get(k, "") for k in ("sv", "sr", "sp", "se"))])
        return base64.b64encode(hmac.new(self._key, text.encode(), hashlib.sha256).digest()).decode()

    def _allow(self, request: Request, container: str, name: str, permission: str) -> str:
        """The account, if the SAS of the request opens what it asks for."""
        account = request.host.partition(".")[0]
        words = dict(request.query)
        if "sig" not in words:
            raise refusal(401, "NoAuthenticationInformation", "Server failed to authenticate the request.")
        signed = name if words.get("sr") == "b" else ""
        right = self._sign(account, container, signed, words)
        expired = words.get("se", "") < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if not hmac.compare_digest(right, words["sig"]) or expired:
            raise refusal(403, "AuthenticationFailed", "Signature did not match, or the token has expired.")
        if permission not in words.get("sp", ""):
            raise refusal(403, "AuthorizationPermissionMismatch", "The token does not permit this operation.")
        return account

    def _put(self, request: Request, container: str, name: str) -> Response:
        account = self._allow(request, container, name, "w")
        place, comp = f"{account}/{container}", request.query.get("comp", "")
        with self._documents.lock:
            found = self._documents.get(_KIND, place, name)
            if comp == "metadata":
                if found is None:
                    raise _missing()
                self._documents.put(_KIND, place, name, {**found, "metadata": _metadata(request), "etag": _etag()})
                return Response(200, b"", _stamp({"ETag": _etag()}))
            if request.headers.get("if-none-match") == "*" and found is not None and comp != "block":
                raise refusal(409, "BlobAlreadyExists", "The specified blob already exists.")
            if comp == "block":
                block = self._block(place, name, request.query.get("blockid", ""))
                block.parent.mkdir(parents=True, exist_ok=True)
                block.write_bytes(request.body)
                return Response(201, b"", _stamp({}))
            data = self._joined(place, name, request.body) if comp == "blocklist" else request.body
            return self._store(request, place, name, data)

    def _store(self, request: Request, place: str, name: str, data: bytes) -> Response:
        content_type = request.headers.get("x-ms-blob-content-type") or "application/octet-stream"
        body = self._write(place, name, data, content_type, _metadata(request))
        return Response(201, b"", _stamp({"ETag": str(body["etag"]), "Content-MD5": str(body["md5"])}))

    def _write(
        self, place: str, name: str, data: bytes, content_type: str, metadata: dict[str, str]
    ) -> dict[str, object]:
        file = hashlib.sha256(f"{place}/{name}".encode()).hexdigest()
        (self._folder / file).write_bytes(data)
        md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        body = {"file": file, "size": len(data), "type": content_type, "md5": md5, "etag": _etag(), "time": time.time()}
        self._documents.put(_KIND, place, name, {**body, "metadata": metadata})
        return body

    def _block(self, place: str, name: str, block_id: str) -> Path:
        return self._folder / "blocks" / hashlib.sha256(f"{place}/{name}/{block_id}".encode()).hexdigest()

    def _joined(self, place: str, name: str, listing: bytes) -> bytes:
        import xml.etree.ElementTree as xml

        blocks = [self._block(place, name, node.text or "") for node in xml.fromstring(listing)]
        if not all(block.exists() for block in blocks):
            raise refusal(400, "InvalidBlockList", "The specified block list is invalid.")
        data = b"".join(block.read_bytes() for block in blocks)
        for block in blocks:
            block.unlink(missing_ok=True)
        return data

    def _get(self, request: Request, container: str, name: str) -> Response:
        account = self._allow(request, container, name, "r")
        found = self._documents.get(_KIND, f"{account}/{container}", name)
        if found is None:
            raise _missing()
        headers = _properties(found)
        if request.method == "HEAD":
            return Response(200, b"", {**headers, "Content-Length": str(found["size"])})
        data = (self._folder / found["file"]).read_bytes()
        span = request.headers.get("x-ms-range") or request.headers.get("range") or ""
        if not span.startswith("bytes="):
            return Response(200, data, headers)
        first, _, last = span[6:].partition("-")
        start, end = int(first), min(int(last) if last else len(data) - 1, len(data) - 1)
        if start >= len(data):
            raise refusal(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
        headers = {k: v for k, v in headers.items() if k != "Content-MD5"}  # the header would speak of the part only
        content_range = f"bytes {start}-{end}/{len(data)}"
        return Response(206, data[start : end + 1], {**headers, "Content-Range": content_range})

    def _delete(self, request: Request, container: str, name: str) -> Response:
        account = self._allow(request, container, name, "d")
        if not self._documents.delete(_KIND, f"{account}/{container}", name):
            raise _missing()
        return Response(202, b"", _stamp({}))

    def _list(self, request: Request, container: str) -> Response:
        if request.query.get("comp") != "list":
            self._allow(request, container, "", "r")
            return Response(200, b"", _stamp({"ETag": _etag()}))
        account = self._allow(request, container, "", "l")
        prefix, after = request.query.get("prefix", ""), request.query.get("marker", "")
        delimiter = request.query.get("delimiter", "")
        page = min(int(request.query.get("maxresults") or LIST_PAGE), LIST_PAGE)
        found = sorted(self._documents.list(_KIND, f"{account}/{container}", prefix))
        entries: list[tuple[str, str]] = []
        for name, body in found:
            head, cut, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
            shown = prefix + head + cut if cut else name
            if shown > after and (not entries or entries[-1][0] != shown):
                entries.append(
                    (shown, f"<BlobPrefix><Name>{escape(shown)}</Name></BlobPrefix>" if cut else _xml(name, body))
                )
        more = entries[page - 1][0] if len(entries) > page else ""
        text = (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://{request.host}/" '
            f'ContainerName="{container}"><Blobs>{"".join(text for _, text in entries[:page])}</Blobs>'
            f"<NextMarker>{escape(more)}</NextMarker></EnumerationResults>"
        )
        return Response(200, text.encode(), _stamp({"Content-Type": "application/xml"}))


def _missing() -> Exception:
    return refusal(404, "BlobNotFound", "The specified blob does not exist.")


def _metadata(request: Request) -> dict[str, str]:
    return {k[len("x-ms-meta-") :]: v for k, v in request.headers.items() if k.startswith("x-ms-meta-")}


def _etag() -> str:
    return f'"0x{secrets.token_hex(8).upper()}"'


def _stamp(headers: dict[str, str]) -> dict[str, str]:
    stamp = {"Last-Modified": formatdate(usegmt=True), "x-ms-version": VERSION, "x-ms-request-id": secrets.token_hex(8)}
    return {**stamp, **headers}


def _properties(body: dict[str, Any]) -> dict[str, str]:
    headers = {f"x-ms-meta-{k}": str(v) for k, v in body["metadata"].items()}
    headers |= {"ETag": body["etag"], "Content-Type": body["type"], "Content-MD5": body["md5"]}
    headers |= {"x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes"}
    return _stamp({**headers, "Last-Modified": formatdate(body["time"], usegmt=True)})


def _xml(name: str, body: dict[str, Any]) -> str:
    metadata = "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in body["metadata"].items())
    return (
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{formatdate(body['time'], usegmt=True)}"
        f"</Last-Modified><Etag>{escape(body['etag'])}</Etag><Content-Length>{body['size']}</Content-Length>"
        f"<Content-Type>{escape(body['type'])}</Content-Type><Content-MD5>{body['md5']}</Content-MD5>"
        f"<BlobType>BlockBlob</BlobType></Properties><Metadata>{metadata}</Metadata></Blob>"
    )
