"""Requests meant to break a server, sent to a running one: it answers them, and the next request too."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest

from serlab.embedded import EmbeddedServer

ROWS = {"instances": [[1.0, 2.0, 3.0, 4.0]]}


def _post(server: EmbeddedServer, body: bytes, model: str = "echo") -> tuple[int, Any]:
    with closing(http.client.HTTPConnection(server.host, server.rest_port or 0, timeout=120)) as connection:
        connection.request("POST", f"/v1/models/{model}:predict", body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.fixture(autouse=True)
def _still_serves(corpus_server: EmbeddedServer) -> Iterator[None]:
    yield
    assert _post(corpus_server, json.dumps(ROWS).encode()) == (200, {"predictions": ROWS["instances"]})
    assert corpus_server.process.poll() is None


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"instances":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
        b'{"a":' * 1_000_000,
        b'{"signature_name":"echo_f32","instances":[' + b"[0.5," * 1_000_000,
    ],
    ids=["opened", "closed", "objects", "numbers"],
)
def test_a_million_nested_brackets(corpus_server: EmbeddedServer, body: bytes) -> None:
    status, answer = _post(corpus_server, body)
    assert status == 400
    assert "Nested too deeply" in answer["error"]


def test_nesting_that_real_servers_still_take(corpus_server: EmbeddedServer) -> None:
    body = b'{"instances":[[1,2,3,4]],"ignored":' + b"[" * 9000 + b"]" * 9000 + b"}"
    assert _post(corpus_server, body)[0] == 200
    status, answer = _post(corpus_server, b'{"instances":' + b"[" * 9000 + b"]" * 9000 + b"}")
    assert (status, answer["error"]) == (400, "tensor parsing error: x")


def test_shapes_beyond_their_bytes_take_no_memory(corpus_server: EmbeddedServer) -> None:
    grpc = pytest.importorskip("grpc")
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    server = psutil.Process(corpus_server.pid)
    before = server.memory_info().rss
    with grpc.insecure_channel(f"{corpus_server.host}:{corpus_server.grpc_port}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for shape in ([2**62], [2**31, 2**31], [2**30], [2**62, 2**62]):
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "echo"
            request.model_spec.signature_name = "echo_f32"
            tensor = request.inputs["x"]
            tensor.dtype = 1
            tensor.float_val.append(1.0)
            for size in shape:
                tensor.tensor_shape.dim.add(size=size)
            with pytest.raises(grpc.RpcError) as raised:
                stub.Predict(request, 60)
            assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert raised.value.details() == "tensor parsing error: x"
    assert server.memory_info().rss - before < 50_000_000


def test_a_long_string_and_a_large_error_come_back_whole(corpus_server: EmbeddedServer) -> None:
    text = "é" * 1_000_000
    body = json.dumps({"signature_name": "echo_f32", "instances": [text]}, ensure_ascii=False).encode()
    status, answer = _post(corpus_server, body)
    assert status == 400
    assert f'JSON Value: "{text}" Type: String is not of expected type: float' in answer["error"]
