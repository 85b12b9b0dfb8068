"""A request's TensorProto into a tensor, by TensorFlow's own ``Tensor::FromProto``, and tensors into a response."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2

from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.embedded.tensors import HighRankTensor, Tensor, Tensors, parse_tensor, set_shape
from serlab.errors import CodecError
from serlab.records.run import Form
from serlab.wire import encode_response

#: A few bytes can ask for a tensor of any size, filled with one value. This much of a tensor may be filled in; the rest
#: must have come with the message. TensorFlow Serving itself allocates whatever the shape says.
MAX_FILLED_BYTES = 256 << 20
#: What a string takes up in a tensor, however short (sizeof(tstring)).
_STRING_BYTES = 24


def read_tensor(alias: str, proto: tensor_pb2.TensorProto) -> Tensor:
    """Return the tensor in ``proto``; the last value is repeated where there are fewer values than elements.

    Raises:
        StatusError: TensorFlow cannot make a tensor of it.
    """
    if not _fits(proto, proto.ByteSize()):
        raise invalid_argument(f"tensor parsing error: {alias}")
    try:
        return parse_tensor(proto)
    except StatusError as error:
        raise invalid_argument(f"tensor parsing error: {alias}") from error


def _fits(proto: tensor_pb2.TensorProto, size: int) -> bool:
    """Whether the shape asks for no more than the message of ``size`` bytes may carry, one byte an element at least."""
    if proto.dtype == types_pb2.DT_INVALID:
        return False
    elements = math.prod(max(0, dim.size) for dim in proto.tensor_shape.dim)
    try:
        width: int = _STRING_BYTES if proto.dtype == types_pb2.DT_STRING else tf.as_dtype(proto.dtype).size
    except TypeError:
        return False
    return bool(elements <= size or elements * width <= MAX_FILLED_BYTES)


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
