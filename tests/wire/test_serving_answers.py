"""What a real TensorFlow Serving 2.20.0 answered, recorded: read to the same bits as ``tf.make_ndarray``."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serlab.errors import WireError
from serlab.wire import decode_predict, decode_request, encode_response

CORPUS = Path(__file__).parents[1] / "data" / "serving-corpus" / "grpc.jsonl"
PREDICT = [case for case in map(json.loads, CORPUS.read_text().splitlines()) if case["method"].endswith("/Predict")]
ANSWERED = {case["name"]: case for case in PREDICT if case["expect"]["code"] == "OK"}
# Serving's own words for a tensor that cannot be read; its other refusals are about the model, not the bytes.
UNREADABLE = {
    case["name"]: case
    for case in PREDICT
    if "tensor parsing error" in case["expect"].get("details", "") or case["name"] == "truncated"
}


def answer(name: str) -> bytes:
    return base64.b64decode(ANSWERED[name]["expect"]["response_b64"])


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_are_read_to_the_bits_that_tensorflow_reads(stock: SimpleNamespace, name: Any) -> None:
    body = answer(name)
    expected = stock.response.FromString(body)
    decoded = decode_predict(body)
    assert set(decoded.outputs) == set(expected.outputs)
    for output, array in decoded.outputs.items():
        made = stock.tf.make_ndarray(expected.outputs[output])
        assert (array.dtype, array.shape) == (made.dtype, made.shape)
        assert array.tobytes() == made.tobytes()
    assert decoded.model.name == expected.model_spec.name
    assert decoded.model.version == expected.model_spec.version.value
    assert decoded.model.signature == expected.model_spec.signature_name


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_are_written_byte_for_byte_as_serving_wrote_them(name: Any) -> None:
    body = answer(name)
    decoded = decode_predict(body)
    model = decoded.model
    assert body == encode_response(
        decoded.outputs, model=model.name, signature=model.signature, version=model.version, form="values"
    )


# Its other signatures compute something, or flush subnormals on the way.
ECHOES = [name for name in ANSWERED if name not in ("default/edge", "raw")]


@pytest.mark.parametrize("name", ECHOES)
def test_requests_are_read_as_serving_read_them(name: Any) -> None:
    body = base64.b64decode(ANSWERED[name]["request_b64"])
    request = decode_request(body).inputs["x"]
    echoed = decode_predict(answer(name)).outputs["y"]
    assert request.dtype == echoed.dtype
    assert np.array_equal(np.ravel(request).view(np.uint8), np.ravel(echoed).view(np.uint8))


@pytest.mark.parametrize("name", UNREADABLE)
def test_requests_that_serving_could_not_read_are_refused(name: Any) -> None:
    with pytest.raises(WireError):
        decode_request(base64.b64decode(UNREADABLE[name]["request_b64"]))


def test_the_corpus_holds_what_these_tests_are_about() -> None:
    assert len(ANSWERED) >= 25
    assert {"both-fields", "too-many-values", "broadcast-few-values", "unknown-rank"} <= set(ANSWERED)
    assert {"content-short", "dim-negative", "dim-overflow", "dtype-invalid"} <= set(UNREADABLE)
