"""One non-blocking HTTP/1.1 connection that sends the same request again and again and only counts the answers."""

from __future__ import annotations

import errno
import selectors
import socket
import time

from serlab.transports.http_answer import AnswerReader, End, Head, NotHttpError

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
#: How much of an answer that is not a 200 is kept, to say what the server said.
_SHOWN_BYTES = 300


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
    """Keeps no more of an answer than its status and, where that is not 200, its first words."""

    def __init__(self) -> None:
        self._reader = AnswerReader()
        self._words = bytearray()
        self.status = 0
        self.keep = False

    @property
    def complete(self) -> bool:
        return self._reader.complete

    def take(self, piece: memoryview) -> bool:
        """Return whether the answer is now complete. Raises ``LaneError`` for what is not HTTP/1.1."""
        try:
            events = self._reader.feed(piece)
        except NotHttpError as error:
            raise LaneError("DISCONNECTED", f"the answer is not a whole HTTP/1.1 response: {error}") from error
        for event in events:
            if isinstance(event, Head):
                self.status = event.status
            elif isinstance(event, End):
                self.keep = event.keep
            elif self.status != 200 and len(self._words) < _SHOWN_BYTES:
                self._words += event.content[: _SHOWN_BYTES - len(self._words)]
        return self._reader.complete

    def words(self) -> str:
        """Return the beginning of the body."""
        return self._words.decode("utf-8", "replace")


def _broken(error: OSError) -> LaneError:
    code = "REFUSED" if error.errno == errno.ECONNREFUSED else "DISCONNECTED"
    return LaneError(code, f"the connection failed: {error.strerror or error}")
