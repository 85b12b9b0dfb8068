"""Requests nobody would send: every one is answered, with a code the API documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

pytest.importorskip("tensorflow")

from serlab.embedded.rest.api import Request, RestApi
from serlab.embedded.rpc.service import GrpcService
from serlab.embedded.status import Code, StatusError

#: How often each test asks; ``make fuzz`` asks for as long as it is let, guided by coverage.
INPUTS = {"rest": 1_500, "grpc": 1_000}
STATUSES = {200, 400, 404, 501, 504}
CODES = {
    Code.OK,
    Code.INVALID_ARGUMENT,
    Code.NOT_FOUND,
    Code.FAILED_PRECONDITION,
    Code.UNIMPLEMENTED,
    Code.INTERNAL,
    Code.OUT_OF_RANGE,
}
SIGNATURES = ["serving_default", "two", "raw", "bytes", "scalar", "failing", "__saved_model_init_op", "nope", ""]
SIGNATURES += [f"echo_{tag}" for tag in ("f32", "f64", "f16", "i8", "u16", "i64", "u64", "bool", "str", "c64")]

#: Shrinking is left out: a failing example is small enough as it is, and shrinking runs the models again and again.
_FUZZ = settings(
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([{"b64": "AACAPw=="}, {"b64": "A"}, {"b64": 1}, {}]),
)
_NAMES = st.sampled_from(["x", "a", "b", "b64", "z", "instances", "signature_name"])
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAMES, inner, max_size=3))
)
_DOCUMENTS = st.dictionaries(
    st.sampled_from(["instances", "inputs", "signature_name", "examples", "context", "extra"]),
    st.one_of(_VALUES, st.sampled_from(SIGNATURES)),
    max_size=4,
)
_TAILORED = st.builds(
    lambda signature, key, value: {"signature_name": signature, key: value},
    st.sampled_from(SIGNATURES),
    st.sampled_from(["instances", "inputs"]),
    _VALUES,
)


def _damaged(text: bytes, cuts: list[tuple[int, bytes]]) -> bytes:
    for place, piece in cuts:
        place %= len(text) + 1
        text = text[:place] + piece + text[place + len(piece) :]
    return text


_CUTS = st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=3)), max_size=2)
_BODIES = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda document, cuts: _damaged(json.dumps(document).encode(), cuts), st.one_of(_DOCUMENTS, _TAILORED), _CUTS
    ),
)
_PATHS = st.one_of(
    st.sampled_from(["/v1/models/echo:predict"] * 6 + ["/v1/models/echo:classify", "/v1/models/versions:regress"]),
    st.text("/v1modelsechversn:predictabeg%?#0 9", max_size=30).map("/v1/models/".__add__),
)


@settings(_FUZZ, max_examples=INPUTS["rest"])
@given(st.sampled_from(["POST"] * 8 + ["GET", "PUT", "HEAD", "OPTIONS", "TRACE"]), _PATHS, _BODIES, st.booleans())
def test_rest(corpus_core: Any, method: str, path: str, body: bytes, gzipped: bool) -> None:
    headers = {"content-encoding": "gzip"} if gzipped and len(body) % 8 == 0 else {}
    answer = RestApi(corpus_core, timeout_ms=10_000).answer(Request(method, path, headers, body))
    assert answer.status in STATUSES


_VARINT_EDGES = st.one_of(st.integers(-3, 30), st.sampled_from([2**31 - 1, 2**31, 2**62, 2**63 - 1, -(2**63), -1]))


@st.composite
def _predict_requests(draw: st.DrawFn) -> bytes:
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = draw(st.sampled_from(["echo"] * 6 + ["versions", "none", ""]))
    request.model_spec.signature_name = draw(st.sampled_from(SIGNATURES))
    if draw(st.booleans()):
        request.model_spec.version.value = draw(st.sampled_from([1, 1, 2, 0, -1, 2**63 - 1]))
    for name in draw(st.lists(st.sampled_from(["x", "x", "a", "b", "", "é"]), max_size=3)):
        tensor = request.inputs[name]
        tensor.dtype = draw(st.integers(0, 130))
        for size in draw(st.lists(_VARINT_EDGES, max_size=4)):
            tensor.tensor_shape.dim.add(size=size)
        tensor.tensor_shape.unknown_rank = draw(st.booleans())
        tensor.version_number = draw(st.integers(0, 3))
        tensor.tensor_content = draw(st.one_of(st.just(b""), st.binary(max_size=32)))
        tensor.float_val.extend(draw(st.lists(st.floats(width=32), max_size=3)))
        tensor.int_val.extend(draw(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=2)))
        tensor.string_val.extend(draw(st.lists(st.binary(max_size=4), max_size=2)))
        tensor.half_val.extend(draw(st.lists(st.integers(0, 2**17), max_size=2)))
    request.output_filter.extend(draw(st.lists(st.sampled_from(["y", "sum", "y_bytes", "q"]), max_size=2)))
    return _damaged(request.SerializeToString(), draw(_CUTS))


@settings(_FUZZ, max_examples=INPUTS["grpc"])
@given(st.one_of(_predict_requests(), _predict_requests(), st.binary(max_size=80)))
def test_predict_requests(corpus_core: Any, body: bytes) -> None:
    from tensorflow_serving.apis import predict_pb2

    code = Code.OK
    try:
        answer = GrpcService(corpus_core).predict(body)
        assert predict_pb2.PredictResponse.FromString(answer).model_spec.name in ("echo", "versions")
    except StatusError as error:
        code = error.code
    assert code in CODES
