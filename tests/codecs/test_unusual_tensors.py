from __future__ import annotations

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call
from serlab.errors import CodecError


@pytest.mark.parametrize("name", ["raw", "base64", "base64-simd"])
def test_python_objects_have_no_bytes(name: str) -> None:
    codec = registry.get(name)
    call = Call("echo", codec.signature, "x", "y", np.dtype(object), (2,))
    with pytest.raises(CodecError, match="numeric dtype"):
        codec.encode(np.array([{}, None], dtype=object), call)


@pytest.mark.parametrize("name", ["base64", "base64-simd"])
def test_a_scalar_has_no_rows(name: str) -> None:
    codec = registry.get(name)
    call = Call("echo", codec.signature, "x", "y", np.dtype(np.float32), ())
    with pytest.raises(CodecError, match="batch dimension"):
        codec.encode(np.array(1, np.float32), call)


@pytest.mark.parametrize("name", ["json-orjson-list", "orjson", "json-simdjson"])
def test_dtypes_that_json_has_no_numbers_for_are_refused(name: str) -> None:
    codec = registry.get(name)
    call = Call("echo", codec.signature, "x", "y", np.dtype(np.complex64), (2,))
    with pytest.raises(CodecError, match="complex64"):
        codec.encode(np.zeros(2, np.complex64), call)


@pytest.mark.parametrize("name", ["base64", "base64-simd"])
@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 2, 0)])
def test_a_batch_without_elements_comes_back_with_its_shape(name: str, shape: tuple[int, ...]) -> None:
    codec, sent = registry.get(name), np.zeros(shape, np.float32)
    call = Call("echo", codec.signature, "x", "y", sent.dtype, shape)
    received = codec.read_request(codec.encode(sent, call), call)
    assert received.shape == shape
    assert codec.decode(codec.write_response(received, call), call).shape == shape
