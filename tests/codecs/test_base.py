"""The battery: what holds for any codec and any buffer. A codec that is registered passes through all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, Codec, Tensor, pick
from serlab.errors import CodecError
from serlab.payload import parse_payload
from serlab.records.call import string_array

CODECS = registry.all_codecs()
SPECS = ("vector-1k", "tokens", "2x3x4:float64:normal", "3x5:uint8", "2x2:int16", "4:float32", "half")
MakeCall = Callable[..., Call]

#: raw by definition; tf.make_tensor_proto because TensorFlow 2.21 copies a big-endian buffer without swapping it.
WRITES_BYTES_AS_THEY_LIE = {"raw", "tensor-proto", "tensor-proto-values"}


def request(codec: Codec, tensor: Tensor, call: Call) -> Tensor:
    return codec.read_request(codec.encode({"x": tensor}, call), call)["x"]


def response(codec: Codec, tensor: Tensor, call: Call, form: str | None = None) -> Tensor:
    return codec.decode(codec.write_response({"y": tensor}, call, form), call)["y"]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("spec", SPECS)
def test_a_tensor_comes_back_with_the_same_bits_in_every_form(name: str, spec: str, make_call: MakeCall) -> None:
    codec, tensor = registry.get(name), parse_payload(spec).array()
    call = make_call(codec, tensor)
    assert request(codec, tensor, call).tobytes() == tensor.tobytes()
    for form in codec.forms:
        back = response(codec, tensor, call, form)
        assert (back.shape, back.dtype) == (tensor.shape, tensor.dtype), form
        assert back.tobytes() == tensor.tobytes(), form


def base() -> Tensor:
    return np.arange(24, dtype=np.float32).reshape(4, 6)


def read_only(tmp_path: Path) -> Tensor:
    tensor = base()
    tensor.flags.writeable = False
    return tensor


def memory_mapped(tmp_path: Path) -> Tensor:
    np.save(tmp_path / "t.npy", base())
    mapped: Tensor = np.load(tmp_path / "t.npy", mmap_mode="r")
    return mapped


BUFFERS: dict[str, Callable[[Path], Tensor]] = {
    "read-only": read_only,
    "memory-mapped": memory_mapped,
    "Fortran": lambda _: np.asfortranarray(base()),
    "negative strides": lambda _: base()[::-1, ::2],
    "broadcast": lambda _: np.broadcast_to(np.float32(1.5), (3, 4)),
    "unaligned": lambda _: np.frombuffer(b"\0" + base().tobytes(), np.float32, offset=1).reshape(4, 6),
    "one element": lambda _: np.full((1, 1), 2.5, np.float32),
}


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("kind", BUFFERS)
def test_any_buffer_can_be_encoded_and_stays_what_it_was(
    name: str, kind: str, tmp_path: Path, make_call: MakeCall
) -> None:
    codec, tensor = registry.get(name), BUFFERS[kind](tmp_path)
    before = tensor.copy()
    assert np.array_equal(request(codec, tensor, make_call(codec, tensor)), before)
    assert np.array_equal(tensor, before)


@pytest.mark.parametrize("name", CODECS)
def test_a_big_endian_tensor_arrives_with_its_values(name: str, make_call: MakeCall) -> None:
    codec, tensor = registry.get(name), base().astype(">f4")
    if name in WRITES_BYTES_AS_THEY_LIE:
        pytest.skip("copies the buffer as it lies, which the precision tables say")
    assert np.array_equal(request(codec, tensor, make_call(codec, tensor)), tensor)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
def test_a_tensor_without_elements_arrives_or_is_refused(
    name: str, shape: tuple[int, ...], make_call: MakeCall
) -> None:
    codec, tensor = registry.get(name), np.zeros(shape, np.float32)
    try:
        received = request(codec, tensor, make_call(codec, tensor))
    except CodecError:
        return
    assert received.size == 0


@pytest.mark.parametrize("name", CODECS)
def test_a_scalar_arrives_or_is_refused(name: str, make_call: MakeCall) -> None:
    codec, tensor = registry.get(name), np.array(1.5, np.float32)
    try:
        received = request(codec, tensor, make_call(codec, tensor))
    except CodecError:
        return
    assert received.reshape(-1).tolist() == [1.5]


@pytest.mark.parametrize("name", CODECS)
def test_several_named_tensors_arrive_under_their_names(name: str, make_call: MakeCall) -> None:
    codec = registry.get(name)
    tensors: dict[str, np.ndarray] = {
        "ids": np.arange(6, dtype=np.int64).reshape(2, 3),
        "weights": np.array([[0.5], [-2.0]], np.float32),
        "flag": np.array([True, False]),
    }
    call = make_call(codec, **tensors)
    if name == "json-chunked":  # rows would mix the tensors: it takes them in columns
        with pytest.raises(CodecError, match="format=columnar"):
            codec.encode(tensors, call)
        codec = registry.get("json-chunked:format=columnar")
    received = codec.read_request(codec.encode(tensors, call), call)
    answered = codec.decode(codec.write_response(tensors, call, codec.forms[0]), call)
    for found in (received, answered):
        assert found.keys() == tensors.keys()
        for key, tensor in tensors.items():
            assert (found[key].dtype, found[key].tolist()) == (tensor.dtype, tensor.tolist())


@pytest.mark.parametrize("name", CODECS)
def test_strings_arrive_byte_for_byte(name: str, make_call: MakeCall) -> None:
    codec, strings = registry.get(name), string_array([b"text", "naïve 日本".encode(), b'"\\\n', b""], (4,))
    call = make_call(codec, strings)
    assert request(codec, strings, call).tolist() == strings.tolist()
    assert response(codec, strings, call, codec.forms[0]).tolist() == strings.tolist()


@pytest.mark.parametrize("name", CODECS)
def test_a_body_cut_short_is_an_error_never_a_tensor(name: str, make_call: MakeCall) -> None:
    codec, tensor = registry.get(name), parse_payload("3x4:float32").array()
    call = make_call(codec, tensor)
    for form in codec.forms:
        body = codec.write_response({"y": tensor}, call, form)
        with pytest.raises(CodecError):
            codec.decode(body[:-7], call)


@pytest.mark.parametrize("name", CODECS)
def test_an_error_from_the_server_is_an_error(name: str, make_call: MakeCall) -> None:
    codec = registry.get(name)
    with pytest.raises(CodecError):
        codec.decode(b'{ "error": "Servable not found" }', make_call(codec, np.zeros((3, 4), np.float32)))


EXACT_ON_EDGES = {"json", "json-ujson", "base64", "base64-simd", "tensor-proto", "tensor-proto-values", "wire", "raw"}


@pytest.mark.parametrize("name", CODECS)
def test_nan_and_infinities_arrive_or_are_refused_but_never_altered(name: str, make_call: MakeCall) -> None:
    codec, tensor = registry.get(name), parse_payload("2x22:float32:edge").array()
    call = make_call(codec, tensor)
    if name not in EXACT_ON_EDGES:
        with pytest.raises(CodecError, match="null"):
            request(codec, tensor, call)
        return
    received = request(codec, tensor, call)
    assert np.array_equal(received, tensor, equal_nan=True)
    assert np.array_equal(np.signbit(received), np.signbit(tensor))


@pytest.mark.parametrize("name", CODECS)
def test_python_objects_that_are_no_strings_are_refused(name: str, make_call: MakeCall) -> None:
    codec = registry.get(name)
    objects = np.array([{}, None], dtype=object)
    with pytest.raises(CodecError):
        codec.encode({"x": objects}, make_call(codec, objects))


def test_a_missing_tensor_is_named_and_those_there_are_listed() -> None:
    spec = {"b": None}
    with pytest.raises(CodecError, match=r"the response has no tensor 'b', only \['a'\]"):
        pick({"a": np.zeros(1)}, spec, "response")  # type: ignore[arg-type]
