"""Tensors on the way through the server: numpy arrays, TensorFlow's DataType, and what TensorFlow has beyond numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework import tensor_pb2, types_pb2

from serlab.embedded.status import invalid_argument

#: TensorFlow's own limit (TensorShape::MaxDimensions), and numpy's.
MAX_RANK, MAX_NUMPY_RANK = 254, 64
#: numpy leaves zeros out when it multiplies a shape: [0, 2^62] is too large for it, though empty.
_MAX_NUMPY_BYTES = 2**63 - 1
#: The last type that TensorFlow 2.20 has; later ones are no types to the server that is stood in for.
_LAST_DATA_TYPE = types_pb2.DT_UINT4


@dataclass(frozen=True, slots=True)
class HighRankTensor:
    """A tensor whose shape numpy has no room for: its values in one dimension, and its shape."""

    values: NDArray[Any]
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, as an array has it."""
        return self.values.dtype


@dataclass(frozen=True, slots=True)
class OpaqueTensor:
    """A tensor of a type without values outside TensorFlow (resource, variant): no signature takes it."""

    data_type: int


Tensor: TypeAlias = NDArray[Any] | HighRankTensor
Tensors = Mapping[str, Tensor]


def tensor_type(tensor: Tensor | OpaqueTensor) -> int:
    """Return the tensor's DataType."""
    return tensor.data_type if isinstance(tensor, OpaqueTensor) else data_type_of(tensor.dtype)


def fits_numpy(shape: tuple[int, ...], itemsize: int) -> bool:
    """Whether numpy has arrays of this shape."""
    size = itemsize
    for length in shape:
        size *= length or 1
    return len(shape) <= MAX_NUMPY_RANK and size <= _MAX_NUMPY_BYTES


def elements(shape: tuple[int, ...]) -> int:
    """Return how many elements TensorFlow counts; -1 for a shape it refuses, as where the product overflows midway."""
    product = 1
    for size in shape:
        product *= size
        if size < 0 or product >= 2**63:
            return -1
    return product if len(shape) <= MAX_RANK else -1


def shaped(values: NDArray[Any], shape: tuple[int, ...]) -> Tensor:
    """Return flat ``values`` in ``shape``."""
    return values.reshape(shape) if fits_numpy(shape, values.itemsize) else HighRankTensor(values, shape)


def zeros(tensor: Tensor) -> Tensor:
    """Return a tensor of the same shape and dtype, of zeros or empty strings."""
    values = tensor.values if isinstance(tensor, HighRankTensor) else tensor
    blank = np.full(values.shape, b"", object) if values.dtype == object else np.zeros_like(values)
    return HighRankTensor(blank, tensor.shape) if isinstance(tensor, HighRankTensor) else blank


def parse_tensor(proto: tensor_pb2.TensorProto) -> Tensor | OpaqueTensor:
    """Return the tensor in ``proto``, read by TensorFlow's ``Tensor::FromProto``. Strings are objects (bytes).

    Raises:
        StatusError: the message does not hold a tensor.
    """
    if not types_pb2.DT_INVALID < proto.dtype <= _LAST_DATA_TYPE:
        raise invalid_argument(f"tensor parsing error: no type has the number {proto.dtype}")
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    flat = tensor_pb2.TensorProto()
    flat.CopyFrom(proto)
    flat.tensor_shape.Clear()
    flat.tensor_shape.dim.add(size=elements(shape))
    try:
        parsed = tf.io.parse_tensor(flat.SerializeToString(), tf.as_dtype(proto.dtype))
        if proto.dtype in (types_pb2.DT_RESOURCE, types_pb2.DT_VARIANT):
            return OpaqueTensor(proto.dtype)
        values = np.asarray(parsed._numpy(), object if proto.dtype == types_pb2.DT_STRING else None)
    except (tf.errors.OpError, TypeError, ValueError) as error:
        raise invalid_argument(f"tensor parsing error: {error}") from error
    return shaped(values.view(numpy_dtype(proto.dtype)), shape)


def serialize_tensor(tensor: Tensor) -> bytes:
    """Return ``tensor`` as a serialized TensorProto."""
    if not isinstance(tensor, HighRankTensor):
        return bytes(tf.make_tensor_proto(tensor).SerializeToString())
    proto = tf.make_tensor_proto(tensor.values)
    set_shape(proto, tensor.shape)
    return bytes(proto.SerializeToString())


def set_shape(proto: tensor_pb2.TensorProto, shape: tuple[int, ...]) -> None:
    """Give ``proto`` another shape of as many elements."""
    proto.tensor_shape.Clear()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)


#: DataTypeString prints these two differently from Python's TensorFlow.
_PRINTED = {"float32": "float", "float64": "double", "float16": "half"}


def printed_name(data_type: int) -> str:
    """Return the name as TensorFlow's C++ prints it in messages: ``float``, ``int32``, ``half``."""
    name: str = tf.as_dtype(data_type).name
    return _PRINTED.get(name, name)


@lru_cache(maxsize=64)
def numpy_dtype(data_type: int) -> np.dtype[Any]:
    """Return numpy's dtype; strings are objects (bytes), quantized numbers have a field that names their type.

    Raises:
        TypeError: dtypes that have no values outside TensorFlow, such as resources.
    """
    dtype: np.dtype[Any] = np.dtype(tf.as_dtype(data_type).as_numpy_dtype)
    return dtype


@lru_cache(maxsize=64)
def data_type_of(dtype: np.dtype[Any]) -> int:
    """Return the DataType of a numpy dtype."""
    return int(tf.as_dtype(dtype).as_datatype_enum)
