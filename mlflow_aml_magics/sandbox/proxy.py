"""The one port of the sandbox: a proxy on loopback that ends TLS for our hosts and passes all others on untouched.

``CONNECT host.azureml.test:443`` is answered, from there on the connection is TLS with a certificate of our authority.
``CONNECT elsewhere:443`` is a plain tunnel (or 403, if the sandbox is closed). Plain requests to the port itself are
for the managed identity, which on a compute instance is a plain loopback address too.
"""

from __future__ import annotations

import contextlib
import io
import select
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .certificates import DOMAIN
from .errors import Dropped
from .http import Request, Response

__all__ = ["Proxy"]

MAX_BODY = 512 * 2**20  # bytes; azure-storage-blob sends at most 64 MiB at once


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300  # seconds that a connection may be idle
    server: Proxy
    tunnelled_to = ""  # the host behind TLS; "" for plain requests

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        if host == DOMAIN or host.endswith(f".{DOMAIN}"):
            self.send_response_only(200, "Connection established")
            self.end_headers()
            self._end_tls(host)
        elif self.server.closed_off:
            self._send(Response(403, b"this sandbox is closed: only *.azureml.test\n"))
            self.close_connection = True
        else:
            self._tunnel(host, int(port))

    def _end_tls(self, host: str) -> None:
        secured = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.connection = secured
        self.rfile = secured.makefile("rb")
        self.wfile = _Writer(secured)
        self.tunnelled_to = host
        self.close_connection = False

    def _tunnel(self, host: str, port: int) -> None:
        self.close_connection = True
        try:
            remote = socket.create_connection((host, port), timeout=30)
        except OSError as error:
            self._send(Response(502, f"cannot reach {host}: {error}\n".encode()))
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        with remote:
            ends = (self.connection, remote)
            while True:
                ready, _, _ = select.select(ends, (), (), 300)
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    (remote if end is self.connection else self.connection).sendall(data)
                if not ready:
                    return

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self._body()
        request = Request(
            method=self.command,
            host=self.tunnelled_to.lower() or "127.0.0.1",
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={k.lower(): v for k, v in self.headers.items()},
            body=body,
        )
        try:
            self._send(self.server.handle(request))
        except Dropped:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return b""
        if length and hasattr(socket, "TCP_QUICKACK"):  # urllib3 lets the body wait for our word, 40 ms, behind a proxy
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return self.rfile.read(length) if length else b""

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in response.headers:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the sandbox keeps its own log, without tokens."""


class _Writer(io.BufferedIOBase):
    """`socketserver` has one for plain sockets; this is the same for TLS."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._connection.sendall(data)
        return len(data)


class Proxy(ThreadingHTTPServer):
    """Listens on a free loopback port from `start` to `stop`.

    Args:
        tls: the context for our hosts.
        handle: answers one request, whatever happens.
        closed_off: refuse hosts that are not ours.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: ssl.SSLContext, handle: Callable[[Request], Response], *, closed_off: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tls, self.handle, self.closed_off = tls, handle, closed_off
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="sandbox proxy", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event."""
