"""One HTTP/1.1 keep-alive connection, made for measuring: as little client as an exchange can have.

The head and the body leave in one system call, the response body is received into its final buffer, and nothing is
retried. Against a server that answers from memory a 1 KB exchange takes about 0.8 of the time ``http.client`` needs
and half of what urllib3 needs; that time would be charged to the codec.
"""

from __future__ import annotations

import io
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_BUFFER_BYTES = 64 * 1024
_MAX_LINE_BYTES = 64 * 1024
_MAX_HEADERS = 100
#: Over TLS a body below this joins the head in one record: the copy costs less than a second record.
_JOIN_BYTES = 16 * 1024


class NotHttpError(Exception):
    """An answer that is not one complete HTTP/1.x response."""


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers by lower-case name, and the whole body."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


class SocketReader(io.RawIOBase):
    """Reads a socket until ``deadline`` (``time.monotonic``), acknowledging at once what it has read.

    The kernel forgets ``TCP_QUICKACK`` by itself, so it is set again around every read. Setting it also sends an
    acknowledgement that is being held back: a server whose Nagle algorithm waits for that one goes on immediately
    instead of after the delayed-ACK timer (about 40 ms on Linux).
    """

    def __init__(self, sock: socket.socket, *, quickack: bool) -> None:
        self._sock = sock
        self._option = _QUICKACK if quickack else None
        self.deadline = 0.0

    def readable(self) -> bool:
        """Return True: ``io.BufferedReader`` asks."""
        return True

    def arm(self) -> None:
        """Leave the kernel's delayed-ACK mode, if asked to and able to."""
        if self._option is not None:
            self._sock.setsockopt(socket.IPPROTO_TCP, self._option, 1)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader passes
        """Receive once into ``buffer``. Raises ``TimeoutError`` past the deadline."""
        self._sock.settimeout(_remaining(self.deadline))
        count = self._sock.recv_into(buffer)
        self.arm()
        return count


