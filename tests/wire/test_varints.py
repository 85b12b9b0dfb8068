from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serlab.errors import WireError
from serlab.wire import varints
from serlab.wire.varints import MAX_WIDTH, check_varints, read_varints, write_varints

INT32, INT64, UINT64, BOOL = (np.dtype(name) for name in ("<i4", "<i8", "<u8", "?"))


def read(run: bytes, count: int, item: Any = UINT64, dtype: Any = None, exact: Any = True) -> np.ndarray:
    out = np.zeros(count, dtype or item)
    assert read_varints(run, out, item, offset=0, exact=exact) == count
    return out


# Numbers of a width of 1 to 10 bytes, each width as likely.
of_any_width = st.integers(1, MAX_WIDTH).flatmap(lambda width: st.integers(0, min(2 ** (7 * width), 2**64) - 1))
of_width_up_to = st.integers(1, MAX_WIDTH).flatmap(
    lambda widest: st.lists(st.integers(0, min(2 ** (7 * widest), 2**64) - 1), min_size=1, max_size=60)
)


@given(st.lists(of_any_width, max_size=60) | of_width_up_to)
def test_numbers_come_back_from_the_bytes_protobuf_writes(raw: SimpleNamespace, numbers: Any) -> None:
    run = b"".join(map(raw.varint, numbers))
    assert read(run, len(numbers)).tolist() == numbers
    assert write_varints(np.array(numbers, np.uint64)) == run


@given(st.lists(st.tuples(of_any_width, st.integers(0, 9)), max_size=40))
def test_padded_numbers_mean_the_same(raw: SimpleNamespace, padded: Any) -> None:
    numbers = [(number, min(padding, MAX_WIDTH - len(raw.varint(number)))) for number, padding in padded]
    run = b"".join(raw.varint(number, padding) for number, padding in numbers)
    assert read(run, len(numbers)).tolist() == [number for number, _ in numbers]


@pytest.mark.parametrize("block", [1, 11, 64])
@pytest.mark.parametrize("bits", [7, 14, 21, 28, 63])
def test_a_run_longer_than_a_block_is_read_whole(monkeypatch: pytest.MonkeyPatch, block: int, bits: int) -> None:
    monkeypatch.setattr(varints, "BLOCK_NUMBERS", block)
    numbers = np.random.default_rng(bits).integers(0, 2**bits, 500, dtype=np.uint64)
    assert np.array_equal(read(write_varints(numbers), 500), numbers)


def test_a_block_of_one_width_follows_a_block_of_another() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 2**bits, varints.BLOCK_NUMBERS, dtype=np.uint64) for bits in (6, 14, 20, 64, 7, 30)]
    numbers = np.concatenate(parts)
    assert np.array_equal(read(write_varints(numbers), len(numbers)), numbers)


@pytest.mark.parametrize("name", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])
def test_extremes_of_every_integer_type_come_back(name: str) -> None:
    dtype = np.dtype(name)
    limits = (0, 1) if dtype == BOOL else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    numbers = np.resize(np.array([*limits, 0, 1], dtype), 1000)
    item = {"b": BOOL, "i": INT64 if dtype.itemsize == 8 else INT32, "u": UINT64 if dtype.itemsize > 2 else INT32}
    assert np.array_equal(read(write_varints(numbers), 1000, item[dtype.kind], dtype), numbers)


def test_negative_numbers_take_ten_bytes_as_protobuf_writes_them(raw: SimpleNamespace) -> None:
    assert write_varints(np.array([-1, 5, -300], np.int16)) == raw.varint(-1) + raw.varint(5) + raw.varint(-300)
    assert len(raw.varint(-1)) == MAX_WIDTH


def test_an_int32_is_cut_to_its_low_bits(raw: SimpleNamespace) -> None:
    run = raw.varint(2**32 + 7) + raw.varint(2**31) + raw.varint(2**63 + 1)
    assert read(run, 3, INT32).tolist() == [7, -(2**31), 1]


def test_any_bit_makes_a_bool_true(raw: SimpleNamespace) -> None:
    run = b"".join(map(raw.varint, [0, 1, 2, 2**40, 2**63])) + raw.varint(0, padding=9)
    assert read(run, 6, BOOL).tolist() == [False, True, True, True, True, False]


@pytest.mark.parametrize(("dtype", "number"), [("i1", 128), ("i1", -129), ("u1", 256), ("u1", -1), ("i2", 2**15),
                                               ("u2", 2**16), ("u2", -1)])  # fmt: skip
def test_a_number_out_of_range_is_refused_or_wraps(raw: SimpleNamespace, dtype: str, number: int) -> None:
    run = b"\x01" + raw.varint(number)
    with pytest.raises(WireError, match="range"):
        read(run, 2, INT32, dtype)
    wrapped = read(run, 2, INT32, dtype, exact=False)
    assert wrapped.tolist() == [1, np.array(number).astype(dtype).item()]


def test_numbers_beyond_the_room_are_refused_or_left_out() -> None:
    out = np.zeros(2, UINT64)
    with pytest.raises(WireError, match="more values"):
        read_varints(b"\x01\x02\x03", out, UINT64, offset=0, exact=True)
    assert read_varints(b"\x05\x06\x07", out, UINT64, offset=0, exact=False) == 3
    assert out.tolist() == [5, 6]


def test_numbers_left_out_must_still_be_numbers(monkeypatch: pytest.MonkeyPatch, raw: SimpleNamespace) -> None:
    monkeypatch.setattr(varints, "BLOCK_NUMBERS", 1)
    with pytest.raises(WireError, match="too long"):
        read_varints(b"\x01" + b"\x80" * 10 + b"\x01", np.zeros(1, UINT64), UINT64, offset=0, exact=False)


@pytest.mark.parametrize("before", [b"", b"\x01" * 100, b"\x80\x01" * 60, b"\xff" * 9 + b"\x01"])
@pytest.mark.parametrize("after", [b"", b"\x01" * 5000])
def test_a_number_of_eleven_bytes_is_refused_wherever_it_stands(before: bytes, after: bytes) -> None:
    run = before + b"\x80" * 10 + b"\x01" + after
    with pytest.raises(WireError, match="too long"):
        check_varints(run, offset=0)
    with pytest.raises(WireError, match="too long"):
        read(run, len(run))


@pytest.mark.parametrize("run", [b"\x80", b"\x01\xff", b"\x01" * 70_000 + b"\x80"])
def test_a_run_that_ends_within_a_number_is_refused(run: bytes) -> None:
    with pytest.raises(WireError, match="truncated") as caught:
        check_varints(run, offset=100)
    assert caught.value.offset == 100 + len(run) - 1
    with pytest.raises(WireError, match="truncated"):
        read(run, len(run))


def test_an_empty_run_holds_nothing() -> None:
    check_varints(b"", offset=0)
    assert read(b"", 0).tolist() == []
    assert write_varints(np.zeros(0, np.int64)) == b""
