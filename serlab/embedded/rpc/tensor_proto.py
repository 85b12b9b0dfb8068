"""Requests into tensors, as TensorFlow's ``Tensor::FromProto`` reads them, and tensors into responses."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import predict_pb2

from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.embedded.tensors import (
    HighRankTensor,
    OpaqueTensor,
    Tensor,
    Tensors,
    elements,
    fits_numpy,
    numpy_dtype,
    parse_tensor,
    set_shape,
    shaped,
)
from serlab.errors import CodecError, WireError
from serlab.records.run import Form
from serlab.wire import ModelSpec, Rules, encode_response
from serlab.wire.dtypes import DATA_TYPES
from serlab.wire.model_spec import EMPTY_SPEC
from serlab.wire.predict import REQUEST, PredictFields, split_message
from serlab.wire.tensor_arrays import FillBudget, build_array
from serlab.wire.tensor_fields import TensorFields

#: A few bytes can ask for a tensor of any size, filled with one value. This much of a tensor may be filled in; the rest
#: must have come with the message. TensorFlow Serving itself allocates whatever the shape says.
MAX_FILLED_BYTES = 256 << 20

#: What an element of the widest of the rare types takes up (sizeof(Variant)).
_WIDEST_BYTES = 64

_QUANTIZED = frozenset(
    (types_pb2.DT_QINT8, types_pb2.DT_QUINT8, types_pb2.DT_QINT16, types_pb2.DT_QUINT16, types_pb2.DT_QINT32)
)


def read_request(body: bytes) -> PredictFields:
    """Return a serialized PredictRequest, taken apart.

    Raises:
        StatusError: INTERNAL without a message where protobuf would not parse it, or it names no model.
    """
    try:
        request = split_message(body, REQUEST)
        for tensor in request.tensors.values():
            tensor.check_runs()
    except WireError as error:
        raise StatusError(Code.INTERNAL, "") from error
    if request.model is EMPTY_SPEC:
        raise invalid_argument("Missing ModelSpec")
    return request


def read_tensor(alias: str, fields: TensorFields, body: bytes) -> Tensor | OpaqueTensor:
    """Return the tensor in ``fields``; the last value is repeated where there are fewer values than elements.

    ``body`` is the request it stands in: types that only TensorFlow knows are read from there, by TensorFlow.

    Raises:
        StatusError: it is no tensor.
    """
    data_type = DATA_TYPES.get(fields.dtype)
    try:
        if data_type is None:
            if elements(tuple(fields.shape)) * _WIDEST_BYTES > MAX_FILLED_BYTES:
                raise invalid_argument("a shape larger than this server fills in")
            return parse_tensor(parse_message(predict_pb2.PredictRequest, body).inputs[alias])
        shape = tuple(fields.shape)
        odd = not fits_numpy(shape, data_type.storage.itemsize)
        if odd:
            fields.shape = [elements(shape)]
        array = build_array(fields, Rules.SERVER, FillBudget(MAX_FILLED_BYTES))
    except (StatusError, WireError) as error:
        raise invalid_argument(f"tensor parsing error: {alias}") from error
    if fields.dtype in _QUANTIZED:
        array = array.view(numpy_dtype(fields.dtype))
    return shaped(array, shape) if odd else array


def write_response(outputs: Tensors, form: Form, model: str, signature: str, version: int) -> bytes:
    """Return a serialized PredictResponse.

    Raises:
        StatusError: it would be too large for a message.
    """
    arrays = {name: tensor.values if isinstance(tensor, HighRankTensor) else tensor for name, tensor in outputs.items()}
    try:
        body = encode_response(arrays, form=form, model=model, signature=signature, version=version)
    except CodecError as error:
        raise StatusError(Code.INTERNAL, str(error)) from error
    odd = [name for name, tensor in outputs.items() if _needs_patch(tensor, form)]
    if not odd:
        return body
    message = predict_pb2.PredictResponse.FromString(body)
    for name in odd:
        proto = message.outputs[name]
        set_shape(proto, outputs[name].shape)
        if form == "content" and proto.string_val:
            proto.tensor_content = _encode_strings(list(proto.string_val))
            proto.ClearField("string_val")
    return bytes(message.SerializeToString())


def _needs_patch(tensor: Tensor, form: Form) -> bool:
    """Whether serlab.wire, which writes what clients read, does not write ``tensor`` as the server does."""
    return isinstance(tensor, HighRankTensor) or (form == "content" and tensor.dtype == object)


def _encode_strings(strings: list[bytes]) -> bytes:
    """Return strings as ``tensor_content`` has them: all lengths, then all bytes (tsl's ``EncodeStringList``)."""
    lengths = bytearray()
    for text in strings:
        length = len(text)
        while length > 0x7F:
            lengths.append(length & 0x7F | 0x80)
            length >>= 7
        lengths.append(length)
    return bytes(lengths) + b"".join(strings)


def parse_message(message_type: Any, body: bytes) -> Any:
    """Return the message that ``body`` is.

    Raises:
        StatusError: INTERNAL without a message, which is what gRPC itself answers when a message does not parse.
    """
    try:
        return message_type.FromString(body)
    except DecodeError as error:
        raise StatusError(Code.INTERNAL, "") from error


def model_spec(spec: Any) -> ModelSpec:
    """Return a ModelSpec message as the core knows it."""
    return ModelSpec(
        spec.name,
        spec.signature_name,
        spec.version.value if spec.HasField("version") else None,
        spec.version_label if spec.HasField("version_label") else None,
    )