class Http1Connection:
    """Speaks HTTP/1.1 to one address. Raises ``OSError`` (of which timeouts and TLS errors are) and ``NotHttpError``.

    ``connects`` counts the connections made: more than one means that the server closed the one before.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float,
        quickack: bool = True,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._timeout_s, self._quickack, self._tls = timeout_s, quickack, tls
        self._sock: socket.socket | None = None
        self._raw: SocketReader
        self._file: io.BufferedReader
        self.connects = 0

    def exchange(self, head: bytes, body: bytes) -> Response:
        """Send a request (``head`` ends with its empty line) and return the response."""
        return self._exchange(lambda sock, deadline: _send(sock, head, body, deadline))

    def exchange_chunks(self, head: bytes, chunks: Iterable[bytes]) -> Response:
        """Send a request whose body is made while it is sent; ``head`` must announce ``Transfer-Encoding: chunked``.

        What ``chunks`` raises passes through, and the request is never completed.
        """
        return self._exchange(lambda sock, deadline: _send_chunks(sock, head, chunks, deadline))

    def _exchange(self, send: Callable[[socket.socket, float], None]) -> Response:
        deadline = time.monotonic() + self._timeout_s
        keep = False
        try:
            sock = self._sock
            if sock is None or _has_input(sock):
                # Input before a request is the server's goodbye: nothing has been sent yet, so this is no retry.
                sock = self._connect(deadline)
            self._raw.deadline = deadline
            try:
                send(sock, deadline)
            except (BrokenPipeError, ConnectionResetError) as refusal:
                response = self._read_refusal(refusal)
            else:
                self._raw.arm()
                response, keep = self._receive()
        finally:
            if not keep:
                # What is left unread here would be taken for the answer to the next request.
                self.close()
        return response

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        if self._sock is not None:
            self._file.close()
            self._sock.close()
            self._sock = None

    def _connect(self, deadline: float) -> socket.socket:
        self.close()
        sock = socket.create_connection((self._host, self._port), timeout=_remaining(deadline))
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock = self._tls().wrap_socket(sock, server_hostname=self._host)
        except BaseException:
            sock.close()
            raise
        self._sock = sock
        self._raw = SocketReader(sock, quickack=self._quickack)
        self._file = io.BufferedReader(self._raw, _BUFFER_BYTES)
        self.connects += 1
        return sock

    def _read_refusal(self, refusal: OSError) -> Response:
        """Return what a server said before it stopped reading the body, or raise why the body could not be sent."""
        try:
            return self._receive()[0]
        except (NotHttpError, OSError):
            raise refusal from None

    def _receive(self) -> tuple[Response, bool]:
        """Return the response and whether the connection can carry another."""
        status = 100
        while 100 <= status < 200:
            version, status, reason = _status_line(self._line())
            headers = self._headers()
        length = headers.get("content-length", "")
        keep = version != "HTTP/1.0" and "close" not in headers.get("connection", "").lower()
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise NotHttpError(f"its Transfer-Encoding is {headers['transfer-encoding']!r}")
            body = self._chunks()
        elif status in (204, 304):
            body = b""
        elif length:
            if not (length.isascii() and length.isdigit()):
                raise NotHttpError(f"its Content-Length is {length!r}")
            body = self._exactly(int(length))
        else:
            keep = False
            body = self._file.read()
        return Response(status, reason, headers, body), keep

    def _line(self) -> bytes:
        line = self._file.readline(_MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            if not line:
                raise NotHttpError("the server closed the connection without answering")
            raise NotHttpError(_not_a_status_line(line))
        return line.rstrip(b"\r\n")

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self._line():
            name, colon, value = line.partition(b":")
            if not colon or len(headers) == _MAX_HEADERS:
                raise NotHttpError(f"{line[:24]!r} is not a header, or one too many")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        return headers

    def _exactly(self, count: int) -> bytes:
        try:
            body = self._file.read(count)
        except (MemoryError, OverflowError):
            raise NotHttpError(f"it announces {count:,} bytes, more than this process can hold") from None
        if len(body) != count:
            raise NotHttpError(f"it ends after {len(body):,} of the {count:,} bytes it announces")
        return body

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while True:
            digits = self._line().partition(b";")[0].strip()
            try:
                size = int(digits, 16)
            except ValueError:
                raise NotHttpError(f"{digits[:24]!r} is not a chunk size") from None
            if size == 0:
                self._headers()  # trailers
                return b"".join(parts)
            parts.append(self._exactly(size))
            if self._line():
                raise NotHttpError("a chunk is longer than it says")


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("timed out")
    return remaining


def _has_input(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _send(sock: socket.socket, head: bytes, body: bytes, deadline: float) -> None:
    sock.settimeout(_remaining(deadline))
    if isinstance(sock, ssl.SSLSocket):  # has no sendmsg
        if len(body) < _JOIN_BYTES:
            sock.sendall(head + body)
        else:
            sock.sendall(head)
            sock.sendall(body)
        return
    sent = sock.sendmsg((head, body))
    if sent < len(head):
        sock.sendall(head[sent:])
        sent = len(head)
    if sent < len(head) + len(body):
        sock.settimeout(_remaining(deadline))
        sock.sendall(memoryview(body)[sent - len(head) :])


def _send_chunks(sock: socket.socket, head: bytes, chunks: Iterable[bytes], deadline: float) -> None:
    for chunk in chunks:
        if chunk:  # an empty chunk would end the body (RFC 9112, section 7.1)
            _send(sock, b"%b%x\r\n" % (head, len(chunk)), chunk, deadline)
            head = b"\r\n"
        del chunk  # it must be gone when the next one is made
    _send(sock, head, b"0\r\n\r\n", deadline)


def _status_line(line: bytes) -> tuple[str, int, str]:
    version, _, rest = line.decode("latin-1").partition(" ")
    status, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1.") or len(status) != 3 or not status.isdigit():
        raise NotHttpError(_not_a_status_line(line))
    return version, int(status), reason


def _not_a_status_line(line: bytes) -> str:
    # RFC 9113, section 3.4: an HTTP/2 server speaks first, with a SETTINGS frame (type 4) on stream 0.
    if line[3:4] == b"\x04" and line[5:9] == bytes(4):
        return "it is HTTP/2, as a gRPC port speaks"
    return f"it starts with {line[:24]!r}"
