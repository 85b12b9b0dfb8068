"""TensorProto as the server reads and writes it.

Reading is TensorFlow's own (``Tensor::FromProto``); writing follows ``Tensor::AsProtoField`` (form ``values``) and
``Tensor::AsProtoTensorContent`` (form ``content``) in tensorflow/core/framework/tensor.cc.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.python.framework import dtypes

from serlab.serving.embedded.model import parse_tensor
from serlab.serving.embedded.status import StatusError, invalid_argument

Form = Literal["values", "content"]

#: A protobuf message ends at 2 GiB, and so does any tensor that could be answered. A shape that claims more is refused
#: before anything is allocated, where TensorFlow would try to repeat the last value that many times.
MAX_TENSOR_BYTES = 2**31 - 1

#: Field of TensorProto that carries each kind of number, and whether its elements are fixed-width on the wire.
_FIXED_FIELD = {
    np.dtype(np.float32): 5,
    np.dtype(np.float64): 6,
    np.dtype(np.complex64): 9,
    np.dtype(np.complex128): 12,
}
_VARINT_FIELD = {
    np.dtype(np.int32): "int_val", np.dtype(np.int16): "int_val", np.dtype(np.int8): "int_val",
    np.dtype(np.uint16): "int_val", np.dtype(np.uint8): "int_val", np.dtype(np.int64): "int64_val",
    np.dtype(np.bool_): "bool_val", np.dtype(np.uint32): "uint32_val", np.dtype(np.uint64): "uint64_val",
}  # fmt: skip


def read_tensor(alias: str, proto: tensor_pb2.TensorProto) -> NDArray[Any]:
    """Return the array in ``proto``; the last value is repeated where there are fewer values than elements.

    Raises:
        StatusError: TensorFlow cannot make a tensor of it.
    """
    if not _fits(proto):
        raise invalid_argument(f"tensor parsing error: {alias}")
    try:
        return parse_tensor(proto.SerializeToString(), proto.dtype)
    except StatusError as error:
        raise invalid_argument(f"tensor parsing error: {alias}") from error


def _fits(proto: tensor_pb2.TensorProto) -> bool:
    if proto.dtype == types_pb2.DT_INVALID:
        return False
    elements = math.prod(max(0, dim.size) for dim in proto.tensor_shape.dim)
    try:
        width: int = dtypes.as_dtype(proto.dtype).size or 1
    except TypeError:
        return False
    return bool(elements * width <= MAX_TENSOR_BYTES)


def write_tensor(array: NDArray[Any], form: Form) -> bytes:
    """Return ``array`` as a serialized TensorProto in the given form; strings are always ``string_val``."""
    proto = tensor_pb2.TensorProto(dtype=dtypes.as_dtype(array.dtype).as_datatype_enum)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if not array.ndim:
        proto.tensor_shape.SetInParent()
    if array.dtype == object:
        proto.string_val.extend(array.ravel().tolist())
        return bytes(proto.SerializeToString())
    if form == "content":
        proto.tensor_content = array.tobytes()
        return bytes(proto.SerializeToString())
    if array.dtype in _FIXED_FIELD and array.size:
        # A packed repeated field of fixed-width numbers is the array's own buffer behind its key and length.
        head = bytes(proto.SerializeToString())
        return b"".join((head, _key(_FIXED_FIELD[array.dtype]), _varint(array.nbytes), array.tobytes()))
    if array.dtype in _VARINT_FIELD:
        getattr(proto, _VARINT_FIELD[array.dtype]).extend(array.ravel().tolist())
    elif array.dtype.itemsize == 2:
        proto.half_val.extend(array.view(np.uint16).ravel().tolist())
    return bytes(proto.SerializeToString())


def _key(field: int) -> bytes:
    return _varint(field << 3 | 2)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def delimited(field: int, value: bytes) -> bytes:
    """Return ``value`` as a length-delimited protobuf field: key, length, bytes."""
    return b"".join((_key(field), _varint(len(value)), value))
