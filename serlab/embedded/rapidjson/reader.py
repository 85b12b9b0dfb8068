"""A JSON document as RapidJSON 1.1.0 reads it in TensorFlow Serving: same values, same errors at the same offsets.

What it accepts differs from JSON: ``NaN``, ``Inf`` and ``Infinity`` are numbers, a byte order mark is skipped, anything
may follow the document, strings need not be UTF-8, and a member that comes twice is kept twice. It follows ``reader.h``
of https://github.com/Tencent/rapidjson/tree/v1.1.0 with the flags iterative, NaN and Inf, and
stop when done.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from serlab.embedded.rapidjson.number import read_number
from serlab.embedded.status import ParseError

#: RapidJSON descends by recursion and dies of too deep a document; this reader refuses it instead.
MAX_DEPTH = 10_000

_SPACE = re.compile(rb"[ \n\r\t]*")
_PLAIN = re.compile(rb'[^\x00-\x1f"\\]*')
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")
_ESCAPES = {ord('"'): b'"', ord("\\"): b"\\", ord("/"): b"/", ord("b"): b"\b", ord("f"): b"\f",
            ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t"}  # fmt: skip
_WORDS: dict[int, tuple[bytes, bool | None]] = {
    ord("n"): (b"null", None), ord("t"): (b"true", True), ord("f"): (b"false", False),
}  # fmt: skip


_NO_BEGINNING = (b"", b"\0", b"}", b"]", b",", b":")


class JsonObject:
    """An object's members in order, duplicates included. Names and strings are bytes."""

    __slots__ = ("members",)

    def __init__(self) -> None:
        self.members: list[tuple[bytes, Any]] = []

    def find(self, name: bytes) -> tuple[Any] | None:
        """Return the first value under ``name`` in a 1-tuple, or None; a value may itself be None."""
        return next(((value,) for key, value in self.members if key == name), None)


#: null, true, false, a number, a string, an array or an object.
Value: TypeAlias = "bool | int | float | bytes | list[Any] | JsonObject | None"


def read_document(text: bytes) -> Value:
    """Return the document at the beginning of ``text``.

    Raises:
        ParseError: RapidJSON reports an error, or the document is nested deeper than ``MAX_DEPTH``.
    """
    at = 0
    for mark in b"\xef\xbb\xbf":
        at += text[at : at + 1] == bytes([mark])
    at = _skip(text, at)
    # It parses without recursion, and there a document that begins with what cannot begin a value counts as none.
    if text[at : at + 1] in _NO_BEGINNING:
        raise ParseError("The document is empty.", at)
    return _Reader(text).read(at)


def _skip(text: bytes, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


class _Reader:
    """Reads one value with a stack of its own: ``open`` holds the containers around the current place."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._open: list[list[Any] | JsonObject] = []

    def read(self, at: int) -> Value:
        text, stack = self._text, self._open
        name = b""
        names: list[bytes] = []
        while True:
            lead = text[at : at + 1]
            if lead in (b"[", b"{"):
                container: list[Any] | JsonObject = [] if lead == b"[" else JsonObject()
                at = _skip(text, at + 1)
                if text[at : at + 1] != (b"]" if lead == b"[" else b"}"):
                    if len(stack) >= MAX_DEPTH:
                        raise ParseError("Nested too deeply for this server.", at - 1)
                    stack.append(container)
                    names.append(name)
                    if isinstance(container, JsonObject):
                        name, at = self._name(at)
                    continue
                value: Value = container
                at += 1
            else:
                value, at = self._scalar(at)
            while stack:
                parent = stack[-1]
                at = _skip(text, at)
                following = text[at : at + 1]
                if isinstance(parent, JsonObject):
                    parent.members.append((name, value))
                    if following == b",":
                        name, at = self._name(_skip(text, at + 1))
                        break
                    if following != b"}":
                        raise ParseError("Missing a comma or '}' after an object member.", at)
                else:
                    parent.append(value)
                    if following == b",":
                        at = _skip(text, at + 1)
                        break
                    if following != b"]":
                        raise ParseError("Missing a comma or ']' after an array element.", at)
                at += 1
                value = stack.pop()
                name = names.pop()
            else:
                return value

    def _name(self, at: int) -> tuple[bytes, int]:
        """Read a member's name and the colon behind it; return the offset of its value."""
        text = self._text
        if text[at : at + 1] != b'"':
            raise ParseError("Missing a name for object member.", at)
        name, at = self._string(at)
        at = _skip(text, at)
        if text[at : at + 1] != b":":
            raise ParseError("Missing a colon after a name of object member.", at)
        return name, _skip(text, at + 1)

    def _scalar(self, at: int) -> tuple[Value, int]:
        text = self._text
        lead = text[at] if at < len(text) else 0
        if lead == ord('"'):
            return self._string(at)
        if lead in _WORDS:
            word, value = _WORDS[lead]
            end = at + 1
            for letter in word[1:]:
                if text[end : end + 1] != bytes([letter]):
                    raise ParseError("Invalid value.", end)
                end += 1
            return value, end
        return read_number(text, at)

    def _string(self, at: int) -> tuple[bytes, int]:
        text = self._text
        match = _PLAIN.match(text, at + 1)
        assert match is not None  # it matches the empty string
        end = match.end()
        if text[end : end + 1] == b'"':
            return match.group(), end + 1
        parts = [match.group()]
        while True:
            lead = text[end : end + 1]
            if lead == b'"':
                return b"".join(parts), end + 1
            if lead in (b"", b"\0"):
                raise ParseError("Missing a closing quotation mark in string.", end)
            if lead != b"\\":
                raise ParseError("Invalid escape character in string.", end)
            part, end = self._escape(end)
            parts.append(part)
            match = _PLAIN.match(text, end)
            assert match is not None
            parts.append(match.group())
            end = match.end()

    def _escape(self, at: int) -> tuple[bytes, int]:
        """Read the escape whose backslash stands at ``at``; errors are reported there."""
        text = self._text
        letter = text[at + 1] if at + 1 < len(text) else 0
        if letter in _ESCAPES:
            return _ESCAPES[letter], at + 2
        if letter != ord("u"):
            raise ParseError("Invalid escape character in string.", at)
        code, end = self._hex4(at + 2, at), at + 6
        if 0xD800 <= code <= 0xDBFF:
            if text[end : end + 2] != b"\\u":
                raise ParseError("The surrogate pair in string is invalid.", at)
            low = self._hex4(end + 2, at)
            if not 0xDC00 <= low <= 0xDFFF:
                raise ParseError("The surrogate pair in string is invalid.", at)
            code, end = ((code - 0xD800) << 10 | (low - 0xDC00)) + 0x10000, end + 6
        # A low surrogate alone passes, and is written as three bytes like any other code point.
        return chr(code).encode("utf-8", "surrogatepass"), end

    def _hex4(self, at: int, escape_at: int) -> int:
        match = _HEX4.match(self._text, at)
        if match is None:
            raise ParseError("Incorrect hex digit after \\u escape in string.", escape_at)
        return int(match.group(), 16)
