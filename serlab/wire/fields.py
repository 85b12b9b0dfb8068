"""Walking the fields of a protobuf message, with bounds.

The verdicts are those of protobuf's own parser (upb, which Python's protobuf runs on): tags and lengths take at most
five bytes, numbers at most ten, nesting at most DEPTH_LIMIT levels, and a string is valid UTF-8.
Reference: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

from serlab.errors import WireError

DEPTH_LIMIT = 100  # nested messages and groups; protobuf's default
MAX_LENGTH = (1 << 31) - 1  # bytes in one message or field; protobuf's limit
_MAX_TAG = (1 << 32) - 1
SHORT_VARINT, LONG_VARINT = 5, 10  # bytes in a 32-bit and in a 64-bit varint
_LENGTH_SHIFTS = range(7, 7 * SHORT_VARINT, 7)  # of a length's second byte and of those after it

VARINT, FIXED64, LENGTH, GROUP, END_GROUP, FIXED32 = range(6)

Buffer = bytes | bytearray | memoryview


def read_varint(body: Buffer, pos: int, end: int, longest: int = LONG_VARINT, what: str = "number") -> tuple[int, int]:
    """The unsigned 64-bit number at ``pos`` and the position after it. Bits above the 64th are dropped.

    Raises WireError where it takes more than ``longest`` bytes or does not end before ``end``.
    """
    value = 0
    for position in range(pos, min(pos + longest, end)):
        byte = body[position]
        value |= (byte & 127) << (7 * (position - pos))
        if byte < 128:
            return value & ((1 << 64) - 1), position + 1
    if end - pos < longest:
        raise WireError(f"truncated {what}", offset=pos, expected=f"its last byte before byte {end}")
    raise WireError(f"a {what} too long", offset=pos, expected=f"at most {longest} bytes")


def read_signed(body: Buffer, pos: int, end: int, bits: int = 64) -> int:
    """The number that stands between ``pos`` and ``end`` in two's complement, cut to ``bits`` bits."""
    if body[pos] < 128:
        return body[pos]
    value = read_varint(body, pos, end)[0] & ((1 << bits) - 1)
    return value - (1 << bits) if value >> (bits - 1) else value


def read_string(body: Buffer, start: int, stop: int) -> str:
    """The UTF-8 text between two positions. Raises WireError where it is not UTF-8."""
    try:
        return str(body[start:stop], "utf-8")
    except UnicodeDecodeError as error:
        raise WireError("text that is not UTF-8", offset=start + error.start, expected="valid UTF-8") from None


def read_field(body: Buffer, pos: int, end: int, depth: int) -> tuple[int, int, int]:
    """The field at ``pos`` of a message that ends at ``end``: its tag, where its value starts, where it stops.

    A tag is ``number << 3 | wire type``. A group is skipped whole. ``depth`` counts the messages around this one.
    """
    at = pos
    try:
        tag = body[pos]
        pos += 1
        if tag > 127:
            tag, pos = _read_tag(body, at, end)
        wire_type = tag & 7
        if wire_type == LENGTH:
            size = body[pos]
            pos += 1
            if size > 127:
                size &= 127
                for shift in _LENGTH_SHIFTS:
                    byte = body[pos]
                    pos += 1
                    size |= (byte & 127) << shift
                    if byte < 128:
                        break
                else:
                    raise WireError("a length too long", offset=at, expected=f"at most {SHORT_VARINT} bytes")
                if size > MAX_LENGTH:
                    raise WireError(f"a length of {size} bytes", offset=at, expected="less than 2 GiB")
            start, pos = pos, pos + size
        elif wire_type == VARINT:
            start = pos
            while body[pos] > 127:
                pos += 1
            pos += 1
            if pos - start > LONG_VARINT:
                raise WireError("a number too long", offset=start, expected=f"at most {LONG_VARINT} bytes")
        elif wire_type == FIXED32:
            start, pos = pos, pos + 4
        elif wire_type == FIXED64:
            start, pos = pos, pos + 8
        elif wire_type == GROUP:
            start = pos
            pos = _skip_group(body, pos, end, tag >> 3, depth + 1)
        else:
            what = "an end of a group that was never opened" if wire_type == END_GROUP else "an unknown wire type"
            raise WireError(what, offset=at, expected="a field")
    except IndexError:
        pos = end + 1
    if pos > end:
        raise WireError("truncated message", offset=at, expected=f"a whole field before byte {end}")
    if tag < 8:
        raise WireError("field number 0", offset=at, expected="a field number from 1")
    return tag, start, pos


def _read_tag(body: Buffer, pos: int, end: int) -> tuple[int, int]:
    tag, after = read_varint(body, pos, end, SHORT_VARINT, "tag")
    if tag > _MAX_TAG:
        raise WireError("field number too large", offset=pos, expected="a tag of 32 bits")
    return tag, after


def _skip_group(body: Buffer, pos: int, end: int, number: int, depth: int) -> int:
    check_depth(pos, depth)
    opened = pos
    while pos < end:
        tag, after = _read_tag(body, pos, end)
        if tag & 7 == END_GROUP:
            if tag >> 3 != number:
                raise WireError(f"end of group {tag >> 3}", offset=pos, expected=f"the end of group {number}")
            return after
        _, _, pos = read_field(body, pos, end, depth)
    raise WireError(f"group {number} has no end", offset=opened, expected=f"its end before byte {end}")


def check_depth(pos: int, depth: int) -> None:
    """Raises WireError where messages and groups are nested deeper than protobuf allows."""
    if depth > DEPTH_LIMIT:
        raise WireError("messages nested too deeply", offset=pos, expected=f"at most {DEPTH_LIMIT} levels")


def varint(value: int) -> bytes:
    """``value`` as a varint; negative numbers in two's complement of 64 bits, as int64 fields write them."""
    if 0 <= value < 128:
        return _ONE_BYTE[value]
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_ONE_BYTE = [bytes([value]) for value in range(128)]


def length_field(number: int, *parts: bytes) -> bytes:
    """A field of wire type LENGTH that holds ``parts`` one after the other."""
    content = b"".join(parts)
    return varint(number << 3 | LENGTH) + varint(len(content)) + content


#: Where a value stands within a body: first byte, and the one after the last.
Span = tuple[int, int]


def fields(body: bytes, span: Span | None = None) -> Iterator[tuple[int, Span]]:
    """Yield number and span of each field of the message at ``span`` (None: the whole body).

    Raises ``WireError`` where the bytes are no message.
    """
    position, stop = span or (0, len(body))
    while position < stop:
        tag, start, position = read_field(body, position, stop, 0)
        yield tag >> 3, (start, position)


def map_entries(body: bytes, span: Span, number: int) -> Iterator[tuple[str, Span]]:
    """Yield key and the span of the value for each entry of the ``map<string, Message>`` in field ``number``."""
    for found, entry in fields(body, span):
        if found == number:
            key, value = "", (entry[1], entry[1])
            for part, part_span in fields(body, entry):
                if part == 1:
                    key = string(body, part_span)
                elif part == 2:
                    value = part_span
            yield key, value


def string(body: bytes, span: Span) -> str:
    """Return the text at ``span``."""
    return read_string(body, *span)


def integer(body: bytes, span: Span) -> int:
    """Return the int32, int64 or enum at ``span``."""
    return read_signed(body, *span)
