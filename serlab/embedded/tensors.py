"""Tensors on their way through the server: numpy arrays, and what TensorFlow has beyond numpy's 64 dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework import tensor_pb2

from serlab.embedded.status import invalid_argument

#: TensorFlow's own limit (TensorShape::MaxDimensions), and numpy's.
MAX_RANK, MAX_NUMPY_RANK = 254, 64


@dataclass(frozen=True, slots=True)
class HighRankTensor:
    """A tensor of more than 64 dimensions: its values in one dimension, and its shape."""

    values: NDArray[Any]
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, as an array has it."""
        return self.values.dtype


Tensor: TypeAlias = NDArray[Any] | HighRankTensor
Tensors = Mapping[str, Tensor]


def shaped(values: NDArray[Any], shape: tuple[int, ...]) -> Tensor:
    """Return flat ``values`` in ``shape``."""
    return values.reshape(shape) if len(shape) <= MAX_NUMPY_RANK else HighRankTensor(values, shape)


def zeros(tensor: Tensor) -> Tensor:
    """Return a tensor of the same shape and dtype, of zeros or empty strings."""
    values = tensor.values if isinstance(tensor, HighRankTensor) else tensor
    blank = np.full(values.shape, b"", object) if values.dtype == object else np.zeros_like(values)
    return HighRankTensor(blank, tensor.shape) if isinstance(tensor, HighRankTensor) else blank


def parse_tensor(proto: tensor_pb2.TensorProto) -> Tensor:
    """Return the tensor in ``proto``, read by TensorFlow's ``Tensor::FromProto``. Strings are objects (bytes).

    Raises:
        StatusError: the message does not hold a tensor.
    """
    if MAX_NUMPY_RANK < len(proto.tensor_shape.dim) <= MAX_RANK:
        shape = tuple(dim.size for dim in proto.tensor_shape.dim)
        flat = tensor_pb2.TensorProto()
        flat.CopyFrom(proto)
        flat.tensor_shape.Clear()
        flat.tensor_shape.dim.add(size=_elements(shape))
        return HighRankTensor(_parse(flat.SerializeToString(), proto.dtype), shape)
    return _parse(proto.SerializeToString(), proto.dtype)


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


def _parse(serialized: bytes, dtype: int) -> NDArray[Any]:
    try:
        array = tf.io.parse_tensor(serialized, tf.as_dtype(dtype))._numpy()
    except (tf.errors.OpError, TypeError, ValueError) as error:
        raise invalid_argument(f"tensor parsing error: {error}") from error
    return np.asarray(array, dtype=object) if dtype == tf.string.as_datatype_enum else np.asarray(array)


def _elements(shape: tuple[int, ...]) -> int:
    """Return the product, or -1 where a dimension is negative or the product beyond 64 bits, as no tensor has it."""
    product = 1
    for size in shape:
        product *= size
    return product if all(size >= 0 for size in shape) and product < 2**63 else -1
