"""One non-blocking HTTP/1.1 connection that sends the same request again and again and only counts the answers."""

from __future__ import annotations

import errno
import re
import selectors
import socket
import time

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_MAX_HEAD_BYTES = 64 * 1024
#: How much of an answer that is not a 200 is kept, to say what the server said.
_SHOWN_BYTES = 300
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)


class LaneError(Exception):
    """A call that brought no usable answer; ``code`` as in ``outcome.failure_code``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class HttpLane:
    """Connects when it first has to, and again after the server or an error has closed the connection.

    ``due``, ``sent`` and ``starved`` belong to the call in flight, which there is while ``busy``.
    """

    def __init__(self, address: tuple[str, int], request: bytes, scratch: memoryview, *, quickack: bool) -> None:
        self._address, self._request, self._scratch = address, request, scratch
        self._quickack = _QUICKACK if quickack else None
        self._sock: socket.socket | None = None
        self._connected = False
        self._unsent = memoryview(b"")
        self._answer = _Answer()
        self.busy = self.starved = False
        self.due = self.sent = 0.0

    def begin(self, due: float, selector: selectors.BaseSelector) -> None:
        """Send the request, or as much of it as the connection takes now. Raises ``LaneError``."""
        self.busy, self.due, self.sent = True, due, time.perf_counter()
        self._answer = _Answer()
        self._unsent = memoryview(self._request)
        if self._sock is None:
            self._connect(selector)
        else:
            self._write(selector)

    def proceed(self, selector: selectors.BaseSelector) -> bool:
        """Do what the connection is ready for; return whether the answer is complete. Raises ``LaneError``."""
        if not self.busy:
            # Input without a request is the server's goodbye: the next call connects again.
            self.give_up(selector)
            return False
        if self._unsent and not self._answerable():
            self._write(selector)
            return False
        assert self._sock is not None
        try:
            count = self._sock.recv_into(self._scratch)
        except BlockingIOError:
            return False
        except OSError as error:
            raise _broken(error) from error
        if not count:
            raise LaneError("DISCONNECTED", "the server closed the connection before its answer was complete")
        if not self._answer.take(self._scratch[:count]):
            # The server may hold back the rest until this is acknowledged; an answer in one piece needs no hurry.
            self._acknowledge()
            return False
        status, keep = self._answer.status, self._answer.keep
        if status != 200:
            raise LaneError(str(status), f"the server answered {status}: {self._answer.words()}")
        self.busy = False
        if not keep:
            self.give_up(selector)
        return True

    def give_up(self, selector: selectors.BaseSelector) -> None:
        """Close the connection and forget the call in flight; one that was answered in full stays open."""
        reusable = self.busy and self._answer.complete and self._answer.keep and not self._unsent
        self.busy = False
        if self._sock is not None and not reusable:
            selector.unregister(self._sock)
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _connect(self, selector: selectors.BaseSelector) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_STREAM)[0]
        self._sock = sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
        self._connected = False
        code = sock.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            raise _broken(OSError(code, errno.errorcode.get(code, "")))

    def _answerable(self) -> bool:
        """Whether the server has spoken before it had the whole request: it refuses it."""
        assert self._sock is not None
        if not self._connected:
            return False
        try:
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _write(self, selector: selectors.BaseSelector) -> None:
        assert self._sock is not None
        if not self._connected and (code := self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
            raise _broken(OSError(code, errno.errorcode.get(code, "")))
        fresh, self._connected = not self._connected, True
        before = len(self._unsent)
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            raise _broken(error) from error
        partial = before == len(self._request)
        if self._unsent and partial:
            selector.modify(self._sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
        elif not self._unsent and (fresh or not partial):
            selector.modify(self._sock, selectors.EVENT_READ, self)

    def _acknowledge(self) -> None:
        if self._quickack is not None and self._sock is not None:
            self._sock.setsockopt(socket.IPPROTO_TCP, self._quickack, 1)


class _Answer:
    """Takes in an answer piece by piece and keeps no more of it than its head and its first words."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._body = bytearray()
        self._left: int | None = None  # None: chunked
        self._tail = b""
        self._in_body = False
        self.status = 0
        self.keep = self.complete = False

    def take(self, piece: memoryview) -> bool:
        """Return whether the answer is now complete. Raises ``LaneError`` for what is not HTTP/1.1."""
        if self._in_body:
            return self._take_body(piece)
        self._head += piece
        end = self._head.find(_HEAD_END)
        if end < 0:
            if len(self._head) > _MAX_HEAD_BYTES:
                raise LaneError("DISCONNECTED", "the answer is not HTTP/1.1: its head does not end")
            return False
        head, rest = self._head[: end + 2], bytes(self._head[end + len(_HEAD_END) :])
        if not head.startswith(b"HTTP/1.") or not head[9:12].isdigit():
            raise LaneError("DISCONNECTED", f"the answer is not HTTP/1.1: it starts with {bytes(head[:24])!r}")
        self.status = int(head[9:12])
        if 100 <= self.status < 200:
            self._head = bytearray()
            return self.take(memoryview(rest)) if rest else False
        length = _LENGTH.search(head)
        if length is None and not _CHUNKED.search(head):
            raise LaneError("DISCONNECTED", "the answer says neither its length nor that it comes in chunks")
        self._left = int(length[1]) if length else None
        self.keep = head.startswith(b"HTTP/1.1") and not _CLOSE.search(head)
        self._in_body = True
        return self._take_body(memoryview(rest))

    def words(self) -> str:
        """Return the beginning of the body."""
        return self._body.decode("utf-8", "replace")

    def _take_body(self, piece: memoryview) -> bool:
        if self.status != 200 and len(self._body) < _SHOWN_BYTES:
            self._body += piece[: _SHOWN_BYTES - len(self._body)]
        if self._left is None:
            self._tail = (self._tail + bytes(piece[-len(_LAST_CHUNK) - 2 :]))[-len(_LAST_CHUNK) - 2 :]
            self.complete = self._tail.endswith(b"\r\n" + _LAST_CHUNK) or self._tail == _LAST_CHUNK
        else:
            self._left -= len(piece)
            self.complete = self._left <= 0
        return self.complete


def _broken(error: OSError) -> LaneError:
    code = "REFUSED" if error.errno == errno.ECONNREFUSED else "DISCONNECTED"
    return LaneError(code, f"the connection failed: {error.strerror or error}")
