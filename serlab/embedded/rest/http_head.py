"""The head of an HTTP request as libevent 2.1 reads it (``http.c``): more forgiving than RFC 9112 asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: The empty line that ends a head; a line may end without a carriage return.
END_OF_HEAD = re.compile(rb"\n\r?\n")
_VERSION = re.compile(rb"HTTP/([0-9]+)\.([0-9]+)")
_WHOLE_NUMBER = re.compile(r"[ \t]*\+?([0-9]+)")
#: A longer number is beyond every limit; Python would refuse to read thousands of digits.
_MAX_DIGITS = 20


class BadRequestError(Exception):
    """What is no HTTP request: it is answered with ``status``, and the connection is closed."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """A request line and its headers, the first of each name, in lower case."""

    method: str
    target: str
    version: tuple[int, int]
    headers: Mapping[str, str]

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def length(self) -> int:
        """The body's length in bytes where it does not come in chunks.

        Raises:
            BadRequestError: ``Content-Length`` is no whole number.
        """
        text = self.headers.get("content-length")
        match = _WHOLE_NUMBER.fullmatch("0" if text is None else text)
        if match is None:
            raise BadRequestError
        return int(match[1][:_MAX_DIGITS])

    @property
    def closes(self) -> bool:
        """Whether the connection is closed behind the answer."""
        if self.target[:7].lower() == "http://":
            return self.headers.get("proxy-connection", "").lower() != "keep-alive"
        connection = self.headers.get("connection", "").lower()
        return connection == "close" or (self.version < (1, 1) and not connection.startswith("keep-alive"))


def read_request_line(line: bytes) -> tuple[str, str, tuple[int, int]]:
    """Return the method, the target and the HTTP version.

    Raises:
        BadRequestError: the line has not these three, or not HTTP/1.x.
    """
    method, space, rest = line.rstrip(b" ").partition(b" ")
    target, _, text = rest.rpartition(b" ")
    version = _VERSION.fullmatch(text)
    if not space or not target or version is None or len(text) > _MAX_DIGITS or int(version[1]) > 1:
        raise BadRequestError
    return method.decode("latin-1"), target.decode("latin-1"), (int(version[1]), int(version[2]))


def read_head(text: bytes) -> Head:
    """Return the head whose lines are ``text``.

    Raises:
        BadRequestError: the request line is none, or a header has no colon.
    """
    first, *lines = (line.removesuffix(b"\r") for line in text.split(b"\n"))
    method, target, version = read_request_line(first)
    headers: dict[str, str] = {}
    for line in lines:
        if line[:1] in (b" ", b"\t"):  # a folded header: what goes on here is none that this server asks for
            continue
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadRequestError
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t"))
    return Head(method, target, version, headers)


def chunk_length(line: bytes) -> int:
    """Return the length that the line above a chunk gives.

    Raises:
        BadRequestError: it gives none; chunk extensions are not understood.
    """
    match = re.fullmatch(rb"[ \t]*\+?(?:0[xX])?([0-9A-Fa-f]+)(?: .*)?", line)
    if match is None:
        raise BadRequestError(413)
    return int(match[1], 16)
