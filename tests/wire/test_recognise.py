"""Files of bytes are told apart, or refused with what they seem to be."""

from __future__ import annotations

import gzip
import io
import json
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serlab.errors import CodecError, WireError
from serlab.lab.inspection import write_npz
from serlab.wire import encode_predict, encode_response
from serlab.wire.examples import CLASSES, EXAMPLES, REGRESSIONS
from serlab.wire.fields import length_field, varint
from serlab.wire.recognise import inspect_message

IMAGE = np.arange(12, dtype=np.float32).reshape(3, 4)
REQUEST = encode_predict("m", {"x": IMAGE, "ids": np.arange(5)}, signature="s")
ANSWER = encode_response({"y": IMAGE}, model="m", version=3)
SPEC = length_field(1, b"m")


def shape(*sizes: int) -> bytes:
    return length_field(2, *(length_field(2, b"\x08" + varint(size)) for size in sizes))


def tensor(dtype: int, *sizes: int, rest: bytes = b"") -> bytes:
    return b"\x08" + varint(dtype) + shape(*sizes) + rest


def example(**features: bytes) -> bytes:
    entries = [
        length_field(1, length_field(1, name.encode()), length_field(2, value)) for name, value in features.items()
    ]
    return length_field(1, b"".join(entries))


def floats(*values: float) -> bytes:
    return length_field(2, length_field(1, struct.pack(f"<{len(values)}f", *values)))


def integers(*values: int) -> bytes:
    return length_field(3, length_field(1, b"".join(map(varint, values))))


def strings(*values: bytes) -> bytes:
    return length_field(1, *(length_field(1, value) for value in values))


EXAMPLES_BODY = length_field(1, SPEC) + length_field(
    2,
    length_field(
        1,
        length_field(1, example(age=integers(300), name=strings(b"a"), x=floats(1, 2))),
        length_field(1, example(age=integers(7), name=strings(b"bcd"), x=floats(3, 4))),
    ),
)
SCORE = b"\x15" + struct.pack("<f", 0.75)
CLASSES_BODY = length_field(1, length_field(1, length_field(1, length_field(1, b"cat"), SCORE))) + length_field(2, SPEC)
REGRESSIONS_BODY = length_field(
    1, *(length_field(1, b"\x0d" + struct.pack("<f", value)) for value in (1.5, -2.0))
) + length_field(2, SPEC)


