from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, Codec, Tensor, TensorSpec
from serlab.errors import CodecError
from serlab.payload import CATALOGUE, parse_payload

PAYLOADS = [name for name in CATALOGUE if name != "batch-100"]


@pytest.fixture(scope="module")
def wire() -> Codec:
    return registry.get("wire")


def call_for(tensor: Tensor) -> Call:
    spec = TensorSpec(tensor.dtype.name, tensor.shape)
    return Call("echo", "echo_f32", {"x": spec}, {"y": spec})


def test_is_listed_with_its_transport_and_needs_no_library(wire: Codec) -> None:
    assert "wire" in registry.available()
    assert (wire.transport, wire.requires, wire.forms) == ("grpc", (), ("values", "content"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_payload_comes_back_bit_for_bit_in_both_forms(wire: Codec, payload: str) -> None:
    tensor = parse_payload(payload).array()
    call = call_for(tensor)
    assert wire.read_request(wire.encode({"x": tensor}, call), call)["x"].tobytes() == tensor.tobytes()
    for form in wire.forms:
        decoded = wire.decode(wire.write_response({"y": tensor}, call, form), call)["y"]
        assert (decoded.dtype, decoded.shape) == (tensor.dtype, tensor.shape)
        assert decoded.tobytes() == tensor.tobytes()


def test_its_bodies_are_those_of_tensor_proto(wire: Codec) -> None:
    pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'serlab[tensorflow]'")
    stock = registry.get("tensor-proto")
    tensor = parse_payload("vector-1k").array()
    calls = [
        call_for(tensor),
        replace(call_for(tensor), version=3),
        replace(call_for(tensor), label="stable", picks_outputs=True),
    ]
    for call in calls:
        assert wire.encode({"x": tensor}, call) == stock.encode({"x": tensor}, call)
    call = calls[0]
    for form in wire.forms:
        assert stock.decode(wire.write_response({"y": tensor}, call, form), call)["y"].tobytes() == tensor.tobytes()
        assert wire.decode(stock.write_response({"y": tensor}, call, form), call)["y"].tobytes() == tensor.tobytes()


def test_a_missing_tensor_is_named_and_those_there_listed(wire: Codec) -> None:
    tensor = np.zeros(3, np.float32)
    call = call_for(tensor)
    spec = {"other": TensorSpec("float32", (3,))}
    other = Call("echo", "", spec, spec)
    with pytest.raises(CodecError, match=r"response has no tensor 'other', only \['y'\]"):
        wire.decode(wire.write_response({"y": tensor}, call), other)
    with pytest.raises(CodecError, match=r"request has no tensor 'other', only \['x'\]"):
        wire.read_request(wire.encode({"x": tensor}, call), other)


def test_bytes_that_are_no_message_are_refused(wire: Codec) -> None:
    call = call_for(np.zeros(3, np.float32))
    with pytest.raises(CodecError, match="not a PredictResponse: truncated"):
        wire.decode(b"\x0a\x05ab", call)
    with pytest.raises(CodecError, match="not a PredictRequest: truncated"):
        wire.read_request(b"\x0a\x05ab", call)
