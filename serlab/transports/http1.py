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

from serlab.transports.http_answer import AnswerReader, Data, Head, NotHttpError

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_BUFFER_BYTES = 64 * 1024
_MAX_LINE_BYTES = 64 * 1024
#: Over TLS a body below this joins the head in one record: the copy costs less than a second record.
_JOIN_BYTES = 16 * 1024


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
    instead of after the delayed-ACK timer (about 40 ms on Linux). ``received`` counts the bytes of one exchange.
    """

    def __init__(self, sock: socket.socket, *, quickack: bool) -> None:
        self._sock = sock
        self._option = _QUICKACK if quickack else None
        self.deadline = 0.0
        self.received = 0

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
        self.received += count
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
        server_name: str = "",
    ) -> None:
        self._host, self._port, self._server_name = host, port, server_name or host
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
            self._raw.deadline, self._raw.received = deadline, 0
            try:
                send(sock, deadline)
            except (BrokenPipeError, ConnectionResetError) as refusal:
                response = self._read_refusal(refusal)
            else:
                self._raw.arm()
                response, keep, taken = receive(self._file)
                keep &= taken == self._raw.received
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
                sock = self._tls().wrap_socket(sock, server_hostname=self._server_name)
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
            return receive(self._file)[0]
        except (NotHttpError, OSError):
            raise refusal from None


def receive(file: io.BufferedReader) -> tuple[Response, bool, int]:
    """Return the next response, whether what it came by can carry another, and how many bytes it had.

    Raises ``NotHttpError``, and what reading ``file`` raises.
    """
    reader = AnswerReader()
    head, keep, parts, taken = Head(0, "", {}), False, [], 0
    while not reader.complete:
        piece = _piece(file, reader.left)
        taken += len(piece)
        for event in reader.feed(piece):
            if isinstance(event, Data):
                parts.append(event.content)
            elif isinstance(event, Head):
                head = event
            else:
                keep = event.keep
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    assert isinstance(body, bytes)  # whole pieces, as the file returned them: a body in one piece is not copied
    return Response(head.status, head.reason, head.headers, body), keep, taken


def _piece(file: io.BufferedReader, left: int) -> bytes:
    """Return the rest of the body, or of its chunk, or the next line of the answer; b"" at the connection's end."""
    try:
        return file.read(left) if left else file.readline(_MAX_LINE_BYTES)
    except (MemoryError, OverflowError):
        raise NotHttpError(f"it announces {left:,} bytes, more than this process can hold") from None


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
