"""Checks that every codec passes, with no server: the client's halves and the server's agree."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, Codec, GzipBody
from serlab.errors import CodecError
from serlab.payload import Payload, parse_payload
from serlab.records.run import Form

PAYLOADS = ("vector-1k", "tokens", "2x3x4:float64:normal", "3x5:uint8", "2x2:int16", "4:float32", "half")


def call_for(codec: Codec, payload: Payload) -> Call:
    return Call("echo", codec.signature, "x", "y", payload.numpy_dtype, payload.shape)


@pytest.mark.parametrize("name", registry.available())
@pytest.mark.parametrize("spec", PAYLOADS)
def test_a_tensor_comes_back_with_the_same_bits_in_every_form(name: str, spec: str) -> None:
    codec, payload = registry.get(name), parse_payload(spec)
    tensor, call = payload.build(), call_for(codec, payload)
    received = codec.read_request(codec.encode(tensor, call), call)
    assert received.tobytes() == tensor.tobytes()
    for form in codec.forms:
        back = codec.decode(codec.write_response(tensor, call, form), call)
        assert (back.shape, back.dtype) == (tensor.shape, tensor.dtype), form
        assert back.tobytes() == tensor.tobytes(), form


#: raw by definition; tf.make_tensor_proto because TensorFlow 2.21 copies a big-endian buffer without swapping it.
WRITES_BYTES_AS_THEY_LIE = {"raw", "tensor-proto", "tensor-proto-values"}


@pytest.mark.parametrize("name", registry.available())
@pytest.mark.parametrize("arrange", [np.asfortranarray, lambda x: x[::-1, ::2], lambda x: x.astype(">f4")])
def test_any_memory_layout_and_byte_order_can_be_encoded(name: str, arrange: Any) -> None:
    codec = registry.get(name)
    tensor = arrange(np.arange(24, dtype=np.float32).reshape(4, 6))
    call = Call("echo", codec.signature, "x", "y", np.dtype(np.float32), tensor.shape)
    if name in WRITES_BYTES_AS_THEY_LIE and not tensor.dtype.isnative:
        return
    received = codec.read_request(codec.encode(tensor, call), call)
    assert np.array_equal(received, tensor)


@pytest.mark.parametrize(
    "name", [name for name in registry.available() if registry.describe(name)["transport"] == "rest"]
)
def test_a_rest_request_is_complete_json_in_row_format_for_a_named_signature(name: str) -> None:
    codec, payload = registry.get(name), parse_payload("3x4:float32")
    body = codec.encode(payload.build(), call_for(codec, payload))
    document = json.loads(gzip.decompress(body) if isinstance(body, GzipBody) else body)
    assert set(document) == {"signature_name", "instances"}
    assert document["signature_name"] == codec.signature
    assert len(document["instances"]) == 3


@pytest.mark.parametrize(
    "name", [name for name in registry.available() if registry.describe(name)["transport"] == "grpc"]
)
@pytest.mark.parametrize("form", ["values", "content"])
def test_a_grpc_body_is_a_real_message(name: str, form: Form) -> None:
    predict_pb2 = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    codec, payload = registry.get(name), parse_payload("3x4:float32")
    tensor, call = payload.build(), call_for(codec, payload)
    request = predict_pb2.PredictRequest.FromString(codec.encode(tensor, call))
    assert (request.model_spec.name, request.model_spec.signature_name) == ("echo", "serving_default")
    assert list(request.inputs) == ["x"]
    proto = predict_pb2.PredictResponse.FromString(codec.write_response(tensor, call, form)).outputs["y"]
    assert bool(proto.tensor_content) == (form == "content")
    assert len(proto.float_val) == (12 if form == "values" else 0)


@pytest.mark.parametrize("name", registry.available())
def test_a_body_cut_short_is_an_error_never_a_tensor(name: str) -> None:
    codec, payload = registry.get(name), parse_payload("3x4:float32")
    call = call_for(codec, payload)
    for form in codec.forms:
        body = codec.write_response(payload.build(), call, form)
        with pytest.raises(CodecError):
            codec.decode(body[:-7], call)


@pytest.mark.parametrize("name", registry.available())
def test_an_error_from_the_server_is_an_error(name: str) -> None:
    codec, payload = registry.get(name), parse_payload("3x4:float32")
    with pytest.raises(CodecError):
        codec.decode(b'{ "error": "Servable not found" }', call_for(codec, payload))


EXACT_ON_EDGES = {"json", "base64", "base64-simd", "tensor-proto", "tensor-proto-values", "wire", "raw"}


@pytest.mark.parametrize("name", registry.available())
def test_nan_and_infinities_arrive_or_are_refused_but_never_altered(name: str) -> None:
    codec, payload = registry.get(name), parse_payload("2x22:float32:edge")
    tensor, call = payload.build(), call_for(codec, payload)
    body = codec.encode(tensor, call)
    if name not in EXACT_ON_EDGES:
        with pytest.raises(CodecError, match="null"):
            codec.read_request(body, call)
        return
    received = codec.read_request(body, call)
    assert np.array_equal(received, tensor, equal_nan=True)
    assert np.array_equal(np.signbit(received), np.signbit(tensor))


def test_json_bodies_have_the_documented_sizes_for_an_image() -> None:
    payload = parse_payload("image")
    tensor = payload.build()
    sizes = {
        name: len(registry.get(name).encode(tensor, call_for(registry.get(name), payload))) / payload.raw_bytes
        for name in ("json", "orjson", "base64")
    }
    assert 4.5 <= sizes["json"] <= 5.5
    assert sizes["orjson"] <= 3.0
    assert 4 / 3 <= sizes["base64"] <= 4 / 3 + 0.001


def test_a_tensor_proto_wraps_an_image_in_at_most_128_bytes() -> None:
    pytest.importorskip("tensorflow")
    codec, payload = registry.get("tensor-proto"), parse_payload("image")
    assert len(codec.encode(payload.build(), call_for(codec, payload))) <= payload.raw_bytes + 128


def test_null_in_a_request_is_refused_as_tensorflow_serving_does() -> None:
    codec, payload = registry.get("json"), parse_payload("1x2:float32")
    with pytest.raises(CodecError, match="null"):
        codec.read_request(
            b'{"signature_name": "serving_default", "instances": [[1.0, null]]}', call_for(codec, payload)
        )


def test_integers_that_the_dtype_cannot_hold_are_refused() -> None:
    payload = parse_payload("1x2:uint8")
    for name in ("json", "json-simdjson"):
        codec = registry.get(name)
        with pytest.raises(CodecError):
            codec.decode(b'{"predictions": [[1, 256]]}', call_for(codec, payload))


def test_of_several_outputs_the_named_one_is_read() -> None:
    codec, payload = registry.get("json"), parse_payload("2x2:float32")
    body = b'{"predictions": [{"y": [1.0, 2.0], "z": 0}, {"y": [3.0, 4.0], "z": 0}]}'
    assert codec.decode(body, call_for(codec, payload)).tolist() == [[1.0, 2.0], [3.0, 4.0]]
