"""Clients written for TensorFlow Serving, used as their documentation shows them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.embedded import EmbeddedServer

#: Set to 1, a client that cannot be installed fails its test instead of skipping it.
INSISTS = os.environ.get("SERLAB_ISOLATED_CLIENTS") == "1"

ROWS = np.array([[1.0, 2.0, 3.0, 4.0], [0.5, 0.25, 0.125, -8.0]], np.float32)


def _url(server: EmbeddedServer, path: str) -> str:
    return f"http://{server.host}:{server.rest_port}/v1/models/{path}"


@pytest.fixture(scope="module")
def stubs(corpus_server: EmbeddedServer) -> Iterator[Any]:
    grpc = pytest.importorskip("grpc")
    from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

    with grpc.insecure_channel(f"{corpus_server.host}:{corpus_server.grpc_port}") as channel:
        yield (
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
        )


def test_the_tutorials_grpc_client(stubs: Any) -> None:
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "echo"
    request.model_spec.signature_name = "serving_default"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(ROWS, shape=ROWS.shape))
    result = stubs[0].Predict(request, 60.0)
    assert tf.make_ndarray(result.outputs["y"]).tobytes() == ROWS.tobytes()
    assert (result.model_spec.name, result.model_spec.version.value) == ("echo", 1)


def test_the_stubs_other_methods(stubs: Any) -> None:
    from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

    prediction, model = stubs
    metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    metadata.model_spec.name = "versions"
    assert prediction.GetModelMetadata(metadata, 60.0).model_spec.version.value == 2
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = "versions"
    states = model.GetModelStatus(status, 60.0).model_version_status
    assert [(state.version, state.state) for state in states] == [(2, 30), (1, 30)]


def test_grpc_health_checks(corpus_server: EmbeddedServer) -> None:
    grpc = pytest.importorskip("grpc")
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(f"{corpus_server.host}:{corpus_server.grpc_port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "tensorflow.serving.PredictionService"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=60)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_requests(corpus_server: EmbeddedServer) -> None:
    requests = pytest.importorskip("requests")
    answer = requests.post(
        _url(corpus_server, "echo:predict"),
        data=json.dumps({"signature_name": "serving_default", "instances": ROWS.tolist()}),
        headers={"content-type": "application/json"},
        timeout=60,
    )
    assert answer.json() == {"predictions": ROWS.tolist()}
    status = requests.get(_url(corpus_server, "echo"), timeout=60).json()
    assert status["model_version_status"][0]["state"] == "AVAILABLE"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("extra", [[], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], ["-0"]])
def test_curl(corpus_server: EmbeddedServer, extra: list[str], tmp_path: Path) -> None:
    # Large enough that curl itself would ask for a 100 Continue.
    rows = [[0.5] * 1000] * 500
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"signature_name": "echo_f32", "instances": rows}))
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", *extra]
    answer = subprocess.run(
        [*command, "--data-binary", f"@{body}", _url(corpus_server, "echo:predict")],
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert json.loads(answer.stdout) == {"predictions": rows}


_ISOLATED = """
    import sys

    import numpy as np
    import ovmsclient
    from min_tfs_client.requests import TensorServingClient
    from min_tfs_client.tensors import tensor_proto_to_ndarray

    host, grpc_port, rest_port = sys.argv[1:]
    rows = np.array([[1, 2, 3, 4]], np.float32)

    # Both ask for version 1: ovmsclient's default, 0, means the latest to its own server only.
    for make, port in ((ovmsclient.make_grpc_client, grpc_port), (ovmsclient.make_http_client, rest_port)):
        client = make(f"{host}:{port}")
        assert client.get_model_status("echo", 1)[1]["state"] == "AVAILABLE"
        assert (client.predict({"x": rows}, "echo", 1) == rows).all()

    client = TensorServingClient(host=host, port=int(grpc_port), credentials=None)
    answer = client.predict_request(model_name="echo", model_version=1, input_dict={"x": rows})
    assert (tensor_proto_to_ndarray(answer.outputs["y"]) == rows).all()
    print("served")
"""


@pytest.fixture(scope="module")
def isolated_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with two published clients and the protobuf of their time."""
    home = tmp_path_factory.mktemp("clients")
    venv.create(home, symlinks=True)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = ["-m", "pip", f"--python={python}", "install", "--quiet", "--no-compile", "--retries=1", "--timeout=15"]
    installed = subprocess.run(
        [sys.executable, *install, "ovmsclient==2023.1", "min-tfs-client==1.0.2", "protobuf==3.20.*"],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        reason = f"cannot install ovmsclient and min-tfs-client: {installed.stderr.strip()[-300:]}"
        if INSISTS:
            pytest.fail(reason)
        pytest.skip(reason)
    return python


def test_ovmsclient_and_min_tfs_client(corpus_server: EmbeddedServer, isolated_python: Path) -> None:
    ports = [str(corpus_server.grpc_port), str(corpus_server.rest_port)]
    served = subprocess.run(
        [isolated_python, "-c", textwrap.dedent(_ISOLATED), corpus_server.host, *ports],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (served.returncode, served.stdout) == (0, "served\n"), served.stderr
