"""Sends requests byte for byte as they are written, and reads what comes back."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from urllib.parse import urlsplit

from .signing import Request

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for other, value in self.headers if other.lower() == name.lower()), None)

    @property
    def xml(self) -> ElementTree.Element:
        """The body as a document."""
        return ElementTree.fromstring(self.body)

    def field(self, name: str) -> str | None:
        """The text of a child of the document's root, or None where there is no such child or no document."""
        try:
            return self.xml.findtext(name)
        except ElementTree.ParseError:
            return None

    @property
    def refusal(self) -> tuple[int, str | None]:
        """Status and error code: what a test compares."""
        return self.status, self.field("Code")


def address(endpoint: str) -> tuple[str, int]:
    """Host and port of an endpoint, which must be on the loopback."""
    parts = urlsplit(endpoint)
    assert parts.hostname in ("127.0.0.1", "localhost", "::1"), f"not on the loopback: {endpoint}"
    assert parts.port is not None, f"an endpoint without a port: {endpoint}"
    return parts.hostname, parts.port


class Connection:
    """A TCP connection on which the test decides about every byte; below TLS, if it is given a context."""

    def __init__(
        self, endpoint: str, timeout: float = TIMEOUT_SECONDS, *, context: ssl.SSLContext | None = None,
        source: str | None = None,
    ):
        self.host, self.port = address(endpoint)
        self.socket = socket.create_connection(
            (self.host, self.port), timeout=timeout, source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname=self.host)
        # One reader for all answers: what it read beyond the first belongs to the second.
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_) -> None:
        self._reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def offer(self, data: bytes) -> bool:
        """Sends bytes that the server may refuse to take; False when it closed the connection meanwhile."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def read_answer(self, method: str = "GET") -> Answer:
        """Reads one answer; raises if the server closed the connection without one."""
        response = http.client.HTTPResponse(_Kept(self._reader), method=method)
        response.begin()
        body = response.read()
        return Answer(response.status, tuple(response.getheaders()), body)

    def read_head(self) -> bytes:
        """Reads up to and including the next empty line: an interim answer, or the head of a final one."""
        head = io.BytesIO()
        while not head.getvalue().endswith(b"\r\n\r\n"):
            line = self._reader.readline(65536)
            if not line:
                break
            head.write(line)
        return head.getvalue()

    def read_to_end(self) -> bytes:
        """Reads until the server closes the connection."""
        try:
            return self._reader.read()
        except ConnectionResetError:
            return b""


class _Kept:
    """A reader that outlives the answers read from it: what `http.client` takes for a socket."""

    def __init__(self, reader: io.BufferedReader):
        self._reader = reader

    def makefile(self, *_) -> _Kept:
        return self

    def close(self) -> None:
        """Leaves the reader open for the next answer."""

    def __getattr__(self, name: str):
        return getattr(self._reader, name)


def head_of(
    request: Request, host: str, *, length: bool = True, close: bool = True, target: str | None = None,
    version: str = "HTTP/1.1",
) -> bytes:
    """The bytes of a request's head; `target` replaces the request's own."""
    lines = [f"{request.method} {target or request.target} {version}", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    framed = request.header("Content-Length") is not None or request.header("Transfer-Encoding") is not None
    if length and not framed and (request.body or request.method in ("PUT", "POST")):
        lines.append(f"Content-Length: {len(request.body)}")
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def exchange(endpoint: str, request: Request, **options) -> Answer:
    """Sends one request on a connection of its own and reads the answer."""
    with Connection(endpoint, context=options.pop("context", None)) as connection:
        host = options.pop("host", f"{connection.host}:{connection.port}")
        connection.offer(head_of(request, host, **options) + request.body)
        return connection.read_answer(request.method)
