"""RapidJSON 1.1.0's PrettyWriter, as TensorFlow Serving uses it for answers and to quote values in errors.

After ``prettywriter.h`` of https://github.com/Tencent/rapidjson/tree/v1.1.0: four spaces of indent, and arrays on one
line when asked to.
"""

from __future__ import annotations

import math
import re
from typing import Any

from serlab.embedded.rapidjson.dtoa import write_double
from serlab.embedded.rapidjson.reader import JsonObject, Value

INDENT = b"    "

_ESCAPED = re.compile(rb'[\x00-\x1f"\\]')
_SHORT = {b'"': b'\\"', b"\\": b"\\\\", b"\b": b"\\b", b"\t": b"\\t", b"\n": b"\\n", b"\f": b"\\f", b"\r": b"\\r"}


def quoted(text: bytes) -> bytes:
    """Return a JSON string; bytes above 0x7f go through as they are, valid UTF-8 or not."""
    return b'"' + _ESCAPED.sub(_escape, text) + b'"'


def _escape(match: re.Match[bytes]) -> bytes:
    char = match.group()
    return _SHORT.get(char) or b"\\u%04X" % char[0]


class PrettyWriter:
    """Collects the text of one document. ``single_line_arrays`` may change between any two calls."""

    def __init__(self, *, single_line_arrays: bool = False) -> None:
        self.single_line_arrays = single_line_arrays
        self._parts: list[bytes] = []
        #: Per open container: whether it is an array, and how many values (for objects: names and values) it has.
        self._levels: list[list[Any]] = []

    def text(self) -> bytes:
        """Return what was written so far."""
        return b"".join(self._parts)

    def raw(self, text: bytes) -> None:
        """Write a value, or a member's name, that is already JSON."""
        self._prefix()
        self._parts.append(text)

    def string(self, text: bytes) -> None:
        """Write a string or a member's name."""
        self.raw(quoted(text))

    def start_array(self) -> None:
        """Open an array."""
        self.raw(b"[")
        self._levels.append([True, 0])

    def start_object(self) -> None:
        """Open an object."""
        self.raw(b"{")
        self._levels.append([False, 0])

    def end(self) -> None:
        """Close the innermost array or object."""
        in_array, count = self._levels.pop()
        if count and not (in_array and self.single_line_arrays):
            self._line()
        self._parts.append(b"]" if in_array else b"}")

    def _prefix(self) -> None:
        if not self._levels:
            return
        level = self._levels[-1]
        in_array, count = level
        level[1] += 1
        if not in_array and count % 2:
            self._parts.append(b": ")
            return
        if count:
            self._parts.append(b", " if in_array and self.single_line_arrays else b",")
        if not (in_array and self.single_line_arrays):
            self._line()

    def _line(self) -> None:
        self._parts.append(b"\n" + INDENT * len(self._levels))


def value_text(value: Value) -> bytes:
    """Return how an error message quotes ``value``.

    RapidJSON stops writing at the first NaN or infinity, so the text ends there.
    """
    writer = PrettyWriter(single_line_arrays=True)
    pending: list[Any] = [iter((value,))]
    while pending:
        item = next(pending[-1], _END)
        if item is _END:
            pending.pop()
            if pending:
                writer.end()
        elif isinstance(item, list):
            writer.start_array()
            pending.append(iter(item))
        elif isinstance(item, JsonObject):
            writer.start_object()
            pending.append(iter([part for name, member in item.members for part in (_Name(name), member)]))
        elif isinstance(item, _Name):
            writer.string(item.text)
        elif isinstance(item, float) and not math.isfinite(item):
            writer.raw(b"")
            break
        else:
            writer.raw(_scalar(item))
    return writer.text()


class _Name:
    """A member's name among the values of its object."""

    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        self.text = text


_END = object()


def _scalar(value: Any) -> bytes:
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, bytes):
        return quoted(value)
    return write_double(value) if isinstance(value, float) else b"%d" % value
