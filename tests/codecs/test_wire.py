from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call
from serlab.errors import CodecError
from serlab.payload import CATALOGUE

PAYLOADS = [name for name in CATALOGUE if name != "batch-100"]


@pytest.fixture(scope="module")
def wire() -> Any:
    return registry.get("wire")


def call_for(tensor: Any) -> Call:
    return Call("echo", "echo_f32", "x", "y", tensor.dtype, tensor.shape)


def test_is_listed_with_its_transport_and_needs_no_library(wire: Any) -> None:
    assert "wire" in registry.available()
    assert (wire.transport, wire.requires, wire.forms) == ("grpc", (), ("values", "content"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_payload_comes_back_bit_for_bit_in_both_forms(wire: Any, payload: Any) -> None:
    tensor = CATALOGUE[payload].build()
    call = call_for(tensor)
    assert wire.read_request(wire.encode(tensor, call), call).tobytes() == tensor.tobytes()
    for form in wire.forms:
        decoded = wire.decode(wire.write_response(tensor, call, form), call)
        assert (decoded.dtype, decoded.shape) == (tensor.dtype, tensor.shape)
        assert decoded.tobytes() == tensor.tobytes()


def test_its_bodies_are_those_of_tensor_proto(wire: Any) -> None:
    pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'serlab[tensorflow]'")
    stock = registry.get("tensor-proto")
    tensor = CATALOGUE["vector-1k"].build()
    call = call_for(tensor)
    assert wire.encode(tensor, call) == stock.encode(tensor, call)
    for form in wire.forms:
        assert stock.decode(wire.write_response(tensor, call, form), call).tobytes() == tensor.tobytes()
        assert wire.decode(stock.write_response(tensor, call, form), call).tobytes() == tensor.tobytes()


def test_a_missing_tensor_is_named_and_those_there_listed(wire: Any) -> None:
    tensor = np.zeros(3, np.float32)
    call = call_for(tensor)
    other = Call("echo", "", "other", "other", tensor.dtype, tensor.shape)
    with pytest.raises(CodecError, match=r"no output 'other', only \['y'\]"):
        wire.decode(wire.write_response(tensor, call), other)
    with pytest.raises(CodecError, match=r"no input 'other', only \['x'\]"):
        wire.read_request(wire.encode(tensor, call), other)


def test_bytes_that_are_no_message_are_refused(wire: Any) -> None:
    call = call_for(np.zeros(3, np.float32))
    with pytest.raises(CodecError, match="not a PredictResponse: truncated"):
        wire.decode(b"\x0a\x05ab", call)
    with pytest.raises(CodecError, match="not a PredictRequest: truncated"):
        wire.read_request(b"\x0a\x05ab", call)
