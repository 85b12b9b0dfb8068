"""What the REST codecs share: TensorFlow Serving's documents, in rows and in columns."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, GzipBody, TensorSpec
from serlab.errors import CodecError
from serlab.payload import parse_payload

MakeCall = Callable[..., Call]
REST = [name for name in registry.available() if registry.describe(name)["transport"] == "rest"]


@pytest.mark.parametrize("name", REST)
def test_a_request_is_complete_json_in_row_format_for_a_named_signature(name: str, make_call: MakeCall) -> None:
    codec, tensor = registry.get(name), parse_payload("3x4:float32").array()
    body = codec.encode({"x": tensor}, make_call(codec, tensor))
    document = json.loads(gzip.decompress(body) if isinstance(body, GzipBody) else body)
    assert set(document) == {"signature_name", "instances"}
    assert document["signature_name"] == codec.signature
    assert len(document["instances"]) == 3


def test_bodies_have_the_documented_sizes_for_an_image(make_call: MakeCall) -> None:
    payload = parse_payload("image")
    tensor = payload.array()
    sizes = {
        name: len(registry.get(name).encode({"x": tensor}, make_call(registry.get(name), tensor))) / payload.raw_bytes
        for name in ("json", "orjson", "base64")
    }
    assert 4.5 <= sizes["json"] <= 5.5
    assert sizes["orjson"] <= 3.0
    assert 4 / 3 <= sizes["base64"] <= 4 / 3 + 0.001


TWO = Call(
    "m", "s",
    {"a": TensorSpec("float32", (2, 2)), "b": TensorSpec("int64", (2,))},
    {"y": TensorSpec("float32", (2, 2)), "z": TensorSpec("int64", (2,))},
)  # fmt: skip
SENT = {"a": np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), "b": np.array([7, 8])}


@pytest.mark.parametrize("name", ["json", "orjson", "json-orjson-list"])
def test_several_inputs_are_an_object_per_row_or_one_of_columns(name: str) -> None:
    rows = json.loads(registry.get(name).encode(SENT, TWO))
    assert rows["instances"] == [{"a": [1.0, 2.0], "b": 7}, {"a": [3.0, 4.0], "b": 8}]
    columns = json.loads(registry.get(f"{name}:format=columnar").encode(SENT, TWO))
    assert columns["inputs"] == {"a": [[1.0, 2.0], [3.0, 4.0]], "b": [7, 8]}


@pytest.mark.parametrize("name", ["json", "orjson", "json-simdjson"])
def test_outputs_are_read_from_rows_and_from_columns(name: str) -> None:
    rows = b'{"predictions": [{"y": [1.0, 2.0], "z": 5, "more": 0}, {"y": [3.0, 4.0], "z": 6, "more": 0}]}'
    columns = b'{"outputs": {"y": [[1.0, 2.0], [3.0, 4.0]], "z": [5, 6], "more": [0, 0]}}'
    for codec, body in ((registry.get(name), rows), (registry.get(f"{name}:format=columnar"), columns)):
        found = codec.decode(body, TWO)
        assert list(found) == ["y", "z"]
        assert found["y"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
        assert found["z"].tolist() == [5, 6]
        assert (found["y"].dtype, found["z"].dtype) == (np.float32, np.int64)


def test_the_only_output_stands_for_itself_in_columns() -> None:
    one = Call("m", "s", TWO.inputs, {"y": TensorSpec("float32", (2, 2))})
    for name in ("json:format=columnar", "json-simdjson:format=columnar"):
        assert registry.get(name).decode(b'{"outputs": [[1.0, 2.0], [3.0, 4.0]]}', one)["y"].shape == (2, 2)


def test_rows_need_one_batch_and_a_scalar_has_no_row() -> None:
    sent = {"a": TensorSpec("float32", (2, 2)), "b": TensorSpec("int64", (3,))}
    assert "one batch size" in registry.refusal("json", sent, TWO)
    assert "scalar" in registry.refusal("orjson", {"a": TensorSpec("float32", ())}, TWO)
    assert registry.refusal("orjson:format=columnar", sent, TWO) == ""
    with pytest.raises(CodecError, match="one batch size"):
        registry.get("json").encode({"a": SENT["a"], "b": np.arange(3)}, TWO)


@pytest.mark.parametrize("name", ["json", "json-simdjson"])
def test_integers_that_the_dtype_cannot_hold_are_refused(name: str, make_call: MakeCall) -> None:
    codec = registry.get(name)
    with pytest.raises(CodecError):
        codec.decode(b'{"predictions": [[1, 256]]}', make_call(codec, np.zeros((1, 2), np.uint8)))


def test_null_in_a_request_is_refused_as_tensorflow_serving_does(make_call: MakeCall) -> None:
    codec = registry.get("json")
    with pytest.raises(CodecError, match="null"):
        codec.read_request(
            b'{"signature_name": "s", "instances": [[1.0, null]]}', make_call(codec, np.zeros((1, 2), np.float32))
        )


@pytest.mark.parametrize("name", ["json-orjson-list", "orjson", "json-simdjson"])
def test_dtypes_that_json_has_no_numbers_for_are_refused(name: str, make_call: MakeCall) -> None:
    codec, tensor = registry.get(name), np.zeros(2, np.complex64)
    with pytest.raises(CodecError, match="complex64"):
        codec.encode({"x": tensor}, make_call(codec, tensor))


def test_strings_are_text_or_base64_and_both_are_read() -> None:
    call = Call("m", "s", {"t": TensorSpec("string", (2,))}, {"y": TensorSpec("string", (2,))})
    strings = np.array([b"text", b"\xff\x00"], dtype=object)
    sent = json.loads(registry.get("json").encode({"t": strings}, call))
    assert sent["instances"] == ["text", {"b64": "/wA="}]
    body = b'{"predictions": ["text", {"b64": "/wA="}]}'
    for name in ("json", "orjson", "json-simdjson", "base64"):
        codec = registry.get(name)
        if name == "base64":
            body = b'{"predictions": [{"b64": "dGV4dA=="}, {"b64": "/wA="}]}'
        assert codec.decode(body, call)["y"].tolist() == [b"text", b"\xff\x00"]


def test_a_columnar_answer_has_each_number_on_a_line_of_its_own() -> None:
    call = Call("m", "s", {}, {"y": TensorSpec("float32", (1, 2))})
    written = registry.get("json:format=columnar").write_response({"y": np.array([[1.0, 2.0]], np.float32)}, call)
    assert [line.strip() for line in written.decode().splitlines()] == [
        "{", '"outputs": [', "[", "1.0,", "2.0", "]", "]", "}",
    ]  # fmt: skip
