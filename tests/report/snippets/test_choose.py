"""Programs that are printed: each runs as it is, waiting and with asyncio, against the embedded server."""

from __future__ import annotations

import asyncio
import importlib.util
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.analysis.advice import Asked
from serlab.codecs import registry
from serlab.connection import TransportOptions
from serlab.embedded import start_embedded
from serlab.lab.advise import find_on
from serlab.measure.calls import echo_call
from serlab.measure.send_less import find_way
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.call import STRING, Call, TensorSpec
from serlab.records.run import Endpoint
from serlab.report.snippets.choose import snippet
from serlab.report.snippets.program import Server
from serlab.servable import ensure_model
from serlab.servable.models import REAL_MODELS
from serlab.serving.base import ServingOptions, model_config
from serlab.serving.fit import Wish
from serlab.serving.model import read_metadata

SERVER = Server("localhost:8500", "https://localhost:8501/prefix", True, "ca.pem", ("X-Key",))


def server_of(target: Target) -> Server:
    return Server(target.endpoint.grpc, target.endpoint.base_url, timeout_s=20.0)


def run_both(code: str, tensors: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Run the program as a module, and return what both of its functions do."""
    path = folder / "program.py"
    path.write_text(code)
    module = runpy.run_path(str(path))
    return [module["predict"](tensors), asyncio.run(module["predict_async"](tensors))]


@pytest.mark.parametrize("codec", [name for name in registry.available() if name != "raw"])
def test_every_codecs_program_calls_the_echo(live_target: Target, codec: str, tmp_path: Path) -> None:
    payload = parse_payload("2x3x4:float32")
    call = echo_call(registry.get(codec), payload)
    tensors = payload.build(call.inputs)
    code = snippet("as-is", codec, call.inputs, call, server_of(live_target))
    for found in run_both(code, tensors, tmp_path):
        ((name, tensor),) = found.items()
        assert name in call.outputs
        np.testing.assert_array_equal(tensor, tensors["x"])


@pytest.mark.parametrize(("codec", "spec"), [("json", "4:string"), ("orjson", "4:string"), ("base64", "4:string"),
                                             ("json-simdjson", "2x3:int64"), ("base64-simd", "2x3:bfloat16"),
                                             ("wire", "2x3:bfloat16"), ("json", "2x3:bool")])  # fmt: skip
def test_other_dtypes_come_back_too(live_target: Target, codec: str, spec: str, tmp_path: Path) -> None:
    payload = parse_payload(spec)
    call = echo_call(registry.get(codec), payload)
    tensors = payload.build(call.inputs)
    for found in run_both(snippet("as-is", codec, call.inputs, call, server_of(live_target)), tensors, tmp_path):
        (tensor,) = found.values()
        assert tensor.dtype == tensors["x"].dtype
        assert tensor.tolist() == tensors["x"].tolist()


@pytest.mark.parametrize("codec", ["wire", "base64-simd", "orjson"])
@pytest.mark.parametrize("representation", ["uint8", "float16", "bfloat16", "png", "jpeg:90"])
def test_representations_are_undone(live_target: Target, representation: str, codec: str, tmp_path: Path) -> None:
    if codec == "orjson" and representation.endswith("16"):
        pytest.skip("JSON has no half floats")
    pytest.importorskip("PIL")
    metadata = read_metadata(live_target.endpoint, "echo", live_target.options)
    way = find_way(metadata, Wish(), "2x16x24x3:float32:photo", 1, representation, codec)
    tensors = way.tensors()
    code = snippet(representation, codec, way.plain.inputs, way.call, server_of(live_target))
    bound = {"uint8": 1e-6, "png": 1e-6, "float16": 1e-3, "bfloat16": 1e-2, "jpeg:90": 0.5}[representation]
    for found in run_both(code, tensors, tmp_path):
        (tensor,) = found.values()
        assert np.abs(tensor.reshape(tensors["x"].shape) - tensors["x"]).max() <= bound


@pytest.mark.parametrize("codec", [name for name in registry.available() if name != "raw"])
def test_names_of_a_model_are_data_and_headers_hold_no_value(codec: str) -> None:
    evil = "x\"\"\"\n'+__import__('os')+'%s"
    spec = {evil: TensorSpec("float32", (1, 2)), "b": TensorSpec(STRING, (1,))}
    inputs = {name: TensorSpec(STRING, (1,), packs=one) if "base64" in codec else one for name, one in spec.items()}
    code = snippet("as-is", codec, spec, Call(evil, evil, inputs, spec, label="l"), SERVER)
    tree = compile(code, "program", "exec")
    assert "__import__" not in tree.co_names
    assert "os.environ['X_KEY']" in code


@pytest.fixture(scope="module")
def real_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An embedded server with the six models that stand for what people serve."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow to serve models")
    config = tmp_path_factory.mktemp("models") / "models.config"
    config.write_text(model_config({name: str(ensure_model(name)) for name in REAL_MODELS}))
    with start_embedded(model_config_file=config) as server:
        grpc, rest = f"{server.host}:{server.grpc_port}", f"{server.host}:{server.rest_port}"
        yield Endpoint("embedded", server.version, grpc, rest, server.pid)


@pytest.mark.parametrize("model", REAL_MODELS)
def test_the_programs_of_every_model_answer_alike(real_models: Endpoint, model: str, tmp_path: Path) -> None:
    serving = ServingOptions("embedded", model=model, client=TransportOptions(timeout_s=60.0))
    _, found = find_on(real_models, serving, Asked(1))
    server = Server(real_models.grpc, real_models.base_url, timeout_s=60.0)
    wanted: list[Any] = []
    codecs = [codec for representation, codec in found.sendings if representation == "as-is"]
    assert {"wire", "json", "orjson", "tensor-proto"} <= set(codecs)
    for codec in codecs:
        sending = found.sendings["as-is", codec]
        code = snippet("as-is", codec, sending.plain.inputs, sending.call, server)
        for answer in run_both(code, sending.tensors(), tmp_path):
            told = [tensor.reshape(-1).tolist() for tensor in answer.values()]
            wanted = wanted or told
            assert len(told) == len(wanted)
            for numbers, others in zip(told, wanted, strict=True):
                assert numbers == (
                    others if isinstance(others[0], bytes) else pytest.approx(others, rel=1e-5, abs=1e-6)
                )
