"""How answers and requests are read: without copies, within bounds, and by which program's rules."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from serlab.errors import WireError
from serlab.records.run import Form
from serlab.wire import ModelSpec, Request, Response, Rules, decode_predict, decode_request, encode_response

FLOAT, INT32, UINT8, INT8, STRING, COMPLEX64, INT64, BOOL, HALF = 1, 3, 4, 6, 7, 8, 9, 10, 19
CONTENT, FLOAT_VAL, INT_VAL, STRING_VAL, SCOMPLEX_VAL, INT64_VAL, BOOL_VAL, HALF_VAL = 4, 5, 7, 8, 9, 10, 11, 13


@pytest.fixture(scope="module")
def message(raw: SimpleNamespace) -> Any:
    """``message(dtype, dims, *fields)``: a response with one tensor ``y``; a request has it in field 2."""

    def build(dtype: Any, dims: Any, *fields: Any, number: int = 1) -> Any:
        shape = raw.field(2, b"".join(raw.field(2, b"\x08" + raw.varint(size)) for size in dims))
        tensor = b"\x08" + raw.varint(dtype) + shape + b"".join(raw.field(*field) for field in fields)
        return raw.field(number, raw.field(1, b"y") + raw.field(2, tensor))

    return build


def read(body: bytes, rules: Any = Rules.CLIENT) -> np.ndarray:
    return decode_predict(body, rules=rules).outputs["y"]


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("form", ["values", "content"])
def test_floats_and_complex_numbers_are_views_of_the_body(dtype: str, form: Form) -> None:
    array = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    body = encode_response({"y": array}, form=form)
    decoded = read(body)
    assert np.shares_memory(decoded, np.frombuffer(body, np.uint8))
    assert np.array_equal(decoded, array)


@pytest.mark.parametrize("dtype", ["i1", "i8", "u2", "?", "f2", ml_dtypes.bfloat16])
def test_content_is_a_view_whatever_the_type(dtype: Any) -> None:
    body = encode_response({"y": np.ones((4, 4), dtype)}, form="content")
    assert np.shares_memory(read(body), np.frombuffer(body, np.uint8))


@pytest.mark.parametrize("form", ["values", "content"])
@pytest.mark.parametrize("dtype", ["f4", "i8", "f2", "?", object])
def test_every_array_is_read_only(dtype: Any, form: Form) -> None:
    array = np.array([b"a", b"b"]) if dtype is object else np.ones(2, dtype)
    with pytest.raises(ValueError, match="read-only"):
        read(encode_response({"y": array}, form=form))[0] = 0


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda body: memoryview(bytearray(body))])
def test_any_buffer_will_do(wrap: Any) -> None:
    array = np.arange(5, dtype=np.float32)
    body = wrap(encode_response({"y": array}, model="m"))
    decoded = decode_predict(body)
    assert decoded.outputs["y"].tolist() == array.tolist()
    assert decoded.model.name == "m"
    with pytest.raises(ValueError, match="read-only"):
        decoded.outputs["y"][0] = 0


def test_reading_floats_adds_next_to_nothing() -> None:
    array = np.zeros((1, 224, 224, 3), np.float32)
    for form in ("values", "content"):
        body = encode_response({"y": array}, form=form)
        decode_predict(body)  # what is kept from message to message is not this message's
        tracemalloc.start()
        decoded = decode_predict(body)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert decoded.outputs["y"].shape == array.shape
        assert peak < 0.01 * array.nbytes


def test_reading_varints_takes_no_python_object_per_number() -> None:
    array = np.random.default_rng(0).integers(0, 2**30, 300_000)
    body = encode_response({"y": array})
    tracemalloc.start()
    assert np.array_equal(read(body), array)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.2 * array.nbytes  # a list of 300,000 integers alone would be five times as much


def test_one_value_fills_and_few_repeat_the_last(message: Any) -> None:
    seven, one_two = np.array([7], np.float32).tobytes(), np.array([1, 2], np.float32).tobytes()
    assert read(message(FLOAT, [2, 3], (FLOAT_VAL, seven))).tolist() == [[7] * 3] * 2
    assert read(message(FLOAT, [5], (FLOAT_VAL, one_two))).tolist() == [1, 2, 2, 2, 2]
    assert read(message(INT64, [4], (INT64_VAL, b"\x05\x80\x01"))).tolist() == [5, 128, 128, 128]
    assert read(message(STRING, [3], (STRING_VAL, b"a"))).tolist() == [b"a"] * 3
    assert read(message(COMPLEX64, [2], (SCOMPLEX_VAL, one_two))).tolist() == [1 + 2j, 1 + 2j]


def test_no_values_are_zeros(message: Any) -> None:
    assert read(message(FLOAT, [2, 2])).tolist() == [[0, 0], [0, 0]]
    assert read(message(STRING, [2])).tolist() == [b"", b""]
    assert read(message(BOOL, [2], (BOOL_VAL, b""))).tolist() == [False, False]
    assert read(message(HALF, [])).tolist() == 0.0


def test_content_goes_before_values_and_empty_content_does_not_count(message: Any) -> None:
    one, two = np.array([1], np.float32).tobytes(), np.array([2], np.float32).tobytes()
    assert read(message(FLOAT, [1], (FLOAT_VAL, one), (CONTENT, two))).tolist() == [2]
    assert read(message(FLOAT, [1], (CONTENT, b""), (FLOAT_VAL, one))).tolist() == [1]


def test_values_of_another_types_field_do_not_count(message: Any) -> None:
    assert read(message(FLOAT, [1], (INT_VAL, b"\x07"))).tolist() == [0]


def test_the_odd_number_of_a_complex_field_is_dropped(message: Any) -> None:
    assert read(message(COMPLEX64, [1], (SCOMPLEX_VAL, np.array([1, 2, 3], np.float32).tobytes()))).tolist() == [1 + 2j]
    assert read(message(COMPLEX64, [1], (SCOMPLEX_VAL, np.array([1], np.float32).tobytes()))).tolist() == [0]


@pytest.mark.parametrize(
    ("dtype", "dims", "field", "server"),
    [
        (FLOAT, [1], (FLOAT_VAL, np.array([1, 2], np.float32).tobytes()), [1]),
        (INT64, [1], (INT64_VAL, b"\x01\x02"), [1]),
        (STRING, [1], (STRING_VAL, b"a"), [b"a"]),
        (INT8, [1], (INT_VAL, b"\xac\x02"), [44]),
        (UINT8, [1], (INT_VAL, b"\xff" * 9 + b"\x01"), [255]),
        (HALF, [1], (HALF_VAL, b"\x81\x80\x04"), [float(np.uint16(1).view(np.float16))]),
        (FLOAT, [0], (FLOAT_VAL, np.array([1], np.float32).tobytes()), []),
        (FLOAT, [0], (CONTENT, b"abc"), []),
        (STRING, [2], (CONTENT, b"\x01\x02abb"), [b"a", b"bb"]),
    ],
)
def test_clients_refuse_what_the_server_makes_something_of(
    message: Any, dtype: Any, dims: Any, field: Any, server: Any
) -> None:
    fields = [field] * (2 if dtype == STRING and field[0] == STRING_VAL else 1)
    body = message(dtype, dims, *fields)
    with pytest.raises(WireError, match="tensor 'y'"):
        decode_predict(body)
    assert read(body, Rules.SERVER).tolist() == server
    request = message(dtype, dims, *fields, number=2)
    assert decode_request(request).inputs["y"].tolist() == server
    with pytest.raises(WireError):
        decode_request(request, rules=Rules.CLIENT)


@pytest.mark.parametrize("rules", Rules)
@pytest.mark.parametrize(
    ("dtype", "dims", "field", "message_part"),
    [
        (FLOAT, [3], (CONTENT, b"a" * 11), "expected 12 bytes"),
        (FLOAT, [3], (CONTENT, b"a" * 16), "expected 12 bytes"),
        (FLOAT, [-1], (CONTENT, b"abcd"), "negative"),
        (FLOAT, [-1, -1], (FLOAT_VAL, bytes(4)), "negative"),
        (FLOAT, [2**62, 8], (FLOAT_VAL, bytes(4)), "overflows"),
        (FLOAT, [2**32, 2**32], (FLOAT_VAL, bytes(4)), "overflows"),
        (FLOAT, [0, 2**62], (FLOAT_VAL, b""), "overflows"),
        (FLOAT, [2**40], (FLOAT_VAL, bytes(4)), "max_fill_bytes"),
        (FLOAT, [1] * 65, (FLOAT_VAL, bytes(4)), "dimensions"),
        (BOOL, [1], (CONTENT, b"\x02"), "0 nor 1"),
        (0, [1], (FLOAT_VAL, bytes(4)), "DT_INVALID"),
        (101, [1], (CONTENT, bytes(4)), "DT_FLOAT_REF"),
        (20, [1], (CONTENT, bytes(4)), "DT_RESOURCE"),
        (999, [1], (CONTENT, bytes(4)), "DataType 999"),
        (STRING, [2], (CONTENT, b"\x01\x02abbb"), "tensor_content"),
        (STRING, [2**40], (CONTENT, b"\x01"), "tensor_content"),
    ],
)
def test_what_no_program_can_read_is_refused_with_a_reason(
    message: Any, rules: Any, dtype: Any, dims: Any, field: Any, message_part: str
) -> None:
    with pytest.raises(WireError, match=message_part) as caught:
        read(message(dtype, dims, field), rules)
    assert str(caught.value).startswith("tensor 'y'")
    assert caught.value.offset is not None


@pytest.mark.parametrize(
    ("lengths", "taken"),
    [
        (b"\x01\x02", True),
        (b"\x81\x80\x80\x80\x10\x02", True),
        (b"\x81\x80\x80\x80\x80\x00\x02", False),
        (b"\x02\x02", False),
    ],
)
def test_the_server_reads_lengths_of_strings_as_32_bit_numbers(
    stock: SimpleNamespace, message: Any, lengths: bytes, taken: bool
) -> None:
    body = message(STRING, [2], (CONTENT, lengths + b"abb"))
    tensor = stock.response.FromString(body).outputs["y"].SerializeToString()
    if taken:
        assert stock.tf.io.parse_tensor(tensor, stock.tf.string).numpy().tolist() == [b"a", b"bb"]
        assert read(body, Rules.SERVER).tolist() == [b"a", b"bb"]
    else:
        with pytest.raises(stock.tf.errors.InvalidArgumentError):
            stock.tf.io.parse_tensor(tensor, stock.tf.string)
        with pytest.raises(WireError, match="strings in tensor_content"):
            read(body, Rules.SERVER)


def test_the_largest_rank_is_numpys(message: Any) -> None:
    assert read(message(FLOAT, [1] * 64, (FLOAT_VAL, bytes(4)))).ndim == 64


def test_filling_is_bounded_over_the_whole_message_and_the_bound_can_be_raised(
    message: Any, raw: SimpleNamespace
) -> None:
    one = message(FLOAT, [256], (FLOAT_VAL, bytes(4)))
    two = one + one.replace(b"y", b"z", 1)
    missing = 255 * 4
    assert len(decode_predict(two, max_fill_bytes=2 * missing).outputs) == 2
    with pytest.raises(WireError, match="max_fill_bytes"):
        decode_predict(two, max_fill_bytes=2 * missing - 1)
    with pytest.raises(WireError, match="max_fill_bytes"):
        decode_request(message(STRING, [256], number=2), max_fill_bytes=2047)
    assert decode_request(message(STRING, [256], number=2), max_fill_bytes=2048).inputs["y"].size == 256


def test_the_last_of_equal_names_stands_but_all_must_be_sound(message: Any, raw: SimpleNamespace) -> None:
    first, second = message(INT64, [1], (INT64_VAL, b"\x01")), message(INT64, [1], (INT64_VAL, b"\x02"))
    assert read(first + second).tolist() == [2]
    broken = message(INT64, [1], (INT64_VAL, b"\x80"))
    with pytest.raises(WireError, match="truncated"):
        read(broken + second)
    no_tensor_at_all = message(999, [-5])
    assert read(no_tensor_at_all + second).tolist() == [2]


def test_a_tensor_given_in_pieces_merges_as_messages_do(message: Any, raw: SimpleNamespace) -> None:
    def piece(dims: Any, *values: Any) -> Any:
        shape = raw.field(2, b"".join(raw.field(2, b"\x08" + raw.varint(size)) for size in dims))
        return raw.field(2, b"\x08\x09" + shape + b"".join(raw.field(INT64_VAL, value) for value in values))

    body = raw.field(
        1, raw.field(1, b"old") + piece([2], b"\x01") + raw.field(1, b"y") + piece([2], b"\x02", b"\x03\x04")
    )
    assert read(body).tolist() == [[1, 2], [3, 4]]


def test_a_number_does_not_reach_from_one_chunk_into_the_next(message: Any) -> None:
    with pytest.raises(WireError, match="truncated number"):
        read(message(INT64, [1], (INT64_VAL, b"\x80"), (INT64_VAL, b"\x01")))


def test_a_field_nobody_reads_must_be_sound(message: Any) -> None:
    sound = message(FLOAT, [1], (FLOAT_VAL, bytes(4)), (INT_VAL, b"\x80\x01"))
    assert read(sound).tolist() == [0]
    with pytest.raises(WireError, match="truncated"):
        read(message(FLOAT, [1], (FLOAT_VAL, bytes(4)), (INT_VAL, b"\x80")))
    with pytest.raises(WireError, match="cut off"):
        read(message(INT64, [1], (INT64_VAL, b"\x01"), (FLOAT_VAL, b"abc")))


def test_unknown_fields_are_skipped_at_every_level(raw: SimpleNamespace, message: Any) -> None:
    unknown = raw.field(1000, b"\xff") + raw.varint(1001 << 3) + b"\x05"
    dim = raw.field(2, b"\x08\x01" + unknown)
    tensor = (
        b"\x08\x01" + raw.field(2, dim + unknown) + raw.field(CONTENT, np.array([3], np.float32).tobytes()) + unknown
    )
    body = unknown + raw.field(1, raw.field(1, b"y") + unknown + raw.field(2, tensor)) + raw.field(2, unknown)
    assert read(body).tolist() == [3]


def test_an_entry_without_a_name_has_the_empty_name(raw: SimpleNamespace) -> None:
    assert list(decode_predict(raw.field(1, raw.field(2, b"\x08\x09"))).outputs) == [""]


def test_an_empty_body_is_an_empty_message() -> None:
    assert decode_predict(b"") == Response({}, ModelSpec())
    assert decode_request(b"") == Request({}, ModelSpec(), ())


def test_bfloat16_without_its_package_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch, message: Any) -> None:
    import sys

    from serlab.wire.dtypes import DATA_TYPES

    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    monkeypatch.setitem(DATA_TYPES, 14, type(DATA_TYPES[14])(14, "DT_BFLOAT16", np.dtype("<u2"), DATA_TYPES[14].field))
    with pytest.raises(WireError, match="pip install ml_dtypes"):
        read(message(14, [1], (HALF_VAL, b"\x01")))
