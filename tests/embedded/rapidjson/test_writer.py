from __future__ import annotations

from serlab.embedded.rapidjson.dtoa import write_double
from serlab.embedded.rapidjson.reader import read_document
from serlab.embedded.rapidjson.writer import PrettyWriter, quoted, value_text


def test_control_characters_and_quotes_are_escaped_and_bytes_go_through() -> None:
    assert quoted(b'a"\\\b\t\n\f\r\x00\x1f/\xff') == b'"a\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001F/\xff"'


def test_grisu2_does_not_always_find_the_shortest_digits() -> None:
    assert write_double(2.0**64) == b"18446744073709553000.0"


def test_doubles_switch_to_exponents_where_rapidjson_does() -> None:
    texts = [write_double(value) for value in (1e20, 1e21, 1.5e21, 1e-6, 1e-7, -0.0, 123.25)]
    assert texts == [b"100000000000000000000.0", b"1e21", b"1.5e21", b"0.000001", b"1e-7", b"-0.0", b"123.25"]


def test_a_quoted_value_ends_at_the_first_nan() -> None:
    assert value_text(read_document(b'{"a":[1,NaN,2],"b":3}')) == b'{\n    "a": [1, '


def test_the_writer_indents_by_four_and_lists_members_on_lines() -> None:
    writer = PrettyWriter()
    writer.start_object()
    writer.string(b"a")
    writer.start_array()
    writer.raw(b"1")
    writer.raw(b"2")
    writer.end()
    writer.string(b"b")
    writer.start_object()
    writer.end()
    writer.end()
    assert writer.text() == b'{\n    "a": [\n        1,\n        2\n    ],\n    "b": {}\n}'
