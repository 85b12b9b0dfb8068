from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf import __version__ as protobuf_version
from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import Int64Value, StringValue

from serlab.errors import WireError
from serlab.wire.fields import DEPTH_LIMIT, length_field, read_field, read_signed, read_string, varint

MAX_FIELD_NUMBER = 2**29 - 1


def fields_of(body: bytes) -> list[tuple[int, int, int]]:
    found, pos = [], 0
    while pos < len(body):
        tag, start, pos = read_field(body, pos, len(body), 0)
        found.append((tag, start, pos))
    return found


@pytest.mark.parametrize("value", [0, 1, 127, 128, 2**31, 2**63 - 1, -1, -(2**63)])
def test_a_number_is_written_and_read_as_protobuf_does(value: int) -> None:
    body = Int64Value(value=value).SerializeToString() or b"\x08\x00"
    assert b"\x08" + varint(value) == body
    ((tag, start, stop),) = fields_of(body)
    assert (tag, read_signed(body, start, stop)) == (8, value)


def test_bits_above_the_64th_are_dropped_as_protobuf_drops_them() -> None:
    body = b"\x08" + b"\xff" * 9 + b"\x7f"
    assert read_signed(body, 1, len(body)) == Int64Value.FromString(body).value == -1


def test_an_int32_is_the_low_32_bits() -> None:
    body = b"\xff\xff\xff\xff\x7f"
    assert read_signed(body, 0, len(body), bits=32) == -1


def bodies(raw: SimpleNamespace) -> Any:
    """Bodies by name; protobuf itself says which of them are sound."""
    number, text = raw.varint, raw.field
    unknown = 9
    groups = {f"{depth} groups": b"\x1b" * depth + b"\x1c" * depth for depth in (1, DEPTH_LIMIT, DEPTH_LIMIT + 1)}
    tags = {f"tag of {n} bytes": number(8, padding=n - 1) + b"\x05" for n in (1, 2, 5, 6, 10)}
    lengths = {f"length of {n} bytes": b"\x0a" + number(1, padding=n - 1) + b"a" for n in (1, 2, 5, 6)}
    numbers = {f"number of {n} bytes": b"\x08" + number(1, padding=n - 1) for n in (1, 9, 10, 11)}
    skipped = {f"unknown number of {n} bytes": number(unknown << 3) + number(1, padding=n - 1) for n in (10, 11)}
    wire_types = {f"wire type {n}": number(unknown << 3 | n) + b"\0" * 8 for n in (1, 6, 7)}
    return groups | tags | lengths | numbers | skipped | wire_types | {
        "empty": b"",
        "field number 0": b"\x00\x05",
        "field number 0 in two bytes": b"\x80\x00\x05",
        "largest field number": number(MAX_FIELD_NUMBER << 3) + b"\x05",
        "field number too large": number((MAX_FIELD_NUMBER + 1) << 3) + b"\x05",
        "length of 2 GiB": b"\x0a" + number(2**31) + b"a",
        "negative length": b"\x0a" + number(-1) + b"a",
        "length past the end": text(unknown, b"abc")[:-1],
        "no length": b"\x0a",
        "cut number": b"\x08\x80",
        "cut tag": b"\x88",
        "cut fixed32": number(unknown << 3 | 5) + b"\0\0\0",
        "cut fixed64": number(unknown << 3 | 1) + b"\0" * 7,
        "fixed32": number(unknown << 3 | 5) + b"\0\0\0\0",
        "end of no group": b"\x1c",
        "end of another group": b"\x1b\x08\x01\x24",
        "group without end": b"\x1b\x08\x01",
        "group with fields": b"\x1b\x08\x01\x1a\x02ab\x1c",
        "end of group in two bytes": b"\x1b\x9c\x00",
        "number cut at the end of a group": b"\x1b\x08\x80\x1c",
    }  # fmt: skip


def verdict(read: Any, body: bytes) -> bool:
    try:
        read(body)
    except (DecodeError, WireError):
        return False
    return True


def test_what_protobuf_takes_is_taken_and_what_it_refuses_is_refused(raw: SimpleNamespace) -> None:
    sound = {}
    for name, body in bodies(raw).items():
        expected = verdict(StringValue.FromString, body) and verdict(Int64Value.FromString, body)
        if name == "length of 6 bytes" and int(protobuf_version.partition(".")[0]) < 7:
            expected = False  # as later versions do: the reader does not follow whichever is installed
        assert verdict(fields_of, body) == expected, name
        sound[name] = expected
    assert 12 <= sum(sound.values()) <= len(sound) - 12  # the table holds plenty of both


@pytest.mark.parametrize(
    ("body", "offset", "word"),
    [
        (b"\x08\x01\x10\x80", 2, "truncated"),
        (b"\x08\x01\x0a\x05ab", 2, "truncated"),
        (b"\x08\x01\x0f", 2, "wire type"),
        (b"\x08\x01\x0a\x80\x80\x80\x80\x08ab", 2, "length of 2147483648"),
        (b"\x08\x01\x0a" + b"\x81" * 6, 2, "too long"),
    ],
)
def test_an_error_says_where_and_what(body: bytes, offset: int, word: str) -> None:
    with pytest.raises(WireError, match=word) as caught:
        fields_of(body)
    assert caught.value.offset == offset
    assert f"at byte {offset}" in str(caught.value)
    assert caught.value.expected


@pytest.mark.parametrize("text", [b"\xff", b"a\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"ok\xc3"])
def test_text_that_is_not_utf8_is_refused_at_its_byte(text: bytes) -> None:
    assert not verdict(StringValue.FromString, length_field(1, text))
    with pytest.raises(WireError, match="UTF-8") as caught:
        read_string(b"__" + text, 2, 2 + len(text))
    assert caught.value.offset == 2 + next(i for i, byte in enumerate(text) if byte > 127)


def test_text_may_hold_zeros_and_anything_unicode() -> None:
    text = "a\0é漢😀"
    assert read_string(memoryview(text.encode()), 0, len(text.encode())) == text
