"""Rows of unpacked values, found a window at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serlab.errors import WireError
from serlab.wire import decode_predict
from serlab.wire.unpacked import fixed_row, varint_row

ROW_ENDS = {"message ends": b"", "another field": b"\x10\x07", "the tag with another wire type": b"\x55abcd"}


@pytest.fixture(scope="module")
def rows(raw: SimpleNamespace) -> Any:
    def row(numbers: Any, tag: bytes) -> bytes:
        return b"".join(tag + raw.varint(number) for number in numbers)

    return row


@pytest.mark.parametrize("length", [1, 7, 100, 40_000])
@pytest.mark.parametrize("tag", [b"\x50", b"\x88\x01", b"\xd0\x00"])
@pytest.mark.parametrize("after", ROW_ENDS.values(), ids=ROW_ENDS)
def test_a_row_of_varints_is_the_packed_run_without_the_tags(
    raw: SimpleNamespace, rows: Any, length: int, tag: bytes, after: Any
) -> None:
    numbers = np.random.default_rng(length).integers(0, 2**40, length).tolist()
    body = b"--" + rows(numbers, tag) + after
    values, pos = varint_row(body, 2, len(body), tag)
    assert values == rows(numbers, b"")
    assert body[pos:] == after


@pytest.mark.parametrize("size", [4, 8])
@pytest.mark.parametrize("length", [1, 100, 40_000])
@pytest.mark.parametrize("after", [b"", b"\x2d\x00", b"\x10\x07" * 10])
def test_a_row_of_fixed_numbers_is_the_packed_run_without_the_tags(size: int, length: int, after: bytes) -> None:
    data = np.random.default_rng(length).bytes(size * length)
    row = b"".join(b"\x2d" + data[at : at + size] for at in range(0, len(data), size))
    values, pos = fixed_row(b"-" + row + after, 1, 1 + len(row + after), b"\x2d", size)
    assert values == data
    assert pos == 1 + len(row)


def test_a_value_that_looks_like_the_tag_does_not_end_or_lengthen_a_row() -> None:
    body = b"\x50\x50" * 20 + b"\x50\x51" + b"\x52\x01\x50"
    values, pos = varint_row(body, 0, len(body), b"\x50")
    assert values == b"\x50" * 20 + b"\x51"
    assert body[pos:] == b"\x52\x01\x50"


def test_a_row_ends_before_the_limit_even_if_the_bytes_go_on() -> None:
    body = b"\x50\x01" * 100
    values, pos = varint_row(body, 0, 11, b"\x50")
    assert (values, pos) == (b"\x01" * 5, 10)
    assert fixed_row(b"\x2dabcd" * 100, 0, 12, b"\x2d", 4) == (b"abcd" * 2, 10)


@pytest.mark.parametrize("length", [5, 9, 50])
def test_a_cut_value_at_the_end_of_a_row_is_refused(raw: SimpleNamespace, length: int) -> None:
    tensor = b"\x08\x09" + b"\x50\x01" * length + b"\x50\x80"
    with pytest.raises(WireError, match="truncated"):
        decode_predict(raw.field(1, raw.field(2, tensor)))


@pytest.mark.parametrize("length", [5, 9, 50])
def test_a_number_of_eleven_bytes_in_a_row_is_refused(raw: SimpleNamespace, length: int) -> None:
    tensor = b"\x08\x09" + b"\x50\x01" * length + b"\x50" + b"\x80" * 10 + b"\x01" + b"\x50\x01" * 300
    with pytest.raises(WireError, match="too long"):
        decode_predict(raw.field(1, raw.field(2, tensor)))


def test_rows_and_chunks_of_one_field_keep_their_order(raw: SimpleNamespace) -> None:
    dims = raw.field(2, raw.field(2, b"\x08" + raw.varint(301)))
    row = b"".join(b"\x50" + raw.varint(number) for number in range(300))
    body = raw.field(1, raw.field(2, b"\x08\x09" + row[:200] + raw.field(10, b"\x7f") + row[200:] + dims))
    assert decode_predict(body).outputs[""].tolist() == [*range(100), 127, *range(100, 300)]
