"""HTTP/1.1 on 127.0.0.1 with connections that stay open, on the standard library."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread, current_thread
from typing import cast


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes over the wire.

    Attributes:
        status: HTTP status.
        headers: beside Content-Length; a Date is the clock of the server.
        body: as it is sent.
        drop: close the connection instead.
        cut: send half of the body and close the connection.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    drop: bool = False
    cut: bool = False


# method, target, headers with lower-case names, body
Respond = Callable[[str, str, Mapping[str, str], bytes], Reply]


class HttpServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1; a thread for each connection.

    Args:
        port: 0 for any free one.
        respond: makes the reply to a request; called in the thread of the connection.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
        self.connections: dict[socket.socket, Thread] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for a name of 127.0.0.1, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def end(self) -> None:
        """Stop listening and end every connection; `serve_forever` returns."""
        self.shutdown()
        self.server_close()
        for connection, thread in list(self.connections.items()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(5)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about a client that went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes

    def setup(self) -> None:
        super().setup()
        self._owner.connections[self.connection] = current_thread()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self._owner.connections.pop(self.connection, None)

    @property
    def _owner(self) -> HttpServer:
        return cast("HttpServer", self.server)

    def _serve(self) -> None:
        if "Transfer-Encoding" in self.headers or "Content-Encoding" in self.headers:
            self.send_error(411, "send the body plain, with a Content-Length")
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self._owner.respond(self.command, self.path, headers, body)
        if reply.drop:
            self._hang_up()
            return
        self.send_response_only(reply.status)
        self.send_header("Server", self.version_string())
        if "Date" not in reply.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        if reply.cut:
            self._hang_up()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *arguments: object) -> None:
        """Write nothing: URLs may hold identifiers."""
