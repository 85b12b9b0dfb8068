"""The reader against RapidJSON 1.1.0 itself: documents with what it made of each, recorded with subnormals flushed."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.embedded.rapidjson.reader import MAX_DEPTH, JsonObject, Value, read_document
from serlab.embedded.rapidjson.writer import value_text
from serlab.embedded.rest.decimal_text import to_float32
from serlab.embedded.status import ParseError

_RECORDED = Path(__file__).parents[2] / "data" / "rapidjson-1.1.0.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in _RECORDED.read_text().splitlines()]
VALUES = [case for case in CASES if "value" in case]
ERRORS = [case for case in CASES if "error" in case]


def _dump(value: Value) -> str:
    """Return ``value`` in the notation of the recording: types, bits, and which integer types a number fits."""
    if value is None or isinstance(value, bool):
        return {None: "n", True: "t", False: "f"}[value]
    if isinstance(value, bytes):
        return "s" + value.hex()
    if isinstance(value, list):
        return "[" + "".join(_dump(item) + "," for item in value) + "]"
    if isinstance(value, JsonObject):
        return "{" + "".join(f"{name.hex()}:{_dump(member)}," for name, member in value.members) + "}"
    as_float32 = to_float32(np.array([value], np.float64)).tobytes().hex()
    if isinstance(value, float):
        return f"d{struct.pack('<d', value).hex()}/{as_float32}"
    fits = (("I", -(2**31), 2**31), ("U", 0, 2**32), ("L", -(2**63), 2**63), ("Q", 0, 2**64))
    return f"i{value}{''.join(letter for letter, low, high in fits if low <= value < high)}/{as_float32}"


def _without_nan_signs(dump: str) -> str:
    """The sign of a NaN is the processor's choice."""
    for bits in ("d000000000000f87f/0000c07f", "d000000000000f8ff/0000c0ff"):
        dump = dump.replace(bits, "NaN")
    return dump


def test_values_are_those_rapidjson_reads() -> None:
    wrong = []
    for case in VALUES:
        text = base64.b64decode(case["text"])
        seen = _without_nan_signs(_dump(read_document(text)))
        if seen != _without_nan_signs(case["value"]):
            wrong.append((text, seen, case["value"]))
    assert wrong == []


def test_errors_are_those_rapidjson_reports_where_it_does() -> None:
    wrong = []
    for case in ERRORS:
        text = base64.b64decode(case["text"])
        with pytest.raises(ParseError) as raised:
            read_document(text)
        # Recorded from the recursive parser; the iterative one, which TensorFlow Serving runs, says this otherwise.
        beginning = text.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        reason = "The document is empty." if beginning in (b"}", b"]", b",", b":") else case["error"]
        if (raised.value.reason, raised.value.offset) != (reason, case["offset"]):
            wrong.append((text, raised.value, case))
    assert wrong == []


def test_values_print_as_rapidjson_prints_them() -> None:
    wrong = []
    for case in VALUES:
        text = base64.b64decode(case["text"])
        if value_text(read_document(text)) != base64.b64decode(case["printed"]):
            wrong.append((text, value_text(read_document(text)), case["printed"]))
    assert wrong == []


def test_the_recording_holds_both_kinds_in_number() -> None:
    assert len(VALUES) > 1000
    assert len(ERRORS) > 150


def test_the_first_of_two_members_is_found() -> None:
    document = read_document(b'{"a":1,"a":2}')
    assert isinstance(document, JsonObject)
    assert document.find(b"a") == (1,)
    assert document.find(b"b") is None


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_million_nested_containers_are_refused_not_descended_into(opening: bytes) -> None:
    with pytest.raises(ParseError, match="Nested too deeply"):
        read_document(opening * 1_000_000)


def test_nesting_below_the_limit_is_read() -> None:
    depth = MAX_DEPTH - 1
    value = read_document(b"[" * depth + b"7" + b"]" * depth)
    for _ in range(depth):
        assert isinstance(value, list)
        (value,) = value
    assert value == 7


@pytest.mark.parametrize(("text", "offset"), [(b"}", 0), (b"  ]", 2), (b",1", 0), (b"\xef\xbb\xbf:{}", 3)])
def test_a_document_that_begins_with_what_cannot_begin_a_value_is_empty(text: bytes, offset: int) -> None:
    with pytest.raises(ParseError) as raised:
        read_document(text)
    assert (raised.value.reason, raised.value.offset) == ("The document is empty.", offset)


@pytest.mark.parametrize("text", [b"[}", b'{"a":]', b"[1,:", b"x"])
def test_further_inside_it_is_no_value(text: bytes) -> None:
    with pytest.raises(ParseError, match="Invalid value"):
        read_document(text)
