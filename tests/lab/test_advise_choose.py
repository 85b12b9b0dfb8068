"""Programs that are printed: each runs as it is, waiting and with asyncio, against the embedded server."""

from __future__ import annotations

import asyncio
import runpy
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.analysis.advice import Asked
from serlab.codecs import registry
from serlab.connection import TransportOptions
from serlab.lab.advise import find_on, snippet
from serlab.measure.calls import echo_call
from serlab.measure.send_less import Way
from serlab.payload import parse_payload
from serlab.records.call import STRING, Call, TensorSpec
from serlab.records.run import Endpoint
from serlab.report.snippets.program import Server
from serlab.representations.registry import parse
from serlab.servable import ECHO_MODEL
from serlab.servable.models import REAL_MODELS
from serlab.serving.base import ServingOptions
from tests.conftest import Certificates

SERVER = Server("localhost:8500", "https://localhost:8501/prefix", True, "ca.pem", ("X-Key",))
SENT = [name for name in registry.available() if registry.transport_of(name) != "none"]


def server_of(endpoint: Endpoint) -> Server:
    return Server(endpoint.grpc, endpoint.base_url, timeout_s=60.0)


def run_both(code: str, tensors: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Run the program as a script, which calls twice, and return what both of its functions do with ``tensors``."""
    path = folder / "program.py"
    path.write_text(code)
    module = runpy.run_path(str(path), run_name="__main__")
    return [module["predict"](tensors), asyncio.run(module["predict_async"](tensors))]


def sendings(endpoint: Endpoint, model: str, payload: str = "", **options: Any) -> Mapping[tuple[str, str], Way]:
    """Every way that advice can choose and print a program for, by representation and codec."""
    serving = ServingOptions("embedded", model=model, client=TransportOptions(timeout_s=60.0), **options)
    # ResNet-50's graph is optimized anew for every signature, for seconds: its programs are those of the echo.
    offered = ("as-is",) if model == "resnet50" else ("all",)
    asked = Asked(1, (payload,) if payload else (), needs="1", representations=offered)
    return find_on(endpoint, serving, asked)[1].sendings


def check_alike(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Compare outputs by order: a signature of bytes calls them ``…_bytes``, and knows no more of shapes than rows."""
    assert len(found) == len(wanted)
    for one, other in zip(found.values(), wanted.values(), strict=True):
        told, like = one.reshape(-1).tolist(), other.reshape(-1).tolist()
        assert told == (like if other.dtype == object else pytest.approx(like, rel=1e-5, abs=1e-6))


@pytest.mark.parametrize(
    ("model", "payload"), [(ECHO_MODEL, "2x16x24x3:float32:photo"), *((model, "") for model in REAL_MODELS)]
)
def test_every_program_that_advice_can_print(
    lab_endpoint: Endpoint, model: str, payload: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("PIL")
    ways = sendings(lab_endpoint, model, payload)
    assert {"wire", "json", "orjson", "tensor-proto"} <= {codec for _, codec in ways}
    plain, server = ways["as-is", "wire"], server_of(lab_endpoint)
    path = tmp_path / "plain.py"
    path.write_text(snippet("as-is", "wire", plain.plain.inputs, plain.call, server))
    as_is = runpy.run_path(str(path))["predict"]
    wanted: dict[str, Any] = {}
    for (representation, codec), way in ways.items():
        tensors, one = way.tensors(), parse(representation)
        if representation not in wanted:
            wanted[representation] = as_is(one.undo(one.apply(tensors), tensors))
        code = snippet(representation, codec, way.plain.inputs, way.call, server)
        for found in run_both(code, tensors, tmp_path):
            check_alike(found, wanted[representation])
        assert capsys.readouterr().out.count("{") == 2, code
    told = {name for name, _ in ways}
    # An Example's features have known sizes, and the detector takes images of any size.
    assert {"resnet50": "as-is", "detector": "jpeg:90"}.get(model, "tf-example") in told


@pytest.mark.parametrize("codec", sorted(set(SENT) - set(registry.main_codecs())))
def test_other_codecs_programs_call_the_echo(lab_endpoint: Endpoint, codec: str, tmp_path: Path) -> None:
    payload = parse_payload("2x3x4:float32")
    call = echo_call(registry.get(codec), payload)
    tensors = payload.build(call.inputs)
    code = snippet("as-is", codec, call.inputs, call, server_of(lab_endpoint))
    for found in run_both(code, tensors, tmp_path):
        ((name, tensor),) = found.items()
        assert name in call.outputs
        np.testing.assert_array_equal(tensor, tensors["x"])


@pytest.mark.parametrize("spec", ["4:string", "2x3:int64", "2x3:bfloat16", "2x3:float16", "2x3:bool", "2x3:complex64",
                                  "2x3:uint64", "2x3:float64", "2x3:int8"])  # fmt: skip
def test_every_dtype_comes_back(lab_endpoint: Endpoint, spec: str, tmp_path: Path) -> None:
    payload = parse_payload(spec)
    for codec in registry.main_codecs():
        call = echo_call(registry.get(codec) if codec != "raw" else registry.get("wire"), payload)
        if codec == "raw" or registry.refusal(codec, payload.specs(call.inputs), call):
            continue
        if registry.codec_class(codec).route == "rest-numbers" and spec[4:] in ("bfloat16", "float16", "complex64"):
            continue
        tensors = payload.build(call.inputs)
        code = snippet("as-is", codec, call.inputs, call, server_of(lab_endpoint))
        for found in run_both(code, tensors, tmp_path):
            (tensor,) = found.values()
            assert tensor.dtype == tensors["x"].dtype, codec
            np.testing.assert_allclose(tensor, tensors["x"], rtol=1e-15) if tensor.dtype == np.float64 else None
            assert tensor.dtype == np.float64 or tensor.tolist() == tensors["x"].tolist(), codec


def test_versions_and_chosen_outputs(lab_endpoint: Endpoint, tmp_path: Path) -> None:
    chosen = "detection_scores"
    for (representation, codec), way in sendings(lab_endpoint, "detector", version=1, outputs=(chosen,)).items():
        if representation == "as-is":
            code = snippet(representation, codec, way.plain.inputs, way.call, server_of(lab_endpoint))
            for found in run_both(code, way.tensors(), tmp_path):
                assert list(found) == [chosen]


@pytest.mark.parametrize("codec", SENT)
def test_names_of_a_model_are_data_and_headers_hold_no_value(codec: str) -> None:
    evil = "x\"\"\"\n'+__import__('os')+'%s"
    spec = {evil: TensorSpec("float32", (1, 2)), "b": TensorSpec(STRING, (1,))}
    inputs = {name: TensorSpec(STRING, (1,), packs=one) if "base64" in codec else one for name, one in spec.items()}
    code = snippet("as-is", codec, spec, Call(evil, evil, inputs, spec, label="l"), SERVER)
    tree = compile(code, "program", "exec")
    assert "__import__" not in tree.co_names
    assert "os.environ['X_KEY']" in code


@pytest.mark.parametrize("codec", SENT)
def test_behind_tls_with_a_header(
    lab_endpoint: Endpoint, certificates: Certificates, codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X_KEY", "secret")
    payload = parse_payload("2x3:float32")
    call = echo_call(registry.get(codec), payload)
    tensors = payload.build(call.inputs)
    with tls_front(lab_endpoint.grpc, certificates) as grpc, tls_front(lab_endpoint.rest, certificates) as rest:
        server = replace(SERVER, grpc=grpc, rest=f"https://{rest}", ca=certificates.ca)
        for found in run_both(snippet("as-is", codec, call.inputs, call, server), tensors, tmp_path):
            assert next(iter(found.values())).tolist() == tensors["x"].tolist()


@contextmanager
def tls_front(behind: str, certificates: Certificates) -> Iterator[str]:
    """Take TLS off connections to the address that is yielded, and pass what they hold on to ``behind``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server_cert, certificates.server_key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    host, _, port = behind.rpartition(":")

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near = context.wrap_socket(listener.accept()[0], server_side=True)
                far = socket.create_connection((host, int(port)))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"localhost:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
