from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2

from serlab.embedded.rpc.service import GrpcService
from serlab.embedded.rpc.tensor_proto import MAX_FILLED_BYTES, read_request, read_tensor, write_response
from serlab.embedded.status import Code, StatusError
from serlab.embedded.tensors import HighRankTensor, OpaqueTensor, Tensor, tensor_type


def _proto(shape: tuple[int, ...], **fields: Any) -> tensor_pb2.TensorProto:
    proto = tensor_pb2.TensorProto(**{"dtype": types_pb2.DT_FLOAT, **fields})
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def _read(alias: str, proto: tensor_pb2.TensorProto) -> Tensor | OpaqueTensor:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "m"
    request.inputs[alias].CopyFrom(proto)
    body = request.SerializeToString()
    return read_tensor(alias, read_request(body).tensors[alias], body)


def test_fewer_values_than_elements_repeat_the_last() -> None:
    tensor = _read("x", _proto((2, 2), float_val=[1.0, 2.0]))
    assert np.asarray(tensor).tolist() == [[1.0, 2.0], [2.0, 2.0]]


@pytest.mark.parametrize("shape", [(2**62,), (2**31, 2**31), (2**20, 2**20), (2**62, 4), (MAX_FILLED_BYTES,)])
def test_a_shape_that_says_more_than_its_bytes_allocates_nothing(shape: tuple[int, ...]) -> None:
    tracemalloc.start()
    with pytest.raises(StatusError, match="tensor parsing error: x"):
        _read("x", _proto(shape, float_val=[1.0]))
    with pytest.raises(StatusError, match="tensor parsing error: x"):
        _read("x", _proto(shape, tensor_content=b"1234"))
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_small_fill_is_tensorflows_to_make() -> None:
    read = _read("x", _proto((1000, 1000), float_val=[7.0]))
    assert isinstance(read, np.ndarray)
    assert read.shape == (1000, 1000)


@pytest.mark.parametrize(
    "proto",
    [
        _proto((2,), tensor_content=b"12345"),
        _proto((-1,), float_val=[1.0]),
        _proto((1,), dtype=types_pb2.DT_INVALID, float_val=[1.0]),
        _proto((1,), dtype=types_pb2.DT_FLOAT_REF, float_val=[1.0]),
        _proto((1,), dtype=12345),
        _proto((1,) * 255, float_val=[1.0]),
        _proto((1,), dtype=types_pb2.DT_INT2, int_val=[1]),
        _proto((2**30,), dtype=types_pb2.DT_INT4, int_val=[1]),
        _proto((2**40, 2**40, 0), float_val=[1.0]),
    ],
    ids=["content", "negative", "invalid", "reference", "unknown", "rank 255", "later", "rare and large", "overflow"],
)
def test_what_is_no_tensor_is_a_parsing_error(proto: tensor_pb2.TensorProto) -> None:
    with pytest.raises(StatusError, match="tensor parsing error: x"):
        _read("x", proto)


@pytest.mark.parametrize("form", ["values", "content"])
def test_more_dimensions_than_numpy_has_go_there_and_back(form: Any) -> None:
    shape = (2, *[1] * 100, 3)
    tensor = _read("x", _proto(shape, float_val=range(6)))
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
    assert np.asarray(_read("y", proto)).tolist() == strings.tolist()


@pytest.mark.parametrize("number", [11, 12, 13, 15, 16, 20, 21, 24, 25, 29, 30])
def test_types_that_numpy_lacks_keep_their_number(number: int) -> None:
    tensor = _read("x", _proto((2,), dtype=number))
    assert tensor_type(tensor) == number
    assert isinstance(tensor, OpaqueTensor) or tensor.shape == (2,)


@pytest.mark.parametrize("shape", [(2**31, 0, 2**62, 2**62), (0, 2**62), (2**62, 0)])
def test_empty_tensors_too_large_for_numpy_go_there_and_back(shape: tuple[int, ...]) -> None:
    tensor = _read("x", _proto(shape))
    assert isinstance(tensor, HighRankTensor)
    body = write_response({"y": tensor}, "values", "m", "s", 1)
    answer = predict_pb2.PredictResponse.FromString(body).outputs["y"]
    assert tuple(dim.size for dim in answer.tensor_shape.dim) == shape


def test_a_request_that_protobuf_would_not_parse_is_internal_whatever_else_is_wrong() -> None:
    request = predict_pb2.PredictRequest()
    request.inputs["unused"].int_val.append(300)
    body = request.SerializeToString().replace(b"\xac\x02", b"\xac\xac")
    with pytest.raises(StatusError) as raised:
        read_request(body)
    assert (raised.value.code, raised.value.message) == (Code.INTERNAL, "")


def test_an_entry_with_a_field_of_its_own_keeps_its_tensor() -> None:
    entry = b"\x0a\x01x" + b"\x12\x04\x08\x01\x12\x00" + b"\x18\x07"
    body = b"\x0a\x03\x0a\x01m" + b"\x12" + bytes([len(entry)]) + entry
    request = read_request(body)
    assert np.asarray(read_tensor("x", request.tensors["x"], body)).tolist() == 0.0


@pytest.mark.parametrize(
    ("signature", "number", "wanted", "given"),
    [
        ("echo_u16", types_pb2.DT_QUINT16, "uint16", "quint16"),
        ("echo_u8", types_pb2.DT_QUINT8, "uint8", "quint8"),
        ("echo_i8", types_pb2.DT_QINT8, "int8", "qint8"),
        ("echo_i16", types_pb2.DT_QINT16, "int16", "qint16"),
        ("echo_i32", types_pb2.DT_QINT32, "int32", "qint32"),
        ("echo_f32", types_pb2.DT_RESOURCE, "float", "resource"),
        ("echo_f32", types_pb2.DT_FLOAT8_E5M2, "float", "float8_e5m2"),
    ],
)
def test_a_type_of_as_many_bits_is_another_type(
    corpus_core: Any, signature: str, number: int, wanted: str, given: str
) -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "echo", signature
    request.inputs["x"].CopyFrom(_proto((1,), dtype=number))
    with pytest.raises(StatusError) as raised:
        GrpcService(corpus_core).predict(request.SerializeToString())
    assert raised.value.message == f"Expects arg[0] to be {wanted} but {given} is provided"


def test_an_empty_label_is_a_label_nobody_gave(corpus_core: Any) -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.version_label = "echo", ""
    with pytest.raises(StatusError) as raised:
        GrpcService(corpus_core).predict(request.SerializeToString())
    assert raised.value.message == "Unrecognized servable version label: "
