"""The head of an HTTP request as libevent 2.1 reads it (``http.c``): more forgiving than RFC 9112 asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: The empty line that ends a head; a line may end without a carriage return.
END_OF_HEAD = re.compile(rb"\n\r?\n")
_VERSION = re.compile(rb"HTTP/([+-]?[0-9]+)\.([+-]?[0-9]+)")
_WHOLE_NUMBER = re.compile(r"[ \t]*\+?([0-9]+)")
#: A longer number is beyond every limit; Python would refuse to read thousands of digits.
_MAX_DIGITS = 20
#: What follows the head of any other method is the next request (``evhttp_method_may_have_body``).
_WITH_BODY = frozenset(("GET", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH"))
#: A line break within a header's value must be followed by white space (``evhttp_header_is_valid_value``).
_BROKEN_VALUE = re.compile(r"\r+(?![\r \t])")


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
        return self.method in _WITH_BODY and self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def length(self) -> int:
        """The body's length in bytes where it does not come in chunks.

        Raises:
            BadRequestError: ``Content-Length`` is no whole number.
        """
        text = self.headers.get("content-length") if self.method in _WITH_BODY else None
        match = _WHOLE_NUMBER.fullmatch("0" if text is None else text)
        if match is None:
            raise BadRequestError
        return int(match[1][:_MAX_DIGITS])

    @property
    def closes(self) -> bool:
        """Whether the connection is closed behind the answer."""
        if self.target.lower().startswith(("http://", "https://")):  # as to a proxy
            return True
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
    return Head(method, target, version, read_headers(lines))


def read_headers(lines: Iterable[bytes]) -> Mapping[str, str]:
    """Return the first header of each name, which is in lower case.

    Raises:
        BadRequestError: a line is no header, nor goes on with one.
    """
    headers: list[tuple[str, str]] = []
    for line in lines:
        text = line.split(b"\0", 1)[0].decode("latin-1")  # a string in C
        folded = text.startswith((" ", "\t"))
        if folded and headers:
            name, value = headers.pop()
            headers.append((name, value + " " + text.strip(" \t")))
            continue
        key, colon, value = text.partition(":")
        if folded or not colon or "\r" in key or _BROKEN_VALUE.search(value):
            raise BadRequestError
        headers.append((key.lower(), value.strip(" \t")))
    return dict(reversed(headers))


def chunk_length(line: bytes) -> int:
    """Return the length that the line above a chunk gives.

    Raises:
        BadRequestError: it gives none; chunk extensions are not understood.
    """
    match = re.fullmatch(rb"[ \t]*\+?(?:0[xX])?([0-9A-Fa-f]+)(?: .*)?", line)
    if match is None:
        raise BadRequestError(413)
    return int(match[1], 16)


#: Request targets as libevent takes them apart (``evhttp_uri_parse``, after RFC 3986).
_ENCODED = r"%[0-9A-Fa-f]{2}"
_NAME = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|{_ENCODED})"
_PATH = rf"(?:{_NAME}|[:@/])"
_AUTHORITY = rf"(?:(?:{_NAME}|:)*@)?(?:\[[0-9A-Fa-fvV:.]*\]|{_NAME}*)(?::(?P<port>[0-9]*))?"
_URI = re.compile(
    rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*:)?(?:(?P<authority>//){_AUTHORITY}(?=[/?#]|\Z))?"
    rf"(?P<path>{_PATH}*)(?P<query>\?(?:{_PATH}|\?)*)?(?P<fragment>#(?:{_PATH}|\?)*)?"
)
_MAX_PORT = 65535


def path_and_query(target: str) -> str | None:
    """Return the part of a request's target that the API looks at: its path, query and fragment, as they came.

    Scheme and authority are dropped, also those of ``//host/path``. None for what is no URI.
    """
    match = _URI.fullmatch(target)
    if not match or int(match["port"] or 0) > _MAX_PORT:
        return None
    path: str = match["path"]
    if match["authority"] is None and (path.startswith("//") or not (match["scheme"] or ":" not in path.split("/")[0])):
        return None
    return path + (match["query"] or "") + (match["fragment"] or "")
