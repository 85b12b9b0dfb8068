from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call
from serlab.payload import parse_payload

MakeCall = Callable[..., Call]
GRPC = [name for name in registry.available() if registry.describe(name)["transport"] == "grpc"]


@pytest.mark.parametrize("name", GRPC)
@pytest.mark.parametrize("form", ["values", "content"])
def test_a_body_is_a_real_message(name: str, form: str, make_call: MakeCall) -> None:
    predict_pb2 = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    codec, tensor = registry.get(name), parse_payload("3x4:float32").array()
    call = make_call(codec, tensor)
    request = predict_pb2.PredictRequest.FromString(codec.encode({"x": tensor}, call))
    assert (request.model_spec.name, request.model_spec.signature_name) == ("echo", "serving_default")
    assert list(request.inputs) == ["x"]
    answer = codec.write_response({"y": tensor}, call, form)  # type: ignore[arg-type]
    proto = predict_pb2.PredictResponse.FromString(answer).outputs["y"]
    assert bool(proto.tensor_content) == (form == "content")
    assert len(proto.float_val) == (12 if form == "values" else 0)


def test_it_wraps_an_image_in_at_most_128_bytes(make_call: MakeCall) -> None:
    pytest.importorskip("tensorflow")
    codec, payload = registry.get("tensor-proto"), parse_payload("image")
    tensor = payload.array()
    assert len(codec.encode({"x": tensor}, make_call(codec, tensor))) <= payload.raw_bytes + 128


def test_loading_it_lets_no_log_line_of_tensorflow_through() -> None:
    pytest.importorskip("tensorflow")
    load = (
        "from serlab.codecs import registry; registry.get('tensor-proto'); import sys; print('kept', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "kept\n")
