"""The real protobuf messages, and the bytes that no library would write."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


def _varint(number: int, padding: int = 0) -> bytes:
    """``number`` as a varint, ``padding`` bytes longer than need be."""
    number &= 2**64 - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    for _ in range(padding):
        out[-1] |= 128
        out.append(0)
    return bytes(out)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


@pytest.fixture(scope="session")
def raw() -> SimpleNamespace:
    """``varint(number, padding=0)`` and ``field(number, content)``, written independently of the code under test."""
    return SimpleNamespace(varint=_varint, field=_field)


@pytest.fixture(scope="session")
def stock() -> SimpleNamespace:
    """TensorFlow and the generated messages.

    ``plain_request`` and ``plain_response`` are the same messages with the map declared as what it is on the wire, a
    repeated entry ``tensors``: Python's protobuf drops a map entry that holds an unknown field, other protobufs do not.
    """
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'serlab[tensorflow]'")
    predict_pb2 = pytest.importorskip("tensorflow_serving.apis.predict_pb2", reason="needs tensorflow-serving-api")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from tensorflow.core.framework import tensor_pb2

    file = descriptor_pb2.FileDescriptorProto(name="plain_predict.proto", package="plain", syntax="proto3")
    file.dependency.extend(["tensorflow/core/framework/tensor.proto", "tensorflow_serving/apis/predict.proto",
                            "tensorflow_serving/apis/model.proto"])  # fmt: skip

    def add(message, name, number, type_name="", repeated=False):
        kind = {"type": 11, "type_name": type_name} if type_name else {"type": 9}
        message.field.add(name=name, number=number, label=3 if repeated else 1, **kind)

    entry = file.message_type.add(name="Entry")
    add(entry, "key", 1)
    add(entry, "value", 2, ".tensorflow.TensorProto")
    for name, tensors, model in (("Request", 2, 1), ("Response", 1, 2)):
        message = file.message_type.add(name=name)
        add(message, "tensors", tensors, ".plain.Entry", repeated=True)
        add(message, "model_spec", model, ".tensorflow.serving.ModelSpec")
        if name == "Request":
            add(message, "output_filter", 3, repeated=True)
            add(message, "streamed", 5, ".tensorflow.serving.PredictStreamedOptions")
            add(message, "options", 7, ".tensorflow.serving.PredictRequest.RequestOptions")
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    plain = [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"plain.{n}")) for n in ("Request", "Response")]
    return SimpleNamespace(
        tf=tf,
        tensor=tensor_pb2.TensorProto,
        request=predict_pb2.PredictRequest,
        response=predict_pb2.PredictResponse,
        plain_request=plain[0],
        plain_response=plain[1],
    )
