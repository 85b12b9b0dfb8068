from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2

from serlab.embedded.rpc.tensor_proto import MAX_FILLED_BYTES, read_tensor, write_response
from serlab.embedded.status import StatusError
from serlab.embedded.tensors import HighRankTensor


def _proto(shape: tuple[int, ...], **fields: Any) -> tensor_pb2.TensorProto:
    proto = tensor_pb2.TensorProto(**{"dtype": types_pb2.DT_FLOAT, **fields})
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def test_fewer_values_than_elements_repeat_the_last() -> None:
    tensor = read_tensor("x", _proto((2, 2), float_val=[1.0, 2.0]))
    assert np.asarray(tensor).tolist() == [[1.0, 2.0], [2.0, 2.0]]


@pytest.mark.parametrize("shape", [(2**62,), (2**31, 2**31), (2**20, 2**20), (2**62, 4), (MAX_FILLED_BYTES,)])
def test_a_shape_that_says_more_than_its_bytes_allocates_nothing(shape: tuple[int, ...]) -> None:
    tracemalloc.start()
    with pytest.raises(StatusError, match="tensor parsing error: x"):
        read_tensor("x", _proto(shape, float_val=[1.0]))
    with pytest.raises(StatusError, match="tensor parsing error: x"):
        read_tensor("x", _proto(shape, tensor_content=b"1234"))
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_small_fill_is_tensorflows_to_make() -> None:
    assert read_tensor("x", _proto((1000, 1000), float_val=[7.0])).shape == (1000, 1000)


@pytest.mark.parametrize(
    "proto",
    [
        _proto((2,), tensor_content=b"12345"),
        _proto((-1,), float_val=[1.0]),
        _proto((1,), dtype=types_pb2.DT_INVALID, float_val=[1.0]),
        _proto((1,), dtype=types_pb2.DT_RESOURCE),
        _proto((1,), dtype=types_pb2.DT_FLOAT_REF, float_val=[1.0]),
        _proto((1,), dtype=12345),
        _proto((1,) * 255, float_val=[1.0]),
        _proto((2**31, 0, 2**62, 2**62), float_val=[1.0]),
    ],
    ids=["content", "negative", "invalid", "resource", "reference", "unknown", "rank 255", "overflow with a 0"],
)
def test_what_is_no_tensor_is_a_parsing_error(proto: tensor_pb2.TensorProto) -> None:
    with pytest.raises(StatusError, match="tensor parsing error: x"):
        read_tensor("x", proto)


@pytest.mark.parametrize("form", ["values", "content"])
def test_more_dimensions_than_numpy_has_go_there_and_back(form: Any) -> None:
    shape = (2, *[1] * 100, 3)
    tensor = read_tensor("x", _proto(shape, float_val=range(6)))
    assert isinstance(tensor, HighRankTensor)
    body = write_response({"y": tensor}, form, "m", "s", 1)
    answer = predict_pb2.PredictResponse.FromString(body).outputs["y"]
    assert tuple(dim.size for dim in answer.tensor_shape.dim) == shape
    assert (list(answer.float_val) == list(range(6))) == (form == "values")
    assert (answer.tensor_content == np.arange(6, dtype=np.float32).tobytes()) == (form == "content")


def test_strings_in_content_form_are_lengths_and_then_bytes() -> None:
    strings = np.array([[b"a", b"x" * 300], [b"", b"bc"]], object)
    body = write_response({"y": strings}, "content", "m", "s", 1)
    proto = predict_pb2.PredictResponse.FromString(body).outputs["y"]
    assert proto.tensor_content == b"\x01\xac\x02\x00\x02" + b"a" + b"x" * 300 + b"bc"
    assert np.asarray(read_tensor("y", proto)).tolist() == strings.tolist()
