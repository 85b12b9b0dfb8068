from __future__ import annotations

import json

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, TensorSpec
from serlab.errors import CodecError

IMAGE = TensorSpec("float32", (2, 3))
PACKED = TensorSpec("string", (2,), packs=IMAGE)


@pytest.mark.parametrize("name", ["base64", "base64-simd"])
def test_a_scalar_has_no_rows(name: str) -> None:
    call = Call("echo", "bytes", {"x": PACKED}, {"y": PACKED})
    with pytest.raises(CodecError, match="batch dimension"):
        registry.get(name).encode({"x": np.array(1, np.float32)}, call)


def test_it_travels_only_to_inputs_that_take_strings() -> None:
    takes_numbers = Call("m", "s", {"x": IMAGE}, {"y": IMAGE})
    assert "takes float32" in registry.refusal("base64", {"x": IMAGE}, takes_numbers)
    takes_text = Call("m", "s", {"x": TensorSpec("string", (2,))}, {"y": IMAGE})
    assert "the payload has float32" in registry.refusal("base64", {"x": IMAGE}, takes_text)
    assert registry.refusal("base64", {"x": TensorSpec("string", (2,))}, takes_text) == ""
    takes_bytes = Call("m", "s", {"x": PACKED}, {"y": IMAGE})
    assert registry.refusal("base64", {"x": IMAGE}, takes_bytes) == ""


def test_bytes_go_in_and_numbers_come_out() -> None:
    call = Call("m", "s", {"x": PACKED}, {"scores": TensorSpec("float32", (2, 1)), "label": TensorSpec("string", (2,))})
    codec = registry.get("base64")
    tensor = np.arange(6, dtype=np.float32).reshape(2, 3)
    document = json.loads(codec.encode({"x": tensor}, call))
    assert [list(row) for row in document["instances"]] == [["b64"], ["b64"]]
    body = b'{"predictions": [{"scores": [0.5], "label": "cat"}, {"scores": [0.25], "label": "dog"}]}'
    found = codec.decode(body, call)
    assert found["scores"].tolist() == [[0.5], [0.25]]
    assert found["label"].tolist() == [b"cat", b"dog"]


def test_an_empty_batch_is_an_empty_list() -> None:
    call = Call("echo", "bytes", {"x": PACKED}, {"y": PACKED})
    body = registry.get("base64").encode({"x": np.zeros((0, 3), np.float32)}, call)
    assert json.loads(body)["instances"] == []
