"""Reads one HTTP/1.1 answer (RFC 9112) without a socket: bytes in, in whatever pieces they come, and events out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

#: The head with the interim answers before it, a chunk's line, the trailers: each at most this long together.
MAX_LINES_BYTES = 64 * 1024
_MAX_HEADERS = 100
#: So many bytes tell what speaks when it is not HTTP/1.
_SHOWN_BYTES = 24
#: Ends of lines are looked for in so many bytes at a time: what follows them may be large, and is not copied.
_WINDOW_BYTES = 2048
_STARTS = b"HTTP/1."
_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.(\d) ([1-9]\d\d)(?: (.*))?", re.DOTALL)
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)", re.DOTALL)
_LENGTH = re.compile(r"[0-9]{1,20}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


class NotHttpError(Exception):
    """An answer that is not one complete HTTP/1.x response."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status, reason and headers by lower-case name; the values of one that is repeated are joined by commas."""

    status: int
    reason: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of the body: what was fed itself where all of it is body, else a slice of it."""

    content: bytes | memoryview


@dataclass(frozen=True, slots=True)
class End:
    """The answer is complete; ``keep`` tells whether the connection can carry another."""

    keep: bool


Event = Head | Data | End


class _Due(Enum):
    """What has to come next where it is not the body."""

    HEAD = auto()
    CHUNK_SIZE = auto()
    CHUNK_END = auto()
    TRAILER = auto()


class AnswerReader:
    """Reads one answer; interim answers (1xx) before it pass without an event.

    ``left`` is how many bytes of body are sure to come next: 0 where a line is due, -1 where the body lasts as long
    as the connection. Once ``complete``, nothing more may be fed.
    """

    def __init__(self) -> None:
        self.left = 0
        self.complete = False
        self._due = _Due.HEAD
        self._lines = bytearray()  # what there is of the head, or of the line
        self._lines_bytes = 0  # of the interim answers or trailers before
        self._trailers = 0
        self._announced = 0
        self._chunked = False
        self._keep = True

    def feed(self, piece: bytes | memoryview) -> list[Event]:
        """Return what has become known with the next piece of the answer; an empty one is the connection's end.

        Raises ``NotHttpError``; the reader is of no use afterwards.
        """
        events: list[Event] = []
        at, size = 0, len(piece)
        if not size:
            self._closed(events)
        while at < size and not self.complete:
            if self.left:
                count = size - at if self.left < 0 else min(self.left, size - at)
                events.append(Data(piece if count == size else piece[at : at + count]))
                self._body(count, events)
            else:
                window = bytes(piece[at : at + _WINDOW_BYTES])
                count = self._read_head(window, events) if self._due is _Due.HEAD else self._read_line(window, events)
            at += count
        if self.complete and at < size:
            # Nothing was asked that this could answer: what follows on this connection is anybody's guess.
            events[-1] = End(keep=False)
        return events

    def _closed(self, events: list[Event]) -> None:
        if self.left < 0:
            self._end(events)
        elif self.left:
            raise NotHttpError(
                f"it ends after {self._announced - self.left:,} of the {self._announced:,} bytes it announces"
            )
        elif self._due is not _Due.HEAD:
            raise NotHttpError("it ends before its last chunk")
        elif self._lines.startswith(_STARTS):
            raise NotHttpError("it ends within its head")
        elif self._lines:
            raise NotHttpError(_not_a_status_line(self._lines))
        else:
            raise NotHttpError("the server closed the connection without answering")

    def _body(self, count: int, events: list[Event]) -> None:
        if self.left < 0:
            return
        self.left -= count
        if not self.left:
            if self._chunked:
                self._due = _Due.CHUNK_END
            else:
                self._end(events)

    def _end(self, events: list[Event]) -> None:
        self.left, self.complete = 0, True
        events.append(End(self._keep))

    def _read_head(self, window: bytes, events: list[Event]) -> int:
        """Return how many bytes of the window belong to the head."""
        lines, before = self._lines, len(self._lines)
        lines += window
        found = _HEAD_END.search(lines, max(0, before - 2))
        if not lines.startswith(_STARTS) and (found or len(lines) >= _SHOWN_BYTES or b"\n" in lines):
            raise NotHttpError(_not_a_status_line(lines))
        self._check_length(found.end() if found else len(lines))
        if found is None:
            return len(window)
        self._lines_bytes += found.end()
        self._head(bytes(lines[: found.start()]), events)
        count = found.end() - before
        lines.clear()
        return count

    def _head(self, text: bytes, events: list[Event]) -> None:
        lines = [line.removesuffix(b"\r") for line in text.split(b"\n")]
        started = _STATUS_LINE.fullmatch(lines[0])
        if started is None:
            raise NotHttpError(_not_a_status_line(lines[0]))
        status = int(started[2])
        if status == 101:
            raise NotHttpError("it changes to another protocol, unasked")
        headers = _headers(lines[1:])
        if status >= 200:
            events.append(Head(status, (started[3] or b"").decode("latin-1"), headers))
            self._keep = started[1] != b"0" and "close" not in headers.get("connection", "").lower()
            self._expect(status, headers, events)

    def _expect(self, status: int, headers: dict[str, str], events: list[Event]) -> None:
        """Find what the body is delimited by (RFC 9112, section 6.3)."""
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise NotHttpError(f"its Transfer-Encoding is {coding!r}")
            self._chunked, self._due, self._lines_bytes = True, _Due.CHUNK_SIZE, 0
            # The length does not count then, but somebody on the way may have believed it.
            self._keep = self._keep and length is None
        elif status in (204, 304):
            self._end(events)
        elif length is not None:
            if not _LENGTH.fullmatch(length):
                raise NotHttpError(f"its Content-Length is {length[:_SHOWN_BYTES]!r}")
            self._announced = self.left = int(length)
            if not self.left:
                self._end(events)
        else:
            self._keep, self.left = False, -1

    def _read_line(self, window: bytes, events: list[Event]) -> int:
        """Return how many bytes of the window belong to the line."""
        count = window.find(b"\n") + 1
        self._lines += window[:count] if count else window
        self._check_length(len(self._lines))
        if not count:
            return len(window)
        self._lines_bytes += len(self._lines)
        line = bytes(self._lines[:-1].removesuffix(b"\r"))
        self._lines.clear()
        if self._due is _Due.CHUNK_SIZE:
            self._chunk(line)
        elif self._due is _Due.CHUNK_END:
            if line:
                raise NotHttpError("a chunk is longer than it says")
            self._due, self._lines_bytes = _Due.CHUNK_SIZE, 0
        elif line:
            self._trailers += 1
            _header(line, self._trailers)
        else:
            self._end(events)
        return count

    def _check_length(self, more: int) -> None:
        if self._lines_bytes + more > MAX_LINES_BYTES:
            raise NotHttpError(f"its head, a chunk's line or its trailers are longer than {MAX_LINES_BYTES:,} bytes")

    def _chunk(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise NotHttpError(f"{line[:_SHOWN_BYTES]!r} is not a chunk size")
        self._announced = self.left = int(found[1], 16)
        self._lines_bytes = 0
        if not self.left:
            self._due = _Due.TRAILER


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, value = _header(line, number)
        before = headers.get(name)
        if before is None:
            headers[name] = value
        elif name != "content-length":
            headers[name] = f"{before}, {value}"
        elif value != before:
            raise NotHttpError(f"its Content-Length is {before!r} and {value!r}")
    return headers


def _header(line: bytes, number: int) -> tuple[str, str]:
    found = _HEADER.fullmatch(line)
    if found is None or number > _MAX_HEADERS:
        raise NotHttpError(f"{line[:_SHOWN_BYTES]!r} is not a header, or one too many")
    return found[1].decode("ascii").lower(), found[2].strip(b" \t").decode("latin-1")


def _not_a_status_line(lines: bytes | bytearray) -> str:
    start = bytes(lines.partition(b"\n")[0][:_SHOWN_BYTES])
    # RFC 9113, section 3.4: an HTTP/2 server speaks first, with a SETTINGS frame (type 4) on stream 0.
    if start[3:4] == b"\x04" and start[5:9] == bytes(4):
        return "it is HTTP/2, as a gRPC port speaks"
    return f"it starts with {start!r}"
