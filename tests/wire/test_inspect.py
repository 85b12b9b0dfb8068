from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serlab.errors import WireError
from serlab.wire import encode_predict, encode_response
from serlab.wire.recognise import inspect_message

IMAGE = np.ones((1, 8, 8, 3), np.float32)
EVERY_FORM = [
    encode_predict("m", {"x": IMAGE}, signature="s"),
    encode_predict("m", {"x": np.zeros((0, 3), np.float32)}, version=1),
    encode_predict("m", {"x": np.array([b"abc", b""])}, output_filter=["y"]),
    encode_response({"y": IMAGE}, form="content", model="m", signature="s", version=1),
    encode_response({"y": IMAGE}, form="values", model="m", version=1),
    encode_response({"y": np.zeros((0, 3), np.int64)}, model="m", version=1),
    encode_response({"y": np.array(300, np.int64)}, model="m", version=3),
]


@pytest.mark.parametrize("position", range(len(EVERY_FORM)))
def test_requests_and_answers_are_told_apart(position: Any) -> None:
    expected = "PredictRequest" if position < 3 else "PredictResponse"
    assert inspect_message(EVERY_FORM[position]).message == expected


@pytest.mark.parametrize("body", EVERY_FORM)
def test_every_byte_is_data_or_wrapping(body: Any) -> None:
    anatomy = inspect_message(body)
    assert anatomy.size_bytes == len(body)
    assert anatomy.data_bytes + anatomy.wrapping_bytes == len(body)
    assert 0 < anatomy.wrapping_bytes <= 60


def test_content_is_counted_and_needs_no_note() -> None:
    anatomy = inspect_message(encode_predict("m", {"x": IMAGE}, signature="s", label="l", output_filter=["y"]))
    (tensor,) = anatomy.tensors
    assert (tensor.name, tensor.dtype, tensor.shape) == ("x", "DT_FLOAT", (1, 8, 8, 3))
    assert (tensor.form, tensor.field, tensor.values, tensor.elements) == ("content", "tensor_content", 192, 192)
    assert (tensor.data_bytes, tensor.bytes_per_element) == (768, 4)
    assert (tensor.notes, tensor.problem) == ((), "")
    assert (anatomy.model.name, anatomy.model.signature, anatomy.model.label) == ("m", "s", "l")
    assert anatomy.output_filter == ("y",)


def test_values_are_noted_as_slow_to_read() -> None:
    (tensor,) = inspect_message(encode_response({"y": IMAGE})).tensors
    assert (tensor.form, tensor.field, tensor.bytes_per_element) == ("values", "float_val", 4)
    (note,) = tensor.notes
    assert "number by number" in note


def test_varints_are_noted_with_their_width() -> None:
    numbers = np.array([1, 1, 300, 300], np.int64)
    (tensor,) = inspect_message(encode_response({"y": numbers})).tensors
    assert (tensor.field, tensor.values, tensor.data_bytes, tensor.bytes_per_element) == ("int64_val", 4, 6, 1.5)
    assert any("1.50 bytes a number, where tensor_content takes 8" in note for note in tensor.notes)


def test_unpacked_values_are_noted(raw: SimpleNamespace) -> None:
    tensor = b"\x08\x09" + raw.field(2, raw.field(2, b"\x08\x03")) + b"\x50\x01\x50\x02\x50\x03"
    (found,) = inspect_message(raw.field(1, raw.field(1, b"y") + raw.field(2, tensor)), "PredictResponse").tensors
    assert (found.values, found.data_bytes) == (3, 3)
    assert any("not packed" in note for note in found.notes)


@pytest.mark.parametrize(("given", "word"), [(b"", "zeros"), (bytes(4), "last value is repeated")])
def test_elements_that_are_not_there_are_noted(raw: SimpleNamespace, given: Any, word: str) -> None:
    tensor = b"\x08\x01" + raw.field(2, raw.field(2, b"\x08\x05")) + (raw.field(5, given) if given else b"")
    (found,) = inspect_message(raw.field(2, raw.field(1, b"x") + raw.field(2, tensor)), "PredictRequest").tensors
    assert any(word in note for note in found.notes)


def test_a_tensor_that_cannot_be_read_is_shown_with_the_reason(raw: SimpleNamespace) -> None:
    tensor = b"\x08\x01" + raw.field(2, raw.field(2, b"\x08\x03")) + raw.field(4, bytes(11))
    (found,) = inspect_message(raw.field(1, raw.field(1, b"y") + raw.field(2, tensor))).tensors
    assert "expected 12 bytes" in found.problem
    assert found.data_bytes == 11


def test_types_without_numbers_are_named(raw: SimpleNamespace) -> None:
    (found,) = inspect_message(raw.field(1, raw.field(1, b"y") + raw.field(2, b"\x08\x15")), "PredictResponse").tensors
    assert found.dtype == "DT_VARIANT"
    assert "DT_VARIANT" in found.problem


@pytest.mark.parametrize("body", [b"", b"\x48\x01", b"Apache License", EVERY_FORM[0][:-1], b"\x1a\x01y"])
def test_other_bytes_are_refused(body: Any) -> None:
    with pytest.raises(WireError, match="no message of TensorFlow Serving's"):
        inspect_message(body)


def test_the_message_can_be_named() -> None:
    body = EVERY_FORM[4]
    assert inspect_message(body, "PredictRequest").message == "PredictRequest"
    with pytest.raises(WireError, match="not a PredictResponse"):
        inspect_message(b"\x0a\x05ab", "PredictResponse")