def frame(message: bytes, *, compressed: bool = False) -> bytes:
    return bytes([compressed]) + len(message).to_bytes(4, "big") + message


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "message", "wrapped", "names"),
    [
        (REQUEST, "PredictRequest", "", ["x", "ids"]),
        (ANSWER, "PredictResponse", "", ["y"]),
        (tensor(1, 3, 4, rest=length_field(4, IMAGE.tobytes())), "TensorProto", "", [""]),
        (tensor(1, 3, 4, rest=length_field(5, IMAGE.tobytes())), "TensorProto", "", [""]),
        (tensor(9, 4, rest=length_field(10, b"\0\1\2\3")), "TensorProto", "", [""]),
        (tensor(7, 2, rest=length_field(8, b"a") + length_field(8, b"b")), "TensorProto", "", [""]),
        (tensor(1, 1, 224, 224, 3, rest=length_field(4, bytes(602_112))), "TensorProto", "", [""]),
        (EXAMPLES_BODY, EXAMPLES, "", ["age", "name", "x"]),
        (CLASSES_BODY, CLASSES, "", ["label", "score"]),
        (REGRESSIONS_BODY, REGRESSIONS, "", ["value"]),
        (frame(REQUEST), "PredictRequest", "a gRPC frame", ["x", "ids"]),
        (frame(gzip.compress(ANSWER, mtime=0), compressed=True), "PredictResponse", "a compressed gRPC frame", ["y"]),
        (gzip.compress(REQUEST, mtime=0), "PredictRequest", "gzip", ["x", "ids"]),
        (npz(a=IMAGE, b=np.arange(3)), ".npz file", "", ["a", "b"]),
        (npy(IMAGE), ".npy file", "", [""]),
        (b'{"instances": [[1, 2], [3, 4]]}', "REST request, row format", "", [""]),
        (b' {"inputs": {"a": [1], "b": ["x"]}}', "REST request, columnar format", "", ["a", "b"]),
        (b'{"predictions": [{"a": 1, "b": 2}]}', "REST answer, row format", "", ["a", "b"]),
        (b'{"outputs": [[1.5]]}', "REST answer, columnar format", "", [""]),
        (b'{"instances": [{"b64": "AAA="}]}', "REST request, row format", "", [""]),
    ],
)
def test_what_a_file_is_is_recognised(body: bytes, message: str, wrapped: str, names: list[str]) -> None:
    found = inspect_message(body)
    assert (found.message, found.wrapped) == (message, wrapped)
    assert [tensor.name for tensor in found.tensors] == names
    assert all(not tensor.problem for tensor in found.tensors)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the file is empty"),
        (b"GIF89a\0\0", "a GIF image"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"<html>502</html>", "HTML or XML"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "an HTTP answer, head and all"),
        (b"POST /v1/models/m:predict HTTP/1.1\r\n", "an HTTP request, head and all"),
        (b"\x80\x04\x95\0", "a Python pickle"),
        (b"hello, this is a note", "it seems to be text"),
        (b'{"error": "no such model"}', "it says 'no such model'"),
        (b"[1, 2]", "no body of TensorFlow Serving's REST API"),
        (b'{"instances": [', "JSON that does not parse"),
        (b"PK\x03\x04junk", "a zip file that is no .npz"),
        (b"\x93NUMPY\x01", "an .npy file that cannot be read"),
        (b"\x1f\x8bjunk", "gzip that cannot be inflated"),
        (npy(np.array([{}], object)), "an .npy file that cannot be read"),
    ],
)
def test_anything_else_is_refused_with_what_it_seems_to_be(body: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        inspect_message(body)


def notes(body: bytes) -> str:
    (found,) = inspect_message(body).tensors
    return "; ".join(found.notes)


def test_values_in_a_field_that_the_dtype_does_not_use_are_named() -> None:
    assert "2 values in int64_val are not read: DT_FLOAT does not use it" in notes(
        tensor(1, 2, rest=length_field(5, bytes(8)) + length_field(10, b"\1\2"))
    )
    assert "1 value in string_val are not read" in notes(
        tensor(1, 1, rest=length_field(5, bytes(4)) + length_field(8, b"a"))
    )
    assert "3 values in float_val are not read: tensor_content goes before it" in notes(
        tensor(1, 1, rest=length_field(4, bytes(4)) + length_field(5, bytes(12)))
    )


def test_missing_and_surplus_values_are_named() -> None:
    assert "3 elements are not in the message: the last value is repeated" in notes(
        tensor(1, 4, rest=length_field(5, bytes(4)))
    )
    assert "2 values more than the shape's 1 elements" in notes(tensor(1, 1, rest=length_field(5, bytes(12))))


def test_examples_are_read_as_tensors() -> None:
    found = {tensor.name: tensor.array for tensor in inspect_message(EXAMPLES_BODY).tensors}
    assert found["age"] is not None
    assert found["age"].tolist() == [[300], [7]]
    assert found["name"] is not None
    assert found["name"].tolist() == [[b"a"], [b"bcd"]]
    assert found["x"] is not None
    assert found["x"].tolist() == [[1, 2], [3, 4]]


def test_examples_with_different_features_are_ragged_and_said_to_be() -> None:
    body = length_field(
        2, length_field(1, length_field(1, example(a=floats(1))), length_field(1, example(b=floats(1, 2))))
    )
    found = {tensor.name: tensor for tensor in inspect_message(body).tensors}
    assert found["a"].notes == ("not every example has as many values",)
    assert found["b"].array is None


def test_classes_and_regressions_are_read() -> None:
    label, score = inspect_message(CLASSES_BODY).tensors
    assert (label.array.tolist(), score.array.tolist()) == ([[b"cat"]], [[0.75]])  # type: ignore[union-attr]
    (value,) = inspect_message(REGRESSIONS_BODY).tensors
    assert value.array.tolist() == [[1.5], [-2.0]]  # type: ignore[union-attr]


def test_messages_of_tensorflows_own_making_are_recognised() -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api to make the messages")
    from tensorflow.core.framework import tensor_pb2
    from tensorflow_serving.apis import classification_pb2, regression_pb2

    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = "m"
    request.input.example_list.examples.add().features.feature["x"].float_list.value.extend([1, 2])
    answer = classification_pb2.ClassificationResponse()
    answer.result.classifications.add().classes.add(label="cat", score=0.5)
    regression = regression_pb2.RegressionResponse()
    regression.result.regressions.add(value=2.5)
    made = tensor_pb2.TensorProto(dtype=9, int64_val=[0, 1, 2, 3])
    made.tensor_shape.dim.add(size=4)
    for message, name in ((request, EXAMPLES), (answer, CLASSES), (regression, REGRESSIONS), (made, "TensorProto")):
        assert inspect_message(message.SerializeToString()).message == name


def test_tensors_are_written_by_name_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    write_npz(inspect_message(REQUEST), path)
    with np.load(path, allow_pickle=False) as file:
        assert file["x"].tolist() == IMAGE.tolist()
        assert file["ids"].tolist() == [0, 1, 2, 3, 4]
    write_npz(inspect_message(EXAMPLES_BODY), path)
    with np.load(path, allow_pickle=False) as file:
        assert file["name"].tolist() == [[b"a"], [b"bcd"]]


def test_strings_that_an_npz_would_cut_are_refused(tmp_path: Path) -> None:
    body = encode_predict("m", {"x": np.array([b"a\0"], object)})
    with pytest.raises(CodecError, match="end with zero bytes"):
        write_npz(inspect_message(body), tmp_path / "out.npz")


def test_hostile_bytes_end_in_an_anatomy_or_an_error() -> None:
    """Mutations of every kind of body; nothing but WireError may come out."""
    rng = np.random.default_rng(20261122)
    bodies = [
        *(
            REQUEST,
            ANSWER,
            EXAMPLES_BODY,
            CLASSES_BODY,
            REGRESSIONS_BODY,
            frame(REQUEST),
            gzip.compress(ANSWER, mtime=0),
        ),
        *(npz(a=IMAGE), npy(IMAGE), b'{"instances": [[1, 2], [3, 4]]}', tensor(1, 2, rest=length_field(5, bytes(8)))),
    ]
    outcomes = SimpleNamespace(read=0, refused=0)
    for number in range(6000):
        body = bytearray(bodies[number % len(bodies)])
        for _ in range(int(rng.integers(1, 4))):
            body[int(rng.integers(len(body)))] = int(rng.integers(256))
        try:
            json.dumps(
                [tensor.shape for tensor in inspect_message(bytes(body[: int(rng.integers(1, len(body) + 1))])).tensors]
            )
            outcomes.read += 1
        except WireError:
            outcomes.refused += 1
    assert outcomes.read
    assert outcomes.refused
