"""Both directions against the real library, for any dtype, shape, layout, form and order of fields."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serlab.wire import (
    Rules,
    decode_predict,
    decode_request,
    encode_predict,
    encode_predict_parts,
    encode_response,
)
from serlab.wire.dtypes import data_type_of

DTYPES = ["f2", "f4", "f8", ml_dtypes.bfloat16, "c8", "c16", "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
MAX_RANK = 8

relaxed = settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@st.composite
def arrays(draw: Any, layouts: Any = True) -> np.ndarray:
    """Any bits: NaN payloads, subnormals, extremes. With ``layouts``: strided, reversed, Fortran, byte-swapped."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    rank = draw(st.integers(0, MAX_RANK))
    shape = draw(st.lists(st.integers(0 if draw(st.booleans()) else 1, 3), min_size=rank, max_size=rank))
    stretched = [size * 2 for size in shape] if layouts else shape
    seed = draw(st.integers(0, 2**32 - 1))
    buffer = np.random.default_rng(seed).bytes(int(np.prod(stretched, dtype=int)) * dtype.itemsize)
    array = np.frombuffer(buffer, np.uint8)
    array = (array & 1).astype(bool) if dtype.kind == "b" else array.view(dtype)
    array = array.reshape(stretched)
    if not layouts:
        return array
    cut = [draw(st.sampled_from([slice(None, size), slice(None, None, 2), slice(None, None, -2)])) for size in shape]
    array = array[tuple(cut)]
    layout = draw(st.sampled_from(["strided", "C", "F", "transposed"]))
    array = {"strided": array, "C": np.ascontiguousarray(array).reshape(shape), "F": np.asfortranarray(array)}.get(
        layout, array.T
    )
    # ml_dtypes has no big-endian bfloat16: numpy makes one, but cannot convert it.
    swap = draw(st.booleans()) and dtype.kind != "V"
    swapped: np.ndarray = array.astype(array.dtype.newbyteorder(">"), order="K") if swap else array
    return swapped


def bits(array: np.ndarray) -> bytes:
    """The little-endian bytes of the elements in C order."""
    if array.dtype.kind == "V":
        array = array.view(np.uint16)
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


@relaxed
@given(arrays())
def test_a_request_is_what_protobuf_would_have_written(stock: SimpleNamespace, array: np.ndarray) -> None:
    body = encode_predict("m", {"x": array}, signature="s", output_filter=["y"])
    request = stock.request.FromString(body)
    tensor = request.inputs["x"]
    assert (request.model_spec.name, request.model_spec.signature_name) == ("m", "s")
    assert list(request.output_filter) == ["y"]
    assert [dim.size for dim in tensor.tensor_shape.dim] == list(array.shape)
    assert tensor.tensor_content == bits(array)
    assert bits(stock.tf.make_ndarray(tensor)) == bits(array)
    assert b"".join(encode_predict_parts("m", {"x": array}, signature="s", output_filter=["y"])) == body
    made = stock.tf.make_tensor_proto(array.astype(array.dtype.newbyteorder("=")))
    if made.tensor_content:  # some types, and single numbers, it writes as typed fields
        request.inputs["x"].CopyFrom(made)
    assert request.SerializeToString(deterministic=True) == body


@relaxed
@given(arrays(), st.sampled_from(["values", "content"]))
def test_an_answer_holds_the_same_bits_for_protobuf_and_for_us(
    stock: SimpleNamespace, array: np.ndarray, form: Any
) -> None:
    body = encode_response({"y": array}, form=form, model="m", signature="s", version=3)
    response = stock.response.FromString(body)
    assert response.SerializeToString(deterministic=True) == body
    assert bool(response.outputs["y"].tensor_content) == (form == "content" and array.size > 0)
    decoded = decode_predict(body)
    assert (decoded.model.name, decoded.model.signature, decoded.model.version) == ("m", "s", 3)
    assert decoded.outputs["y"].dtype == array.dtype.newbyteorder("<")
    assert decoded.outputs["y"].shape == array.shape
    assert bits(decoded.outputs["y"]) == bits(array)


@dataclass
class Odd:
    """A TensorProto as no usual writer makes it, and the elements it stands for."""

    content: bytes
    elements: np.ndarray


def split(draw: Any, items: list[Any]) -> list[list[Any]]:
    """``items`` cut into consecutive pieces, empty ones among them."""
    cuts = sorted(draw(st.lists(st.integers(0, len(items)), max_size=4)))
    return [items[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(items)], strict=True)]


def values_of(array: np.ndarray, raw: SimpleNamespace) -> tuple[int, int, list[bytes]]:
    """Number and wire type of the typed field, and each of its protobuf scalars."""
    field = data_type_of(array.dtype).field
    if field.kind == "fixed":
        data, size = array.tobytes(), field.item.itemsize
        return field.number, {4: 5, 8: 1}[size], [data[at : at + size] for at in range(0, len(data), size)]
    integers = array.view(np.uint16) if array.dtype.kind == "V" or array.dtype == np.float16 else array
    return field.number, 0, [raw.varint(int(value)) for value in integers]


@st.composite
def unknown_fields(draw: Any, raw: SimpleNamespace) -> bytes:
    number = draw(st.integers(30, 2**29 - 1))
    kind = draw(st.sampled_from(["number", "bytes", "fixed32", "fixed64", "group"]))
    if kind == "bytes":
        return bytes(raw.field(number, draw(st.binary(max_size=5))))
    rest = {"number": raw.varint(draw(st.integers(0, 2**64 - 1))), "fixed32": bytes(4), "fixed64": bytes(8),
            "group": b"\x08\x01" + raw.varint(number << 3 | 4)}[kind]  # fmt: skip
    return bytes(raw.varint(number << 3 | {"number": 0, "fixed64": 1, "group": 3, "fixed32": 5}[kind]) + rest)


