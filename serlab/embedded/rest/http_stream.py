"""Requests read from a connection: heads and bodies, in bounded time and memory."""

from __future__ import annotations

import socket
import time

import numpy as np

from serlab.embedded.rest.http_head import (
    END_OF_HEAD,
    BadRequestError,
    Head,
    chunk_length,
    read_head,
    read_headers,
    read_request_line,
)

#: An idle connection, or one that does not get its headers out, is closed after this many seconds.
IDLE_S = 300.0
#: A body must arrive within this many seconds.
BODY_S = 300.0
#: Bodies above this are refused with 413. TensorFlow Serving has no limit, and no answer when its memory is used up.
MAX_BODY_BYTES = 512 << 20
#: Longer heads are refused.
MAX_HEAD_BYTES = 1 << 20
_READ_BYTES = 1 << 18
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RefusedError(Exception):
    """A request that this server refuses and TensorFlow Serving would not."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class HttpStream:
    """The requests of one connection, one after the other.

    Every method raises OSError where the connection breaks, or ends within a request.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""
        self._deadline = 0.0

    def head(self) -> Head | None:
        """Return the next request's head, None where the client has no further one.

        Raises:
            BadRequestError: it is none.
        """
        self._deadline = time.monotonic() + IDLE_S
        text = self._rest
        while not (end := END_OF_HEAD.search(text)):
            line, newline, _ = text.partition(b"\n")
            if newline:
                read_request_line(line.rstrip(b"\r"))
            if len(text) > MAX_HEAD_BYTES:
                raise BadRequestError
            more = self._receive()
            if not more:
                return None
            text += more
        self._rest = text[end.end() :]
        return read_head(text[: end.start()])

    def body(self, head: Head) -> bytes:
        """Return the body that follows ``head``.

        Raises:
            BadRequestError: its length is none, or the client expects what no server does.
            RefusedError: it is too large, or too slow.
        """
        length = -1 if head.chunked else head.length
        # Nobody is told to go on with a body there is none of, nor in HTTP/1.0.
        expected = head.headers.get("expect") if length and head.version >= (1, 1) else None
        if expected is not None and expected.lower() != "100-continue":
            raise BadRequestError(417)
        if length > MAX_BODY_BYTES:
            raise _too_large()
        if expected and not self._rest:
            self._connection.sendall(_CONTINUE)
        self._deadline = time.monotonic() + BODY_S
        try:
            return self._chunks() if length < 0 else self._exactly(length)
        except TimeoutError:
            raise RefusedError(408, f"the body did not arrive within {BODY_S:g} s") from None

    def _chunks(self) -> bytes:
        chunks, size = [], 0
        while length := self._chunk_length():
            size += length
            if size > MAX_BODY_BYTES:
                raise _too_large()
            chunks.append(self._exactly(length))
        try:
            read_headers(iter(self._line, b""))  # trailers
        except BadRequestError:
            raise BadRequestError(413) from None
        return b"".join(chunks)

    def _chunk_length(self) -> int:
        # A chunk ends with an empty line; further ones are passed over.
        return chunk_length(next(filter(None, iter(self._line, None))))

    def _line(self) -> bytes:
        while b"\n" not in self._rest:
            if len(self._rest) > MAX_HEAD_BYTES:
                raise BadRequestError(413)
            self._rest += self._some()
        line, _, self._rest = self._rest.partition(b"\n")
        return line.removesuffix(b"\r")

    def _exactly(self, size: int) -> bytes:
        if len(self._rest) >= size:
            taken, self._rest = self._rest[:size], self._rest[size:]
            return taken
        # Not touched before bytes arrive: a length is only what a client says.
        rest = np.empty(size - len(self._rest), np.uint8).data
        at = 0
        while at < len(rest):
            self._wait()
            received = self._connection.recv_into(rest[at:])
            if not received:
                raise _ended()
            at += received
        body, self._rest = b"".join((self._rest, rest)), b""
        return body

    def _some(self) -> bytes:
        more = self._receive()
        if not more:
            raise _ended()
        return more

    def _receive(self) -> bytes:
        self._wait()
        return self._connection.recv(_READ_BYTES)

    def _wait(self) -> None:
        """Have the next read end at the deadline."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)


def _ended() -> ConnectionAbortedError:
    return ConnectionAbortedError("the connection ends within a request")


def _too_large() -> RefusedError:
    return RefusedError(413, f"the body is larger than {MAX_BODY_BYTES} bytes, this server's limit")
