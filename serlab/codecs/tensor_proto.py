"""``tf.make_tensor_proto`` as the TensorFlow Serving tutorials use it, and ``tf.make_ndarray`` on the way back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors
from serlab.errors import CodecError
from serlab.records.run import Form


class TensorProtoCodec(Codec):
    """A PredictRequest through the generated messages: ``CopyFrom`` into the map, then ``SerializeToString``."""

    name = "tensor-proto"
    transport = "grpc"
    route = "grpc"
    requires = ("tensorflow", "tensorflow_serving")
    summary = "tf.make_tensor_proto + CopyFrom + SerializeToString / FromString + tf.make_ndarray"

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        with _native_log_silenced():
            import tensorflow as tf
        from google.protobuf.message import DecodeError
        from tensorflow_serving.apis import predict_pb2

        self._tf, self._pb, self._decode_error = tf, predict_pb2, DecodeError

    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return a serialized PredictRequest; numbers travel in ``tensor_content``."""
        request = self._pb.PredictRequest()
        spec = request.model_spec
        spec.name = call.model
        spec.signature_name = call.signature
        if call.version is not None:
            spec.version.value = call.version
        elif call.label:
            spec.version_label = call.label
        for name, tensor in tensors.items():
            request.inputs[name].CopyFrom(self._request_proto(tensor))
        if call.picks_outputs:
            request.output_filter.extend(call.outputs)
        body: bytes = request.SerializeToString()
        return body

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the outputs of a serialized PredictResponse."""
        outputs = self._parse(self._pb.PredictResponse, body).outputs
        return {name: self._read(_found(outputs, name, "response")) for name in call.outputs}

    def read_request(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the inputs of a serialized PredictRequest."""
        inputs = self._parse(self._pb.PredictRequest, body).inputs
        return {name: self._make_ndarray(_found(inputs, name, "request")) for name in call.inputs}

    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        """Return a serialized PredictResponse: ``values``, as a stock server answers, or ``content``."""
        response = self._pb.PredictResponse()
        response.model_spec.name = call.model
        response.model_spec.signature_name = call.signature
        # TensorFlow's own runtime writes typed fields when it is asked to; make_tensor_proto never does for more than
        # one number.
        write = self._content_proto if form == "content" else self._typed_fields
        for name, tensor in tensors.items():
            response.outputs[name].CopyFrom(write(tensor))
        body: bytes = response.SerializeToString()
        return body

    def tensor_message(self, tensor: Tensor) -> Any:
        """Return the TensorProto alone, as a request carries it. Raises ``CodecError`` as ``encode`` does."""
        return self._request_proto(tensor)

    def _request_proto(self, tensor: Tensor) -> Any:
        return self._content_proto(tensor)

    def _content_proto(self, tensor: Tensor) -> Any:
        try:
            return self._tf.make_tensor_proto(tensor)
        except (TypeError, ValueError) as error:
            raise CodecError(f"make_tensor_proto cannot carry {tensor.dtype.name}: {error}") from error

    def _read(self, proto: Any) -> Tensor:
        return self._make_ndarray(proto)

    def _make_ndarray(self, proto: Any) -> Tensor:
        try:
            tensor: Tensor = self._tf.make_ndarray(proto)
        except (TypeError, ValueError) as error:
            raise CodecError(f"make_ndarray cannot read the TensorProto: {error}") from error
        return tensor

    def _parse(self, message: Any, body: Body) -> Any:
        try:
            return message.FromString(body)
        except self._decode_error as error:
            raise CodecError(f"the body is not a {message.DESCRIPTOR.name}: {error}") from error

    def _typed_fields(self, tensor: Tensor) -> Any:
        """Return the tensor with its numbers in ``float_val``, ``int_val``, …; NaN payloads kept."""
        proto = self._tf.make_tensor_proto(np.zeros((0,), tensor.dtype), shape=[0])
        del proto.tensor_shape.dim[:]
        for size in tensor.shape:
            proto.tensor_shape.dim.add().size = size
        field, values = typed_values(tensor)
        try:
            getattr(proto, field).extend(values)
        except TypeError as error:
            raise CodecError(f"a TensorProto of {tensor.dtype.name} cannot hold them: {error}") from error
        return proto


@contextlib.contextmanager
def _native_log_silenced() -> Iterator[None]:
    """Send what native code writes to standard error nowhere.

    While it is imported TensorFlow 2.21 tells of itself whatever its log level is: there is no log to be told yet.
    """
    try:
        before = os.dup(2)
    except OSError:  # whoever started this process closed it
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def _found(tensors: Any, name: str, what: str) -> Any:
    # Asking a map field of protobuf for a missing key would create it.
    if name not in tensors:
        raise CodecError(f"the {what} has no tensor {name!r}, only {sorted(tensors)}")
    return tensors[name]


def typed_values(tensor: Tensor) -> tuple[str, Any]:
    """Return the TensorProto field that carries ``tensor``'s dtype, and its numbers as the field takes them.

    The fields are those of tensorflow/core/framework/tensor.proto; half_val holds the 16 bits of float16 and bfloat16.

    Raises:
        CodecError: a dtype that has no typed field.
    """
    name, flat = tensor.dtype.name, tensor.reshape(-1)
    if name in ("float16", "bfloat16"):
        return "half_val", flat.view(np.uint16)
    if name in ("int8", "int16", "int32", "uint8", "uint16"):
        return "int_val", flat
    fields = {"float32": "float_val", "float64": "double_val", "int64": "int64_val", "uint32": "uint32_val",
              "uint64": "uint64_val", "bool": "bool_val"}  # fmt: skip
    if name in fields:
        return fields[name], flat
    if name in ("complex64", "complex128"):
        parts = np.float32 if name == "complex64" else np.float64
        return ("scomplex_val" if name == "complex64" else "dcomplex_val"), flat.view(parts)
    if tensor.dtype.kind in "OS":
        return "string_val", flat.tolist()
    raise CodecError(f"TensorProto has no typed field for {name}")


class TensorProtoValuesCodec(TensorProtoCodec):
    """Every number passes through a Python object, in both directions."""

    name = "tensor-proto-values"
    summary = "float_val.extend(…) / FromString + np.array(float_val)"

    def _request_proto(self, tensor: Tensor) -> Any:
        return self._typed_fields(tensor)

    def _read(self, proto: Any) -> Tensor:
        try:
            return self._values(proto)
        except (TypeError, ValueError, OverflowError) as error:
            raise CodecError(f"the TensorProto is none that holds typed values: {error}") from error

    def _values(self, proto: Any) -> Tensor:
        dtype: np.dtype[Any] = np.dtype(self._tf.dtypes.as_dtype(proto.dtype).as_numpy_dtype)
        shape = [dim.size for dim in proto.tensor_shape.dim]
        if proto.tensor_content:
            return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
        field: str = typed_values(np.zeros((0,), dtype))[0]
        values = getattr(proto, field)
        if field == "half_val":
            return np.array(values, np.uint16).view(dtype).reshape(shape)
        if field.endswith("complex_val"):
            return np.array(values, dtype.char.lower()).view(dtype).reshape(shape)
        return np.array(values, dtype).reshape(shape)