@st.composite
def odd_tensors(draw: Any, raw: SimpleNamespace) -> Odd:
    array = draw(arrays(layouts=False)).reshape(-1)
    if draw(st.booleans()):
        array = np.resize(array, draw(st.integers(20, 60)) if array.size else 0)  # rows long enough to be searched
    elements = array
    if draw(st.booleans()):
        pieces = [raw.field(4, array.tobytes())]
    else:
        kept = draw(st.integers(0, len(array)))
        number, wire_type, scalars = values_of(array[:kept], raw)
        tag = raw.varint(number << 3 | wire_type)
        pieces = [
            raw.field(number, b"".join(chunk)) if draw(st.booleans()) else b"".join(tag + scalar for scalar in chunk)
            for chunk in split(draw, scalars)
        ]
        elements = array.copy()
        elements[kept:] = array[kept - 1] if kept else 0
    size = raw.varint(len(array), padding=draw(st.integers(0, 3)))
    # Values keep their order among each other; everything else may stand anywhere.
    others = [
        b"\x08" + raw.varint(data_type_of(array.dtype).number),
        raw.field(2, raw.field(2, raw.field(2, b"name") + b"\x08" + size)),
        *draw(st.lists(unknown_fields(raw), max_size=2)),
    ]
    for piece in others:
        pieces.insert(draw(st.integers(0, len(pieces))), piece)
    return Odd(b"".join(pieces), elements)


@relaxed
@given(st.data())
def test_tensors_in_any_form_and_order_are_read_as_protobuf_and_tensorflow_read_them(
    stock: SimpleNamespace, raw: SimpleNamespace, data: Any
) -> None:
    odd = data.draw(odd_tensors(raw))
    answer = data.draw(st.booleans())
    tensors, model = (1, 2) if answer else (2, 1)
    pieces = [
        raw.field(tensors, raw.field(2, odd.content) + raw.field(1, b"x")),
        raw.field(model, raw.field(3, b"s")),
        raw.field(model, raw.field(1, b"m")),
        *data.draw(st.lists(unknown_fields(raw), max_size=2)),
    ]
    body = b"".join(data.draw(st.permutations(pieces)))

    proto = (stock.response if answer else stock.request).FromString(body)
    tensor = (proto.outputs if answer else proto.inputs)["x"]
    parsed = stock.tf.io.parse_tensor(tensor.SerializeToString(), stock.tf.dtypes.as_dtype(tensor.dtype)).numpy()
    assert bits(np.asarray(parsed)) == bits(odd.elements)
    for rules in Rules:
        decoded: Any = decode_predict(body, rules=rules) if answer else decode_request(body, rules=rules)
        array = (decoded.outputs if answer else decoded.inputs)["x"]
        assert array.shape == odd.elements.shape
        assert bits(array) == bits(odd.elements)
        assert (decoded.model.name, decoded.model.signature) == ("m", "s")
    # make_ndarray takes floats through Python's float, which sets the quiet bit of signalling NaNs.
    made = stock.tf.make_ndarray(tensor)
    with np.errstate(invalid="ignore"):  # which looking at a signalling NaN raises
        assert np.array_equal(made, array, equal_nan=array.dtype.kind in "fcV")


@relaxed
@given(st.lists(st.binary(max_size=5), max_size=6), st.integers(0, 3))
def test_strings_come_back_as_bytes_the_last_one_repeated(stock: SimpleNamespace, strings: Any, missing: Any) -> None:
    tensor = stock.tensor(dtype=7, string_val=strings)
    tensor.tensor_shape.dim.add(size=len(strings) + missing)
    response = stock.response()
    response.outputs["y"].CopyFrom(tensor)
    expected = strings + [strings[-1] if strings else b""] * missing
    array = decode_predict(response.SerializeToString()).outputs["y"]
    assert array.dtype == object
    assert array.tolist() == expected
    body = encode_predict("m", {"x": array})
    assert list(stock.request.FromString(body).inputs["x"].string_val) == expected


@pytest.mark.parametrize(
    "array",
    [np.array(["é", "a\0b", ""]), np.array([b"a\xff", b""]), np.array(["é", b"\xff"], object), np.array("one")],
)
def test_strings_of_every_dtype_are_written_as_tensorflow_writes_them(stock: SimpleNamespace, array: Any) -> None:
    tensor = stock.request.FromString(encode_predict("m", {"x": array})).inputs["x"]
    assert list(tensor.string_val) == list(stock.tf.make_tensor_proto(array).string_val)
    assert [dim.size for dim in tensor.tensor_shape.dim] == list(array.shape)


@pytest.mark.parametrize("quantized", ["qint8", "quint8", "qint16", "quint16", "qint32"])
def test_quantized_numbers_come_out_as_plain_integers(stock: SimpleNamespace, quantized: str) -> None:
    dtype = stock.tf.dtypes.as_dtype(quantized)
    response = stock.response()
    response.outputs["y"].dtype = dtype.as_datatype_enum
    response.outputs["y"].int_val.extend([1, 100])
    response.outputs["y"].tensor_shape.dim.add(size=2)
    array = decode_predict(response.SerializeToString()).outputs["y"]
    assert array.dtype == np.dtype(quantized.removeprefix("q"))
    assert array.tolist() == [1, 100]
