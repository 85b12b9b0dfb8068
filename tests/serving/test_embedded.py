from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from serlab.errors import ServingError
from serlab.records.call import TensorSpec
from serlab.serving.base import ServingOptions
from serlab.serving.embedded import EmbeddedInstance
from serlab.serving.fit import Wish, fit_call, fit_payload
from serlab.serving.model import read_metadata
from serlab.transports.registry import open_transport
from serlab.wire.fields import length_field


def test_a_real_model_is_served_on_loopback_until_the_block_ends(corpus_models: dict[str, Path]) -> None:
    pytest.importorskip("tensorflow", reason="needs TensorFlow")
    with EmbeddedInstance(ServingOptions(), corpus_models) as endpoint:
        assert endpoint.kind == "embedded"
        assert "TensorFlow" in endpoint.version
        assert psutil.pid_exists(endpoint.pid or 0)
        metadata = read_metadata(endpoint, "echo")
        assert fit_payload(metadata, Wish(batch=2)) == "2x4:float32"
        call = fit_call(metadata, Wish(), {"": TensorSpec("float32", (2, 4))})
        assert (list(call.inputs), list(call.outputs)) == (["x"], ["y"])
        with open_transport("rest", endpoint, call) as rest:
            assert json.loads(rest.send(b'{"instances": [[1, 2, 3, 4]]}')) == {"predictions": [[1, 2, 3, 4]]}
        with open_transport("grpc", endpoint, call) as grpc:
            floats = b"\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40"
            shape = b"".join(length_field(2, bytes([8, size])) for size in (1, 4))
            tensor = bytes([8, 1]) + length_field(2, shape) + length_field(4, floats)
            request = length_field(1, length_field(1, b"echo")) + length_field(
                2, length_field(1, b"x") + length_field(2, tensor)
            )
            assert floats in grpc.send(request)
    assert not psutil.pid_exists(endpoint.pid or 0)


def test_a_flag_the_server_does_not_know_is_quoted(corpus_models: dict[str, Path]) -> None:
    options = ServingOptions(flags=("--frobnicate",))
    with pytest.raises(ServingError, match="frobnicate"), EmbeddedInstance(options, corpus_models):
        pass
