from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, TensorSpec
from serlab.errors import CodecError
from serlab.transports.loopback import LoopbackTransport


@pytest.fixture
def whole_call() -> Call:
    spec = TensorSpec("float32", (2, 3))
    return Call("echo", "serving_default", {"x": spec}, {"x": spec})


def test_a_tensor_comes_back_through_the_codecs_own_server_half(whole_call: Any) -> None:
    codec = registry.get("json")
    tensor = np.arange(6, dtype=np.float32).reshape(2, 3)
    with LoopbackTransport(codec, whole_call) as transport:
        response = transport.send(codec.encode({"x": tensor}, whole_call))
        assert transport.requests == 1
    assert json.loads(response)["predictions"] == tensor.tolist()
    np.testing.assert_array_equal(codec.decode(response, whole_call)["x"], tensor)


def test_the_form_reaches_the_codec(whole_call: Any) -> None:
    class Reporting:
        def read_request(self, body: bytes, call: Call) -> Any:
            return {"x": body}

        def write_response(self, tensors: Any, call: Call, form: Any = None) -> Any:
            return b"%b as %b for %b" % (tensors["x"], form.encode(), call.model.encode())

    assert LoopbackTransport(Reporting(), whole_call, "content").send(b"x") == b"x as content for echo"


def test_what_the_codec_raises_passes_through(whole_call: Any) -> None:
    with pytest.raises(CodecError):
        LoopbackTransport(registry.get("json"), whole_call).send(b"not json")
